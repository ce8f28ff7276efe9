"""Events against the whole curve."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from swope.models.statespace import StateSpace, fit_star
from swope.models.statespace.slow import Slow, find_slow, slow_pvalue
from swope.models.statespace.star import fold_misfit, still_residual
from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star
from tests.bench.statespace_data import damped_walk

TIME = np.sort(np.random.default_rng(1).uniform(0.0, 2500.0, 300))
QUIET = PeriodResult(reason="none")


def _star(brighter: np.ndarray, seed: int = 0, period: PeriodResult = QUIET, sign: float = -1.0) -> Star:
    noise = np.random.default_rng(seed).normal(size=len(TIME))
    value = 15 + sign * 0.05 * (brighter + noise)
    kind = "mag" if sign < 0 else "flux"
    return Star(clean(LightCurve.of("star", TIME, value, np.full(len(TIME), 0.05), kind=kind)), period)


def _found(star: Star) -> tuple[Slow, ...]:
    fitted = fit_star(star)
    assert not isinstance(fitted, str)
    return find_slow(fitted)


def _scaled(shape: np.ndarray, snr: float) -> np.ndarray:
    free = shape - shape.mean()
    return shape * snr / math.sqrt(float(np.sum(free**2)))


SHAPES = {
    "pulse": np.exp(-0.5 * ((TIME - 1200.0) / 25.0) ** 2),
    "shift": (TIME > 900.0).astype(float),
    "trend": -np.maximum(TIME - 600.0, 0.0),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_an_event_below_the_noise_of_its_rows_is_found_with_its_time_and_direction(kind: str) -> None:
    first = _found(_star(_scaled(SHAPES[kind], 15.0)))[0]
    assert first.kind == kind or kind == "trend"
    assert first.pvalue < 1e-3
    begin, end = TIME[first.first], TIME[first.last]
    if kind == "pulse":
        assert 1100 < begin < 1200 < end < 1300
        assert first.effect.max() > 0
    if kind == "shift":
        assert abs(begin - 900) < 100
        assert end == TIME[-1]
    if kind == "trend":
        assert first.effect[np.argmax(np.abs(first.effect))] < 0 or first.kind == "shift"


def test_a_changed_period_is_found_and_a_wrong_constant_one_is_not() -> None:
    period = PeriodResult(period=2.3456, fap=1e-9)
    late = 0.02 * 2.3456 * np.maximum(TIME - 1200.0, 0.0) / 1300.0
    changed = _found(_star(12 * np.sin(2 * np.pi * (TIME - 3 * late) / 2.3456), period=period))
    assert [slow.kind for slow in changed][:1] == ["period"]
    slightly = replace(period, period=2.3456 * (1 + 0.01 * 2.3456 / 2500.0))
    assert _found(_star(12 * np.sin(2 * np.pi * TIME / 2.3456), period=slightly)) == ()


def test_noise_and_an_ordinary_walk_have_no_events() -> None:
    rng = np.random.default_rng(5)
    quiet = sum(bool(_found(_star(np.zeros(len(TIME)), seed=i))) for i in range(25))
    walking = sum(bool(_found(_star(3 * damped_walk(TIME, 20.0, rng), seed=i))) for i in range(25))
    assert quiet + walking <= 1


def test_one_rotten_row_is_no_pulse() -> None:
    rotten = np.zeros(len(TIME))
    rotten[150] = 30.0
    assert _found(_star(rotten)) == ()


def test_a_deep_transit_is_one_event_and_its_ingress_none() -> None:
    depth = np.clip(1.4 - np.abs(TIME - 1200.0) / 60.0, 0.0, 1.0)
    events = StateSpace().slow_events([_star(-40.0 * depth)], EventOptions())[0]
    assert [event.direction for event in events] == ["fade"] * len(events)
    assert any(event.t_start < 1160 < 1240 < event.t_end for event in events)


def test_a_fold_that_misses_narrow_eclipses_makes_no_events() -> None:
    phase = np.mod(TIME / 3.7, 1.0)
    eclipse = -30.0 * (np.minimum(phase, 1 - phase) < 0.025) * np.random.default_rng(9).uniform(0.3, 1.0, len(TIME))
    star = _star(eclipse, period=PeriodResult(3.7, fap=1e-9))
    fitted = fit_star(star)
    assert not isinstance(fitted, str)
    worse = fold_misfit(fitted, still_residual(fitted), 2.0)
    assert np.all(worse[np.abs(phase - 0.5) < 0.3] == 1.0)
    assert np.mean(worse[eclipse < 0] > 1.0) > 0.5
    assert not _found(star)


def test_many_pulses_of_one_star_are_all_told() -> None:
    flares = np.zeros(len(TIME))
    starts = np.linspace(20, 280, 6).astype(int)
    for start in starts:
        flares[start : start + 3] = 15.0
    found = _found(_star(flares))
    assert len(found) >= len(starts) - 1
    assert all(slow.effect[slow.first : slow.last + 1].max() > 0 for slow in found)


def test_events_have_the_stars_own_times_and_brighter_is_up() -> None:
    for sign in (-1.0, 1.0):
        events = StateSpace().slow_events([_star(_scaled(SHAPES["pulse"], 25.0), sign=sign)], EventOptions())[0]
        assert [(e.kind, e.direction, e.detector) for e in events] == [("pulse", "brighten", "statespace")]
        assert 1100 < events[0].t_start <= events[0].t_peak <= events[0].t_end < 1300


def test_short_curves_have_none() -> None:
    curve = LightCurve.of("short", TIME[:12], 15 + 0.05 * np.random.default_rng(0).normal(size=12), np.full(12, 0.05))
    assert StateSpace().slow_events([Star(clean(curve), QUIET)], EventOptions()) == [[]]


def test_pvalues_fall_with_the_ratio_and_rise_with_the_rows() -> None:
    assert slow_pvalue(0.0, "pulse", 100) == 1.0
    assert slow_pvalue(40.0, "pulse", 100) < slow_pvalue(30.0, "pulse", 100) < slow_pvalue(30.0, "pulse", 1000)
    assert slow_pvalue(30.0, "trend", 100) < slow_pvalue(30.0, "pulse", 100)
