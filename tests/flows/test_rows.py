"""What a chunk keeps of its stars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swope.flows import rows
from swope.flows.options import RunOptions
from swope.flows.rows import StarRow, lost_row, refused_row, rows_of
from swope.models.registry import load_models
from swope.pipeline.ingest import Refused
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star
from tests.models.stars import made_star


@pytest.fixture(scope="module")
def stars() -> list[Star]:
    """A star that flares, a short one, and two quiet ones."""
    flaring = made_star("CST", 3, 120)
    value = flaring.curve.value.copy()
    value[60:65] -= 1.0
    flaring = replace(flaring, curve=replace(flaring.curve, object_id="1", source="a.csv", value=value))
    return [flaring, made_star("RRAB", 1, 6), made_star("CST", 4, 60), made_star("RRAB", 2, 60)]


@pytest.fixture(scope="module")
def scored(stars: list[Star]) -> list[StarRow]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "DRAWN", 1)
        return rows_of(stars, load_models(), RunOptions())


def test_events_say_whose_they_are(scored: list[StarRow]) -> None:
    first = scored[0]
    assert len(first.events) == first.columns["n_events"] > 0
    assert {(event["object_id"], event["source"]) for event in first.events} == {("1", "a.csv")}


def test_only_the_strangest_are_kept_to_be_drawn(scored: list[StarRow]) -> None:
    least = min(row.columns["anomaly_pvalue"] for row in scored if row.columns["anomaly_pvalue"] is not None)
    for row in scored:
        assert (row.detail is not None) == (row.columns["anomaly_pvalue"] == least)
    drawn = next(row for row in scored if row.detail is not None)
    assert drawn.detail is not None
    assert dict(drawn.detail.row) == drawn.columns


def test_a_night_can_go_on_from_every_star(stars: list[Star], scored: list[StarRow]) -> None:
    for star, row in zip(stars, scored, strict=True):
        assert row.kept is not None
        assert len(row.kept.mean) == len(row.kept.sigma) == len(star.curve.good)
        assert (row.kept.record is None) == (row.kept.reason is not None)
    assert scored[0].kept is not None
    assert scored[0].kept.record is not None


def test_what_was_refused_or_lost_has_a_row_and_nothing_else() -> None:
    refused = refused_row(Refused("a", "a.csv", "empty", "rejected", for_now=True))
    assert refused.columns == {"object_id": "a", "source": "a.csv", "reason": "empty", "status": "rejected"}
    lost = lost_row(Star(made_star("EA", 1).curve, PeriodResult(period=2.0)), "it died")
    assert (lost.columns["status"], lost.columns["reason"], lost.columns["period"]) == ("failed", "it died", 2.0)
    for row in (refused, lost):
        assert (row.events, row.kept, row.detail) == ((), None, None)
