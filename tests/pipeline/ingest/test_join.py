"""Curves of one place become one star's."""

from __future__ import annotations

import time

import numpy as np
import pytest

from swope.pipeline.ingest.join import join_bands, joined, names_by_place
from swope.pipeline.lightcurve import LightCurve


def curve(name: str, band: str, ra: float, dec: float) -> LightCurve:
    return LightCurve.of(name, [1.0, 2.0], [14.0, 15.0], None, band, ra=ra, dec=dec)


def test_bands_at_one_place_are_one_star_and_two_stars_in_one_band_are_two() -> None:
    arcsecond = 1 / 3600
    curves = [
        *(curve("b", "g", 10.0, 80.0), curve("a", "r", 10.0 + 5 * arcsecond, 80.0)),
        *(curve("c", "g", 10.0, 80.0 + arcsecond / 2), curve("d", "i", float("nan"), 80.0)),
        *(curve("e", "g", 359.99999, 0.0), curve("f", "r", 0.00001, 0.0), curve("h", "r", 0.002, 0.0)),
    ]
    found = {star.object_id: star.bands for star in join_bands(curves)}
    # at declination 80 five seconds of right ascension are less than one arcsecond of the sky
    assert found == {"a": ("g", "r"), "c": ("g",), "d": ("i",), "e": ("g", "r"), "h": ("r",)}


def test_joining_is_quick_for_many() -> None:
    rng = np.random.default_rng(1)
    n = 20_000
    ra, dec = np.tile(rng.uniform(0, 360, n), 2), np.tile(rng.uniform(-60, 60, n), 2)
    start = time.process_time()
    names = names_by_place([f"{i:06d}" for i in range(2 * n)], ra, dec, [("g",)] * n + [("r",)] * n)
    assert time.process_time() - start < 5
    assert len(set(names.names.values())) == n


def test_curves_of_other_units_are_not_joined() -> None:
    with pytest.raises(ValueError, match="cannot be joined"):
        joined([curve("a", "g", 0, 0), LightCurve.of("b", [1.0], [2.0], kind="flux", unit="Jy")])
