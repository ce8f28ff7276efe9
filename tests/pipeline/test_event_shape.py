"""Profiles of events: their names, and depths and durations within their errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from swope.pipeline.event_shape import ShapeFit, fit_shape
from swope.pipeline.lightcurve import FloatArray


def bell(time: FloatArray) -> FloatArray:
    return np.exp(-0.5 * ((time - 10.0) / 1.2) ** 2)


def flare(time: FloatArray) -> FloatArray:
    return np.where(time < 9.0, np.maximum(1.0 + (time - 9.0) / 0.5, 0.0), np.exp(-(time - 9.0) / 1.5))


def dip(time: FloatArray) -> FloatArray:
    return np.clip((1.7 - np.abs(time - 10.0)) / 0.4, 0.0, 1.0)


def lens(time: FloatArray) -> FloatArray:
    # Paczynski 1986: an impact parameter of 0.2, an Einstein time of 4 days
    def magnified(least: float | FloatArray) -> float | FloatArray:
        square = np.square(least)
        return (square + 2.0) / np.sqrt(square * (square + 4.0))

    return (magnified(np.hypot(0.2, (time - 10.0) / 4.0)) - 1.0) / (magnified(0.2) - 1.0)


def outburst(time: FloatArray) -> FloatArray:
    rise, fall = 1.0 + (time - 7.0) / 0.8, np.exp(-np.maximum(time - 11.0, 0.0) / 0.8)
    return np.where(time < 7.0, np.maximum(rise, 0.0), fall)


def width(profile: Callable[[FloatArray], FloatArray]) -> float:
    """Full width at half height, by looking."""
    time = np.linspace(0.0, 30.0, 300001)
    high = time[profile(time) > 0.5]
    return float(high[-1] - high[0])


def fits(profile: Callable[[FloatArray], FloatArray], sign: float, stars: int = 40) -> list[ShapeFit]:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(stars):
        time = np.sort(rng.uniform(0.0, 24.0, 240))
        value = sign * 0.5 * profile(time) + rng.normal(0.0, 0.03, len(time))
        near = np.arange(len(time), dtype=np.int32)
        one = fit_shape(time, value, np.full(len(time), 0.03), near, 40, sign > 0, 10.0 + rng.normal(0.0, 0.5), 4.0)
        assert one is not None
        found.append(one)
    return found


@pytest.mark.parametrize(
    ("profile", "sign", "name"),
    [(bell, 1.0, "slow"), (flare, 1.0, "flare"), (outburst, 1.0, "outburst"), (lens, 1.0, "lens"), (dip, -1.0, "dip")],
)
def test_each_shape_is_told_with_its_depth_and_duration(
    profile: Callable[[FloatArray], FloatArray], sign: float, name: str
) -> None:
    found = fits(profile, sign)
    assert np.mean([one.shape == name for one in found]) >= 0.9
    true = width(profile)
    depths = np.array([(one.depth - 0.5) / one.depth_err for one in found])
    durations = np.array([(one.duration - true) / one.duration_err for one in found])
    # of 40 numbers 27 +- 3 lie within one sigma
    for off in (depths, durations):
        assert np.mean(np.abs(off) < 1.0) >= 0.45
        assert np.mean(np.abs(off) < 3.0) >= 0.9
    assert all(np.sign(one.model.sum()) == sign for one in found)


@pytest.mark.parametrize("magnitudes", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("profile", [bell, flare, lens, outburst])
def test_of_a_flux_half_the_depth_is_half_its_magnitudes(
    profile: Callable[[FloatArray], FloatArray], magnitudes: float
) -> None:
    rng = np.random.default_rng(6)
    excess = 10.0 ** (0.4 * magnitudes) - 1.0
    sigma = 0.01 * excess
    time = np.sort(rng.uniform(0.0, 24.0, 400))
    near = np.arange(len(time), dtype=np.int32)
    value = excess * profile(time) + rng.normal(0.0, sigma, len(time))
    one = fit_shape(time, value, np.full(len(time), sigma), near, 40, True, 10.0, 4.0, magnitudes=True)
    assert one is not None
    true = width(lambda t: np.log1p(excess * profile(t)) / np.log1p(excess))
    assert abs(one.duration - true) < 3.0 * one.duration_err
    assert one.duration_err < 0.2 * true


def test_a_flare_lies_after_its_peak_and_a_bell_on_both_sides() -> None:
    assert np.median([one.asymmetry for one in fits(flare, 1.0, 5)]) > 0.3
    assert abs(np.median([one.asymmetry for one in fits(bell, 1.0, 5)])) < 0.2


def test_too_few_rows_say_nothing() -> None:
    time = np.arange(30.0)
    rows = np.arange(30, dtype=np.int32)
    assert fit_shape(time, -bell(time), np.full(30, 0.1), rows, 3, False, 10.0, 2.0) is None
