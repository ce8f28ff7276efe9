"""Transits in dense photometry, several planets, flares and drifts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import find_transits
from swope.pipeline.period.transit import is_dense


def photometry(planets: list[tuple[float, float, float]], noise: float = 2e-4, seed: int = 0) -> LightCurve:
    """60 days at half an hour, a drift, some flares, and box transits (period, epoch, depth) of three hours."""
    rng = np.random.default_rng(seed)
    time = 2000.0 + np.arange(0, 60, 1 / 48)
    time = time[(time < 2028) | (time > 2031)]
    flux = 1.0 + 0.003 * np.sin(2 * np.pi * time / 17.0) + noise * rng.normal(size=len(time))
    for period, epoch, depth in planets:
        flux -= depth * (np.abs((time - epoch + period / 2) % period - period / 2) < 0.0625)
    flux[rng.integers(len(flux), size=20)] += 0.02
    return clean(LightCurve.of("dense", time, flux, np.full(len(time), noise), kind="flux", unit=""))


def test_two_planets_by_masking() -> None:
    found = find_transits(photometry([(7.31, 2001.2, 0.002), (4.13, 2002.9, 0.001)]))
    periods = sorted(planet.period for planet in found[:2])
    assert periods == [pytest.approx(4.13, rel=2e-3), pytest.approx(7.31, rel=2e-3)]
    deep = found[0]
    assert deep.depth == pytest.approx(0.002, rel=0.2)
    assert abs((deep.t0 - 2001.2 + 3.0) % deep.period - 3.0) < 0.05
    assert deep.transits >= 7


def test_noise_drift_and_flares_are_no_planet() -> None:
    assert sum(bool(find_transits(photometry([], seed=seed), 1)) for seed in range(3)) == 0


def test_only_dense_photometry_is_searched() -> None:
    time = np.sort(np.random.default_rng(0).uniform(0, 1000, 600))
    assert not is_dense(time)
    assert find_transits(LightCurve.of("sparse", time, np.ones(600), kind="flux")) == ()
    assert find_transits(LightCurve.of("none", [], [])) == ()


def test_spots_are_no_planet(tmp_path: Path) -> None:
    # a spotted flare star of the sample survey: rotation in 3.08 d under noise, no planet
    options = IngestOptions()
    part = plan([str(Path(__file__).parents[3] / "data" / "sample" / "tess_like")], options, tmp_path).parts[0]
    curve = clean(next(iter(read(part, options).chunk)))
    assert find_transits(curve) == ()
    dip = np.abs((curve.time - curve.time[0] + 1.1) % 2.2 - 1.1) < 0.05
    transiting = replace(curve, value=curve.value * (1.0 - 0.006 * dip))
    assert find_transits(transiting)[0].period == pytest.approx(2.2, rel=2e-3)


def cut(dip: float) -> LightCurve:
    """Three stretches of a month at half an hour, and in each a dip of nine hours, so many days after its start."""
    rng = np.random.default_rng(3)
    starts = 2000.0 + 30.3 * np.arange(3)
    time = np.concatenate([start + np.arange(0, 29.5, 1 / 48) for start in starts])
    flux = 1.0 + 4e-4 * rng.normal(size=len(time))
    for start in starts:
        flux -= 0.003 * (np.abs(time - start - dip) < 0.19)
    return clean(LightCurve.of("cut", time, flux, np.full(len(time), 4e-4), kind="flux", unit=""))


def test_dips_where_stretches_begin_are_no_planet() -> None:
    assert find_transits(cut(dip=0.0)) == ()
    found = find_transits(cut(dip=3.0))
    assert found[0].period == pytest.approx(30.3, rel=2e-3)
    assert found[0].transits == 3
