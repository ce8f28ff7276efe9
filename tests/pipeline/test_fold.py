"""Folding: bins, weights, errors, the star's own bin number."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.fold import best_bins, fold, phase_of
from swope.pipeline.lightcurve import LightCurve, Mask


def sine_curve(n: int = 300, noise: float = 0.02, seed: int = 0) -> LightCurve:
    rng = np.random.default_rng(seed)
    time = 2_450_000.0 + np.sort(rng.uniform(0, 100, n))
    value = 12.0 + 0.5 * np.sin(2 * np.pi * (time - 2_450_000.0) / 0.7) + noise * rng.normal(size=n)
    return LightCurve.of("sine", time, value, np.full(n, noise), ["g" if i % 2 else "r" for i in range(n)])


def test_phase_zero_is_the_epoch_and_stays_below_one() -> None:
    time = np.array([5.0, 5.25, 5.5, 6.0, 4.0])
    assert phase_of(time, 1.0, 5.0) == pytest.approx([0.0, 0.25, 0.5, 0.0, 0.0])


@given(
    st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=40),
    st.floats(1e-3, 1e4),
    st.floats(-1e7, 1e7),
)
def test_phase_is_in_range(time: list[float], period: float, t0: float) -> None:
    phase = phase_of(np.array(time), period, t0)
    assert ((phase >= 0) & (phase < 1)).all()


@pytest.mark.parametrize("period", [0.0, -1.0, np.nan, np.inf])
def test_a_bad_period_is_told(period: float) -> None:
    with pytest.raises(ValueError, match="positive number of days"):
        fold(sine_curve(), period, 0.0)


def test_bad_bins_are_told() -> None:
    with pytest.raises(ValueError, match="at least one bin"):
        fold(sine_curve(), 0.7, 0.0, bins=0)


def test_means_are_those_of_a_plain_loop() -> None:
    curve = sine_curve(60)
    folded = fold(curve, 0.7, 2_450_000.0, bins=8)
    for b in range(2):
        for k in range(8):
            phase = (curve.time - 2_450_000.0) / 0.7 % 1.0
            near = np.abs((phase - k / 8 + 0.5) % 1.0 - 0.5) < 1 / 16
            rows = (curve.band == b) & near
            assert folded.coverage[b, k] == rows.sum()
            if rows.any():
                assert folded.value[b, k] == pytest.approx(
                    np.average(curve.value[rows], weights=curve.error[rows] ** -2)
                )


def test_every_good_row_is_counted_and_no_other() -> None:
    curve = sine_curve()
    mask = np.where(np.arange(len(curve)) < 10, int(Mask.QUALITY), 0).astype(np.int32)
    curve = replace(curve, mask=mask)
    assert fold(curve, 0.7, 0.0).coverage.sum() == len(curve) - 10


def test_empty_bins_are_nan_not_zero() -> None:
    curve = LightCurve.of("two", [0.0, 0.5], [1.0, 2.0], [0.1, 0.1])
    folded = fold(curve, 1.0, 0.0, bins=10)
    assert np.isfinite(folded.value).sum() == 2
    assert np.isnan(folded.sigma[folded.coverage == 0]).all()


def test_sigma_covers_the_truth() -> None:
    folded = fold(sine_curve(4000, noise=0.1), 0.7, 2_450_000.0, bins=32)
    truth = 12.0 + 0.5 * np.sin(2 * np.pi * folded.phase)
    pull = (folded.value - truth) / folded.sigma
    assert 0.7 < pull.std() < 1.4


def test_sigma_from_the_scatter_where_no_error_is_given() -> None:
    curve = sine_curve(4000, noise=0.1)
    bare = LightCurve.of("bare", curve.time, curve.value)
    folded = fold(bare, 0.7, 2_450_000.0, bins=32)
    expected = 0.1 / np.sqrt(folded.coverage)
    # the slope of the curve within a bin adds a little
    assert np.median(folded.sigma / expected) == pytest.approx(1.0, abs=0.1)


def test_sharp_shapes_and_many_points_get_more_bins() -> None:
    rng = np.random.default_rng(1)
    phase = rng.random(2000)
    ones, band = np.ones(2000), np.zeros(2000, dtype=np.int32)
    eclipse = np.where(np.abs(phase - 0.51) < 0.011, -1.0, 0.0) + 0.02 * rng.normal(size=2000)
    smooth = np.sin(2 * np.pi * phase) + 0.5 * rng.normal(size=2000)
    assert best_bins(phase, eclipse, ones, band, 1) > best_bins(phase, smooth, ones, band, 1)
    assert best_bins(phase[:12], smooth[:12], ones[:12], band[:12], 1) == 8


def test_an_empty_curve_folds_to_empty_bins() -> None:
    folded = fold(LightCurve.of("none", [], []), 1.0, 0.0)
    assert folded.coverage.sum() == 0
    assert np.isnan(folded.value).all()
