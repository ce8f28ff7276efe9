"""Templates held against the rows: products against a dense covariance, the best box against all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.models.statespace import DampedWalk, Level, Model, Noise, Oscillator, Series
from swope.models.statespace.kernels.templates import best_box, products


@pytest.mark.parametrize("walk", [DampedWalk(0.8, 6.0), Oscillator(0.8, 6.0, 2.0), None])
@pytest.mark.parametrize("n", [60, 61, 63])
def test_products_are_those_of_the_dense_covariance(walk: DampedWalk | Oscillator | None, n: int) -> None:
    rng = np.random.default_rng(n)
    error = np.where(rng.random(n) < 0.2, np.inf, rng.uniform(0.1, 1.0, n))
    series = Series.of(np.sort(rng.uniform(0, 50, n)), rng.normal(size=n), error)
    model: Model = Level() + Noise(1.3, (0.2,))
    problem = (model if walk is None else model + walk).layout(series).problem
    templates = rng.normal(size=(n, 5))
    inner, norm = products(np.empty(0), problem, templates)
    seen = np.isfinite(error)
    covariance = np.diag((1.3 * error[seen]) ** 2 + 0.2**2)
    if walk is not None:
        # what the walk alone makes of unit impulses: its covariance between any two rows
        apart = np.abs(series.time[seen][:, None] - series.time[seen])
        if isinstance(walk, DampedWalk):
            covariance += 0.8**2 * np.exp(-apart / 6.0)
        else:
            omega = 2 * math.pi / 6.0
            turn, slow = omega * math.sqrt(1 - 1 / 16), omega / 4
            covariance += 0.8**2 * np.exp(-slow * apart) * (np.cos(turn * apart) + slow / turn * np.sin(turn * apart))
    everything = np.column_stack([problem.rows, templates])[seen]
    dense = everything.T @ np.linalg.solve(covariance, everything)
    assert inner == pytest.approx(dense[:2], rel=1e-8, abs=1e-8)
    assert norm == pytest.approx(np.diag(dense)[2:], rel=1e-8)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(0, 60))
def test_the_best_box_is_the_best_of_all(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    residual, weight = rng.normal(size=n), rng.uniform(0.5, 2.0, n)
    first, last, score = best_box(residual, weight, 3)
    widths = [w for w in (3, 5, 7, 9, 12, 16, 21, 28) if w <= n // 2]
    best = 0.0
    for width in widths:
        for i in range(1, n - width):
            share = weight[i : i + width].sum() / weight.sum()
            room = weight[i : i + width].sum() * (1 - share)
            best = max(best, abs(residual[i : i + width].sum()) / math.sqrt(room))
    assert score == pytest.approx(best, rel=1e-9)
    if best > 0:
        assert last - first + 1 in widths
        share = weight[first : last + 1].sum() / weight.sum()
        room = weight[first : last + 1].sum() * (1 - share)
        assert score == pytest.approx(abs(residual[first : last + 1].sum()) / math.sqrt(room), rel=1e-9)
