"""One star in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import Clock, LightCurve
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.figures import png, star_figure
from swope.pipeline.report.words import lines_of, notebook_html
from tests.pipeline.report.made import make_curve, make_forecast

ROW = {
    "object_id": "a",
    "status": "ok",
    "reason": None,
    "bands": "g,r",
    "unit": "mag",
    "mean_mag": 14.15,
    "mean_flux": None,
    "amplitude": 0.8,
    "class": "RRAB",
    "class_prob": 0.9,
    "class_sure": "RR",
    "class_flag": None,
    "prob_RRAB": 0.9,
    "prob_RRC": 0.08,
    "prob_EW": 0.0,
    "anomaly_pvalue": 0.01,
    "anomaly_reason": "Strange to the toy.",
}
EVENT = {
    "kind": "run",
    "direction": "fade",
    "band": "g",
    "t_start": 2455100.0,
    "t_end": 2455110.0,
    "peak_sigma": 7.0,
    "pvalue": 1e-5,
    "detector": "toy",
    "flag": None,
}
FOUND = PeriodResult(0.7, 1e-4, 1e-9, None, (0.35, 1.4), 2455000.5, 2)


def detail(events=(), period=FOUND, curve=None, **row) -> StarDetail:
    curve = curve or make_curve("a")
    return StarDetail(curve, period, [make_forecast(curve)], list(events), ROW | row)


def test_ten_lines_say_what_was_found() -> None:
    lines = lines_of(detail([EVENT]))
    assert len(lines) <= 10
    said = "\n".join(lines)
    assert lines[0].startswith("a: ")
    assert "120 points in g,r over " in lines[0]
    assert lines[0].endswith("d (HJD_UTC)")
    assert "RRAB, probability 0.90 (then RRC 0.08); no more than RR is sure" in said
    assert "EW" not in said
    assert "runners-up 0.350000, 1.40000 d" in said
    assert "mean       14.1500 mag, amplitude 0.800 mag" in said
    assert "p = 0.010. Strange to the toy." in said
    assert "run, fade in g: 2455100.0000 to 2455110.0000, 7.0 sigma" in said
    assert "(toy)" in said
    assert "ok" not in {line.split()[0] for line in lines}


def test_the_strongest_events_are_told_and_the_others_counted() -> None:
    events = [EVENT | {"pvalue": 10.0**-i, "t_start": float(i), "flag": "gap_edge"} for i in range(5)]
    lines = lines_of(detail(events))
    assert "events     5" in lines
    told = [line for line in lines if "fade" in line]
    assert [line.split(": ")[1].split(".")[0] for line in told] == ["4", "3", "2"]
    assert all("(toy, gap_edge)" in line for line in told)
    assert lines[-1].strip() == "and 2 more"


def test_what_is_missing_is_said() -> None:
    missing = {"class": None, "mean_mag": None, "anomaly_reason": None, "anomaly_pvalue": None, "bands": None}
    said = lines_of(
        detail(period=PeriodResult(reason="flat"), status="partial", reason="period: flat; class: short", **missing)
    )
    assert "class      none" in said
    assert "period     none: flat" in said
    assert "events     none" in said
    assert said[-1] == "partial    period: flat; class: short"
    assert not [line for line in said if line.startswith(("mean", "anomaly", "runners-up"))]


def test_an_unknown_clock_and_a_flux_are_called_so() -> None:
    curve = replace(make_curve("a", kind="flux"), clock=Clock())
    lines = lines_of(detail(curve=curve, unit=None, mean_mag=None, mean_flux=3.5))
    assert lines[0].endswith("(clock unknown)")
    assert "mean       3.50000, amplitude 0.800" in lines


@pytest.mark.parametrize("field", ["class_flag", "period"])
def test_flags_are_said(field: str) -> None:
    if field == "period":
        lines = lines_of(detail(period=replace(FOUND, flag="alias")))
        assert any(line.startswith("period") and line.endswith("flag: alias") for line in lines)
    else:
        assert any(line.endswith("; uncertain") for line in lines_of(detail(class_flag="uncertain")))


def test_a_notebook_gets_words_and_figure_and_no_markup_from_a_name() -> None:
    nasty = "<img src=x onerror=alert(1)>"
    html = str(notebook_html(detail(curve=replace(make_curve("a"), object_id=nasty))))
    assert nasty not in html
    assert "&lt;img src=x" in html
    assert html.count("data:image/png;base64,") == 1


def test_a_figure_has_what_the_star_has() -> None:
    assert len(star_figure(detail()).axes) == 4
    without = detail(period=PeriodResult(reason="flat"))
    assert len(star_figure(without).axes) == 3
    assert len(star_figure(replace(without, forecasts=())).axes) == 1
    assert png(star_figure(detail())) == png(star_figure(detail()))


def test_no_row_at_all_is_no_exception() -> None:
    curve = clean(LightCurve.of("empty", [], []))
    empty = StarDetail(curve, PeriodResult(reason="0 good points"), (), (), ROW)
    assert lines_of(empty)[0].startswith("empty: 0 of 0 points")
    png(star_figure(empty))
