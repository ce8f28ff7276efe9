"""Templates held against the rows: products against a dense covariance, the best box against all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.models.statespace import DampedWalk, Level, Model, Noise, Series
from swope.models.statespace.kernels.templates import best_box, products
from swope.models.statespace.templates import Bumps


@pytest.mark.parametrize("walk", [DampedWalk(0.8, 6.0), None])
@pytest.mark.parametrize("n", [60, 61, 63])
def test_products_are_those_of_the_dense_covariance(walk: DampedWalk | None, n: int) -> None:
    rng = np.random.default_rng(n)
    error = np.where(rng.random(n) < 0.2, np.inf, rng.uniform(0.1, 1.0, n))
    series = Series.of(np.sort(rng.uniform(0, 50, n)), rng.normal(size=n), error)
    model: Model = Level() + Noise(1.3, (0.2,))
    problem = (model if walk is None else model + walk).layout(series).problem
    templates = rng.normal(size=(n, 5))
    # rows 20 to 50 of two templates that are zero before
    near = rng.normal(size=(30, 2))
    inner, norm = products(np.empty(0), problem, templates, near, 20)
    seen = np.isfinite(error)
    covariance = np.diag((1.3 * error) ** 2 + 0.2**2)
    if walk is not None:
        covariance += 0.8**2 * np.exp(-np.abs(series.time[:, None] - series.time) / 6.0)
    local = np.zeros((n, 2))
    local[20:50] = near
    everything = np.column_stack([problem.rows, templates, local])
    dense = [
        everything[rows].T @ np.linalg.solve(covariance[np.ix_(rows, rows)], everything[rows])
        for rows in (np.flatnonzero(seen), np.flatnonzero(seen[:50]))
    ]
    assert inner[:, :7] == pytest.approx(dense[0][:2, :7], rel=1e-8, abs=1e-8)
    assert norm[:5] == pytest.approx(np.diag(dense[0])[2:7], rel=1e-8)
    assert inner[:, 7:] == pytest.approx(dense[1][:2, 7:], rel=1e-8, abs=1e-8)
    assert norm[5:] == pytest.approx(np.diag(dense[1])[7:], rel=1e-8)


def test_a_bump_over_all_rows_goes_on_where_its_columns_end() -> None:
    time = np.arange(2000.0)
    bumps = Bumps.about(time, 1000, 1008)
    end = bumps.begin + len(bumps.columns)
    assert 500 < bumps.begin < end < 1500
    for place in range(len(bumps.scale)):
        one = bumps.template(place)
        assert one.column[bumps.begin : end] == pytest.approx(bumps.columns[:, place], abs=1e-15)
        assert np.abs(np.delete(one.column, slice(bumps.begin, end))).max() < 0.003
        assert np.flatnonzero(one.column > 0.2)[[0, -1]].tolist() == [one.first, one.last]


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
