"""Outbursts of stars that have many, and what is none."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace import StateSpace, fit_star
from swope.models.statespace.kernels.correlation import sum_of_squares
from swope.models.statespace.ordinary import habit_of
from swope.models.statespace.outbursts import find_outbursts
from swope.pipeline.clean import clean
from swope.pipeline.events import Event, EventOptions, in_sight, visits
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star
from tests.bench.statespace_data import damped_walk

#: Four exposures on each of 60 nights.
NIGHTS = np.sort(np.random.default_rng(5).choice(2500, 60, replace=False))
TIME = np.sort(np.repeat(NIGHTS, 4) + np.tile([0.0, 0.006, 0.012, 0.018], 60))


def _star(brighter: np.ndarray, seed: int) -> Star:
    noise = 0.3 * np.random.default_rng(seed).normal(size=len(TIME))
    curve = LightCurve.of("star", TIME, 19.5 + noise - brighter, np.full(len(TIME), 0.25))
    return Star(clean(curve), PeriodResult(reason="none"))


def _outbursts(star: Star) -> list[tuple[float, float]]:
    model = StateSpace()
    fitted, forecast = model.fitted(star), model.forecast([star])[0]
    assert not isinstance(fitted, Reason)
    assert forecast is not None
    return [(TIME[o.first], TIME[o.last]) for o in find_outbursts(fitted, forecast.innovation)]


def test_each_of_many_outbursts_is_an_event_where_it_is() -> None:
    nights = NIGHTS[5::9]
    star = _star(3.5 * np.isin(np.floor(TIME), nights), 1)
    events: list[Event] = StateSpace().slow_events([star], EventOptions())[0]
    assert all(event.kind == "pulse" and event.direction == "brighten" for event in events)
    found = [any(event.t_start <= night + 0.02 and event.t_end >= night for event in events) for night in nights]
    assert all(found)
    spans = _outbursts(star)
    assert len(spans) >= 3
    assert all(any(begin <= night + 0.02 and end >= night for night in nights) for begin, end in spans)


def test_outbursts_that_a_walk_has_learned_are_told_by_the_tight_faint_side() -> None:
    nights = NIGHTS[2::5]
    spans = _outbursts(_star(2.2 * np.isin(np.floor(TIME), nights), 3))
    assert len(spans) == len(nights)
    assert all(
        begin == pytest.approx(night) and end - begin < 0.1 for (begin, end), night in zip(spans, nights, strict=True)
    )


def test_outbursts_either_side_of_a_season_out_of_sight_are_two() -> None:
    season = np.sort(np.concatenate([TIME[TIME < 800], TIME[TIME > 1100]]))
    edge = int(np.searchsorted(season, 1000.0))
    visit = visits(season)
    assert in_sight(season, visit, edge - 4, edge + 3) == [(edge - 4, edge - 1), (edge, edge + 3)]
    assert in_sight(season, visit, 3, len(season) - 4) == [(3, len(season) - 4)]


def test_flares_of_a_star_that_turns_are_found_above_its_running_median() -> None:
    time = np.arange(2000) * 0.02
    rng = np.random.default_rng(2)
    starts = np.array([150, 610, 611 + 200, 1200, 1501, 1730])
    turning = (1 + 0.4 * np.sin(time / 6)) * np.sin(2 * np.pi * time / 0.8)
    since = np.arange(2000) - starts[:, None]
    flares = np.where(since >= 0, np.exp(-np.maximum(since, 0) / 1.5), 0.0).sum(axis=0)
    value = 1000 + 5 * turning + 6 * flares + 0.15 * rng.normal(size=2000)
    star = Star(
        clean(LightCurve.of("star", time, value, np.full(2000, 0.15), kind="flux")), PeriodResult(0.8, fap=1e-9)
    )
    fitted = fit_star(star)
    assert not isinstance(fitted, str)
    found = find_outbursts(fitted, fitted.innovation)
    assert [min(abs(one.first - starts)) for one in found] == [0] * len(starts)


def test_noise_and_walks_have_none() -> None:
    rng = np.random.default_rng(8)
    count = 0
    for seed in range(40):
        walk = 1.0 * damped_walk(TIME, 60.0, rng) if seed % 2 else np.zeros(len(TIME))
        count += len(_outbursts(_star(walk, seed)))
    assert count <= 1


@pytest.mark.parametrize(
    ("heights", "wanted"),
    [((6.0, 6.0, 6.0, 6.0), "burst"), ((6.0, 6.0, 6.0, 0.0), "visit"), ((0.0, 9.0, 6.0, 0.0), "visit")],
)
def test_exposures_of_a_night_confirm_each_other_where_they_agree(heights: tuple[float, ...], wanted: str) -> None:
    night = float(NIGHTS[20])
    star = _star(np.where(np.floor(TIME) == night, np.tile(heights, 60), 0.0), 4)
    fitted = fit_star(star)
    assert not isinstance(fitted, str)
    found = [one for one in find_outbursts(fitted, fitted.innovation) if TIME[one.first] <= night + 0.02]
    (there,) = [one for one in found if TIME[one.last] >= night]
    assert habit_of(there, fitted.prepared.series.time) == wanted


@pytest.mark.parametrize("memory", [0.5, 40.0])
def test_the_squared_correlations_of_all_rows_are_summed(memory: float) -> None:
    night = np.cumsum(np.random.default_rng(3).exponential(5.0, 30))
    rows = np.random.default_rng(4).integers(1, 4, 30)
    time = np.repeat(night, rows)
    correlation = np.exp(-np.abs(time[:, None] - time[None, :]) / memory)
    squares = np.exp(-2.0 * np.diff(night) / memory)
    assert sum_of_squares(rows.astype(float), squares) == pytest.approx(np.sum(correlation**2))
