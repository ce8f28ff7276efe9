"""Runs of failed forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.events import EventOptions, PointNull, best_run, find_events, least_pvalue, without_repeats
from swope.pipeline.forecast import Forecast


def _forecast(
    z: np.ndarray, time: np.ndarray | None = None, sign: float = 1.0, band: np.ndarray | None = None
) -> Forecast:
    n = len(z)
    return Forecast(
        object_id="star",
        detector="statespace",
        time=np.arange(n, dtype=float) if time is None else time,
        band=np.zeros(n, dtype=np.int32) if band is None else band,
        bands=("g", "r"),
        value=sign * z * 0.1 + 15,
        mean=np.where(np.isfinite(z), 15.0, np.nan),
        sigma=np.full(n, 0.1),
        sign=sign,
    )


def test_a_dip_is_one_event_with_its_interval() -> None:
    z = np.random.default_rng(0).normal(size=300)
    z[100:108] = [-2, -4, -5, -6, -9, -5, -4, -2]
    events = find_events(_forecast(z))
    assert len(events) == 1
    event = events[0]
    assert (event.t_peak, event.direction, event.band) == (104.0, "fade", "g")
    assert event.peak_sigma == pytest.approx(9.0)
    assert 99 <= event.t_start <= 102
    assert 105 <= event.t_end <= 108
    assert event.pvalue < 1e-8
    assert event.n_points >= 4


def test_brighter_is_up_for_magnitudes_too() -> None:
    z = np.random.default_rng(1).normal(size=200)
    z[50:54] = 7.0
    for sign in (1.0, -1.0):
        assert [e.direction for e in find_events(_forecast(z, sign=sign))] == ["brighten"]


def test_ordinary_stars_have_few_events() -> None:
    rng = np.random.default_rng(2)
    for draw in (lambda n: rng.normal(size=n), lambda n: rng.standard_t(4, n), lambda n: rng.standard_t(8, n)):
        found = sum(bool(find_events(_forecast(draw(300)), EventOptions(pvalue=1e-2))) for _ in range(400))
        assert found <= 14, found


def test_one_rotten_point_is_not_a_run() -> None:
    z = np.random.default_rng(3).normal(size=400)
    z[200] = 40.0
    events = find_events(_forecast(z))
    assert [(e.n_points, e.flag) for e in events] == [(1, "single_point")]


def test_edges_of_gaps_are_flagged() -> None:
    time = np.concatenate([np.arange(100.0), np.arange(500.0, 600.0)])
    z = np.random.default_rng(4).normal(size=200)
    z[100:103] = -8.0
    assert [e.flag for e in find_events(_forecast(z, time))] == ["segment_start"]
    z = np.random.default_rng(4).normal(size=200)
    z[97:100] = -8.0
    assert [e.flag for e in find_events(_forecast(z, time))] == ["gap_edge"]


def test_rows_that_were_left_out_leave_no_gap() -> None:
    z = np.random.default_rng(4).normal(size=400)
    z[100:200] = np.nan
    for rows in (slice(97, 100), slice(200, 203)):
        strange = z.copy()
        strange[rows] = -8.0
        assert [e.flag for e in find_events(_forecast(strange))] == [None]


def test_bands_are_searched_apart() -> None:
    rng = np.random.default_rng(5)
    band = np.tile([0, 1], 150).astype(np.int32)
    z = rng.normal(size=300)
    z[np.flatnonzero(band == 1)[60:64]] = 6.0
    assert [e.band for e in find_events(_forecast(z, band=band))] == ["r"]


def test_no_forecasts_no_events() -> None:
    assert find_events(_forecast(np.full(30, np.nan))) == []
    assert find_events(_forecast(np.empty(0))) == []
    assert best_run(_forecast(np.full(30, np.nan))) == 0.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=80))
def test_any_innovations_are_borne(values: list[float]) -> None:
    z = np.array(values, dtype=float)
    for event in find_events(_forecast(z)):
        assert event.t_start <= event.t_peak <= event.t_end
        assert 0 <= event.pvalue <= 1e-3


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="pvalue"):
        EventOptions(pvalue=0.0)
    with pytest.raises(ValueError, match="max_run"):
        EventOptions(max_run=0)


def test_the_ideal_null_changes_nothing() -> None:
    decades = np.linspace(0.0, 30.0, 50)
    np.testing.assert_allclose(PointNull().decades(decades), decades)


def test_rotten_points_raise_the_bar_for_points_alone() -> None:
    rng = np.random.default_rng(10)
    rotten = []
    for _ in range(3000):
        z = rng.normal(size=100)
        z[rng.integers(100)] = rng.choice([-1.0, 1.0]) * rng.exponential(4.0)
        rotten.append(_forecast(z))
    null = PointNull.learn(rotten[:1000])
    assert null.scale > 1.0
    for pvalue in (0.1, 0.01):
        options = EventOptions(pvalue=pvalue)
        bare, held = (
            np.mean([bool(find_events(one, options, which)) for one in rotten[1000:]]) for which in (PointNull(), null)
        )
        assert held <= 2.5 * pvalue < bare, (pvalue, bare, held)
    z = rng.normal(size=300)
    z[100:106] = 4.0
    assert find_events(_forecast(z), EventOptions(), null) == find_events(_forecast(z))


def test_too_few_stars_teach_no_null() -> None:
    assert PointNull.learn([_forecast(np.zeros(30))] * 5) == PointNull()


def test_what_happens_in_all_bands_at_once_is_found_in_all_together() -> None:
    rng = np.random.default_rng(11)
    band = np.tile([0, 1], 150).astype(np.int32)
    z = rng.normal(size=300)
    z[100:108] = -2.4
    events = find_events(_forecast(z, band=band))
    assert [(e.band, e.direction) for e in events] == [("g+r", "fade")]


def test_exposures_of_a_visit_contradict_and_confirm() -> None:
    nights = np.repeat(np.arange(100.0), 4) + np.tile(np.arange(4) * 0.001, 100)
    z = np.random.default_rng(12).normal(size=400)
    z[201] = 20.0
    assert find_events(_forecast(z, nights)) == []
    z[200:204] = 4.0
    assert [e.flag for e in find_events(_forecast(z, nights))] == ["single_visit"]


def test_of_two_events_that_tell_the_same_the_more_significant_stays() -> None:
    z = np.random.default_rng(0).normal(size=300)
    z[100:108] = -6.0
    (run,) = find_events(_forecast(z))
    pulse = replace(run, kind="pulse", pvalue=run.pvalue / 10, band="g+r")
    elsewhere = replace(run, t_start=10.0, t_peak=11.0, t_end=14.0)
    by_another = replace(run, detector="forecaster")
    kept = without_repeats([run, pulse, elsewhere, by_another])
    assert kept == [elsewhere, by_another, pulse]


def test_forecasts_that_come_back_from_a_pulse_are_no_event() -> None:
    z = np.random.default_rng(0).normal(size=300)
    z[100:108] = 6.0
    (run,) = find_events(_forecast(z))
    pulse = replace(
        run, kind="pulse", pvalue=run.pvalue / 10, direction="fade", t_start=run.t_start - 9.0, t_end=run.t_start - 0.5
    )
    assert without_repeats([run, pulse]) == [pulse]
    earlier = replace(pulse, t_start=pulse.t_start - 20.0, t_end=pulse.t_end - 20.0)
    assert without_repeats([run, earlier]) == [earlier, run]


def test_a_far_tail_of_rotten_points_is_learned_from_many_stars() -> None:
    rng = np.random.default_rng(13)
    rotten = []
    for i in range(600):
        z = rng.normal(size=60)
        z[30] = 30.0 if i % 100 == 0 else z[30]
        rotten.append(_forecast(z))
    null = PointNull.learn(rotten)
    assert null.reach > null.scale
    assert np.all(np.diff(null.decades(np.linspace(0.0, 30.0, 100))) > 0)


def test_what_no_other_visit_confirms_does_not_count_for_the_rank():
    z = np.zeros(100)
    z[40] = 50.0
    (alone,) = find_events(_forecast(z))
    assert alone.flag == "single_point"
    assert np.isnan(least_pvalue([alone]))
    assert np.isnan(least_pvalue([]))
    sure = replace(alone, flag=None, pvalue=1e-3)
    assert least_pvalue([alone, sure, replace(sure, pvalue=1e-2)]) == 1e-3
