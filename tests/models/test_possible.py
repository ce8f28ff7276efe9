from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swope.models.classifier.possible import period_factor, possible_pairs
from swope.models.inputs import FACTORS, Inputs, inputs_of
from swope.pipeline.features import FOLDED
from swope.pipeline.vsx import TYPES, period_range
from tests.models.stars import made_star

STAR = inputs_of([made_star("RRAB", 3, 80)])


def at(*periods: float) -> Inputs:
    """Stars with these found periods."""
    inputs = STAR.rows(np.zeros(len(periods), dtype=np.int64))
    folded = inputs.folded.copy()
    folded[:, :, FOLDED.index("log_period")] = np.log10(np.array(periods)[:, None] * np.array(FACTORS))
    return replace(inputs, folded=folded)


def test_an_rrab_has_no_period_of_days() -> None:
    possible = possible_pairs(at(7.2, 0.55, np.nan), ("EA", "RRAB", "mine"))
    assert FACTORS == (1.0, 2.0, 0.5)
    assert not possible[0, :, 1].any()
    assert possible[1, :, 1].tolist() == [True, True, True]
    assert possible[2].all()
    assert possible[:, :, [0, 2]].all()


def test_a_halved_period_is_possible_at_its_double_alone() -> None:
    assert possible_pairs(at(5.0), ("CWA", "EA"))[0, :, 0].tolist() == [False, True, False]


def test_where_nothing_is_left_the_period_says_nothing() -> None:
    assert possible_pairs(at(200.0), ("RRAB", "RRC", "RR")).all()


@given(st.sampled_from(sorted(TYPES)), st.floats(1e-3, 1e4))
def test_a_pair_is_possible_where_its_period_is_in_the_range(name: str, period: float) -> None:
    low, high = period_range(name)
    assert 0.0 <= low < high
    # single precision may not tell the edge
    inside = [low <= period * factor * (1 + 1e-5) and period * factor * (1 - 1e-5) <= high for factor in FACTORS]
    sure = [low * (1 + 1e-5) <= period * factor <= high * (1 - 1e-5) for factor in FACTORS]
    possible = possible_pairs(at(period), (name, "CST"))[0, :, 0]
    assert all(s <= p <= i for s, p, i in zip(sure, possible.tolist(), inside, strict=True))


def test_the_range_of_an_open_type_holds_those_below_it() -> None:
    for name, one in TYPES.items():
        low, high = period_range(name)
        if one.parent is not None and TYPES[one.parent].description.endswith("subtype open"):
            wider = period_range(one.parent)
            assert wider[0] <= low
            assert high <= wider[1]


def test_the_found_period_stays_unless_another_is_much_likelier() -> None:
    share = np.array([[0.4, 0.6, 0.0], [0.1, 0.8, 0.0], [0.1, 0.05, 0.75], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    sure = np.zeros(share.shape, dtype=bool)
    assert period_factor(share, sure).tolist() == [1.0, 2.0, 0.5, 1.0, 1.0]
    # shares of a type that is itself unlikely
    assert period_factor(0.01 * share, sure).tolist() == [1.0, 2.0, 0.5, 1.0, 1.0]


def test_where_the_search_was_in_doubt_a_majority_is_enough() -> None:
    share = np.array([[0.4, 0.6, 0.0], [0.4, 0.6, 0.0], [0.4, 0.0, 0.6], [0.6, 0.4, 0.0]])
    doubted = np.array([[False, True, False], [False, False, True], [False, False, True], [False, True, False]])
    assert period_factor(share, doubted).tolist() == [2.0, 1.0, 0.5, 1.0]


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.1, 0.3, 0.5])] * 3), min_size=1, max_size=20))
def test_no_type_gets_a_period_that_it_may_not_have(shares: list[tuple[float, float, float]]) -> None:
    share = np.array(shares)
    place = [FACTORS.index(factor) for factor in period_factor(share, np.zeros(share.shape, dtype=bool))]
    assert (share[np.arange(len(share)), place] > 0.0)[share.sum(axis=1) > 0.0].all()
