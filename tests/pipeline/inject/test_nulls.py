from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.clean import clean
from swope.pipeline.inject.nulls import folded, inverted, scrambled, seasons
from swope.pipeline.lightcurve import LightCurve, Mask


def star(seed: int = 0, kind: str = "mag", amplitude: float = 0.0) -> LightCurve:
    """Two seasons in two bands, with some rows masked; a period of 3.3 d where there is an amplitude."""
    rng = np.random.default_rng(seed)
    time = np.sort(np.concatenate([rng.uniform(0, 100, 120), rng.uniform(700, 800, 120)]))
    change = amplitude * np.sin(2 * np.pi * time / 3.3) + 0.02 * rng.standard_normal(240) + 0.1 * (time > 500)
    value = 12.0 + change if kind == "mag" else 800.0 * 10 ** (-0.4 * change)
    error = (1.0 if kind == "mag" else 800.0) * rng.uniform(0.01, 0.03, 240)
    mask = np.where(rng.random(240) < 0.1, int(Mask.QUALITY), 0).astype(np.int32)
    unit = "mag" if kind == "mag" else ""
    band = np.where(rng.random(240) < 0.5, "g", "r")
    return clean(LightCurve.of("star", time, value, error, band, kind=kind, unit=unit, mask=mask))


@given(st.integers(0, 1000))
def test_scrambling_keeps_the_rows_of_each_season_and_band(seed: int) -> None:
    one = star(seed)
    other = scrambled(one, np.random.default_rng(seed))
    np.testing.assert_array_equal(other.time, one.time)
    np.testing.assert_array_equal(other.usable, one.usable)
    np.testing.assert_array_equal(other.value[~one.usable], one.value[~one.usable])
    for band in range(2):
        for late in (False, True):
            rows = one.usable & (one.band == band) & ((one.time > 400) == late)
            before, after = (sorted(zip(c.value[rows], c.error[rows], strict=True)) for c in (one, other))
            # a value travels with its error, and none comes from another season or band
            np.testing.assert_allclose(after, before, rtol=1e-12)
    assert (other.value != one.value).mean() > 0.5


def test_scrambling_leaves_the_folded_curve_and_tears_an_event_apart() -> None:
    one = star(1, amplitude=0.5)
    dip = (one.time > 40) & (one.time < 44)
    dipped = replace(one, value=one.value + 0.4 * dip)
    other = scrambled(dipped, np.random.default_rng(0), 3.3)
    # the period is there still, at nearly its amplitude
    angle = 2 * np.pi * other.time / 3.3
    waves = np.column_stack([np.sin(angle), np.cos(angle), np.ones(len(angle))])
    assert np.hypot(*np.linalg.lstsq(waves, other.value)[0][:2]) == pytest.approx(0.5, abs=0.06)
    left = other.value - 0.5 * np.sin(angle) - 12.0
    assert abs(left[dip & other.usable].mean()) < 0.2
    # and without a period it is as the values themselves
    assert not folded(one, float("nan")).any()


@pytest.mark.parametrize("kind", ["mag", "flux"])
def test_upside_down_twice_is_as_before(kind: str) -> None:
    one = star(2, kind, 0.3)
    turned = inverted(one)
    again = inverted(turned)
    if kind == "mag":
        np.testing.assert_allclose(again.value, one.value)
    for band in range(2):
        rows = one.usable & (one.band == band)
        middle = np.median(one.value[rows])
        up, down = one.value[rows] > middle, turned.value[rows] < middle
        np.testing.assert_array_equal(up, down)
        change = one.value[rows] - middle if kind == "mag" else np.log(one.value[rows] / middle)
        mirrored = turned.value[rows] - middle if kind == "mag" else np.log(turned.value[rows] / middle)
        np.testing.assert_allclose(mirrored, -change, atol=1e-12)
    np.testing.assert_array_equal(turned.value[~one.usable], one.value[~one.usable])
    relative = one.error / (1.0 if kind == "mag" else one.value)
    np.testing.assert_allclose(turned.error / (1.0 if kind == "mag" else turned.value), relative)


def test_differences_of_flux_are_turned_about_their_median() -> None:
    value = np.random.default_rng(0).normal(0.0, 1.0, 50)
    dark = clean(LightCurve.of("dark", np.arange(50.0), value, np.ones(50), kind="flux", unit=""))
    np.testing.assert_allclose(inverted(dark).value, 2 * np.median(value) - value)
    np.testing.assert_array_equal(inverted(dark).error, 1.0)


def test_seasons_are_parted_by_long_gaps() -> None:
    time = np.concatenate([np.arange(20.0), 500.0 + np.arange(20.0), 1000.0 + np.arange(20.0)])
    np.testing.assert_array_equal(seasons(time), np.repeat([0, 1, 2], 20))
    assert len(seasons(np.zeros(0))) == 0
    np.testing.assert_array_equal(seasons(np.zeros(3)), 0)
