from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.unfamiliar import LEAST_STARS, MOST_OF_A_RUN, unfamiliar

ANY = st.lists(st.floats(0.0, 50.0) | st.just(float("nan")), max_size=300)


@given(ANY)
def test_no_star_of_known_kind_and_no_more_than_a_share_of_many(numbers: list[float]) -> None:
    unlikeness = np.array(numbers)
    found = unfamiliar(unlikeness)
    assert not found[~(unlikeness > 1.0)].any()
    judged = np.isfinite(unlikeness).sum()
    if judged < LEAST_STARS:
        np.testing.assert_array_equal(found, unlikeness > 1.0)
    else:
        assert found.sum() <= MOST_OF_A_RUN * judged + 1
        # a star that is found is stranger than any that is not
        assert found.sum() == 0 or unlikeness[found].min() > np.nanmax(unlikeness[~found])


@given(ANY, st.randoms())
def test_the_order_of_a_run_is_nothing(numbers: list[float], random) -> None:
    order = list(range(len(numbers)))
    random.shuffle(order)
    unlikeness = np.array(numbers)
    np.testing.assert_array_equal(unfamiliar(unlikeness[order]), unfamiliar(unlikeness)[order])


@pytest.mark.parametrize(("shift", "share"), [(0.0, 0.05), (0.5, MOST_OF_A_RUN)])
def test_a_strange_survey_leaves_its_strangest(shift: float, share: float) -> None:
    # nine in ten of the transients of a survey that was never seen had a flag, which told nothing
    usual = np.random.default_rng(0).normal(0.65, 0.21, 2000) + shift
    assert unfamiliar(usual).mean() == pytest.approx(share, abs=0.01)
    assert unfamiliar(np.append(usual, 5.0))[-1]
