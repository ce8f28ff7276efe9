"""The state of a run is the same however its stars are divided into chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows import state
from swope.flows.options import RunOptions
from swope.flows.state import STATE, Kept, merge_states, state_table
from swope.pipeline.catalog import write_parquet
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
        merge_states(folders, tmp_path, RunOptions(chunk_size=n))
        written.append((tmp_path / STATE).read_bytes())
    assert len(set(written)) == 1
    assert not (tmp_path / ".states").exists()
    found = pq.read_table(tmp_path / STATE)
    names = list(zip(found["object_id"].to_pylist(), found["source"].to_pylist(), strict=True))
    assert names == sorted((one.object_id, one.source) for one in curves)
    assert [len(time) for time in found["time"]] == [3 + int(name) + 12 * (source == "b") for name, source in names]
