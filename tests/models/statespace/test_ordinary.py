"""Events held against those of ordinary stars."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from swope.models.statespace import StateSpace
from swope.models.statespace.ordinary import (
    HABITS,
    PARTS,
    WEATHER,
    Habit,
    Likeliest,
    OrdinaryEvents,
    habit_of,
    likeliest,
    likely,
    restored,
    stored,
    tails_of,
    together,
)
from swope.models.statespace.slow import Profile, Slow, SlowKind
from swope.pipeline.cadence import CADENCES, Cadence
from swope.pipeline.event_tail import OWN_STARS, OrdinaryTail
from swope.pipeline.forecast import Forecast

NOTHING = Forecast("star", "statespace", *np.zeros((2, 0)), ("V",), *np.zeros((3, 0)), sign=1)

#: A star of a hundred visits, and one like it whose rows from 30 to 39 have nothing beside them for long.
EVEN = np.arange(100.0)
ALONE = EVEN + 200.0 * (EVEN >= 40) + 200.0 * (EVEN >= 30)


def slow(
    kind: SlowKind,
    pvalue: float,
    alone: float = 1.0,
    rest: float = 0.0,
    lasts: bool = False,
    profile: Profile = "shaped",
    rows: tuple[int, int] = (30, 39),
) -> Slow:
    return Slow(kind, *rows, np.ones(100), 50.0, pvalue, pvalue, alone, rest, lasts, profile)


def learned(habit: Habit, decades: list[float]) -> OrdinaryEvents:
    tail = OrdinaryTail.of(np.array(decades), np.ones(len(decades)))
    return OrdinaryEvents(tails={**OrdinaryEvents().tails, habit: tail})


def pvalue(ordinary: OrdinaryEvents, one: Slow) -> float:
    (judged,) = ordinary.judged([one], EVEN)
    return judged.pvalue


@pytest.mark.parametrize("cadence", CADENCES)
def test_parts_make_no_more_false_alarms_than_stated(cadence: Cadence) -> None:
    from swope.models.statespace.ordinary import _OF_POINTS

    assert set(PARTS[cadence]) == set(HABITS)
    # the rest is left to the looks after the first
    assert 0.8 < sum(PARTS[cadence].values()) + _OF_POINTS < 1.0 + 1e-9


def test_each_way_of_observing_has_its_own_parts() -> None:
    tails = {habit: OrdinaryTail(1e-3, 3.0, 1.0) for habit in HABITS}
    box = [
        OrdinaryEvents(tails=tails, cadence=cadence).habit("box").decades(np.array([40.0]))[0]
        for cadence in ("single", "repeated")
    ]
    assert box[1] - box[0] == pytest.approx(math.log10(PARTS["repeated"]["box"] / PARTS["single"]["box"]))


@pytest.mark.parametrize("habit", ["period", "shift", "trend", "lasting"])
def test_a_habit_of_ordinary_stars_is_no_rare_event(habit: Habit) -> None:
    rng = np.random.default_rng(1)
    # every fourth ordinary star has a change of ten decades or more
    ordinary = learned(habit, [rng.exponential(5.0) + 10.0 if rng.uniform() < 0.25 else 0.0 for _ in range(2000)])
    kind: SlowKind = "pulse" if habit == "lasting" else cast(SlowKind, habit)
    lasts = habit == "lasting"
    assert pvalue(ordinary, slow(kind, 1e-12, lasts=lasts)) > 0.05
    assert pvalue(ordinary, slow(kind, 1e-250, lasts=lasts)) < 1e-3
    other: SlowKind = "trend" if kind == "shift" else "shift"
    assert pvalue(ordinary, slow(other, 1e-12)) == pytest.approx(
        1e-12 / PARTS["unbroken"][cast(Habit, other)], rel=1e-6
    )


def test_a_pulse_is_no_event_for_a_rotten_visit_and_one_where_the_others_confirm_it() -> None:
    rng = np.random.default_rng(2)
    ordinary = learned("visit", [rng.exponential(5.0) + 10.0 if rng.uniform() < 0.25 else 0.0 for _ in range(2000)])
    assert pvalue(ordinary, slow("pulse", 1e-12, alone=1e-12, rest=1.0)) > 0.05
    assert pvalue(ordinary, slow("pulse", 1e-12, alone=1e-12, rest=0.3)) > 0.01
    assert pvalue(ordinary, slow("pulse", 1e-20, alone=1e-12, rest=1e-8)) < 1e-8
    # of many visits none of which tells much the whole tells
    assert pvalue(ordinary, slow("pulse", 1e-6, alone=1.0, rest=1e-9)) < 2e-6


def single(found: list[Slow]) -> np.ndarray:
    """Decades of events of a star of single exposures, of whose visits none is rotten."""
    return likely([habit_of(one, EVEN) for one in found], found, OrdinaryTail(), "single")


def test_of_single_exposures_an_event_is_not_much_likelier_than_it_appeared_before_rows_were_given_back() -> None:
    one = replace(slow("pulse", 1e-30), apparent=1e-8)
    assert 8.0 <= single([one])[0] < 16.0
    assert likely(["shaped"], [one], OrdinaryTail(), "repeated")[0] == pytest.approx(30.0)
    # nothing is given back to what nothing was taken from: outbursts, and what has no end
    burst = replace(slow("pulse", 1e-30, profile="burst"), apparent=1e-8)
    assert single([burst])[0] == pytest.approx(30.0)
    assert single([replace(slow("shift", 1e-30), apparent=1e-8)])[0] == pytest.approx(30.0)


def test_of_single_exposures_an_event_has_to_stand_out_from_the_stars_others() -> None:
    great, small = slow("pulse", 1e-40, rows=(10, 19)), slow("pulse", 1e-20, rows=(30, 39))
    alone = single([small])[0]
    assert single([small, replace(small, pvalue=1e-18, apparent=1e-18, first=50, last=59)])[0] < alone - 5.0
    # a greater one, the same told twice, and what has no end hide nothing
    for other in (great, replace(small, pvalue=1e-18, first=32), slow("shift", 1e-18, rows=(50, 99))):
        assert single([small, other])[0] == pytest.approx(alone)


def test_no_order_of_a_stars_events_matters() -> None:
    found = [slow("pulse", 10.0**-d, rows=(i * 10, i * 10 + 6)) for i, d in enumerate((9.0, 30.0, 14.0, 14.0, 3.0))]
    np.testing.assert_allclose(single(found)[::-1], single(found[::-1]))


def test_a_pulse_has_the_habit_of_its_profile_and_of_what_was_seen_of_it() -> None:
    assert habit_of(slow("pulse", 1e-9), EVEN) == "shaped"
    assert habit_of(slow("pulse", 1e-9), ALONE) == "edge"
    assert habit_of(slow("pulse", 1e-9, profile="box"), ALONE) == "box"
    assert habit_of(slow("pulse", 1e-9, rows=(30, 32)), EVEN) == "few"
    assert habit_of(slow("pulse", 1e-9, rows=(30, 30)), EVEN) == "visit"
    assert habit_of(slow("pulse", 1e-9, lasts=True), EVEN) == "lasting"
    # nobody knows since when
    assert habit_of(slow("pulse", 1e-9, rows=(0, 9)), EVEN) == "lasting"
    assert habit_of(slow("pulse", 1e-9, rows=(1, 9)), EVEN) == "shaped"
    assert habit_of(slow("pulse", 1e-9, profile="burst", rows=(30, 30)), EVEN) == "burst"
    assert habit_of(slow("pulse", 1e-9, profile="burst", rest=0.5, rows=(30, 30)), EVEN) == "visit"


def test_bursts_of_a_star_confirm_each_other() -> None:
    np.testing.assert_allclose(together(np.array([3.0, 5.0, 1.0])), [6.0, 6.0, 3.0])
    assert together(np.zeros(0)).shape == (0,)


def test_what_many_bursts_are_worth_is_their_chance() -> None:
    rng = np.random.default_rng(3)
    rate = 0.05
    counts = rng.poisson(rate, 400_000)
    for k in (1, 2):
        stated = 10.0 ** -together(np.full(k, -math.log10(rate)))[0]
        assert np.mean(counts >= k) <= stated


def ordinary_star(cadence: Cadence, decades: float) -> Likeliest:
    return Likeliest(cadence, (("run", decades),), ())


def test_each_way_of_observing_has_its_own_tails_where_enough_stars_have_it() -> None:
    many = [ordinary_star("single", 20.0 + 0.001 * i if i % 20 == 0 else 0.0) for i in range(2 * OWN_STARS)]
    quiet = [ordinary_star("repeated", 0.0) for _ in range(2 * OWN_STARS)]
    few = [ordinary_star("unbroken", 0.0) for _ in range(OWN_STARS - 1)]
    tails = tails_of([*many, *quiet, *few], [1.0] * (len(many) + len(quiet) + len(few)))
    at = np.array([20.0])
    assert tails["single"]["run"].decades(at)[0] < 3.0
    assert tails["repeated"]["run"].decades(at)[0] > 15.0
    # in orbit there is no weather, and nothing else is known
    assert all(tails["unbroken"][habit] == OrdinaryTail() for habit in WEATHER)
    numbers = stored(tails)
    assert all(restored(numbers, cadence) == tails[cadence] for cadence in CADENCES)


def test_the_likeliest_events_are_kept_with_what_they_are_judged_by() -> None:
    forecast = replace(NOTHING, time=EVEN, band=np.zeros(100, dtype=np.int32), value=EVEN, mean=EVEN, sigma=EVEN + 1.0)
    seen = likeliest(
        [slow("shift", 1e-5), slow("pulse", 1e-8, alone=1e-3), slow("pulse", 1e-30, lasts=True)], forecast, "single"
    )
    assert dict(seen.found)["shift"] == pytest.approx(5.0)
    assert dict(seen.found)["lasting"] == pytest.approx(30.0)
    assert [(habit, one.pvalue) for habit, one in seen.pulses] == [("shaped", 1e-8)]


def test_the_shipped_model_knows_habits() -> None:
    null = StateSpace.pretrained().null
    assert null is not None
    assert null.habits.shape == (len(CADENCES), len(HABITS), 3)
    own: tuple[Cadence, ...] = ("single", "repeated")
    for cadence in own:
        tails = restored(null.habits, cadence)
        assert all(tails[habit] != OrdinaryTail() for habit in HABITS)
