"""The state of a run is the same however its stars are divided into chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows import state
from swope.flows.options import RunOptions
from swope.flows.state import STATE, DamagedError, Kept, State, merge_states, state_table, write_state
from swope.pipeline.catalog import Selected, write_parquet
from swope.pipeline.catalog.store import RECORD
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult

N = 23


@pytest.mark.parametrize("merged", [4, 8192])
def test_the_order_is_that_of_names_and_sources(merged: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MERGED", merged)
    rng = np.random.default_rng(5)
    curves = [LightCurve.of(f"{i % 12}", np.arange(3.0 + i), np.ones(3 + i), source="ab"[i // 12]) for i in range(N)]
    kept = [Kept(PeriodResult(), None, "short", np.full(len(one), np.nan), np.ones(len(one))) for one in curves]
    whole = state_table(curves, kept)
    written = []
    for n in (1, 3, 7):
        folders = []
        for i, rows in enumerate(np.array_split(rng.permutation(N), n)):
            folders.append(tmp_path / f"{n}-{i}")
            write_parquet(whole.take(pa.array(rows)), folders[-1] / STATE)
        merge_states([Selected(folder / STATE) for folder in folders], tmp_path, RunOptions(chunk_size=n))
        written.append((tmp_path / STATE).read_bytes())
    assert len(set(written)) == 1
    assert not (tmp_path / ".states").exists()
    found = pq.read_table(tmp_path / STATE)
    names = list(zip(found["object_id"].to_pylist(), found["source"].to_pylist(), strict=True))
    assert names == sorted((one.object_id, one.source) for one in curves)
    assert [len(time) for time in found["time"]] == [3 + int(name) + 12 * (source == "b") for name, source in names]


def kept_of(curves: list[LightCurve]) -> pa.Table:
    nothing = [np.full(len(one), np.nan) for one in curves]
    return state_table(curves, [Kept(PeriodResult(), None, "short", none, none) for none in nothing])


@pytest.mark.parametrize(("most", "rows"), [(4, 10**6), (8192, 30), (8192, 10**6)])
def test_stars_are_read_some_at_a_time_and_of_long_light_curves_fewer(
    most: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MERGED", most), ("ROWS", rows), ("_READ", 2)):
        monkeypatch.setattr(state, name, value)
    whole = kept_of([LightCurve.of(f"{i:02d}", np.arange(5.0), np.ones(5)) for i in range(N)])
    write_state(tmp_path / STATE, [whole], RunOptions())
    tables = list(State(tmp_path / STATE).batches())
    assert pa.concat_tables(tables)["object_id"].to_pylist() == whole["object_id"].to_pylist()
    # what is read together may exceed the rows by itself
    assert all(len(one) <= most and 5 * (len(one) - 2) <= rows for one in tables)
    assert (len(tables) == 1) == (most > N and rows > 5 * N)


@pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.999])
def test_a_state_that_a_disk_has_damaged_is_not_gone_on_from(place: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    curves = [LightCurve.of(f"{i:02d}", rng.uniform(size=500), rng.uniform(size=500)) for i in range(N)]
    write_state(tmp_path / STATE, [kept_of(curves)], RunOptions())
    (tmp_path / RECORD).write_text("{}")
    assert len(State.of(tmp_path).names()) == N
    content = bytearray((tmp_path / STATE).read_bytes())
    content[int(place * len(content))] ^= 4
    (tmp_path / STATE).write_bytes(bytes(content))

    def go_on() -> None:
        found = State.of(tmp_path)
        found.names()
        list(found.batches())

    with pytest.raises(DamagedError, match="damaged"):
        go_on()
