"""Events against the whole curve, of which none tells another again."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace.ordinary import OrdinaryEvents
from swope.models.statespace.slow import Profile, Slow
from swope.models.statespace.star import StarFit, fit_star
from swope.models.statespace.whole_curve import whole_curve_events
from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star

ROWS = 100


def star() -> StarFit:
    rng = np.random.default_rng(4)
    time = np.arange(float(ROWS))
    curve = clean(LightCurve.of("star", time, 15.0 + rng.normal(0.0, 0.1, ROWS), np.full(ROWS, 0.1)))
    fitted = fit_star(Star(curve, PeriodResult(reason="none")))
    assert isinstance(fitted, StarFit)
    return fitted


def pulse(first: int, last: int, profile: Profile) -> Slow:
    effect = np.zeros(ROWS)
    effect[first : last + 1] = 5.0
    return Slow("pulse", first, last, effect, 200.0, 1e-30, 1e-30, 1.0, 1e-30, profile=profile)


@pytest.mark.parametrize(
    ("outbursts", "told"),
    [
        # quiet in between: two events, and no longer one that takes in both
        ([(22, 25), (50, 53)], [(22, 25), (50, 53)]),
        ([(22, 25), (34, 37), (46, 49)], [(22, 25), (34, 37), (46, 49)]),
        # hardly quiet in between, or one alone: the brightening tells more
        ([(22, 35), (37, 53)], [(20, 59)]),
        ([(30, 33)], [(20, 59)]),
    ],
)
def test_outbursts_that_a_star_is_quiet_between_are_no_single_brightening(
    monkeypatch: pytest.MonkeyPatch, outbursts: list[tuple[int, int]], told: list[tuple[int, int]]
) -> None:
    fitted = star()
    both = [pulse(*rows, "burst") for rows in outbursts], [pulse(20, 59, "shaped")]
    monkeypatch.setattr("swope.models.statespace.whole_curve._both", lambda *_: both)
    events = whole_curve_events(fitted, fitted.forecast, EventOptions(), OrdinaryEvents())
    assert sorted((event.t_start, event.t_end) for event in events) == sorted(told)
