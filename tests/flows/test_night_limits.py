"""A star that hangs a night, or eats its memory, has a row that says so, and stays as it was; the others go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from swope.flows import survive
from swope.flows.limits import Limits
from swope.flows.night import batch
from swope.flows.night.batch import After, Visit, through_the_night
from swope.flows.night.star import Step, take_in
from swope.flows.night.watch import Watch
from swope.flows.options import RunOptions
from swope.flows.state import Kept
from swope.flows.workers import worker_processes
from swope.pipeline.lightcurve import Clock, LightCurve
from swope.pipeline.period import PeriodResult

NAMES = ("a", "hangs", "b", "eats", "c")

_through = batch._through


def curve(name: str, first: float) -> LightCurve:
    time, clock = first + np.arange(5.0), Clock.parse("MJD_UTC")
    return LightCurve.of(name, time, np.linspace(14.0, 14.4, 5), np.full(5, 0.02), clock=clock)


def visit(name: str) -> Visit:
    none = np.full(5, np.nan)
    return Visit(curve(name, 58000.0), Kept(PeriodResult(), None, "no models", none, none), [curve(name, 58100.0)])


def taken_in(known: LightCurve, kept: Kept, came: Sequence[LightCurve], beside: Sequence[LightCurve]) -> Step:
    """What a star's name says happens."""
    match known.object_id:
        case "hangs":
            time.sleep(600)
        case "eats":
            held = b"x" * 2**30
            time.sleep(600 + len(held))
    return take_in(known, kept, came, beside)


def through(
    visits: Sequence[Visit], folder: Path, settings: RunOptions, ids: dict[str, str]
) -> tuple[list[After], dict[str, float]]:
    """`_through` in a worker process."""
    batch.take_in = taken_in
    return _through(visits, folder, settings, ids)


def test_stars_that_hang_or_eat_memory_are_lost_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survive, "LIMITS", Limits(alone=2.0, memory=900 * 2**20))
    monkeypatch.setattr(batch, "_through", through)
    visits = [visit(name) for name in NAMES]
    with worker_processes(1):
        found = through_the_night(visits, RunOptions(), {}, Watch())
    said = {one.curve.object_id: (one.said.columns["status"], len(one.curve)) for one in found}
    assert tuple(said) == NAMES
    assert {name: said[name] for name in "abc"} == dict.fromkeys("abc", ("ok", 10))
    assert said["hangs"] == said["eats"] == ("failed", 5)
    reasons = {one.curve.object_id: one.said.columns["reason"] for one in found}
    assert "it took more than 2 s" in reasons["hangs"]
    assert "it took more than 0.9 GB of memory" in reasons["eats"]
