"""One event, one row: what belongs together is told once, what is another thing is told too."""

from __future__ import annotations

import math

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.events import Event
from swope.pipeline.happenings import gathered, strays
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period.result import PeriodResult

NO_PERIOD = PeriodResult(period=math.nan, fap=math.nan)
NOISE = 0.02


def star(effect: FloatArray, time: FloatArray, kind: str = "mag", wave: FloatArray | float = 0.0) -> LightCurve:
    """A star that strays so many magnitudes, brighter up."""
    rng = np.random.default_rng(3)
    bright = effect + wave + rng.normal(0.0, NOISE, len(time))
    if kind == "mag":
        return clean(LightCurve.of("s", time, 14.0 - bright, np.full(len(time), NOISE)))
    return clean(
        LightCurve.of("s", time, 1e4 * 10 ** (0.4 * bright), np.full(len(time), 1e4 * NOISE), kind="flux", unit="e/s")
    )


def found(start: float, peak: float, end: float, direction: str, **more: object) -> Event:
    given = {"detector": "statespace", "band": "", "peak_sigma": 8.0, "pvalue": 1e-9, "n_points": 5, "kind": "pulse"}
    return Event(object_id="s", t_start=start, t_peak=peak, t_end=end, direction=direction, **(given | more))  # type: ignore[arg-type]


TIME = np.arange(0.0, 400.0, 1.0)


def dip(middle: float, width: float, depth: float) -> FloatArray:
    return -depth * (np.abs(TIME - middle) <= width / 2)


@pytest.mark.parametrize("kind", ["mag", "flux"])
def test_ingress_bottom_and_recovery_are_one_fade(kind: str) -> None:
    curve = star(dip(200.0, 20.0, 0.4), TIME, kind)
    pieces = [
        found(190.0, 195.0, 210.0, "fade"),
        found(190.0, 190.0, 191.0, "fade", detector="forecaster", kind="run", pvalue=1e-6),
        found(209.0, 211.0, 213.0, "brighten", detector="forecaster", kind="run", pvalue=1e-4),
    ]
    (event,) = gathered(pieces, curve, NO_PERIOD)
    assert (event.direction, event.detector, event.detectors) == ("fade", "statespace", "forecaster+statespace")
    assert (event.t_start, event.t_end) == (pytest.approx(190.0, abs=1), pytest.approx(210.0, abs=1))
    depth = 0.4 if kind == "mag" else 1 - 10 ** (-0.4 * 0.4)
    assert event.depth is not None
    assert event.depth_err is not None
    assert event.duration is not None
    assert event.depth == pytest.approx(depth, abs=4 * event.depth_err)
    assert event.duration == pytest.approx(20.5, abs=1.5)
    assert event.shape == "dip"
    assert event.snr is not None
    assert event.snr > 50


def test_two_dips_are_two_events_and_one_within_a_longer_fade_still_stands() -> None:
    effect = dip(100.0, 10.0, 0.3) + dip(150.0, 10.0, 0.3) - 0.5 * np.exp(-0.5 * ((TIME - 290.0) / 20.0) ** 2)
    effect += dip(300.0, 4.0, 0.6)
    pieces = [
        found(95.0, 100.0, 105.0, "fade", pvalue=1e-12),
        found(145.0, 150.0, 155.0, "fade", pvalue=1e-12),
        found(250.0, 290.0, 330.0, "fade", pvalue=1e-30),
        found(298.0, 300.0, 302.0, "fade", kind="run", detector="forecaster", pvalue=1e-8),
        found(303.0, 304.0, 306.0, "brighten", kind="run", detector="forecaster", pvalue=1e-5),
    ]
    events = gathered(pieces, star(effect, TIME), NO_PERIOD)
    assert [round(e.t_peak, -1) for e in events if e.direction == "fade"] == [100.0, 150.0, 300.0, 300.0]
    assert len(events) == 4


@pytest.mark.parametrize("direction", ["brighten", "fade"])
def test_whatever_leads_to_the_same_few_rows_is_told_once(direction: str) -> None:
    # so short and high that no profile fits: a longer event that peaked elsewhere leads to its rows too
    sign = 1.0 if direction == "brighten" else -1.0
    effect = sign * np.select([TIME == 200.0, np.abs(TIME - 200.0) <= 1.0], [3.0, 1.5], 0.0)
    effect += sign * 0.03 * (np.abs(TIME - 170.0) < 60.0)
    pieces = [
        found(199.0, 200.0, 201.0, direction, pvalue=1e-80),
        found(115.0, 130.0, 225.0, direction, pvalue=1e-6),
        found(110.0, 120.0, 229.0, direction, pvalue=1e-4, kind="run"),
    ]
    events = gathered(pieces, star(effect, TIME), NO_PERIOD)
    assert len({(e.t_start, e.t_end) for e in events}) == len(events)
    assert sum(e.t_start <= 200.0 <= e.t_end for e in events) == 1


@pytest.mark.parametrize(("wings", "rows"), [(0.1, 1), (0.4, 1), (0.8, 3), (1.0, 3)])
def test_an_event_too_short_for_a_profile_lasts_as_long_as_it_is_at_half_its_depth(wings: float, rows: int) -> None:
    effect = -0.5 * np.select([TIME == 200.0, np.abs(TIME - 200.0) <= 1.0], [1.0, wings], 0.0)
    (event,) = gathered([found(199.0, 200.0, 201.0, "fade")], star(effect, TIME), NO_PERIOD)
    assert event.shape is None
    assert event.duration is not None
    assert event.duration_err is not None
    assert event.duration == pytest.approx(rows)
    # two ends, each of them anywhere between two rows
    assert event.duration_err >= math.sqrt(2.0 / 12.0)


def test_what_the_fold_expects_is_no_event_of_the_star() -> None:
    wave = 0.5 * np.sin(2 * np.pi * TIME / 7.7)
    curve = star(dip(200.0, 15.0, 0.3), TIME, wave=wave)
    period = PeriodResult(period=7.7, period_err=1e-3, fap=1e-9, t0=0.0, terms=1)
    (event,) = gathered([found(193.0, 200.0, 207.0, "fade")], curve, period)
    assert event.depth == pytest.approx(0.3, abs=0.05)
    assert event.duration == pytest.approx(15.5, abs=2.0)


def test_a_step_and_a_trend_keep_their_rows() -> None:
    curve = star(np.where(TIME >= 250.0, 0.2, 0.0), TIME)
    step = found(250.0, 260.0, 399.0, "brighten", kind="shift", pvalue=1e-20)
    run = found(250.0, 250.0, 252.0, "brighten", kind="run", detector="forecaster", pvalue=1e-5)
    trend = found(0.0, 399.0, 399.0, "brighten", kind="trend", pvalue=1e-6)
    events = gathered([step, run, trend], curve, NO_PERIOD)
    assert [(e.kind, e.shape) for e in events] == [("trend", "slow"), ("shift", "step")]
    assert events[1].depth == pytest.approx(0.2, abs=0.02)
    assert events[1].detectors == "forecaster+statespace"


def test_a_lone_point_has_a_depth_and_no_shape() -> None:
    curve = star(dip(200.0, 0.5, 0.5), TIME)
    (event,) = gathered([found(200.0, 200.0, 200.0, "fade", flag="single_point")], curve, NO_PERIOD)
    assert event.shape is None
    assert event.shape_prob is None
    assert event.flag == "single_point"
    assert event.depth == pytest.approx(0.5, abs=0.1)
    assert event.duration == pytest.approx(1.0)


def test_differences_of_fluxes_are_no_shares() -> None:
    rng = np.random.default_rng(1)
    flux = rng.normal(0.0, 5.0, len(TIME)) + 400.0 * np.exp(-0.5 * ((TIME - 200.0) / 8.0) ** 2)
    curve = clean(LightCurve.of("s", TIME, flux, np.full(len(TIME), 5.0), kind="flux", unit="adu"))
    (event,) = gathered([found(185.0, 200.0, 215.0, "brighten")], curve, NO_PERIOD)
    assert event.depth is None
    assert event.depth_err is None
    assert event.duration == pytest.approx(18.8, abs=1.0)


def test_bands_that_saw_it_are_named_together() -> None:
    time = np.repeat(TIME, 2)
    effect = np.repeat(dip(200.0, 20.0, 0.4), 2)
    rng = np.random.default_rng(3)
    bands = np.tile(["g", "r"], len(TIME))
    value = 14.0 - effect + rng.normal(0.0, NOISE, len(time)) + np.where(bands == "g", 0.7, 0.0)
    curve = clean(LightCurve.of("s", time, value, np.full(len(time), NOISE), band=bands))
    pieces = [
        found(190.0, 195.0, 210.0, "fade", band="r"),
        found(191.0, 196.0, 209.0, "fade", band="g", detector="forecaster"),
    ]
    (event,) = gathered(pieces, curve, NO_PERIOD)
    assert event.band == "g+r"
    assert event.depth == pytest.approx(0.4, abs=0.03)


def test_nothing_found_is_nothing_told() -> None:
    assert gathered([], star(0.0 * TIME, TIME), NO_PERIOD) == []


@pytest.mark.parametrize(
    ("start", "end", "direction"), [(190.0, 193.0, "fade"), (199.0, 201.0, "fade"), (207.0, 209.0, "brighten")]
)
def test_any_part_of_a_fade_leads_to_all_of_it(start: float, end: float, direction: str) -> None:
    curve = star(dip(200.0, 20.0, 0.4) + dip(300.0, 6.0, 0.4), TIME)
    rows = TIME[strays([found(start, start, end, direction)], curve.good, NO_PERIOD)]
    assert rows.min() == pytest.approx(189.0, abs=4)
    assert rows.max() == pytest.approx(211.0, abs=4)
    assert len(rows) == rows.max() - rows.min() + 1


def test_what_lasts_to_the_end_is_no_part_of_a_star_to_leave_out() -> None:
    curve = star(np.where(TIME >= 250.0, 0.2, 0.0), TIME)
    assert not strays([found(250.0, 260.0, 399.0, "brighten", kind="shift")], curve.good, NO_PERIOD).any()
    assert not strays([], curve.good, NO_PERIOD).any()
