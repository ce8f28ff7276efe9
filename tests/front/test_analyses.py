"""Stars analysed in Python: one, many, and broken ones among them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure

import swope
from swope.models import analysis
from swope.pipeline.lightcurve import LightCurve
from tests.front.stars import PERIOD, star


@pytest.fixture(scope="module")
def made() -> swope.Analysis:
    return swope.analyze(star())


def test_an_analysis_has_all_of_a_star(made: swope.Analysis) -> None:
    assert made.row["status"] == "ok"
    assert made.period.period == pytest.approx(PERIOD, rel=0.01)
    assert sum(made.probabilities.values()) == pytest.approx(1.0, abs=1e-3)
    assert next(iter(made.probabilities)) == made.row["class"]
    assert set(made.forecasts) == {"forecaster", "statespace"}
    assert set(made.assessments) == {"forecaster", "statespace", "autoencoder"}
    assert next(iter(made.folds)) == made.period.period
    assert made.fold(2.0).period == 2.0
    assert made.row["n_events"] == len(made.events)


def test_it_says_and_shows_itself(made: swope.Analysis) -> None:
    lines = str(made).splitlines()
    assert 5 <= len(lines) <= 12
    assert "star" in lines[0]
    figure = made.plot()
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 4
    html = made._repr_html_()
    assert "data:image/png;base64," in html
    assert "http" not in html


def test_hostile_names_are_text() -> None:
    evil = swope.analyze(star('<img src=x onerror="alert(1)">$\\frac$'))
    assert "<img src=x" not in evil._repr_html_()
    evil.plot().canvas.draw()


@pytest.mark.skipif(importlib.util.find_spec("lightkurve") is None, reason="lightkurve is not installed")
def test_it_goes_back_to_lightkurve(made: swope.Analysis) -> None:
    np.testing.assert_array_equal(np.asarray(made.to_lightkurve()["flux"].value), made.curve.value)


def test_the_same_star_has_the_same_answer_alone_and_in_company(made: swope.Analysis) -> None:
    many = swope.analyze_many([star("other", 60, 2), star(), star("third", 80, 3)])
    assert [one.row["object_id"] for one in many] == ["other", "star", "third"]
    assert many[1].row == made.row


def test_in_processes_too(made: swope.Analysis) -> None:
    many = swope.analyze_many([star(), *(star(f"s{i}", 30, i) for i in range(70))], workers=2)
    assert len(many) == 71
    assert many[0].row == made.row


def test_a_star_that_cannot_be_analysed_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    right = analysis.assess

    def breaking(stars: Sequence[object], *rest: object) -> list[swope.Analysis]:
        if any(one.curve.object_id == "bad" for one in stars):  # type: ignore[attr-defined]
            raise RuntimeError("no such star")
        return right(stars, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "assess", breaking)
    empty = LightCurve.of("empty", [1.0, 2.0], [np.nan, np.nan])
    found = swope.analyze_many([star("good"), star("bad"), empty])
    assert [one.row["status"] for one in found] == ["ok", "failed", "rejected"]
    assert found[1].row["reason"] == "the analysis failed: RuntimeError: no such star"
    assert str(found[2])
    with pytest.raises(ValueError, match="empty: none of its 2 rows can be used"):
        swope.analyze(empty)


def test_settings_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(ValueError, match="min_period"):
        swope.analyze(star(), min_period=-1.0)
    with pytest.raises(ValueError, match="pvalue must be in"):
        swope.analyze(star(), event_pvalue=0.0)


def test_a_star_takes_one_thread_and_leaves_the_callers_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    # small decompositions on many threads took a star seventy times as long on a busy machine
    from threadpoolctl import threadpool_info, threadpool_limits

    from swope import _analyses

    def threads() -> set[int]:
        return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

    seen: list[set[int]] = []
    for name in ("analyze_surely", "search"):
        before = getattr(_analyses, name)
        monkeypatch.setattr(_analyses, name, lambda *a, before=before: seen.append(threads()) or before(*a))
    with threadpool_limits(2, user_api="blas"):
        swope.analyze(star())
        swope.find_period(star())
        assert threads() == {2}
    assert seen == [{1}, {1}]
