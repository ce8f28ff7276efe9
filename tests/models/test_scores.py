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


@given(st.integers(100, 2000), st.floats(0.1, 10.0), st.integers(0, 1000))
def test_beyond_the_null_it_falls_from_its_least_value_and_never_to_zero(size: int, scale: float, seed: int) -> None:
    null = scale * np.random.default_rng(seed).exponential(size=size)
    score = null.max() + scale * np.array([0.0, 0.01, 1.0, 3.0, 1e3, np.inf])
    pvalues = empirical_pvalue(score, null)
    assert pvalues[0] == 2 / (size + 1)
    assert pvalues[1] == pytest.approx(1 / (size + 1), rel=0.1)
    assert (np.diff(pvalues) <= 0).all()
    assert pvalues[-1] == pytest.approx(1e-4 / (size + 1))


@pytest.mark.parametrize("tail", ["exponential", "normal"])
def test_one_in_ten_thousand_is_about_that(tail: str) -> None:
    rng = np.random.default_rng(1)
    alarms = 0.0
    for _ in range(60):
        null, score = (getattr(rng, f"standard_{tail}")(size=size) for size in (1200, 20_000))
        alarms += float((empirical_pvalue(score, null) <= 1e-4).mean()) / 60
    assert 0.3e-4 < alarms < 2e-4


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Scores(np.zeros(2), np.zeros(2), (None,))
