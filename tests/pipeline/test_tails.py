"""What a residual is worth in Gaussian sigmas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from swope.pipeline.tails import LEAST, Tails, gaussian_scores


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=80))
def test_any_residuals_have_scores_of_their_sign(values: list[float]) -> None:
    z = np.array(values, dtype=float)
    score = gaussian_scores(z)
    assert np.all(np.isfinite(score))
    assert np.all(np.sign(score) * np.sign(z) >= 0)


@pytest.mark.parametrize("degrees", [3.0, np.inf])
def test_scores_of_students_residuals_are_those_of_scipy(degrees: float) -> None:
    z = (
        stats.t(degrees).rvs(4000, random_state=1)
        if np.isfinite(degrees)
        else stats.norm.rvs(size=4000, random_state=1)
    )
    found = Tails.of(z)
    assert found.degrees == pytest.approx(degrees, rel=0.4)
    far = np.array([-6.0, 0.5, 6.0])
    expected = stats.norm.isf(stats.t(found.degrees).sf(far / found.scale))
    np.testing.assert_allclose(found.scores(far), expected, rtol=1e-6)


def test_too_few_residuals_are_taken_for_gaussian() -> None:
    z = np.full(LEAST - 1, 9.0)
    np.testing.assert_array_equal(gaussian_scores(z), z)
