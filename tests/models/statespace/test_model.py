"""The baseline as a model: stars in, forecasts, scores and summaries out."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.models import weights
from swope.models.detector import Batch
from swope.models.inputs import inputs_of
from swope.models.statespace import Seasonal, StarOptions, StateSpace, fit_star, record_json, record_of, summarise
from swope.models.statespace.online import record_after
from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions, find_events
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star
from tests.bench.statespace_data import damped_walk, simulated
from tests.bench.statespace_oracles import oscillation
from tests.real_data import real_data


def _times(n: int, seed: int = 0) -> np.ndarray:
    return 2450000.0 + np.sort(np.random.default_rng(seed).uniform(0, 2000, n))


def _constant(seed: int, n: int = 200) -> Star:
    rng = np.random.default_rng(seed)
    return simulated(f"constant {seed}", _times(n, seed), 15 + 0.02 * rng.normal(size=n), np.full(n, 0.02))


def _periodic(seed: int, n: int = 250, period: float = 0.617) -> Star:
    rng = np.random.default_rng(seed)
    t = _times(n, seed)
    value = 14 + 0.4 * np.sin(2 * np.pi * t / period) + 0.2 * np.cos(4 * np.pi * t / period)
    curve = clean(LightCurve.of(f"periodic {seed}", t, value + 0.03 * rng.normal(size=n), np.full(n, 0.03)))
    return Star(curve, PeriodResult(period=period, fap=1e-10))


def _flaring() -> Star:
    ordinary = _constant(11, 300)
    value = ordinary.curve.value.copy()
    value[150:157] -= 0.25
    return simulated("flare", ordinary.curve.time, value, ordinary.curve.error)


def test_structures_are_what_was_put_in() -> None:
    rng = np.random.default_rng(1)
    t = _times(300)
    walk = simulated("walk", t, 18 + 0.3 * damped_walk(t, 60.0, rng) + 0.03 * rng.normal(size=300), np.full(300, 0.03))
    found = [fit_star(s, StarOptions()) for s in (_constant(1), _periodic(2), walk)]
    assert [f if isinstance(f, str) else f.structure for f in found] == ["constant", "seasonal", "walk"]


def test_a_smooth_path_is_an_oscillators() -> None:
    rng = np.random.default_rng(12)
    t = 2450000.0 + np.arange(300.0)
    lag = np.abs(t[:, None] - t[None, :])
    factor = np.linalg.cholesky(oscillation(lag, 2 * np.pi / 25, 1.5) + 1e-9 * np.eye(300))
    value = 15 + 0.2 * factor @ rng.normal(size=300) + 0.005 * rng.normal(size=300)
    star = simulated("smooth", t, value, np.full(300, 0.005))
    fitted = fit_star(star)
    assert not isinstance(fitted, str)
    assert fitted.structure == "oscillator"
    assert np.nanstd(fitted.innovation) == pytest.approx(1.0, abs=0.15)
    assert np.isfinite(summarise(fitted).drw_tau)


def test_forecasts_are_in_the_stars_own_unit_and_direction() -> None:
    model = StateSpace()
    magnitude = _constant(3)
    flux = LightCurve.of(
        "flux", magnitude.curve.time, 1000 - 30 * magnitude.curve.value, np.full(200, 0.6), kind="flux", unit="adu"
    )
    a, b = model.forecast([magnitude, Star(clean(flux), magnitude.period)])
    assert a is not None
    assert b is not None
    np.testing.assert_allclose(a.innovation[2:], b.innovation[2:], atol=1e-2)
    assert np.nanstd(a.innovation) == pytest.approx(1.0, abs=0.15)
    assert np.nanmedian(a.sigma) == pytest.approx(0.02, rel=0.2)
    assert np.isnan(a.mean[:2]).all()


def test_bands_are_forecast_together() -> None:
    rng = np.random.default_rng(4)
    t = np.repeat(_times(80), 2) + np.tile([0.0, 0.01], 80)
    walk = np.repeat(damped_walk(t[::2], 100.0, rng), 2)
    band = np.tile(["g", "r"], 80)
    value = 18 - 0.5 * walk - 1.0 * (band == "r") + 0.02 * rng.normal(size=160)
    curve = clean(LightCurve.of("two bands", t, value, np.full(160, 0.02), band=band))
    forecast = StateSpace().forecast([Star(curve, PeriodResult(reason="none"))])[0]
    assert forecast is not None
    assert forecast.bands == ("g", "r")
    red = forecast.sigma[(forecast.band == 1) & np.isfinite(forecast.mean)]
    green = forecast.sigma[(forecast.band == 0) & np.isfinite(forecast.mean)]
    assert np.median(red[5:]) < 0.5 * np.median(green[5:])


def test_a_band_of_few_rows_takes_the_shape_of_the_fullest() -> None:
    rng = np.random.default_rng(14)
    t = _times(206)
    band = np.full(206, "V")
    band[[20, 60, 100, 130, 170, 200]] = "I"
    value = 14 + 0.4 * np.sin(2 * np.pi * t / 0.617) - 1.0 * (band == "I") + 0.02 * rng.normal(size=206)
    curve = clean(LightCurve.of("uneven bands", t, value, np.full(206, 0.02), band=band))
    fitted = fit_star(Star(curve, PeriodResult(period=0.617, fap=0.0)))
    assert not isinstance(fitted, str)
    assert fitted.structure == "seasonal"
    assert np.nanmax(np.abs(fitted.innovation)) < 6
    assert np.nanmedian(fitted.sigma) * fitted.prepared.scale < 0.03


@pytest.mark.parametrize(
    ("value", "error", "reason"),
    [
        (np.full(50, 12.5), np.full(50, 0.1), "constant"),
        (np.arange(2.0), np.full(2, 0.1), "2 good points"),
        (np.full(50, np.nan), np.full(50, 0.1), "0 good points"),
        (np.arange(50.0), np.zeros(50), "0 good points"),
    ],
)
def test_a_star_that_cannot_be_fitted_has_a_reason(value: np.ndarray, error: np.ndarray, reason: str) -> None:
    star = simulated("bad", _times(len(value)), value, error)
    model = StateSpace().fit([_constant(i, 40) for i in range(20)])
    assert model.forecast([star]) == [None]
    scores = model.score([star])
    assert np.isnan(scores.score[0])
    assert np.isnan(scores.pvalue[0])
    said = scores.reason[0]
    assert said is not None
    assert reason in said.text
    assert not said.fault
    assert model.assess(Batch([star], inputs_of([star]), EventOptions()))[0].reason == said
    described = model.describe([star])[0]
    assert reason in (described.reason or "")
    assert described.columns()["n_changes"] is None


def test_a_band_with_fewer_rows_than_harmonics_is_fitted() -> None:
    """An EROS star with 118 rows in one band and 11 in the other once ended in a broadcasting error."""
    star = _periodic(3, 129)
    band = np.array(["b"] * 118 + ["r"] * 11)[np.random.default_rng(3).permutation(129)]
    curve = star.curve
    two = clean(LightCurve.of("uneven", curve.time, curve.value, curve.error, band))
    found = fit_star(Star(two, star.period), StarOptions())
    assert not isinstance(found, str)
    assert found.structure.startswith("seasonal")


def test_odd_stars_are_no_exception() -> None:
    rng = np.random.default_rng(6)
    t = _times(60)
    tiny, huge = np.full(60, 1e-12), np.full(60, 1e6)
    value = 15 + 0.1 * rng.normal(size=60)
    outlier = value.copy()
    outlier[7] = 1e9
    two_levels = np.where(np.arange(60) % 2 == 0, 15.0, 15.01)
    one_time = np.full(60, t[0])
    spaced = np.concatenate([t[:30], t[:30] + 1e-9])
    cases = [
        simulated("tiny errors", t, value, tiny),
        simulated("huge errors", t, value, huge),
        simulated("outlier", t, outlier, np.full(60, 0.1)),
        simulated("two levels", t, two_levels, np.full(60, 0.01)),
        simulated("no errors", t, value, np.full(60, np.nan)),
        simulated("one time", one_time, value, np.full(60, 0.1)),
        simulated("almost repeated", np.sort(spaced), value, np.full(60, 0.1)),
        Star(_constant(7, 60).curve, PeriodResult(period=1e-9, fap=0.0)),
        Star(_constant(7, 60).curve, PeriodResult(period=1900.0, fap=0.0)),
        Star(_constant(7, 12).curve, PeriodResult(period=3.0, fap=0.0)),
    ]
    model = StateSpace().fit([_constant(i, 40) for i in range(20)])
    scores = model.score(cases)
    for star, forecast, summary, score, reason in zip(
        cases, model.forecast(cases), model.describe(cases), scores.score, scores.reason, strict=True
    ):
        assert (forecast is None) == (summary.reason is not None), star.curve.object_id
        assert np.isfinite(score) == (reason is None), star.curve.object_id
        if forecast is not None:
            assert np.all(forecast.sigma > 0), star.curve.object_id


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 1.5, 2.0, 77.7, 1e4]) | st.floats(0, 3000),
            st.sampled_from([15.0, 15.01, -1.0, 1e9, math.nan, math.inf]) | st.floats(-1e3, 1e3),
            st.sampled_from([0.01, 0.0, -1.0, math.nan, math.inf, 1e-30, 1e12]),
            st.sampled_from(["g", "r", "i"]),
        ),
        max_size=60,
    ),
    period=st.sampled_from([math.nan, 1.0, 0.5, 3.3, 1e-6, 1e5]),
    kind=st.sampled_from(["mag", "flux"]),
)
def test_any_star_has_an_answer_or_a_reason(
    rows: list[tuple[float, float, float, str]], period: float, kind: str
) -> None:
    columns = [list(c) for c in zip(*rows, strict=True)] or [[], [], [], []]
    curve = clean(LightCurve.of("any", columns[0], columns[1], columns[2], band=np.array(columns[3], str), kind=kind))
    found = PeriodResult(reason="none") if math.isnan(period) else PeriodResult(period=period, fap=0.0)
    star = Star(curve, found)
    model = StateSpace.pretrained()
    forecast, scores, summary = model.forecast([star])[0], model.score([star]), model.describe([star])[0]
    assert (forecast is None) == bool(summary.reason)
    assert np.isfinite(scores.score[0]) == (scores.reason[0] is None)
    if forecast is not None:
        assert len(forecast.mean) == len(curve.good)
        assert np.all(forecast.sigma > 0)
        assert all(0 <= e.pvalue <= 1 for e in find_events(forecast))


def test_a_level_shift_and_a_trend_are_found_where_they_are() -> None:
    rng = np.random.default_rng(8)
    t = _times(300)
    noise = 0.02 * rng.normal(size=300)
    shifted = simulated("shift", t, 15 + noise + 0.05 * (t > t[180]), np.full(300, 0.02))
    sloped = simulated("slope", t, 15 + noise + 0.02 * (t - t[0]) / 365.25, np.full(300, 0.02))
    quiet = simulated("quiet", t, 15 + noise, np.full(300, 0.02))
    a, b, c = StateSpace().describe([shifted, sloped, quiet])
    assert len(a.change_points) == 1
    assert abs(np.searchsorted(t, a.change_points[0].time) - 181) <= 5
    assert a.change_points[0].size == pytest.approx(0.05, abs=4 * a.change_points[0].size_err)
    assert a.columns()["n_changes"] == 1
    assert not b.change_points
    assert b.trend == pytest.approx(0.02, abs=4 * b.trend_err)
    assert b.trend_pvalue < 1e-6
    assert not c.change_points
    assert c.trend_pvalue > 1e-3


def test_a_short_span_is_flagged() -> None:
    rng = np.random.default_rng(9)
    t = _times(400)
    value = 18 + 0.5 * damped_walk(t, 500.0, rng) + 0.01 * rng.normal(size=400)
    fitted = fit_star(simulated("slow", t, value, np.full(400, 0.01)), StarOptions())
    assert not isinstance(fitted, str)
    assert summarise(fitted).drw_flag in ("short_span", "unresolved")


def test_saved_and_loaded_is_the_same(tmp_path: object) -> None:
    stars = [_constant(i, 60) for i in range(30)]
    model = StateSpace().fit(stars)
    model.save(tmp_path / "model")
    again = StateSpace.load(tmp_path / "model")
    assert again.model_id == model.model_id
    np.testing.assert_array_equal(again.score(stars[:5]).pvalue, model.score(stars[:5]).pvalue)
    with pytest.raises(ValueError, match="no null"):
        StateSpace().score(stars[:1])


def test_order_and_company_of_stars_do_not_matter() -> None:
    model = StateSpace.pretrained()
    stars = [_constant(i, 60) for i in range(6)]
    together = model.score(stars)
    alone = [StateSpace.pretrained().score([_constant(i, 60)]).score[0] for i in reversed(range(6))]
    np.testing.assert_array_equal(together.score, alone[::-1])


def test_a_star_that_misbehaves_scores_higher() -> None:
    scores = StateSpace.pretrained().score([_constant(11, 300), _flaring()])
    assert scores.pvalue[0] > 0.02
    assert scores.pvalue[1] < 0.02
    assert scores.score[1] > scores.score[0]


def test_real_quasars_prefer_a_walk() -> None:
    from tests.bench.statespace_data import curves

    real_data("ogle/quasars")
    found = [fit_star(Star(c, PeriodResult(reason="not searched"))) for c in curves("ogle/quasars")]
    assert all(not isinstance(f, str) and f.structure == "walk" for f in found)


def test_one_assessment_says_what_is_asked_one_by_one() -> None:
    model = StateSpace.pretrained()
    assert model.null is not None
    stars = [_constant(1), _periodic(2), _flaring()]
    scores, forecasts, summaries = model.score(stars), model.forecast(stars), model.describe(stars)
    slow = model.slow_events(stars, EventOptions())
    for i, said in enumerate(model.assess(Batch(stars, inputs_of(stars), EventOptions()))):
        assert (said.score, said.pvalue, said.reason) == (scores.score[i], scores.pvalue[i], None)
        np.testing.assert_array_equal(said.forecast.mean, forecasts[i].mean)
        assert repr(dict(said.columns)) == repr(summaries[i].columns())
        held = model.null.events(forecasts[i])
        runs = find_events(forecasts[i], EventOptions(), held.point, held.habit("pair"), held.habit("run"))
        assert list(said.events) == [*(run for run in runs if run.pvalue <= 1e-3), *slow[i]]
        assert not said.problems
        after = record_of(said.record)
        assert record_json(after) == record_json(record_after(model.fitted(stars[i])))


def test_a_fit_that_breaks_is_a_fault_and_not_a_reason_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr("swope.models.statespace.model.fit_star", broken)
    model, star = StateSpace.pretrained(), _constant(1)
    expected = Reason("the fit failed: LinAlgError: singular", fault=True)
    assert model.fitted(star) == expected
    assert model.score([star]).reason == (expected,)
    assert model.assess(Batch([star], inputs_of([star]), EventOptions()))[0].reason == expected


@pytest.mark.parametrize(
    ("broken", "what", "said"),
    [
        ("whole_curve_events", "events", "the search for slow events failed: ZeroDivisionError: no"),
        ("summarise", "trend", "the summary failed: ZeroDivisionError: no"),
        ("measure", None, "the score failed: ZeroDivisionError: no"),
    ],
)
def test_what_breaks_after_the_fit_is_told_and_takes_nothing_along(
    broken: str, what: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # "no event" and "broke" once looked alike
    def no(*_: object) -> None:
        raise ZeroDivisionError("no")

    model, star = StateSpace.pretrained(), _flaring()
    (whole,) = model.assess(Batch([star], inputs_of([star]), EventOptions()))
    monkeypatch.setattr(f"swope.models.statespace.model.{broken}", no)
    (one,) = model.assess(Batch([star], inputs_of([star]), EventOptions()))
    assert (one.reason if what is None else one.problems[what]) == Reason(said, fault=True)
    assert np.isfinite(one.score) == (what is not None)
    np.testing.assert_array_equal(one.forecast.mean, whole.forecast.mean)
    assert {event for event in whole.events if event.kind == "run"} <= set(one.events)


def test_a_folded_curve_with_a_gap_has_few_harmonics() -> None:
    """A Mira of ASAS whose season hides a third of its phases once ended in dependent columns."""
    rng = np.random.default_rng(4)
    time = np.sort(rng.uniform(0, 4000, 3000))
    time = time[np.mod(time / 262.0, 1.0) < 0.62][:1300]
    phase = time / 262.0
    value = 12.0 + 1.5 * np.exp(-((np.mod(phase, 1.0) - 0.2) ** 2) / 0.003) + 0.05 * rng.normal(size=len(time))
    curve = clean(LightCurve.of("gap", time, value, np.full(len(time), 0.02)))
    found = fit_star(Star(curve, PeriodResult(period=262.0, period_err=0.1, fap=1e-9)), StarOptions())
    assert not isinstance(found, str)
    seasons = [term for term in found.plain.model.terms if isinstance(term, Seasonal)]
    assert seasons
    assert all(term.harmonics * 0.37 <= 2.0 for term in seasons)
    assert np.isfinite(found.mean[5:]).all()


@pytest.mark.parametrize(("n", "covered", "seed"), [(30, 0.65, 3), (41, 0.72, 5), (24, 0.55, 3)])
def test_a_fold_with_a_gap_does_not_run_away_in_it(n: int, covered: float, seed: int) -> None:
    """Forecasts went 97 mag astray for a dwarf nova of 41 rows, with a period of 240 d seen in parts."""
    rng, period = np.random.default_rng(seed), 240.0
    phase = rng.uniform(0, covered, n)
    time = (rng.integers(0, 8, n) + phase) * period
    value = 19 + 0.1 * rng.normal(size=n) - 5 * np.exp((phase - covered) / 0.02) - 3 * np.exp(-phase / 0.02)
    curve = clean(LightCurve.of("nova", time, value, np.full(n, 0.1)))
    fitted = fit_star(Star(curve, PeriodResult(period=period, fap=1e-5)))
    assert not isinstance(fitted, str)
    mean = fitted.mean * fitted.prepared.scale
    assert np.nanmax(np.abs(mean - np.nanmedian(mean))) < np.ptp(value)


def test_weights_of_an_earlier_version_are_refused(tmp_path: Path) -> None:
    made = StateSpace.pretrained()._weights
    weights.save(replace(made, arrays={n: a for n, a in made.arrays.items() if n != "habits"}), tmp_path)
    with pytest.raises(ValueError, match="made by an earlier version; train it again"):
        StateSpace.load(tmp_path)
