"""One more night of a star."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.events import EventOptions, PointNull, find_events
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import Clock, LightCurve
from swope.pipeline.night import arrivals, follow_on, judge

EASY = EventOptions(pvalue=1e-2)


def forecast(z: np.ndarray, band: np.ndarray | None = None) -> Forecast:
    n = len(z)
    return Forecast(
        object_id="star",
        detector="statespace",
        time=np.arange(n, dtype=float),
        band=np.zeros(n, dtype=np.int32) if band is None else band,
        bands=("g", "r"),
        value=z,
        mean=np.where(np.isfinite(z), 0.0, np.nan),
        sigma=np.ones(n),
        sign=1.0,
    )


def night(z: np.ndarray, new: int, null: PointNull = PointNull()) -> float:  # noqa: B008 (a constant)
    return judge(forecast(z), len(z) - new, EASY, null)[0]


@pytest.mark.parametrize("new", [1, 2, 10])
@pytest.mark.parametrize("degrees", [np.inf, 4.0])
def test_ordinary_nights_are_seldom_strange(new: int, degrees: float) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(1500, 200)) if np.isinf(degrees) else rng.standard_t(degrees, (1500, 200))
    p = np.array([night(one, new) for one in z])
    assert np.mean(p <= 0.1) <= 0.12
    assert np.mean(p <= 0.01) <= 0.016


def test_two_far_points_are_strange_by_the_stars_own_tails() -> None:
    rng = np.random.default_rng(2)
    calm, wild = rng.normal(size=200), rng.standard_t(2.5, 200)
    calm[-2:] = wild[-2:] = 5.0
    assert night(calm, 2) < 1e-5 < night(wild, 2)


def test_a_slow_fade_adds_up_over_nights_of_one_point() -> None:
    z = np.random.default_rng(3).normal(size=200)
    z[-8:] = -2.5
    alone = z.copy()
    alone[-8:-1] = np.random.default_rng(4).normal(size=7)
    assert night(alone, 1) > 1e-2
    pvalue, events = judge(forecast(z), 199, EASY, PointNull())
    assert pvalue < 1e-6
    assert [(e.direction, e.t_end) for e in events] == [("fade", 199.0)]
    assert events[0].t_start < 196


def test_last_nights_flare_is_no_event_tonight() -> None:
    z = np.random.default_rng(5).normal(size=200)
    z[190:196] = 8.0
    z[196:] = [0.3, -0.2, 0.4, 0.1]
    assert judge(forecast(z), 190, EASY, PointNull())[1]
    assert judge(forecast(z), 196, EASY, PointNull()) == (1.0, [])


def test_rotten_points_raise_the_bar_of_a_single_point_and_not_of_a_run() -> None:
    z = np.random.default_rng(6).normal(size=300)
    rotten = PointNull(bulk=1.5, scale=4.0)
    one = np.append(z, 6.0)
    assert night(one, 1, rotten) > 10 * night(one, 1)
    some = np.append(z, [4.0, 4.0, 4.0, 4.0])
    assert night(some, 4, rotten) == pytest.approx(night(some, 4))


def test_a_night_of_all_rows_is_the_whole_star() -> None:
    z = np.random.default_rng(7).normal(size=300)
    z[100:108] = -4.0
    whole = find_events(forecast(z), EASY)
    pvalue, events = judge(forecast(z), 0, EASY, PointNull())
    assert [(e.t_start, e.t_peak, e.t_end) for e in events] == [(e.t_start, e.t_peak, e.t_end) for e in whole]
    assert pvalue == pytest.approx(whole[0].pvalue)


def test_nothing_forecast_is_nothing_judged() -> None:
    z = np.random.default_rng(8).normal(size=50)
    z[48:] = np.nan
    pvalue, events = judge(forecast(z), 48, EASY, PointNull())
    assert np.isnan(pvalue)
    assert events == []
    assert np.isnan(judge(forecast(np.full(5, np.nan)), 3, EASY, PointNull())[0])


def curve(time: list[float], band: str = "g", **described: object) -> LightCurve:
    return LightCurve.of("star", time, np.full(len(time), 15.0), np.full(len(time), 0.1), band=band, **described)


def test_rows_are_sorted_out() -> None:
    known = curve([1.0, 2.0, 3.0])
    found = arrivals(known, [curve([5.0, 3.0, 4.0]), curve([4.0, 2.5, np.nan]), curve([6.0], "i")])
    assert found.fresh.time.tolist() == [4.0, 5.0]
    assert (found.seen, found.masked) == (1, 2)
    assert found.reason is not None
    assert "1 rows in 'i'" in found.reason
    assert "1 rows earlier than the last one known, 3.00000" in found.reason
    assert follow_on(known, found.fresh).time.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_known_row_with_another_value_is_said_and_two_at_one_time_are_both_known() -> None:
    known = LightCurve.of("star", [1.0, 2.0, 2.0, 3.0], [15.0, 15.0, 15.2, 15.0], [0.1, np.nan, 0.1, 0.1], band="g")
    assert arrivals(known, [known]).past is None
    assert arrivals(known, [known]).seen == 4
    again = LightCurve.of("star", [1.0, 2.0, 3.0, 4.0], [15.0, 15.2, 15.1, 15.0], [0.2, 0.1, 0.1, 0.1], band="g")
    found = arrivals(known, [again])
    assert found.past == found.reason == "2 rows with another value or error than was known: needs a run"
    assert (found.seen, found.fresh.time.tolist()) == (1, [4.0])


def test_other_clocks_units_and_kinds_are_told_apart() -> None:
    known = curve([1.0, 2.0], clock=Clock.parse("BJD_TDB"))
    bjd = Clock.parse("BJD-2450000_TDB")
    came = [curve([3.0], clock=Clock.parse("HJD_UTC")), curve([4.0], kind="flux", clock=bjd), curve([5.0], clock=bjd)]
    found = arrivals(known, came)
    assert found.fresh.time.tolist() == [5.0]
    assert found.reason is not None
    assert "clock is 'HJD_UTC', the run's was 'BJD_TDB'" in found.reason
    assert "values is 'flux'" in found.reason


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("gr")), max_size=30), st.integers(0, 20))
def test_no_row_is_lost(rows: list[tuple[int, str]], day: int) -> None:
    known = LightCurve.of("star", [5.0, 5.0, 9.0], [15.0] * 3, None, band=["g", "r", "r"])
    time = np.array([float(t) for t, _ in rows])
    came = LightCurve.of("star", time, np.full(len(rows), 15.0), None, band=[b for _, b in rows])
    parts = [came.where(time < day), came.where(time >= day)]
    found = arrivals(known, parts)
    early = {(t, b) for t, b in rows if t < 9 and (t, b) not in ((5, "g"), (5, "r"))}
    assert len(found.fresh) + found.seen + found.masked + len(early) == len(rows)
    assert np.all(np.diff(found.fresh.time) >= 0)
    assert np.all(found.fresh.time >= 9)


def test_rows_that_are_gone_from_a_stars_own_file_are_said() -> None:
    known = curve([1.0, 2.0, 3.0, 4.0], source="a.csv")
    cut = arrivals(known, [curve([1.0, 2.0, 5.0], source="a.csv")])
    assert (cut.fresh.time.tolist(), cut.seen) == ([5.0], 2)
    assert cut.past == cut.reason == "2 rows that were known are gone, or not usable any more: needs a run"
    flagged = replace(curve([1.0, 2.0, 3.0, 4.0], source="a.csv"), value=np.array([15.0, np.nan, 15.0, 15.0]))
    assert "1 rows that were known" in str(arrivals(known, [flagged]).past)
    for whole in (curve([4.0, 3.0, 2.0, 1.0, 5.0], source="a.csv"), curve([1.0, 5.0], source="tonight.csv")):
        assert arrivals(known, [whole]).past is None


@given(st.sets(st.integers(0, 20), min_size=1), st.sets(st.integers(0, 20), min_size=1))
def test_a_file_that_keeps_a_known_row_says_how_many_are_gone(known: set[int], came: set[int]) -> None:
    old, new = (curve([float(t) for t in sorted(times)], source="a.csv") for times in (known, came))
    gone = len(known - came) if known & came else 0
    assert (f"{gone} rows that were known" in str(arrivals(old, [new]).past)) == (gone > 0)
