"""What a night goes on from: what a run has kept of its stars in its chunks, or a night before in a file of its own."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.flows.manifest import DONE, hash_of, is_done, read_sealed
from swope.flows.night.record import NightRecord
from swope.flows.options import RunOptions
from swope.flows.pieces import pieces_of, tables
from swope.flows.record import RunRecord
from swope.flows.state import NIGHTLY, STATE, STATE_SCHEMA, write_state
from swope.pipeline.catalog import Selected, stars_of
from swope.pipeline.catalog.store import RECORD
from swope.pipeline.commit import finish

#: Stars that are held in memory at a time, at most; of long light curves fewer, of so many rows together.
MERGED, ROWS = 8192, 2_000_000

#: Stars that are read at a time.
_READ = 512

_NAMES = ["object_id", "source"]


class DamagedError(ValueError):
    """What was kept of stars cannot be read to its end; the message says what to do."""


@dataclass(frozen=True, eq=False)
class State:
    """What a run or a night has left of its stars.

    Attributes
    ----------
    parts : rows of tables of `STATE_SCHEMA`, which together have each star once.
    settings : that its stars were read and analysed with.
    digests : SHA-256 of the files of the parts when they were written, of those that are not known to be as they were.
    in_order : whether its rows lie by name and source already, in one file, as a night writes them.
    """

    parts: tuple[Selected, ...]
    settings: RunOptions
    digests: dict[Path, str]
    in_order: bool = False

    @classmethod
    def of(cls, folder: Path, hashed: bool = False) -> State:
        """That of a run's or a night's folder.

        Parameters
        ----------
        hashed : whether all files there have been held against their digests already, and need not be again.

        Raises
        ------
        ValueError
            When there is none.
        DamagedError
            When some of it is gone.
        """
        finish(folder)
        if (folder / RECORD).is_file():
            run = RunRecord.read(folder)
            parts = _parts_of_run([folder / chunk for chunk in run.chunks])
            found = cls(parts, run.options, {part.path: _digest(part.path) for part in parts})
        elif not (folder / STATE).is_file():
            raise ValueError(
                f"{folder} holds nothing to go on from: no {RECORD} and no {STATE}; `swope run` and `swope nightly` "
                "leave what a night needs"
            )
        elif (folder / NIGHTLY).is_file():
            night = NightRecord.read(folder)
            digests = {folder / name: digest for name, digest in night.files.items()}
            found = cls((Selected(folder / STATE),), RunOptions(**night.config), digests, in_order=True)
        else:
            raise ValueError(f"{folder} holds an unfinished night: give the command that began it again")
        for part in found.parts:
            try:
                known = part.schema.equals(STATE_SCHEMA)
            except (pa.ArrowInvalid, OSError) as problem:
                raise _damaged(part.path, problem) from None
            if not known:
                raise ValueError(f"{part.path} is of another version of Swope: needs a run")
        return replace(found, digests={}) if hashed else found

    def names(self) -> list[tuple[str, str]]:
        """Name and source of each of its stars.

        Raises
        ------
        DamagedError
            When they cannot be read, or a file is not as it was written.
        """
        return [name for table in self._named for name in stars_of(table)]

    @cached_property
    def _named(self) -> list[pa.Table]:
        """Names and sources of each part's stars."""
        for path, digest in self.digests.items():
            if hash_of(path) != digest:
                raise _damaged(path, "it is not as it was written (a damaged disk?)")
        return [_read(part, _NAMES) for part in self.parts]

    def batches(self, scratch: Path, wanted: Collection[tuple[str, str]] | None = None) -> Iterator[pa.Table]:
        """Its rows by name and source, at most `MERGED` of them at a time.

        Parameters
        ----------
        scratch : folder that is made, and removed at the end, for rows that are put in order.
        wanted : names and sources of stars; None for all.

        Raises
        ------
        DamagedError
            When one cannot be read.
        """
        if wanted is None and self.in_order:
            yield from _streamed(self.parts[0].path)
            return
        parts, named = [], []
        for part, table in zip(self.parts, self._named, strict=True):
            here = np.array([wanted is None or name in wanted for name in stars_of(table)], dtype=bool)
            if here.any():
                parts.append(part.those(np.flatnonzero(here).tolist()))
                named.append(table.filter(pa.array(here)))
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            write_state(scratch / STATE, _by_name(parts, named, scratch))
            yield from _streamed(scratch / STATE)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _parts_of_run(folders: Sequence[Path]) -> tuple[Selected, ...]:
    """What the chunks of a run have kept of their stars (`swope.flows.pieces`)."""
    for folder in folders:
        if not folder.exists():
            raise _damaged(folder, "it is gone")
    # of a chunk that could not be done nothing is kept
    return tuple(tables(pieces_of(folder for folder in folders if is_done(folder)), STATE))


def _digest(path: Path) -> str:
    """SHA-256 of a finished chunk's file when it was written."""
    digest: str = read_sealed(path.parent / DONE)["files"][STATE]
    return digest


def _read(part: Selected, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        return part.read(columns)
    except (pa.ArrowInvalid, OSError) as problem:
        raise _damaged(part.path, problem) from None


def _by_name(parts: Sequence[Selected], named: Sequence[pa.Table], scratch: Path) -> Iterator[pa.Table]:
    """All rows of some parts, in the order of names and sources, whatever part they are in.

    In memory at a time are one part, or `MERGED` stars, and all names. As much disk as the parts take is used
    meanwhile.

    Parameters
    ----------
    named : names and sources of each part's stars.
    scratch : folder for what is put in order.
    """
    if not parts:
        return
    place = _places(pa.concat_tables(named))
    heaps = [scratch / f"{i:06d}.arrow" for i in range(-(-len(place) // MERGED))]
    schema = STATE_SCHEMA.append(pa.field("place", pa.int64()))
    with ExitStack() as stack:
        writers = [stack.enter_context(pa.ipc.new_file(heap, schema)) for heap in heaps]
        ends = np.cumsum([len(table) for table in named])
        for part, own in zip(parts, np.split(place, ends[:-1]), strict=True):
            table = _read(part).cast(STATE_SCHEMA).append_column("place", pa.array(own))
            for heap in np.unique(own // MERGED):
                writers[heap].write_table(table.filter(pa.array(own // MERGED == heap)))
    for heap in heaps:
        with pa.ipc.open_file(heap) as file:
            yield file.read_all().sort_by("place").drop_columns("place").combine_chunks()


def _places(named: pa.Table) -> NDArray[np.int64]:
    """(n,) the place of each star in the order of names and sources."""
    order = pc.sort_indices(named, [("object_id", "ascending"), ("source", "ascending")])
    place = np.empty(len(order), dtype=np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    return place


def _streamed(path: Path) -> Iterator[pa.Table]:
    """The rows of a file, at most `MERGED` of them at a time, and fewer where they are long."""
    held: list[pa.RecordBatch] = []
    stars = rows = 0
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        batches = file.iter_batches(_READ)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowInvalid, OSError) as problem:
                raise _damaged(path, problem) from None
            if held and (batch is None or stars + len(batch) > MERGED or rows >= ROWS):
                yield pa.Table.from_batches(held).cast(STATE_SCHEMA).combine_chunks()
                held, stars, rows = [], 0, 0
            if batch is None:
                return
            held.append(batch)
            stars, rows = stars + len(batch), rows + len(pc.list_flatten(batch["time"]))


def _damaged(path: Path, problem: Exception | str) -> DamagedError:
    return DamagedError(f"{path} is damaged, and is made anew by the next `swope run` there: {problem}")
