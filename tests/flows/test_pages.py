"""The report of a run whose stars are told apart by name and source, and what is drawn of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows import cards as cards_module
from swope.flows import stages
from swope.flows.cards import CARDS
from swope.flows.options import RunOptions
from swope.flows.pages import (
    DRAWN,
    asked_rows,
    remember,
    star_details,
    write_report,
)
from swope.flows.record import RunRecord
from swope.flows.rows import row_of
from swope.models.analysis import Analysis, AnalysisOptions, analyze
from swope.models.registry import load_models
from swope.pipeline.catalog import merge, write_parquet
from swope.pipeline.lightcurve import Chunk
from swope.pipeline.period import PeriodOptions
from swope.pipeline.period.table import periods_table
from swope.pipeline.report.card import Pictures
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.report.make import pictures_of
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
    before = pq.read_table(run_dir / DRAWN)
    star_details(run_dir, replace(record, versions={"swope": "1"}), rows)
    assert pq.read_table(run_dir / DRAWN) != before


def test_the_next_run_draws_again_the_stars_that_changed_alone(
    analyses: list[Analysis], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = leave_run(tmp_path, analyses, drawn=True)
    write_report(run_dir, 2)
    drawn: list[int] = []
    seen = cards_module.pictures_of

    def counted(details: dict[int, StarDetail]) -> dict[int, Pictures]:
        drawn.extend(details)
        return seen(details)

    monkeypatch.setattr(cards_module, "pictures_of", counted)
    record = RunRecord.read(run_dir)
    # tonight another star came
    replace(record, inputs=[{"sha256": "0"}]).write(run_dir)
    page = write_report(run_dir, 2)
    assert drawn == []
    text = page.read_text()
    other = flaring("b.csv", [45, 90])
    changed = analyze([other], load_models(), AnalysisOptions(PeriodOptions(0.3, 6.0), OPTIONS.events))
    leave_run(tmp_path, [analyses[0], *changed], drawn=True)
    ranks = {row["source"]: row["anomaly_rank"] for row in catalog(run_dir).to_pylist()}
    again = write_report(run_dir, 2).read_text()
    assert ranks["b.csv"] in drawn
    assert again != text
    (run_dir / CARDS).unlink()
    assert write_report(run_dir, 2).read_text() == again


def test_what_others_change_of_a_star_is_said_anew_and_not_drawn(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write_report(run_dir, 2).read_text()
    path = run_dir / stages.OBJECTS
    objects = pq.read_table(path)
    # other stars came, and every rate and probability is another
    for name in ("anomaly_fdr", "class_prob"):
        field = objects.schema.field(name)
        other = pa.array([0.125] * len(objects), field.type)
        objects = objects.set_column(objects.schema.get_field_index(name), field, other)
    pq.write_table(objects, path)
    monkeypatch.setattr(cards_module, "pictures_of", lambda _: pytest.fail("nothing is to be drawn"))
    after = write_report(run_dir, 2).read_text()
    assert "probability 0.12" in after
    assert re.findall('data:image/png;base64,[^"]*', after) == re.findall('data:image/png;base64,[^"]*', before)


def test_cards_of_an_earlier_version_are_drawn_anew(run_dir: Path) -> None:
    first = write_report(run_dir, 2).read_bytes()
    pq.write_table(pa.table({"key": ["a"], "card": ["b"]}), run_dir / CARDS)
    assert write_report(run_dir, 2).read_bytes() == first
    assert pq.read_schema(run_dir / CARDS).names == ["key", "pictures"]


def test_damaged_cards_are_drawn_anew(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write_report(run_dir, 2).read_bytes()
    content = bytearray((run_dir / CARDS).read_bytes())
    content[len(content) // 2] ^= 1
    (run_dir / CARDS).write_bytes(content)
    capsys.readouterr()
    assert write_report(run_dir, 2).read_bytes() == first
    assert f"{run_dir / CARDS} is damaged" in capsys.readouterr().err


def test_a_name_asked_for_brings_all_who_have_it(run_dir: Path) -> None:
    assert [row["source"] for row in asked_rows(catalog(run_dir), ["1", "1"])] == ["a.csv", "b.csv"]
    with pytest.raises(ValueError, match="no star is called '2'; the nearest of 1: 1"):
        asked_rows(catalog(run_dir), ["2"])


def test_a_report_remembers_the_run_before_and_not_itself(analyses: list[Analysis], tmp_path: Path) -> None:
    run_dir = leave_run(tmp_path, analyses, drawn=True)
    objects, record = pq.read_table(run_dir / stages.OBJECTS), RunRecord.read(run_dir)
    assert remember(run_dir, record, objects) is None
    # the same run's report, made again
    assert remember(run_dir, record, objects) is None
    later = replace(record, inputs=[{"digest": "1"}])
    for _ in range(2):
        before = remember(run_dir, later, objects.slice(1))
        assert before is not None
        assert before["source"].to_pylist() == objects["source"].to_pylist()
    last = remember(run_dir, replace(record, inputs=[{"digest": "2"}]), objects)
    assert last is not None
    assert last["source"].to_pylist() == objects["source"].to_pylist()[1:]


def test_no_process_is_asked_to_draw_nothing(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        if function is pictures_of:
            asked.append(len(arguments[0]))
        return function(*arguments)

    monkeypatch.setattr(cards_module, "call_twice", call)
    for top in (0, 1, 2):
        (run_dir / CARDS).unlink(missing_ok=True)
        write_report(run_dir, top)
    assert asked == [1, 1, 1]
