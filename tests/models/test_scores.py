import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from swope.models.scores import Scores, empirical_pvalue

finite = st.floats(-1e6, 1e6)


@given(arrays(float, st.integers(1, 30), elements=finite), arrays(float, st.integers(1, 30), elements=finite))
def test_pvalues_are_counts(score: np.ndarray, null: np.ndarray) -> None:
    counted = [(1 + sum(other >= one for other in null)) / (1 + len(null)) for one in score]
    assert empirical_pvalue(score, null) == pytest.approx(counted)


def test_a_missing_score_has_no_pvalue_and_missing_nulls_do_not_count() -> None:
    assert np.isnan(empirical_pvalue(np.array([np.nan]), np.array([1.0])))
    assert empirical_pvalue(np.array([2.0]), np.array([1.0, np.nan, 3.0])) == pytest.approx(2 / 3)
    assert empirical_pvalue(np.array([np.inf, -np.inf]), np.array([1.0, 3.0])) == pytest.approx([1 / 3, 1.0])


def test_an_empty_null_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one finite"):
        empirical_pvalue(np.zeros(1), np.array([np.nan]))


def test_pvalues_of_ordinary_stars_are_uniform() -> None:
    rng = np.random.default_rng(0)
    pvalues = empirical_pvalue(rng.normal(size=20_000), rng.normal(size=20_000))
    assert np.quantile(pvalues, [0.01, 0.1, 0.5]) == pytest.approx([0.01, 0.1, 0.5], abs=0.015)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Scores(np.zeros(2), np.zeros(2), (None,))
