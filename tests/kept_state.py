"""What a run has kept of its stars, as a night finds it: to be left by tests, and held against that of another run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from swope.flows.manifest import mark_done
from swope.flows.night.since import State
from swope.flows.state import STATE, STATE_SCHEMA, write_state


def leave_chunks(run_dir: Path, kept: Sequence[pa.Table]) -> list[str]:
    """Write finished chunks that hold nothing but what is kept of their stars; returns them as run.json says them."""
    chunks = [f"work/chunks/{i:02d}" for i in range(len(kept))]
    for chunk, table in zip(chunks, kept, strict=True):
        write_state(run_dir / chunk / STATE, [table])
        mark_done(run_dir / chunk, [STATE], rows=len(table), taken_over=0)
    return chunks


def state_of(folder: Path) -> pa.Table:
    """All that a run or a night has kept, by name and source."""
    with tempfile.TemporaryDirectory() as scratch:
        found = State.of(folder).batches(Path(scratch) / "states")
        return pa.concat_tables([STATE_SCHEMA.empty_table(), *found]).combine_chunks()


def state_bytes(folder: Path) -> bytes:
    """The same as one file."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / STATE
        write_state(path, [state_of(folder)])
        return path.read_bytes()
