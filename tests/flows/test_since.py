"""What a night goes on from is the same however a run's stars are divided into chunks, or damage is named."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.flows.manifest import hashes_of, mark_done
from swope.flows.night import since
from swope.flows.night.since import DamagedError, State
from swope.flows.options import RunOptions
from swope.flows.pieces import refer
from swope.flows.record import RunRecord
from swope.flows.stages import DIGESTS, OBJECTS
from swope.flows.state import STATE, Kept, state_table, write_state
from swope.pipeline.catalog import Selected, write_parquet
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from tests.kept_state import leave_chunks, state_bytes, state_of

N = 23


def kept_of(curves: list[LightCurve]) -> pa.Table:
    nothing = [np.full(len(one), np.nan) for one in curves]
    return state_table(curves, [Kept(PeriodResult(), None, "short", none, none) for none in nothing])


def some_stars() -> pa.Table:
    """Names that come twice, of two sources, each star with a number of rows of its own."""
    return kept_of(
        [LightCurve.of(f"{i % 12}", np.arange(3.0 + i), np.ones(3 + i), source="ab"[i // 12]) for i in range(N)]
    )


def leave_run(run_dir: Path, chunks: list[str], n: int = N) -> None:
    config = asdict(RunOptions(chunk_size=n))
    RunRecord("0", {}, [], config, {}, {}, 0, 0, [], chunks, 0, {}).write(run_dir)


def told(table: pa.Table) -> list[tuple[str, str, int]]:
    named = zip(table["object_id"].to_pylist(), table["source"].to_pylist(), table["time"], strict=True)
    return [(name, source, len(time)) for name, source, time in named]


@pytest.mark.parametrize("merged", [4, 8192])
def test_the_order_is_that_of_names_and_sources(merged: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(since, "MERGED", merged)
    rng = np.random.default_rng(5)
    whole = some_stars()
    found = []
    for n in (1, 3, 7):
        run_dir = tmp_path / str(n)
        parts = [whole.take(pa.array(rows)) for rows in np.array_split(rng.permutation(N), n)]
        leave_run(run_dir, leave_chunks(run_dir, parts), n)
        assert State.of(run_dir).settings.chunk_size == n
        found.append(state_bytes(run_dir))
    assert len(set(found)) == 1
    assert told(state_of(run_dir)) == sorted(told(whole))


def test_of_what_a_chunk_refers_to_the_rows_are_taken_that_it_has(tmp_path: Path) -> None:
    whole = some_stars()
    older, newer = tmp_path / "work" / "chunks" / "older", tmp_path / "work" / "chunks" / "newer"
    write_state(older / STATE, [whole])
    write_parquet(whole.select(["object_id", "source"]), older / OBJECTS)
    np.save(older / DIGESTS, np.zeros((N, 2), dtype=np.uint64))
    mark_done(older, [STATE, OBJECTS], rows=N, taken_over=0)
    newer.mkdir()
    rows = np.array([2, 3, 17])
    refer(newer, [older], np.column_stack([np.zeros(3), rows]).astype(np.int32))
    mark_done(newer, [], rows=3, taken_over=3)
    leave_run(tmp_path, ["work/chunks/newer"])
    assert told(state_of(tmp_path)) == sorted(told(whole.take(pa.array(rows))))


def test_some_stars_alone(tmp_path: Path) -> None:
    whole = some_stars()
    leave_run(tmp_path, leave_chunks(tmp_path, [whole[:9], whole[9:]]))
    state = State.of(tmp_path)
    wanted = {("3", "a"), ("3", "b"), ("11", "a"), ("no such star", "a")}
    (table,) = state.batches(tmp_path / "scratch", wanted)
    assert told(table) == [one for one in sorted(told(whole)) if one[:2] in wanted]
    assert list(state.batches(tmp_path / "scratch", {("no such star", "a")})) == []
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(("most", "rows"), [(4, 10**6), (8192, 30), (8192, 10**6)])
def test_stars_are_read_some_at_a_time_and_of_long_light_curves_fewer(
    most: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MERGED", most), ("ROWS", rows), ("_READ", 2)):
        monkeypatch.setattr(since, name, value)
    whole = kept_of([LightCurve.of(f"{i:02d}", np.arange(5.0), np.ones(5)) for i in range(N)])
    leave_run(tmp_path, leave_chunks(tmp_path, [whole]))
    tables = list(State.of(tmp_path).batches(tmp_path / "scratch"))
    assert pa.concat_tables(tables)["object_id"].to_pylist() == whole["object_id"].to_pylist()
    # what is read together may exceed the rows by itself
    assert all(len(one) <= most and 5 * (len(one) - 2) <= rows for one in tables)
    assert (len(tables) == 1) == (most > N and rows > 5 * N)


@pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.999])
def test_a_state_that_a_disk_has_damaged_is_not_gone_on_from(place: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    curves = [LightCurve.of(f"{i:02d}", rng.uniform(size=500), rng.uniform(size=500)) for i in range(N)]
    chunks = leave_chunks(tmp_path, [kept_of(curves)])
    leave_run(tmp_path, chunks)
    assert len(State.of(tmp_path).names()) == N
    path = tmp_path / chunks[0] / STATE
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 4
    path.write_bytes(bytes(content))

    def go_on() -> None:
        found = State.of(tmp_path)
        found.names()
        list(found.batches(tmp_path / "scratch"))

    with pytest.raises(DamagedError, match="damaged"):
        go_on()


def test_a_run_whose_chunk_is_gone_is_not_gone_on_from(tmp_path: Path) -> None:
    chunks = leave_chunks(tmp_path, [some_stars()])
    leave_run(tmp_path, [*chunks, "work/chunks/gone"])
    with pytest.raises(DamagedError, match=r"chunks/gone is damaged.*it is gone"):
        State.of(tmp_path)


def test_a_run_of_another_version_is_not_gone_on_from(tmp_path: Path) -> None:
    (chunk,) = leave_chunks(tmp_path, [some_stars()])
    write_parquet(some_stars().drop_columns("period"), tmp_path / chunk / STATE)
    mark_done(tmp_path / chunk, hashes_of(tmp_path / chunk, [STATE]), rows=N, taken_over=0)
    leave_run(tmp_path, [chunk])
    with pytest.raises(ValueError, match="another version of Swope"):
        State.of(tmp_path)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 99), max_size=30), st.integers(1, 40), st.booleans())
def test_rows_of_a_file_are_those_that_were_asked_for_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[int], together: int, some: bool
) -> None:
    path = tmp_path_factory.mktemp("rows") / "numbers.parquet"
    numbers = pa.table({"a": np.arange(100), "b": [f"{i}" for i in range(100)]})
    pa.parquet.write_table(numbers, path, row_group_size=together)
    found = Selected(path, np.array(rows, dtype=np.int64)).read(["a"] if some else None)
    assert found.column_names == (["a"] if some else ["a", "b"])
    assert found["a"].to_pylist() == rows
