"""Events held against those of ordinary stars."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace import StateSpace
from swope.models.statespace.ordinary import HABITS, OrdinaryEvents, habit_decades
from swope.models.statespace.score import nulls_of
from swope.models.statespace.slow import Slow, SlowKind
from swope.pipeline.events import PointNull

VISIT = np.repeat(np.arange(10), 2).astype(np.int32)


def slow(kind: SlowKind, pvalue: float, last: int = 19) -> Slow:
    return Slow(kind, 0, last, np.ones(20), 50.0, pvalue, pvalue)


def test_a_habit_of_ordinary_stars_is_no_rare_event() -> None:
    rng = np.random.default_rng(1)
    # every fourth ordinary star has a change of ten decades or more
    decades = [np.array([rng.exponential(5.0) + 10.0 if rng.uniform() < 0.25 else 0.0]) for _ in range(2000)]
    habits = dict(zip(HABITS, (PointNull(*numbers) for numbers in nulls_of(decades).tolist()), strict=True))
    ordinary = OrdinaryEvents(habits=habits)
    assert ordinary.judged(slow("period", 1e-12), VISIT).pvalue > 0.05
    assert ordinary.judged(slow("period", 1e-60), VISIT).pvalue < 1e-3
    assert ordinary.judged(slow("shift", 1e-12), VISIT).pvalue == pytest.approx(1e-12, rel=1e-6)


def test_a_pulse_of_one_visit_is_held_against_points_and_a_longer_one_taken_at_its_word() -> None:
    ordinary = OrdinaryEvents(point=PointNull(1.5, 4.0, 4.0))
    assert ordinary.judged(slow("pulse", 1e-9), VISIT).pvalue == 1e-9
    assert ordinary.judged(slow("pulse", 1e-9, last=1), VISIT).pvalue > 1e-4


def test_without_a_null_nothing_changes() -> None:
    kinds: tuple[SlowKind, ...] = (*HABITS, "shift", "pulse")
    for kind in kinds:
        assert OrdinaryEvents().judged(slow(kind, 1e-9), VISIT).pvalue == pytest.approx(1e-9)


def test_decades_are_those_of_the_likeliest_event_of_each_kind() -> None:
    found = (slow("shift", 1e-5), slow("period", 1e-8), slow("pulse", 1e-30), slow("period", 1e-9))
    np.testing.assert_allclose(habit_decades(found), [9.0])


def test_the_shipped_model_knows_habits() -> None:
    null = StateSpace.pretrained().null
    assert null is not None
    assert null.habits.shape == (len(HABITS), 3)
    assert null.events.habits["period"] != PointNull()
