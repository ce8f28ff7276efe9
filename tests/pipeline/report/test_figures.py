from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import Clock, LightCurve
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.report.charts import histogram
from swope.pipeline.report.detail import ClassPhases, SeenFold, StarDetail
from swope.pipeline.report.figures import (
    folded_figure,
    forecast_figure,
    light_curve_figure,
    png,
    seen_figure,
    star_figure,
)
from swope.pipeline.report.markup import Html, tag, text
from swope.pipeline.report.panels import chosen_forecast, time_label, time_offset
from tests.pipeline.report.made import make_curve, make_forecast

FOUND = PeriodResult(period=0.7, t0=2455000.5)


def detail(curve, period=FOUND, events=(), **row):
    return StarDetail(curve, period, [make_forecast(curve)], list(events), row)


def test_magnitudes_grow_downwards_and_fluxes_upwards():
    for kind, inverted in (("mag", True), ("flux", False)):
        star = detail(make_curve("a", kind=kind))
        for figure in (light_curve_figure(star), folded_figure(star), forecast_figure(star)):
            assert figure.axes[0].yaxis_inverted() == inverted


def test_axes_name_clock_band_and_unit():
    figure = light_curve_figure(detail(make_curve("a", bands=("V",))))
    assert figure.axes[0].get_xlabel() == "HJD_UTC - 2450000 [d]"
    assert figure.axes[0].get_ylabel() == "V magnitude [mag]"
    unknown = replace(make_curve("a"), clock=Clock())
    assert time_label(unknown, time_offset(unknown)) == "time - 2450000 [d], clock unknown"
    short = replace(unknown, time=unknown.time - 2450000)
    assert time_label(short, time_offset(short)) == "time [d], clock unknown"


def test_events_are_shaded():
    event = {"t_start": 2455100.0, "t_end": 2455110.0, "direction": "fade", "detector": "statespace"}
    quiet, eventful = (light_curve_figure(detail(make_curve("a"), events=some)) for some in ([], [event]))
    assert len(eventful.axes[0].patches) == len(quiet.axes[0].patches) + 1


def test_two_cycles():
    star = detail(make_curve("a", bands=("V",)))
    lines = folded_figure(star).axes[0].lines
    assert max(line.get_xdata().max() for line in lines) > 1.9
    assert folded_figure(detail(star.curve, PeriodResult(reason="flat"))) is None


def test_the_fold_that_the_models_see_is_shown_with_its_reconstruction():
    phase = np.arange(64) / 64
    value = np.where(phase < 0.1, np.nan, np.sin(phase))
    seen = SeenFold(phase, value, np.full(64, 0.1), np.sin(phase))
    axes = seen_figure(replace(detail(make_curve("a")), seen=seen)).axes[0]
    assert not axes.yaxis_inverted()
    reconstruction = next(line for line in axes.lines if line.get_label() == "reconstruction")
    np.testing.assert_allclose(reconstruction.get_ydata(), np.tile(np.sin(phase), 2))
    assert seen_figure(detail(make_curve("a"))) is None


def edges_of(axes):
    """Heights of the strips along the lower edge, as shares of the axes."""
    return np.concatenate([one.get_paths()[0].vertices[:, 1] for one in axes.collections[-2:]])


def test_the_phases_that_made_the_class_are_shown_below_the_fold():
    star = detail(make_curve("a", bands=("V",), kind="flux"))
    phases = ClassPhases(np.arange(8) / 8, np.array([2.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 1.0]))
    plain, shown = (folded_figure(one).axes[0] for one in (star, replace(star, phases=phases)))
    (low, high), usual = shown.get_ylim(), plain.get_ylim()
    assert high == usual[1]
    assert edges_of(shown).max() <= (usual[0] - low) / (high - low) + 1e-9
    assert [one.get_label() for one in shown.collections[len(plain.collections) :]] == ["for the class", "against"]
    edges = shown.collections[-2].get_paths()[0].vertices
    top = edges[edges[:, 1] == edges[:, 1].max(), 0]
    np.testing.assert_allclose(top % 1.0, 0.0, atol=1e-9)
    silent = replace(star, phases=ClassPhases(phases.phase, np.zeros(8)))
    assert len(folded_figure(silent).axes[0].collections) == len(plain.collections)


def test_the_strangest_detector_is_shown():
    curve = make_curve("a")
    both = [make_forecast(curve, "forecaster"), make_forecast(curve, "statespace")]
    star = StarDetail(curve, FOUND, both, [], {"forecaster_pvalue": 0.2, "statespace_pvalue": 0.01})
    assert chosen_forecast(star).detector == "statespace"
    assert chosen_forecast(StarDetail(curve, FOUND, [], [], {})) is None
    assert forecast_figure(StarDetail(curve, FOUND, [], [], {})) is None


def test_a_figure_for_a_paper_has_what_the_star_has():
    star = detail(make_curve("a"))
    curve, fold, forecast, below = star_figure(star).axes
    assert curve.get_title(loc="left") == "a"
    assert all(axes.yaxis_inverted() for axes in (curve, fold, forecast))
    assert "phase" in fold.get_xlabel()
    assert forecast.get_xlim() == below.get_xlim()
    assert len(star_figure(replace(star, period=PeriodResult(reason="flat"), forecasts=())).axes) == 1


def test_same_picture_same_bytes():
    first, second = (png(light_curve_figure(detail(make_curve("a")))) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert len(first) < 60_000


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 3e6) | st.just(float("nan")),
            st.floats(-1e9, 1e9) | st.just(float("inf")),
            st.sampled_from(["g", "r", "$x", "_"]),
        ),
        max_size=12,
    ),
    st.sampled_from(["mag", "flux"]),
)
def test_no_light_curve_breaks_a_picture(rows, kind):
    time, value, band = zip(*rows, strict=True) if rows else ((), (), ())
    curve = clean(LightCurve.of("a", time, value, band=list(band) if band else "V", kind=kind))
    star = detail(curve)
    for figure in (light_curve_figure(star), folded_figure(star), forecast_figure(star)):
        if figure is not None:
            png(figure)


def test_histogram_says_its_counts():
    values = np.array([0.1, 0.1, 0.9, np.nan, 7.0])
    chart = histogram(values, np.linspace(0, 1, 3), "a <title>", "p", [(0, "0"), (1, "1")], expected=1.5)
    assert "<title>2 stars</title>" in chart
    assert "a &lt;title&gt;" in chart
    assert isinstance(histogram(np.empty(0), np.linspace(0, 1, 3), "none", "p", []), Html)


@given(st.text())
def test_text_is_escaped(content):
    escaped = text(content)
    assert not set("<>\"'") & set(escaped)
    assert text(escaped) is escaped
    assert tag("p", content, title=content) == f'<p title="{escaped}">{escaped}</p>'
