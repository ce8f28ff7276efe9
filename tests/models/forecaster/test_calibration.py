"""What ordinary stars' failed forecasts look like to the forecaster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from swope.models.forecaster import Forecaster
from swope.models.forecaster.calibration import _PARTS, Calibration, strangest_runs, tails_of_runs
from swope.pipeline.cadence import CADENCES
from swope.pipeline.event_tail import OWN_STARS, OrdinaryTail
from swope.pipeline.events import EventOptions, find_events, significant
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray

OPTIONS = EventOptions()


def failing(z: FloatArray, time: FloatArray | None = None) -> Forecast:
    """Forecasts that are off by z sigma."""
    n = len(z)
    time = np.arange(float(n)) if time is None else time
    return Forecast("star", "forecaster", time, np.zeros(n, dtype=np.int32), ("V",), z, np.zeros(n), np.ones(n), sign=1)


def ordinary(seed: int) -> Forecast:
    """A star of which one in thirty has a week in which forecasts fail, at times by much."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(200)
    if rng.uniform() < 1 / 30:
        z[100:108] += 2.0 + rng.exponential(1.0)
    return failing(z)


def calibration(runs: FloatArray) -> Calibration:
    return replace(Calibration(np.ones(6), np.zeros(0), np.zeros((2, 4)), np.zeros(0)), runs=runs)


def test_runs_that_ordinary_stars_have_are_no_events() -> None:
    learnt = [ordinary(seed) for seed in range(2000)]
    runs = tails_of_runs(strangest_runs(learnt), np.ones(len(learnt)))
    known, others = calibration(runs), [ordinary(10_000 + seed) for seed in range(2000)]
    alarms = [bool(significant(find_events(one, OPTIONS, *known.events(one)), OPTIONS.pvalue)) for one in others]
    at_their_word = [bool(find_events(one, OPTIONS)) for one in others]
    assert np.mean(at_their_word) > 0.01
    assert np.mean(alarms) <= OPTIONS.pvalue


def test_a_long_run_beyond_all_ordinary_ones_is_an_event() -> None:
    learnt = [ordinary(seed) for seed in range(1000)]
    known = calibration(tails_of_runs(strangest_runs(learnt), np.ones(len(learnt))))
    z = np.random.default_rng(1).standard_normal(200)
    z[100:130] += 8.0
    one = failing(z)
    assert significant(find_events(one, OPTIONS, *known.events(one)), OPTIONS.pvalue)


def test_ways_of_observing_have_tails_of_their_own_where_there_are_enough_stars() -> None:
    single = [ordinary(seed) for seed in range(OWN_STARS)]
    twice = np.repeat(np.arange(100.0), 2) + np.tile([0.0, 1e-3], 100)
    repeated = [failing(10.0 * ordinary(seed).value, twice) for seed in range(20)]
    runs = tails_of_runs(strangest_runs([*single, *repeated]), np.ones(OWN_STARS + 20))
    alone = tails_of_runs(strangest_runs(single), np.ones(OWN_STARS))
    np.testing.assert_array_equal(runs[CADENCES.index("single")], alone[CADENCES.index("single")])
    assert not np.array_equal(runs[CADENCES.index("repeated")], runs[CADENCES.index("single")])
    assert (runs[CADENCES.index("unbroken")] == OrdinaryTail().numbers).all()


def test_a_forecaster_without_tails_takes_runs_at_their_word() -> None:
    before = calibration(np.full((len(CADENCES), 2, 3), 2.0))
    arrays = before.arrays()
    kept = Calibration.of(before.settings(), arrays)
    np.testing.assert_array_equal(kept.runs, before.runs)
    del arrays["calibration/runs"]
    _, pair, longer = Calibration.of(before.settings(), arrays).events(failing(np.zeros(50)))
    assert pair.null == longer.null == OrdinaryTail()


def test_the_forecaster_makes_little_of_the_false_alarms() -> None:
    assert sum(_PARTS) == pytest.approx(0.1)


def test_the_shipped_one_knows_ordinary_stars() -> None:
    runs = Forecaster.pretrained().calibration.runs
    for way in ("repeated", "single"):
        assert (runs[CADENCES.index(way)] != OrdinaryTail().numbers).all()
