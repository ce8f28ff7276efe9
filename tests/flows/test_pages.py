"""The report of a run whose stars are told apart by name and source, and what is drawn of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows import stages
from swope.flows.options import RunOptions
from swope.flows.pages import DRAWN, asked_rows, star_details, write_report
from swope.flows.record import RunRecord
from swope.flows.rows import row_of
from swope.models.analysis import Analysis, AnalysisOptions, analyze
from swope.models.registry import load_models
from swope.pipeline.catalog import merge, write_parquet
from swope.pipeline.lightcurve import Chunk
from swope.pipeline.period import PeriodOptions
from swope.pipeline.period.table import periods_table
from tests.models.stars import made_star

OPTIONS = RunOptions(min_period=0.3, max_period=6.0)


def flaring(source: str, at: list[int]) -> Any:
    """A quiet star called "1" with a flare at each of some rows."""
    curve = made_star("CST", 3, 120).curve
    value = curve.value.copy()
    for row in at:
        value[row : row + 5] -= 1.0
    return replace(curve, object_id="1", source=source, value=value)


@pytest.fixture(scope="module")
def analyses() -> list[Analysis]:
    curves = [flaring("a.csv", [30, 60, 90]), flaring("b.csv", [45])]
    return analyze(curves, load_models(), AnalysisOptions(PeriodOptions(0.3, 6.0), OPTIONS.events))


def leave_run(folder: Path, analyses: list[Analysis], drawn: bool) -> Path:
    """What a run leaves of some stars, a chunk a star; with what the report draws of them, or without."""
    chunks = []
    for i, one in enumerate(analyses):
        chunk = folder / f"chunk{i}"
        write_parquet(Chunk.of([one.curve]).table, chunk / stages.STARS)
        (chunk / stages.REFUSED).write_text("[]")
        write_parquet(periods_table([one.period]), chunk / stages.PERIODS)
        stages.write_rows(chunk, [row_of(one, drawn)])
        chunks.append(chunk)
    merge([c / stages.OBJECTS for c in chunks], [c / stages.EVENTS for c in chunks], folder)
    names = [chunk.name for chunk in chunks]
    models = load_models().ids
    RunRecord("0", {}, ["*.csv"], vars(OPTIONS), models, {}, len(names), 0, [], names, 0, {}).write(folder)
    return folder


@pytest.fixture(scope="module", params=[True, False], ids=["kept", "analysed again"])
def run_dir(request: pytest.FixtureRequest, analyses: list[Analysis], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return leave_run(tmp_path_factory.mktemp("run"), analyses, request.param)


def catalog(run_dir: Path) -> pa.Table:
    return pq.read_table(run_dir / stages.OBJECTS)


def test_namesakes_keep_their_events_and_curves(run_dir: Path, analyses: list[Analysis]) -> None:
    # by name alone, each showed the events of both
    rows = catalog(run_dir).sort_by("source").to_pylist()
    details = star_details(run_dir, RunRecord.read(run_dir), rows)
    for detail, row, one in zip(details, rows, analyses, strict=True):
        assert detail.curve.source == row["source"] == one.curve.source
        assert (detail.curve.value == one.curve.value).all()
        assert len(detail.events) == row["n_events"] == len(one.events)
        assert {event["source"] for event in detail.events} == {row["source"]}
        assert [event["t_peak"] for event in detail.events] == sorted(event.t_peak for event in one.events)
        assert [forecast.detector for forecast in detail.forecasts] == ["forecaster", "statespace"]
    assert details[0].row["n_events"] > details[1].row["n_events"] > 0


def test_what_was_drawn_once_is_drawn_the_same_without_a_model(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_report(run_dir, 2).read_bytes()
    assert (run_dir / DRAWN).exists()

    def none(*_: object) -> None:
        raise AssertionError("no model is needed")

    monkeypatch.setattr("swope.models.registry.load_models", none)
    assert write_report(run_dir, 2).read_bytes() == first
    assert write_report(run_dir, 1, ["1"]).read_bytes() != first


def test_what_another_run_drew_is_not_used(run_dir: Path) -> None:
    rows = catalog(run_dir).to_pylist()
    record = RunRecord.read(run_dir)
    star_details(run_dir, record, rows)
    before = pq.read_schema(run_dir / DRAWN).metadata
    star_details(run_dir, replace(record, version="1"), rows)
    assert pq.read_schema(run_dir / DRAWN).metadata != before


def test_a_name_asked_for_brings_all_who_have_it(run_dir: Path) -> None:
    assert [row["source"] for row in asked_rows(catalog(run_dir), ["1", "1"])] == ["a.csv", "b.csv"]
    with pytest.raises(ValueError, match="no star is called '2'; the nearest of 1: 1"):
        asked_rows(catalog(run_dir), ["2"])
