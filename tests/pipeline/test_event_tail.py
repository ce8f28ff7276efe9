"""The likeliest events of ordinary stars, and what lies beyond them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.event_tail import OrdinaryTail, Part
from swope.pipeline.events import PointNull


@pytest.mark.parametrize("index", [1.0, 2.5])
def test_a_heavy_tail_is_continued_as_it_falls(index: float) -> None:
    rng = np.random.default_rng(1)

    def draw(n: int) -> np.ndarray:
        # one star in a hundred has an event, of five decades or more
        return np.where(rng.uniform(size=n) < 0.01, 5.0 * (1.0 + rng.pareto(index, n)), 0.0)

    tail = OrdinaryTail.of(draw(20_000), np.ones(20_000))
    others = draw(2_000_000)
    for level in (1e-3, 1e-4):
        share = np.mean(10.0 ** -tail.decades(others) <= level)
        assert level / 3 < share < 3 * level


def test_surveys_count_by_their_weights() -> None:
    best = np.concatenate([np.full(1000, 10.0), np.zeros(1000)])
    tail = OrdinaryTail.of(best + 1e-6 * np.arange(2000), np.concatenate([np.full(1000, 1e-6), np.ones(1000)]))
    assert tail.decades(np.array([9.0]))[0] > 2.0


@given(st.lists(st.floats(0.0, 300.0), max_size=200), st.floats(0.0, 300.0), st.floats(0.0, 300.0))
def test_decades_rise_and_are_never_more_than_the_noise_says(best: list[float], one: float, other: float) -> None:
    tail = OrdinaryTail.of(np.array(best), np.ones(len(best)))
    low, high = tail.decades(np.sort([one, other]))
    assert 0.0 <= low <= high + 1e-9
    assert high <= max(one, other) + 1e-9


@given(st.floats(0.001, 1.0), st.floats(0.0, 50.0))
def test_a_part_of_the_false_alarms_makes_an_event_less_sure_by_as_much(part: float, decades: float) -> None:
    ideal = PointNull()
    found = Part(ideal, part).decades(np.array([decades]))[0]
    assert found == pytest.approx(max(0.0, ideal.decades(np.array([decades]))[0] + np.log10(part)))
