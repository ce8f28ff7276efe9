"""Outbursts of stars that have many, and what is none."""

from __future__ import annotations

import numpy as np

from models.statespace import StateSpace
from models.statespace.outbursts import find_outbursts
from pipeline.clean import clean
from pipeline.events import Event, EventOptions
from pipeline.lightcurve import LightCurve
from pipeline.period import PeriodResult
from pipeline.star import Star
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
    assert not isinstance(fitted, str)
    assert forecast is not None
    return [(TIME[o.first], TIME[o.last]) for o in find_outbursts(fitted, forecast.innovation)]


def test_each_of_many_outbursts_is_an_event_where_it_is() -> None:
    nights = NIGHTS[5::9]
    star = _star(3.5 * np.isin(np.floor(TIME), nights), 1)
    events: list[Event] = StateSpace().slow_events([star], EventOptions())[0]
    assert all(event.kind == "pulse" and event.direction == "brighten" for event in events)
    found = [any(event.t_start <= night + 0.02 and event.t_end >= night for event in events) for night in nights]
    assert np.mean(found) >= 0.7
    spans = _outbursts(star)
    assert len(spans) >= 3
    assert all(any(begin <= night + 0.02 and end >= night for night in nights) for begin, end in spans)


def test_noise_and_walks_have_none() -> None:
    rng = np.random.default_rng(8)
    count = 0
    for seed in range(40):
        walk = 1.0 * damped_walk(TIME, 60.0, rng) if seed % 2 else np.zeros(len(TIME))
        count += len(_outbursts(_star(walk, seed)))
    assert count <= 1
