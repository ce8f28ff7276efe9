from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.extremes import bulk, calm, event_rows
from swope.pipeline.report.figures import event_figure, folded_figure, light_curve_figure
from tests.pipeline.report.made import make_forecast


def flare_star(kind: str = "mag") -> StarDetail:
    """Rotation of 0.1 mag and one flare of five magnitudes, or of five times the flux."""
    time = np.arange(600) / 30.0
    wave = 0.05 * np.sin(2 * np.pi * time / 3.1) + np.random.default_rng(0).normal(0, 0.005, 600)
    flare = np.zeros(600)
    flare[300:304] = [1.0, 5.0, 2.0, 0.7]
    value = 12.0 + wave - flare if kind == "mag" else 1.0 + wave + flare
    curve = clean(LightCurve.of("flare", time, value, np.full(600, 0.005), kind=kind))
    event = {"t_start": 10.0, "t_end": 10.1, "kind": "pulse", "direction": "brighten", "pvalue": 1e-5}
    return StarDetail(curve, PeriodResult(period=3.1, t0=0.0), [make_forecast(curve)], [event], {})


@pytest.mark.parametrize("kind", ["mag", "flux"])
def test_the_rotation_of_a_flare_star_is_seen_and_its_flare_too(kind: str) -> None:
    star = flare_star(kind)
    axes = light_curve_figure(star).axes[0]
    # the wave fills a good part of the axis
    assert 0.1 / abs(np.subtract(*axes.get_ylim())) > 0.2
    arrows = [line for line in axes.lines if line.get_marker() == "^"]
    assert [len(line.get_xdata()) for line in arrows] == [4]
    assert "beyond the axis (4)" in [text.get_text() for text in axes.get_legend().get_texts()]
    close = event_figure(star).axes[0]
    low, high = sorted(close.get_ylim())
    good = star.curve.good
    flare = good.value[300:304]
    assert low < flare.min()
    assert flare.max() < high
    assert np.ptp(close.get_xlim()) < 3


def test_eclipses_of_few_points_are_inside_the_fold() -> None:
    time = np.linspace(0, 100, 1000)
    phase = time / 2.7 % 1
    value = 12.0 + np.where(phase < 0.008, 1.5, 0.0) + np.random.default_rng(1).normal(0, 0.01, 1000)
    curve = clean(LightCurve.of("EA", time, value, np.full(1000, 0.01), kind="mag"))
    bottom, _ = folded_figure(StarDetail(curve, PeriodResult(period=2.7, t0=0.0), [], [], {})).axes[0].get_ylim()
    assert bottom > 13.0


def test_a_band_of_one_point_is_inside() -> None:
    value = np.append(np.sin(np.arange(300.0)), 90.0)
    assert bulk(value, np.append(np.zeros(300), 1).astype(np.int32)).max() == 90.0
    assert bulk(value, np.zeros(301, dtype=np.int32)).max() < 2


def test_the_tail_of_a_flare_sets_no_axis() -> None:
    star = flare_star()
    value = star.curve.value.copy()
    # a tail of more than a hundredth of the rows
    value[300:316] -= 2.0 * np.exp(-np.arange(16) / 8.0)
    time = star.curve.good.time
    event = {**star.events[0], "t_start": time[300], "t_end": time[308]}
    low, high = sorted(
        light_curve_figure(replace(star, curve=replace(star.curve, value=value), events=[event])).axes[0].get_ylim()
    )
    assert 0.1 / (high - low) > 0.2
    assert 573 <= calm(time, [event]).sum() <= 577
    assert calm(time, [{**event, "t_end": time[330]}]).all()
    assert calm(time, [{**event, "kind": "trend"}]).all()


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=50))
def test_the_bulk_is_some_of_the_values(values: list[float]) -> None:
    value = np.array(values, dtype=float)
    kept = bulk(value, np.zeros(len(value), dtype=np.int32))
    finite = value[np.isfinite(value)]
    assert set(kept) <= set(finite)
    assert len(kept) >= 0.5 * len(finite)


def test_only_events_with_a_moment_are_shown_close_by() -> None:
    star = flare_star()
    (event,) = star.events
    for other in ({"kind": "trend"}, {"kind": "period"}, {"t_end": 19.0}, {"t_start": None}):
        assert event_figure(replace(star, events=[{**event, **other}])) is None
    assert event_figure(replace(star, events=[])) is None
    lone = {"t_start": 10.0, "t_end": None, "kind": "pulse", "direction": "fade", "pvalue": None}
    found = event_rows(star.curve.good.time, [lone])
    assert found is not None
    assert 20 <= found[1].sum() <= 40
