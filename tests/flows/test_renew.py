"""Which stars of a changed chunk are taken over from the run before, and that their rows come along."""

from __future__ import annotations

import math
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.flows import compact, known, renew, stages
from swope.flows.catalog import write_unrenewed
from swope.flows.chunk import ChunkError
from swope.flows.compact import compacted, worn
from swope.flows.known import Known, known_stars, room_of
from swope.flows.makers import Makers
from swope.flows.manifest import chunk_key, is_done
from swope.flows.options import RunOptions
from swope.flows.pieces import pieces_of, tables
from swope.flows.record import RunRecord
from swope.flows.renew import renewed
from swope.flows.rows import StarRow
from swope.flows.stages import Lost, digest_of, digests_of
from swope.flows.state import Kept
from swope.pipeline.ingest import Ingested, IngestOptions, Part, plan, read
from swope.pipeline.lightcurve import Chunk, Clock, LightCurve
from swope.pipeline.period import PeriodResult

MAKERS = Makers({"toy": "toy-1"}, {"swope": "0"})
OPTIONS = RunOptions()
CURVE = LightCurve.of("a", [1.0, 2.0], [3.0, 4.0], [0.1, np.nan], band=["g", "r"], source="a.csv")

OTHERS: dict[str, Any] = {
    **dict.fromkeys(("object_id", "unit", "source", "kind_from", "read_as", "caution"), "other"),
    **{name: np.array([1.5, 2.5]) for name in ("time", "value", "error")},
    **{name: np.array([1, 1], dtype=np.int32) for name in ("band", "mask")},
    "bands": ("g", "i"),
    "kind": "flux",
    "clock": Clock("jd"),
    "ra": 1.0,
    "dec": 1.0,
}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_whatever_changes_of_a_star_is_seen(name: str) -> None:
    assert digest_of(CURVE) == digest_of(replace(CURVE))
    assert digest_of(replace(CURVE, **{name: OTHERS[name]})) != digest_of(CURVE)


def test_every_attribute_of_a_star_is_looked_at() -> None:
    assert set(OTHERS) == set(vars(CURVE)) & set(LightCurve.__dataclass_fields__)


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=2), st.integers(0, 1))
def test_a_value_that_differs_in_its_last_bit_is_another(value: list[float], i: int) -> None:
    curve = replace(CURVE, value=np.array(value))
    other = list(value)
    other[i] = float(np.nextafter(value[i], math.inf))
    assert digest_of(curve) != digest_of(replace(CURVE, value=np.array(other)))


def write_star(folder: Path, name: str, extra: int = 0) -> None:
    rows = "".join(f"{58000 + 0.37 * j},{15 + 0.1 * math.sin(j)},0.02\n" for j in range(12 + extra))
    (folder / f"{name}.csv").write_text("mjd,mag,magerr\n" + rows)


def write_stars(folder: Path, names: str) -> Path:
    folder.mkdir()
    for name in names:
        write_star(folder, name)
    return folder


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    return write_stars(tmp_path / "survey", "abcd")


def do_run(
    survey: Path,
    run_dir: Path,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    failing: str = "",
    options: RunOptions = OPTIONS,
    dying: str = "",
) -> list[Path]:
    """A run whose stars each say in which run they were done; returns its chunks.

    Of stars in `failing` the computation raises, and of those in `dying` it ends the chunk.
    """

    def do_chunk(part: Part, folder: Path, options: RunOptions, *_: object, **__: object) -> None:
        if not stages.is_ingested(folder):
            stages.ingest_chunk(part, folder, options)
        curves = list(stages.read_chunk(folder))
        if any(one.object_id in dying for one in curves):
            raise ChunkError("no")
        stages.write_periods(folder, [PeriodResult()] * len(curves))
        nothing = [np.full(len(one.good), np.nan) for one in curves]
        done = [
            StarRow(
                {"object_id": one.object_id, "source": one.source, "status": "ok", "masked_because": word},
                events=({"object_id": one.object_id, "source": one.source, "detector": word},),
                kept=Kept(PeriodResult(), None, word, mean, mean),
            )
            for one, mean in zip(curves, nothing, strict=True)
        ]
        stages.write_rows(folder, [Lost("no") if row.columns["object_id"] in failing else row for row in done])

    monkeypatch.setattr(renew, "do_chunk", do_chunk)
    parts = plan([str(survey)], IngestOptions(chunk_size=options.chunk_size), run_dir / "scratch").parts
    chunks = [Path("work/chunks") / chunk_key(part.digest, asdict(options), asdict(MAKERS)) for part in parts]
    folders = [run_dir / chunk for chunk in chunks]
    known = known_stars(run_dir, MAKERS, options, chunks, run_dir / "known")
    left = [(part, folder) for part, folder in zip(parts, folders, strict=True) if not is_done(folder)]
    if known is None:
        for part, folder in left:
            do_chunk(part, folder, options)
    else:
        renew_all(left, run_dir, options, known)
    inputs = [{"sha256": part.digest, "files": []} for part in parts]
    names = [str(chunk) for chunk in chunks]
    RunRecord("0", MAKERS.versions, [], asdict(options), MAKERS.models, {}, 4, 0, inputs, names, 0, {}).write(run_dir)
    return folders


def renew_all(chunks: list[tuple[Part, Path]], run_dir: Path, options: RunOptions, known: Known) -> None:
    """As `swope.flows.catalog.run_chunks`."""
    renew.set_apart(chunks, options, known)
    if old := worn(run_dir, options):
        known = compacted([folder for _, folder in chunks], old, room_of(run_dir, MAKERS, options), options, known)
    some, whole = renew.gathered(chunks, room_of(run_dir, MAKERS, options), options, known)
    for part, folder in some:
        try:
            renewed(part, folder, options, known, {})
        except ChunkError as error:
            write_unrenewed(folder, part, str(error), known)
    for part, folder in whole:
        renew.do_chunk(part, folder, options)


def rows_of(folders: list[Path], name: str) -> list[dict[str, Any]]:
    """The rows of one of the tables of a run's chunks, by star."""
    rows = [row for part in tables(pieces_of(folders), name) for row in part.read().to_pylist()]
    return sorted(rows, key=lambda row: str(row["object_id"]))


def said(*folders: Path) -> dict[str, dict[str, str]]:
    """By table, in which run each star's rows were made."""
    return {
        name: {row["object_id"]: row[column] for row in rows_of(list(folders), name)}
        for name, column in (
            (stages.OBJECTS, "masked_because"),
            (stages.EVENTS, "detector"),
            ("state.parquet", "statespace_reason"),
        )
    }


def test_over_three_runs_each_star_keeps_the_rows_of_the_run_in_which_it_last_changed(
    survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = tmp_path / "run"
    (first,) = do_run(survey, run_dir, "first", monkeypatch)
    assert stages.taken_over(first) == 0
    write_star(survey, "b", extra=1)
    write_star(survey, "e")
    (second,) = do_run(survey, run_dir, "second", monkeypatch)
    (survey / "a.csv").unlink()
    write_star(survey, "d", extra=2)
    (third,) = do_run(survey, run_dir, "third", monkeypatch)
    assert len({first, second, third}) == 3
    expected = {
        second: {"a": "first", "b": "second", "c": "first", "d": "first", "e": "second"},
        third: {"b": "second", "c": "first", "d": "third", "e": "second"},
    }
    for folder, words in expected.items():
        assert said(folder) == dict.fromkeys((stages.OBJECTS, stages.EVENTS, "state.parquet"), words)
        assert [row["object_id"] for row in rows_of([folder], stages.STARS)] == sorted(words)
        assert stages.taken_over(folder) == 3
        # of those that were the same nothing was written
        assert not (folder / stages.STARS).exists()
        assert not (folder / stages.OBJECTS).exists()
    # what was not cleaned again is as if it were
    (part,) = plan([str(survey)], IngestOptions(), tmp_path / "scratch").parts
    stages.ingest_chunk(part, tmp_path / "anew", OPTIONS)
    for name in (stages.DIGESTS, stages.KEYS, stages.REFUSED):
        assert (tmp_path / "anew" / name).read_bytes() == (third / name).read_bytes(), name
    # NaN is not equal to itself
    anew, taken = (repr(rows_of([one], stages.STARS)) for one in (tmp_path / "anew", third))
    assert anew == taken


def test_a_star_that_failed_is_tried_again(survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = tmp_path / "run"
    do_run(survey, run_dir, "first", monkeypatch, failing="c")
    write_star(survey, "b", extra=1)
    (chunk,) = do_run(survey, run_dir, "second", monkeypatch)
    assert said(chunk)[stages.OBJECTS] == {"a": "first", "b": "second", "c": "second", "d": "first"}


def test_nothing_is_taken_over_from_other_makers_or_settings(
    survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = tmp_path / "run"
    do_run(survey, run_dir, "first", monkeypatch)
    other = [Path("work/chunks/other")]
    index = tmp_path / "known"
    assert known_stars(run_dir, MAKERS, OPTIONS, other, index) is not None
    # how a run is divided makes no difference
    assert known_stars(run_dir, MAKERS, replace(OPTIONS, chunk_size=1), other, index) is not None
    assert known_stars(run_dir, MAKERS, replace(OPTIONS, event_pvalue=0.1), other, index) is None
    assert known_stars(run_dir, Makers({"toy": "toy-2"}, MAKERS.versions), OPTIONS, other, index) is None
    assert known_stars(run_dir, Makers(MAKERS.models, {"swope": "1"}), OPTIONS, other, index) is None
    assert known_stars(tmp_path, MAKERS, OPTIONS, other, index) is None


def test_namesakes_are_not_taken_over(tmp_path: Path) -> None:
    twins = [replace(CURVE, value=np.array([float(i), 1.0])) for i in range(2)]
    curves = [*twins, replace(CURVE, object_id="b")]
    write_ingested(tmp_path, curves)
    stages.write_periods(tmp_path, [PeriodResult()] * 3)
    rows = [StarRow({"object_id": name, "source": "a.csv", "status": "ok"}) for name in "aab"]
    stages.write_rows(tmp_path, rows)
    by_digest, by_key = known._entries(tmp_path, 0)
    assert by_digest["row"].tolist() == [2]
    # nothing is known of the rows that they were read from
    assert len(by_key) == 0


def write_ingested(folder: Path, curves: list[LightCurve]) -> None:
    digests = digests_of(curves)
    stages.write_ingested(folder, Chunk.of(curves).table, digests, np.zeros_like(digests), [])


SMALL = replace(OPTIONS, chunk_size=2)


def by_star(folders: list[Path], column: str = "masked_because") -> dict[str, str]:
    """What the rows of some chunks say, by star, of which each has one row."""
    rows = rows_of(folders, stages.OBJECTS)
    assert [row["object_id"] for row in rows] == [row["object_id"] for row in rows_of(folders, stages.STARS)]
    return {row["object_id"]: row[column] for row in rows}


def one_of_several(folders: list[Path]) -> list[str]:
    """A star of each chunk that has others: which stars make a chunk depends on their paths."""
    names = [[row["object_id"] for row in rows_of([folder], stages.STARS)] for folder in folders]
    return sorted(some[0] for some in names if len(some) > 1)


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """Twelve stars in several chunks."""
    return write_stars(tmp_path / "fields", "abcdefghijkl")


def test_the_changed_stars_of_many_chunks_are_done_together(
    fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = tmp_path / "run"
    options = replace(OPTIONS, chunk_size=4)
    first = do_run(fields, run_dir, "first", monkeypatch, options=options)
    assert len(first) > 2
    changed = one_of_several(first)[:3]
    assert len(changed) > 1
    for name in changed:
        write_star(fields, name, extra=1)
    folders = do_run(fields, run_dir, "second", monkeypatch, options=options)
    assert by_star(folders) == {name: "second" if name in changed else "first" for name in "abcdefghijkl"}
    assert sum(map(stages.taken_over, folders)) <= 12 - len(changed)
    (gathering,) = room_of(run_dir, MAKERS, options).iterdir()
    assert sorted(pq.read_table(gathering / stages.OBJECTS)["object_id"].to_pylist()) == changed


def test_what_was_gathered_and_done_before_a_run_was_killed_is_not_done_again(
    fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = tmp_path / "run"
    first = do_run(fields, run_dir, "first", monkeypatch, options=SMALL)
    before = (run_dir / "run.json").read_bytes()
    changed = one_of_several(first)[:3]
    for name in changed:
        write_star(fields, name, extra=1)
    folders = do_run(fields, run_dir, "second", monkeypatch, options=SMALL)
    # killed while it made the chunks; and a star changes until it is begun again
    joined = [folder for folder in folders if stages.taken_over(folder)]
    (joined[0] / "done.json").unlink()
    (run_dir / "run.json").write_bytes(before)
    other = next(name for name in "abcdefghijkl" if name not in changed)
    write_star(fields, other, extra=1)
    words = by_star(do_run(fields, run_dir, "third", monkeypatch, options=SMALL))
    assert [name for name, word in words.items() if word == "third"] == [other]


def test_where_changed_stars_cannot_be_done_the_others_have_their_rows_and_the_next_run_tries_again(
    fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = tmp_path / "run"
    options = replace(OPTIONS, chunk_size=6)
    bad = one_of_several(do_run(fields, run_dir, "first", monkeypatch, options=options))[0]
    write_star(fields, bad, extra=1)
    folders = do_run(fields, run_dir, "second", monkeypatch, options=options, dying=bad)
    assert by_star(folders, "status") == {name: "failed" if name == bad else "ok" for name in "abcdefghijkl"}
    assert by_star(folders, "reason")[bad] == "no"
    again = by_star(do_run(fields, run_dir, "third", monkeypatch, options=options))
    assert again[bad] == "third"


def test_namesakes_of_two_chunks_are_not_gathered_together(tmp_path: Path) -> None:
    old = replace(CURVE, object_id="old")
    write_ingested(tmp_path / "run", [old])
    stages.write_periods(tmp_path / "run", [PeriodResult()])
    stages.write_rows(tmp_path / "run", [StarRow({"object_id": "old", "source": "a.csv", "status": "ok"})])
    index = tmp_path / "known"
    index.mkdir()
    for name, entries in zip(("digests.npy", "keys.npy"), known._entries(tmp_path / "run", 0), strict=True):
        np.save(index / name, entries)
    chunks = []
    for i, name in enumerate(["a", "b", "b"]):
        folder = tmp_path / str(i)
        curves = [old, replace(CURVE, object_id=name, value=np.array([float(i), 1.0]))]
        write_ingested(folder, curves)
        chunks.append((Part("csv", (), (), str(i)), folder))
    some, whole = renew.gathered(chunks, tmp_path / "room", OPTIONS, Known((tmp_path / "run",), index))
    assert whole == []
    assert [[folder.name for folder, _ in renew.members_of(one)] for _, one in some] == [["0", "1"], ["2"]]


def test_over_many_nights_worn_folders_are_moved_together(
    fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "MANY", 2)
    run_dir = tmp_path / "run"
    options = replace(OPTIONS, chunk_size=16)
    do_run(fields, run_dir, "0", monkeypatch, options=options)
    words = dict.fromkeys("abcdefghijkl", "0")
    most = 0
    for night in range(1, 15):
        name = "abcdefghijkl"[5 * night % 12]
        write_star(fields, name, extra=night)
        words[name] = str(night)
        folders = do_run(fields, run_dir, str(night), monkeypatch, options=options)
        assert said(*folders) == dict.fromkeys((stages.OBJECTS, stages.EVENTS, "state.parquet"), words)
        assert by_star(folders) == words
        most = max(most, len(pieces_of(folders)))
    # without it there would be one of every night
    assert most <= 6


def test_a_chunk_that_is_lost_is_put_together_again_of_what_it_referred_to(
    fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = tmp_path / "run"
    options = replace(OPTIONS, chunk_size=16)
    do_run(fields, run_dir, "first", monkeypatch, options=options)
    write_star(fields, "a", extra=1)
    (folder,) = do_run(fields, run_dir, "second", monkeypatch, options=options)
    pieces = [str(piece.folder.relative_to(run_dir)) for piece in pieces_of([folder])]
    replace(RunRecord.read(run_dir), pieces=pieces).write(run_dir)
    shutil.rmtree(folder)
    assert by_star(do_run(fields, run_dir, "third", monkeypatch, options=options)) == {
        name: "second" if name == "a" else "first" for name in "abcdefghijkl"
    }


def write_nested(folder: Path, changed: str = "") -> None:
    """Six stars in a file, a row each; of those that changed the last value is another."""
    folder.mkdir(exist_ok=True)
    times = [58000 + 0.37 * j for j in range(12)]
    rows = [
        {"object_id": name, "mjd": times, "mag": [15 + 0.1 * math.sin(j + i) for j in range(11)] + [16.0 + ord(name)]}
        for i, name in enumerate("abcdef")
    ]
    for row in rows:
        if row["object_id"] in changed:
            row["mag"] = [*row["mag"][:-1], 15.5]
    columns = {name: [row[name] for row in rows] for name in ("object_id", "mjd", "mag")}
    pq.write_table(pa.table(columns), folder / "field.parquet")


def test_of_a_table_only_the_rows_that_changed_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def counted(part: Part, options: IngestOptions) -> Ingested:
        ingested = read(part, options)
        seen.extend(curve.object_id for curve in ingested.chunk)
        return ingested

    write_nested(tmp_path / "nested")
    run_dir = tmp_path / "run"
    do_run(tmp_path / "nested", run_dir, "first", monkeypatch)
    write_nested(tmp_path / "nested", changed="be")
    monkeypatch.setattr(renew, "read", counted)
    (folder,) = do_run(tmp_path / "nested", run_dir, "second", monkeypatch)
    assert seen == ["b", "e"]
    assert by_star([folder]) == {name: "second" if name in "be" else "first" for name in "abcdef"}
    # what was not read is as if it were
    (part,) = plan([str(tmp_path / "nested")], IngestOptions(), tmp_path / "scratch").parts
    stages.ingest_chunk(part, tmp_path / "anew", OPTIONS)
    for name in (stages.DIGESTS, stages.KEYS, stages.REFUSED):
        assert (tmp_path / "anew" / name).read_bytes() == (folder / name).read_bytes(), name
    assert repr(rows_of([tmp_path / "anew"], stages.STARS)) == repr(rows_of([folder], stages.STARS))
    # where what a row becomes may depend on the others, all are read
    seen.clear()
    write_nested(tmp_path / "nested", changed="c")
    monkeypatch.setattr(stages, "needs_company", lambda *_: True)
    do_run(tmp_path / "nested", run_dir, "third", monkeypatch)
    # b and e are as they were in the first run, and known from it
    assert sorted(seen) == sorted([*"c", *"abcdef"])
