"""A star's own factor on the widths of its forecasts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import norm

from swope.models.forecaster.own_scale import _ENDS, MOST, SHARES, own_scale


def covered(deviate: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Shares of rows within the central intervals of 50, 90 and 95 per cent."""
    inside = 2.0 * ndtr(np.abs(deviate) / factor) - 1.0
    return np.array([np.mean(inside < share) for share in (0.5, 0.9, 0.95)])


def test_the_intervals_end_where_a_normal_distribution_has_them() -> None:
    assert norm.ppf(0.5 + 0.5 * np.array(SHARES)) == pytest.approx(_ENDS, abs=1e-6)


@pytest.mark.parametrize("width", [0.5, 0.8, 1.0, 1.3, 2.0])
def test_widths_that_are_wrong_all_along_become_honest(width: float) -> None:
    deviate = width * np.random.default_rng(3).standard_normal(4000)
    factor = own_scale(deviate, np.ones(4000), np.ones(4000, dtype=bool))
    assert factor[0] == 1.0
    assert np.median(factor[500:]) == pytest.approx(width, rel=0.06)
    assert covered(deviate[300:], factor[300:]) == pytest.approx([0.5, 0.9, 0.95], abs=0.02)


def test_honest_widths_stay() -> None:
    factor = own_scale(np.random.default_rng(4).standard_normal(300), np.ones(300), np.ones(300, dtype=bool))
    assert np.abs(np.log(factor)).max() < 0.25


@given(st.integers(0, 100), st.integers(1, 60))
def test_a_row_knows_nothing_of_itself_and_of_later_ones(seed: int, at: int) -> None:
    rng = np.random.default_rng(seed)
    deviate, reach, learnt = rng.standard_normal(80), rng.uniform(0, 2, 80), rng.random(80) < 0.9
    before = own_scale(deviate, reach, learnt)
    changed, others = deviate.copy(), learnt.copy()
    changed[at:], others[at + 1 :] = 99.0, True
    assert (own_scale(changed, reach, others)[: at + 1] == before[: at + 1]).all()


def test_what_is_not_learnt_from_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    deviate, learnt = rng.standard_normal(200), rng.random(200) < 0.5
    whole = own_scale(np.where(learnt, deviate, np.nan), np.ones(200), learnt)
    alone = own_scale(deviate[learnt], np.ones(learnt.sum()), np.ones(learnt.sum(), dtype=bool))
    assert (whole[learnt] == alone).all()


def test_rows_of_one_visit_have_a_factor_of_their_own() -> None:
    rng = np.random.default_rng(6)
    same = np.arange(4000) % 4 > 0
    deviate = np.where(same, 0.6, 1.0) * rng.standard_normal(4000)
    factor = own_scale(deviate, np.where(same, 0.001, 4.0), np.ones(4000, dtype=bool))
    assert np.median(factor[same][500:]) == pytest.approx(0.6, rel=0.08)
    assert np.median(factor[~same][300:]) == pytest.approx(1.0, rel=0.08)


def test_a_flare_counts_no_more_than_a_row_just_outside_and_the_factor_has_bounds() -> None:
    ones = np.ones(400, dtype=bool)
    few = np.zeros(400)
    few[:5] = 3.0
    many = np.where(few > 0, 1e9, 0.0)
    assert (own_scale(few, np.ones(400), ones) == own_scale(many, np.ones(400), ones)).all()
    for value, bound in ((1e9, MOST), (0.0, 1.0 / MOST)):
        factor = own_scale(np.full(5000, value), np.ones(5000), np.ones(5000, dtype=bool))
        assert factor[-1] == pytest.approx(bound)
