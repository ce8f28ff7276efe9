"""Events held against those of ordinary stars."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from swope.models.statespace import StateSpace
from swope.models.statespace.ordinary import HABITS, Habit, OrdinaryEvents, habit_decades
from swope.models.statespace.score import nulls_of
from swope.models.statespace.slow import Slow, SlowKind
from swope.pipeline.events import PointNull
from swope.pipeline.forecast import Forecast

NOTHING = Forecast("star", "statespace", *np.zeros((2, 0)), ("V",), *np.zeros((3, 0)), sign=1)


def slow(kind: SlowKind, pvalue: float, alone: float = 1.0, rest: float = 1.0, lasts: bool = False) -> Slow:
    return Slow(kind, 0, 19, np.ones(20), 50.0, pvalue, pvalue, alone, rest, lasts)


def learned(habit: Habit, decades: list[float]) -> OrdinaryEvents:
    some = [np.where(np.array(HABITS) == habit, one, 0.0) for one in decades]
    return OrdinaryEvents(habits=dict(zip(HABITS, (PointNull(*n) for n in nulls_of(some).tolist()), strict=True)))


@pytest.mark.parametrize("habit", ["period", "shift", "trend", "lasting"])
def test_a_habit_of_ordinary_stars_is_no_rare_event(habit: Habit) -> None:
    rng = np.random.default_rng(1)
    # every fourth ordinary star has a change of ten decades or more
    ordinary = learned(habit, [rng.exponential(5.0) + 10.0 if rng.uniform() < 0.25 else 0.0 for _ in range(2000)])
    kind: SlowKind = "pulse" if habit == "lasting" else cast(SlowKind, habit)
    lasts = habit == "lasting"
    assert ordinary.judged(slow(kind, 1e-12, lasts=lasts)).pvalue > 0.05
    assert ordinary.judged(slow(kind, 1e-60, lasts=lasts)).pvalue < 1e-3
    other: SlowKind = "trend" if kind == "shift" else "shift"
    assert ordinary.judged(slow(other, 1e-12)).pvalue == pytest.approx(1e-12, rel=1e-6)


def test_a_pulse_is_no_event_for_a_rotten_visit_and_one_where_the_others_confirm_it() -> None:
    rng = np.random.default_rng(2)
    ordinary = learned("visit", [rng.exponential(5.0) + 10.0 if rng.uniform() < 0.25 else 0.0 for _ in range(2000)])
    assert ordinary.judged(slow("pulse", 1e-12, alone=1e-12)).pvalue > 0.05
    assert ordinary.judged(slow("pulse", 1e-12, alone=1e-12, rest=0.3)).pvalue > 0.01
    assert ordinary.judged(slow("pulse", 1e-20, alone=1e-12, rest=1e-8)).pvalue < 1e-8
    # of many visits none of which tells much the whole tells
    assert ordinary.judged(slow("pulse", 1e-6, alone=1.0, rest=1e-9)).pvalue == 1e-6


def test_without_a_null_nothing_changes() -> None:
    kinds: tuple[SlowKind, ...] = ("period", "shift", "trend")
    for kind in kinds:
        assert OrdinaryEvents().judged(slow(kind, 1e-9)).pvalue == pytest.approx(1e-9)
    assert OrdinaryEvents().judged(slow("pulse", 1e-9, alone=1e-9)).pvalue == pytest.approx(1e-9)


def test_decades_are_those_of_the_likeliest_event_of_each_habit() -> None:
    found = (
        slow("shift", 1e-5),
        slow("period", 1e-8),
        slow("pulse", 1e-30, lasts=True),
        slow("period", 1e-9),
        slow("pulse", 1e-20, alone=1e-12, rest=0.1),
        slow("pulse", 1e-20, alone=1e-14, rest=1e-6),
    )
    wanted = {"period": 9.0, "shift": 5.0, "trend": 0.0, "lasting": 30.0, "visit": 12.0, "pair": 0.0}
    np.testing.assert_allclose(habit_decades(found, NOTHING), [wanted[habit] for habit in HABITS])


def test_the_shipped_model_knows_habits() -> None:
    null = StateSpace.pretrained().null
    assert null is not None
    assert null.habits.shape == (len(HABITS), 3)
    assert all(null.events.habits[habit] != PointNull() for habit in HABITS)
