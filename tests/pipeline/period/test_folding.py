"""The fast folding against folds one by one, and the box search's work against the number of points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import find_transits
from swope.pipeline.period.kernels.folding import folded_boxes, rows_for


def best_box(count: np.ndarray, total: np.ndarray, widths: np.ndarray) -> float:
    """The largest gain of a box in the sum of squares, one box after the other."""
    bins, n, everything = len(count), count.sum(), total.sum()
    best = 0.0
    for width in widths:
        if width > bins // 5:
            continue
        for start in range(bins):
            rows = (start + np.arange(width)) % bins
            inside, dip = count[rows].sum(), total[rows].sum()
            if min(inside, n - inside) < 3:
                continue
            depth = (everything - dip) / (n - inside) - dip / inside
            if depth > 0:
                best = max(best, depth**2 * inside * (n - inside) / n)
    return best


def drifts(rows: int, whole: int) -> np.ndarray:
    """How far each row has drifted, in bins: a straight line but for rounding, half by half."""
    if rows == 1:
        return np.zeros(1, dtype=int)
    half = drifts(rows // 2, whole // 2)
    return np.concatenate([half, half + (whole + 1) // 2])


@given(st.integers(0, 10_000), st.integers(40, 200), st.integers(5, 30))
def test_every_fold_is_that_of_its_period(seed: int, points: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    count = rng.integers(0, 3, points).astype(np.float32)
    total = (count * rng.normal(size=points)).astype(np.float32)
    rows = rows_for(points, bins)
    widths = np.array([1, 2, 4])
    period, power = np.empty((2, rows))
    assert folded_boxes(count, total, bins, bins, widths, period, power) == rows
    wide = np.zeros((2, rows * bins))
    wide[:, :points] = count, total
    for s in range(rows):
        drift = drifts(rows, s)
        assert np.abs(drift - np.arange(rows) * s / max(rows - 1, 1)).max() <= 0.5 * max(1.0, np.log2(rows) / 2)
        folded = [sum(np.roll(row, -d) for row, d in zip(x.reshape(rows, bins), drift, strict=True)) for x in wide]
        assert period[s] == pytest.approx(bins**2 / (bins - s / max(rows - 1, 1)))
        assert power[s] ** 2 == pytest.approx(best_box(*folded, widths), rel=1e-3, abs=1e-3)


@given(st.floats(12.0, 40.0), st.integers(30, 2000))
def test_what_returns_is_strongest_at_its_own_period(true: float, cycles: int) -> None:
    points = int(true * cycles)
    total = np.zeros(points, dtype=np.float32)
    at = np.floor(np.arange(0.5 * true, points - 2, true)).astype(int)
    total[at] = total[at + 1] = -1.0
    bins = int(true)
    period, power = np.empty((2, rows_for(points, bins)))
    folded_boxes(np.ones(points, dtype=np.float32), total, bins, bins, np.array([2]), period, power)
    assert abs(period[power.argmax()] / true - 1.0) * cycles * true < 4.0


def transiting(days: float, period: float, depth: float = 0.002) -> LightCurve:
    """Even half-hour photometry with gaps and a planet."""
    rng = np.random.default_rng(4)
    at = np.arange(0.0, days, 1 / 48)
    at = at[np.mod(at, 31.0) > 1.0]
    phase = np.abs(np.mod(at - 3.3 + 0.5 * period, period) - 0.5 * period)
    flux = 1.0 + 3e-4 * rng.normal(size=len(at)) - depth * (phase < 0.0375 * period ** (1 / 3))
    return clean(LightCurve.of("planet", at, flux, np.full(len(at), 3e-4), kind="flux", unit=""))


@pytest.mark.parametrize("period", [0.83, 7.4, 41.0, 173.0, 600.0])
def test_a_planet_is_found_in_four_years(period: float) -> None:
    (found,) = find_transits(transiting(1460.0, period), 1)
    assert found.period == pytest.approx(period, rel=2e-3 if period < 600 else 5e-3)
    assert found.depth == pytest.approx(0.002, rel=0.2)


def test_eight_times_the_points_cost_far_less_than_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is added up: seconds depend on what else the machine does, which the long curve feels more."""
    work = 0.0

    def counting(
        count: np.ndarray, total: np.ndarray, first: int, last: int, widths: np.ndarray, *out: np.ndarray
    ) -> int:
        nonlocal work
        for bins in range(first, last + 1):
            rows = rows_for(len(count), bins)
            work += rows * bins * (np.log2(rows) + len(widths))
        return int(folded_boxes(count, total, first, last, widths, *out))

    monkeypatch.setattr("swope.pipeline.period.kernels.folding.folded_boxes", counting)
    works = []
    for days in (180.0, 1440.0):
        work = 0.0
        find_transits(transiting(days, 7.4), 1)
        works.append(work)
    assert 8.0 < works[1] / works[0] < 8.0**1.5
