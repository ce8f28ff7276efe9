"""Periods that something else has shown to be half or twice the true one."""

from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodFlag, PeriodResult, find_period, find_transits, multiplied
from swope.pipeline.period.significance import FEW_CYCLES
from tests.pipeline.period.curves import star
from tests.pipeline.period.test_transit import photometry

PERIOD = 2.3977


#: What a search that took the secondary minimum of an eclipsing binary for the primary one answers.
HALF = PeriodResult(
    period=PERIOD / 2,
    period_err=1e-5,
    fap=1e-9,
    flag="half",
    others=(PERIOD * 1.004, PERIOD / 3, 0.545, PERIOD * 0.99999),
    t0=2_455_000.3 + PERIOD / 2,
    terms=2,
)


def test_a_binary_at_twice_the_period_is_what_the_search_would_have_found() -> None:
    curve = star("eclipsing", PERIOD, noise=0.01)
    searched = find_period(curve)
    for old in (HALF, replace(HALF, t0=2_455_000.3)):
        new = multiplied(curve, old, 2.0)
        assert new.period == PERIOD
        assert new.period_err == 2e-5
        assert new.fap == old.fap
        assert new.flag is None
        assert new.terms == searched.terms
        # the primary minimum, whichever of the two the old epoch was
        assert abs((new.t0 - 2_455_000.3 + 0.5 * PERIOD) % PERIOD - 0.5 * PERIOD) < 0.03 * PERIOD
        assert 0.0 <= new.t0 - curve.good.time[0] < PERIOD


def test_the_old_period_is_the_first_runner_up_and_the_new_one_is_none() -> None:
    curve = star("eclipsing", PERIOD)
    assert multiplied(curve, HALF, 2.0).others == (PERIOD / 2, PERIOD / 3, 0.545)
    # a transit search may find the period that the periodogram found as well
    twice = replace(HALF, others=(PERIOD / 2 * 1.0001, 0.7))
    assert multiplied(curve, twice, 2.0).others == (PERIOD / 2, 0.7)
    five = replace(HALF, others=(0.7, 0.8, 0.9, 1.0))
    assert multiplied(curve, five, 2.0).others == (PERIOD / 2, 0.7, 0.8, 0.9)


def test_a_runner_up_that_few_cycles_do_not_tell_from_the_new_period_is_none() -> None:
    time = np.sort(np.random.default_rng(0).uniform(0, 100, 200))
    curve = clean(LightCurve.of("slow", time, np.sin(2 * np.pi * time / 40), np.full(200, 0.01)))
    old = PeriodResult(period=20.0, flag="half", others=(41.5, 13.0), terms=1)
    assert multiplied(curve, old, 2.0).others == (20.0, 13.0)


@pytest.mark.parametrize("flag", [None, "half", "double", "few_cycles"])
@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_half_and_double_are_settled_and_an_alias_stays(flag: PeriodFlag | None, factor: float) -> None:
    curve = star("saw", 0.6173)
    assert multiplied(curve, replace(HALF, period=0.6173 / factor, flag=flag), factor).flag is None
    assert multiplied(curve, replace(HALF, period=0.6173 / factor, flag="alias"), factor).flag == "alias"


def test_cycles_are_counted_anew() -> None:
    time = np.sort(np.random.default_rng(0).uniform(0, 100, 200))
    curve = clean(LightCurve.of("few", time, np.sin(2 * np.pi * time / 25), np.full(200, 0.01)))
    searched = find_period(curve)
    assert searched.flag is None
    doubled = multiplied(curve, searched, 2.0)
    assert np.ptp(time) < FEW_CYCLES * doubled.period
    assert doubled.flag == "few_cycles"
    assert multiplied(curve, doubled, 0.5).flag is None


def test_the_epoch_of_a_pulsator_is_its_maximum_again() -> None:
    curve = star("saw", 0.6173, noise=0.01)
    searched = find_period(curve)
    back = multiplied(curve, replace(searched, period=2 * searched.period, t0=0.0, terms=8), 0.5)
    assert back.terms == searched.terms
    assert abs((back.t0 - searched.t0 + 0.3) % 0.6173 - 0.3) < 0.01 * 0.6173


@pytest.mark.parametrize("deeper", [2001.2, 2003.7])
def test_a_doubled_transit_is_the_deeper_one(deeper: float) -> None:
    shallower = 2001.2 + 2003.7 - deeper
    curve = photometry([(5.0, deeper, 0.004), (5.0, shallower, 0.003)])
    (transit,) = find_transits(curve, 1)
    assert transit.period == pytest.approx(2.5, rel=1e-3)
    found = PeriodResult(period=transit.period, t0=transit.t0)
    doubled = multiplied(curve, found, 2.0)
    assert doubled.terms == 0
    assert abs((doubled.t0 - deeper + 2.5) % 5.0 - 2.5) < 0.1
    assert 0.0 <= doubled.t0 - curve.time[0] < doubled.period
    assert multiplied(curve, doubled, 0.5).t0 == pytest.approx(found.t0)


def test_without_a_period_or_variation_nothing_changes() -> None:
    curve = star("noise", 1.0)
    for one in (curve, LightCurve.of("none", [], [])):
        none = PeriodResult(reason="no period")
        assert multiplied(one, none, 2.0) is none
    flat = LightCurve.of("flat", np.arange(50.0), np.ones(50))
    assert multiplied(flat, HALF, 2.0) is HALF
