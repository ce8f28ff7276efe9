"""One star's answer: its row, its events, and what is said of what broke."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from swope.models import analysis as module
from swope.models.analysis import (
    Analysis,
    AnalysisOptions,
    analyze,
    assess,
    lost_row,
    period_columns,
    settle,
    strangest,
)
from swope.models.detector import Assessment, Batch
from swope.models.inputs import Inputs, inputs_of
from swope.models.registry import Models, detector_columns, load_models
from swope.pipeline.catalog.schema import objects_schema, objects_table
from swope.pipeline.clean import clean
from swope.pipeline.column import DetectorColumns
from swope.pipeline.events import Event, EventOptions, least_pvalue
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult
from swope.pipeline.rank import EVENTS, anomaly_pvalue
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star
from tests.models.stars import made_star
from tests.pipeline.period.curves import star

OPTIONS = AnalysisOptions(PeriodOptions(min_period=0.3, max_period=6.0))


@pytest.fixture(scope="module")
def models() -> Models:
    return load_models()


@pytest.fixture(scope="module")
def analyses(models: Models) -> list[Analysis]:
    return analyze(CURVES, models, OPTIONS)


def flaring(source: str = "a.csv", at: Sequence[int] = (60, 90)) -> LightCurve:
    """A quiet star called "1" with a flare of five points at each of some rows."""
    curve = made_star("CST", 3, 120).curve
    value = curve.value.copy()
    for row in at:
        value[row : row + 5] -= 1.0
    return replace(curve, object_id="1", source=source, value=value)


CURVES = [
    replace(made_star("RRAB", 1, 100).curve, source="a.csv"),
    flaring(),
    replace(made_star("RRAB", 2, 6).curve, source="short.csv"),
]


@dataclass
class Told:
    """A detector that says what it is told to, and remembers what it was asked."""

    columns: DetectorColumns
    said: Assessment
    asked: list[Batch] = field(default_factory=list)

    def assess(self, batch: Batch) -> list[Assessment]:
        self.asked.append(batch)
        return [self.said] * len(batch.stars)


def told(models: Models, **said: Assessment) -> Models:
    """Only detectors that say this, with the usual classifier."""
    return Models(models.classifier, {n: Told(DetectorColumns(n, f"the {n}"), one) for n, one in said.items()})


def event(detector: str, start: float, pvalue: float = 1e-5) -> Event:
    return Event("1", detector, "V", start, start, start + 1.0, "fade", 6.0, pvalue, 2)


def same(one: Inputs, other: Inputs) -> None:
    for part in fields(Inputs):
        np.testing.assert_array_equal(getattr(one, part.name), getattr(other, part.name), part.name)


def test_a_row_has_every_column_of_the_catalog(analyses: list[Analysis], models: Models) -> None:
    names = set(objects_schema(detector_columns(), models.classifier.types).names)
    for one in analyses:
        assert set(one.row) <= names
        assert names - set(one.row) <= {f"period_{n}" for n in range(2, 6)}
        table = objects_table({name: [value] for name, value in one.row.items()}, detector_columns())
        assert table.num_rows == 1
        assert not any(isinstance(value, float) and math.isnan(value) for value in one.row.values())


def test_the_row_says_what_each_detector_said(analyses: list[Analysis]) -> None:
    for one in analyses:
        pvalues = []
        for columns in detector_columns():
            said = one.assessments[columns.name]
            pvalues.append(said.pvalue)
            for name, value in ((columns.score, said.score), (columns.pvalue, said.pvalue)):
                assert one.row[name] == (None if math.isnan(value) else value)
            assert set(said.columns) <= {column.name for column in columns.own}
        kinds = [columns.tells_kinds for columns in detector_columns()]
        combined = anomaly_pvalue([pvalues], kinds, [least_pvalue(one.events)])[0]
        assert one.row["anomaly_pvalue"] == combined or np.isnan(pvalues).all()


def test_a_whole_star_is_ok_and_a_short_one_says_what_is_missing(analyses: list[Analysis]) -> None:
    whole, _, short = analyses
    assert (whole.row["status"], whole.row["reason"]) == ("ok", None)
    assert whole.row["class"] == next(iter(whole.probabilities)) == "RRAB"
    assert sum(whole.probabilities.values()) == pytest.approx(1.0)
    assert list(whole.probabilities.values()) == sorted(whole.probabilities.values(), reverse=True)
    assert short.row["status"] == "partial"
    for what in ("period", "forecaster", "statespace"):
        assert f"{what}: " in short.row["reason"]


def test_events_are_in_order_and_counted(analyses: list[Analysis]) -> None:
    flares = analyses[1]
    assert flares.row["n_events"] == len(flares.events) >= 2
    assert [one.t_start for one in flares.events] == sorted(one.t_start for one in flares.events)
    assert f"{len(flares.events)} events in all" in flares.row["anomaly_reason"]
    assert flares.detail.events[0]["t_start"] == flares.events[0].t_start


def test_an_analysis_depends_on_its_own_curve_alone(analyses: list[Analysis], models: Models) -> None:
    for curve, together in zip(CURVES, analyses, strict=True):
        (alone,) = analyze([curve], models, OPTIONS)
        assert alone.row == together.row
        assert alone.events == together.events
        same(alone.inputs, together.inputs)


def test_two_stars_of_one_name_keep_their_own_events(models: Models) -> None:
    one, other = analyze([flaring("a.csv"), flaring("b.csv", at=[30])], models, OPTIONS)
    assert (one.row["source"], other.row["source"]) == ("a.csv", "b.csv")
    assert one.row["n_events"] == len(one.events) > other.row["n_events"] == len(other.events) > 0
    assert not {found.t_peak for found in one.events} & {found.t_peak for found in other.events}


def test_no_star_is_no_analysis(models: Models) -> None:
    assert analyze([], models, OPTIONS) == []


def test_a_search_that_breaks_takes_no_model_along(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = module.find_period

    def broken(curve: LightCurve, options: PeriodOptions) -> PeriodResult:
        if curve.object_id == "1":
            raise ZeroDivisionError("no")
        return sound(curve, options)

    monkeypatch.setattr(module, "find_period", broken)
    whole, flares, _ = analyze(CURVES, models, OPTIONS)
    assert whole.row["status"] == "ok"
    assert flares.row["status"] == "failed"
    assert "period: the search failed: ZeroDivisionError: no" in flares.row["reason"]
    for name in ("class", "forecaster_score", "statespace_score", "autoencoder_score", "anomaly_pvalue"):
        assert flares.row[name] is not None
    assert flares.row["n_events"] > 0
    assert flares.folds == {}
    with pytest.raises(ValueError, match="period"):
        flares.fold()


def test_a_search_for_events_that_breaks_is_told_in_the_row(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    # "no event" and "broke" once looked alike
    def broken(*_: object) -> list[Event]:
        raise ZeroDivisionError("no")

    monkeypatch.setattr("swope.models.statespace.model.whole_curve_events", broken)
    curve = flaring()
    # beyond what runs of failed forecasts of ordinary stars ever do
    value = np.where(np.isin(np.arange(len(curve)), np.arange(60, 76)), curve.value - 9.0, curve.value)
    (flares,) = analyze([replace(curve, value=value)], models, OPTIONS)
    assert flares.row["status"] == "failed"
    assert "events: the search for slow events failed: ZeroDivisionError: no" in flares.row["reason"]
    assert flares.row["statespace_score"] is not None
    assert any(one.kind == "run" for one in flares.events)


def test_the_same_problem_of_two_detectors_is_told_twice(models: Models) -> None:
    problem = {"events": Reason("the search broke", fault=True)}
    milder = {"events": Reason("too few rows")}
    (one,) = analyze(
        [flaring()],
        told(models, a=Assessment(1.0, 0.5, problems=problem), b=Assessment(1.0, 0.5, problems=milder)),
        OPTIONS,
    )
    assert one.row["status"] == "failed"
    assert "the search broke" in one.row["reason"]
    assert "too few rows" in one.row["reason"]


def test_detectors_of_ones_own_fill_row_pvalue_and_events(models: Models) -> None:
    said = Assessment(3.0, 1e-6, events=(event("a", 5.0), event("a", 200.0)))
    other = Assessment(reason=Reason("too dark"), events=(event("b", 5.0, 1e-9),))
    (one,) = analyze([flaring()], told(models, a=said, b=other), OPTIONS)
    assert (one.row["a_score"], one.row["a_pvalue"], one.row["b_score"]) == (3.0, 1e-6, None)
    assert one.row["anomaly_pvalue"] == 1e-9 / EVENTS
    assert one.row["anomaly_reason"].endswith("Strange to the a: 1 ordinary star in 1,000,000 scores as high.")
    assert "b: too dark" in one.row["reason"]
    assert one.row["status"] == "partial"
    assert one.row["n_events"] == len(one.events)
    # what both saw is one event
    assert [found.detectors for found in one.events] == ["a+b", "a"]


def test_where_no_detector_was_at_work_nothing_is_claimed(models: Models) -> None:
    (one,) = analyze([flaring()], told(models, a=Assessment(reason=Reason("too dark"))), OPTIONS)
    assert [one.row[name] for name in ("anomaly_pvalue", "anomaly_reason", "n_events")] == [None] * 3


def test_inputs_of_moved_stars_are_those_of_their_settled_period(models: Models) -> None:
    stars = [made_star("RRAB", 1), made_star("EA", 2), made_star("RRAB", 3), made_star("CST", 4)]
    factors = np.array([1.0, 2.0, 0.5, 1.0])

    class Moves:
        def classify_inputs(self, inputs: Inputs) -> Any:
            return replace(models.classifier.classify_inputs(inputs), period_factor=factors)

    watch = told(models, a=Assessment(1.0, 0.5)).detectors
    found = assess(stars, Models(Moves(), watch), EventOptions())
    settled = [settle(one, factor) for one, factor in zip(stars, factors.tolist(), strict=True)]
    (batch,) = watch["a"].asked
    same(batch.inputs, inputs_of(settled))
    for one, expected, old in zip(found, settled, stars, strict=True):
        # NaN is not equal to itself
        assert repr(one.period) == repr(expected.period)
        same(one.inputs, inputs_of([expected]))
        assert one.row["period"] == (expected.period.period if expected.period.found else None)
        assert (one.period is old.period) == (expected is old)


def test_a_period_that_the_classifier_doubles_leaves_nothing_stale() -> None:
    found = PeriodResult(period=1.2, period_err=1e-4, flag="half", others=(2.401, 0.7), t0=2_455_001.5, terms=2)
    old = Star(star("eclipsing", 2.4), found)
    new = settle(old, 2.0)
    assert new.curve is old.curve
    assert (new.period.period, new.period.flag, new.period.others) == (2.4, None, (1.2, 0.7))
    # the epoch was the secondary minimum's
    assert (new.period.t0 - 2_455_000.3 + 1.2) % 2.4 - 1.2 == pytest.approx(0.0, abs=0.05)
    assert old.period is found
    assert settle(old, 1.0) is old


def test_period_columns_are_null_where_there_is_none() -> None:
    nothing = period_columns(PeriodResult(reason="flat"))
    assert set(nothing.values()) == {None}
    some = period_columns(PeriodResult(1.0, 1e-3, 1e-9, "alias", (2.0, 0.5), 3.0, 0))
    assert (some["period_2"], some["period_3"], some["period_terms"]) == (2.0, 0.5, 0)
    assert "period_4" not in some


def test_a_lost_star_keeps_what_is_known_of_it() -> None:
    row = lost_row(Star(CURVES[0], PeriodResult(period=0.5, t0=1.0)), "its process died")
    table = objects_table({name: [value] for name, value in row.items()}, detector_columns())
    (kept,) = table.to_pylist()
    assert (kept["status"], kept["reason"], kept["period"]) == ("failed", "its process died", 0.5)
    assert kept["n_obs"] == len(CURVES[0].good)


def of_pvalue(pvalue: float | None) -> Analysis:
    nothing: Any = None
    return Analysis(nothing, PeriodResult(), nothing, {}, (), {"anomaly_pvalue": pvalue})


@given(st.lists(st.none() | st.sampled_from([1e-6, 0.01, 0.2, 0.9]), max_size=12), st.integers(1, 6))
def test_none_that_may_be_among_the_strangest_is_left_out(pvalues: list[float | None], most: int) -> None:
    given = [of_pvalue(p) for p in pvalues]
    kept = strangest(given, most)
    known = sorted(p for p in pvalues if p is not None)
    expected = [p for p in known if p <= known[min(most, len(known)) - 1]]
    assert [one.row["anomaly_pvalue"] for one in kept] == expected
    assert len({id(one) for one in kept}) == len(kept)


def test_folds_are_of_the_period_and_its_runners_up(analyses: list[Analysis]) -> None:
    whole = analyses[0]
    assert list(whole.folds) == [whole.period.period, *whole.period.others]
    np.testing.assert_array_equal(whole.fold().value, whole.folds[whole.period.period].value)
    assert set(whole.forecasts) == {"forecaster", "statespace"}


def test_an_analysis_shows_itself(analyses: list[Analysis]) -> None:
    for one in analyses:
        assert isinstance(one.plot(), Figure)
        assert one.curve.object_id in str(one)
        assert "data:image/png" in one._repr_html_()
    pytest.importorskip("lightkurve")
    assert len(analyses[0].to_lightkurve()) > 0


def test_a_curve_in_two_bands_of_flux_is_analysed_as_well(models: Models) -> None:
    rng = np.random.default_rng(5)
    time = np.sort(rng.uniform(0.0, 200.0, 160))
    flux = 100 + 20 * np.sin(2 * np.pi * time / 0.7) + rng.normal(0.0, 1.0, 160)
    curve = clean(LightCurve.of("flux", time, flux, np.ones(160), np.tile(["g", "r"], 80), kind="flux"))
    (one,) = analyze([curve], models, OPTIONS)
    assert one.row["mean_mag"] is None
    assert one.row["mean_flux"] == pytest.approx(100, abs=5)
    assert one.row["status"] == "ok"


def test_a_second_period_is_for_types_with_two_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    time = np.sort(rng.uniform(0.0, 300.0, 400))
    mag = 15.0 + 0.3 * np.sin(2 * np.pi * time / 0.5) + 0.12 * np.sin(2 * np.pi * time / 0.372)
    curve = clean(LightCurve.of("two modes", time, mag + rng.normal(0.0, 0.01, 400), np.full(400, 0.01)))
    one = module.measured(curve, PeriodOptions())
    second, broke = module._second_period(one, "RRD")
    assert broke is None
    assert second == pytest.approx(0.372, rel=1e-4) or second == pytest.approx(0.5, rel=1e-4)
    assert module._second_period(one, "RRAB") == (None, None)

    def breaking(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(module, "secondary_periods", breaking)
    assert module._second_period(one, "RRD") == (None, Reason("the search failed: RuntimeError: no", fault=True))


def test_events_that_cannot_be_measured_are_told_with_a_reason(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[Event]:
        raise ZeroDivisionError("no level")

    monkeypatch.setattr(module, "gathered", broken)
    said = Assessment(3.0, 1e-6, events=(event("a", 5.0),))
    (one,) = analyze([flaring()], told(models, a=said), OPTIONS)
    assert len(one.events) == one.row["n_events"] == 1
    assert one.row["status"] == "failed"
    assert "events: the measurement failed" in one.row["reason"]
