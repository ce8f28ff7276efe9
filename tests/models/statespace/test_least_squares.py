"""Columns added one after the other, against least squares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.models.statespace.kernels.least_squares import orthogonalise


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(1, 9), more=st.integers(0, 40), near=st.floats(-6.0, 0.0))
def test_every_number_of_columns_is_fitted(seed: int, k: int, more: int, near: float) -> None:
    """However nearly the last columns depend on the first."""
    rng = np.random.default_rng(seed)
    n = k + more
    columns, value = rng.normal(size=(k, n)), rng.normal(size=n)
    columns[-1] = columns[0] + 10**near * columns[-1] if k > 1 else columns[-1]
    triangle, part = np.empty((k, k)), np.empty(k)
    for kept in range(1, k + 1):
        left = np.empty(n)
        orthogonalise(columns.copy(), value.copy(), kept, triangle, part, left)
        expected = np.linalg.lstsq(columns[:kept].T, value, rcond=None)[0]
        assert np.linalg.solve(triangle[:kept, :kept], part[:kept]) == pytest.approx(expected, rel=1e-6, abs=1e-8)
        assert left == pytest.approx(value - columns[:kept].T @ expected, abs=1e-7)
    explained = np.sum(value**2) - np.sum(left**2)
    assert np.sum(part**2) == pytest.approx(explained, rel=1e-8)


def test_a_column_of_nothing_explains_nothing() -> None:
    columns, left = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]), np.empty(3)
    triangle, part = np.empty((2, 2)), np.empty(2)
    orthogonalise(columns, np.array([1.0, 2.0, 6.0]), 2, triangle, part, left)
    assert left == pytest.approx([-2.0, -1.0, 3.0])
    assert (triangle[1, 1], part[1]) == (0.0, 0.0)
