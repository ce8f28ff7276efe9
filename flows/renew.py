"""Do a chunk whose input changed, star by star: what an earlier run made of a star that is the same is taken over.

A chunk that is the same as before is not done at all (`swope.flows.manifest`). One that changed is read again; a star
is the same where its light curve is, to the last bit, and settings, models and code are those of that run.
What is said of a star depends on nothing else: a run that takes over ends with the bytes of one that does not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.flows import stages
from swope.flows.chunk import do_chunk
from swope.flows.latent import LATENT
from swope.flows.makers import Makers
from swope.flows.manifest import is_done
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.flows.state import STATE
from swope.flows.survive import surviving
from swope.flows.workers import call
from swope.pipeline.ingest import Part, read
from swope.pipeline.lightcurve import Chunk

#: The stars of the run before, by what was observed of them.
KNOWN = Path("work") / "known.npy"

#: Inside a chunk's folder, the chunk of the stars that have to be done.
CHANGED = "changed"

_ENTRY = np.dtype([("digest", "u8", 2), ("chunk", "i4"), ("row", "i4")])


@dataclass(frozen=True)
class Known:
    """The stars of an earlier run.

    Attributes
    ----------
    folders : of those of its chunks that this run does not have.
    index : file with the stars' digests, in order, and the chunk and the place in it of each.
    """

    folders: tuple[Path, ...]
    index: Path

    def places(self, digests: NDArray[np.uint64]) -> NDArray[np.int32]:
        """(n, 2) the chunk and the row of each of n stars; -1 for a star that is not known, or has changed."""
        index = np.load(self.index, mmap_mode="r")
        at = np.minimum(np.searchsorted(index["digest"][:, 0], digests[:, 0]), len(index) - 1)
        same = (index["digest"][at] == digests).all(axis=1)
        found: NDArray[np.int32] = np.column_stack([index["chunk"][at], index["row"][at]])
        found[~same] = -1
        return found


def known_stars(
    run_dir: Path, makers: Makers, options: RunOptions, chunks: Sequence[Path], index: Path
) -> Known | None:
    """What the finished run of a folder knows of stars that the next one there has to look at.

    Parameters
    ----------
    makers, options : of the next run.
    chunks : the next run's.
    index : file to write, of the stars that are known.

    Returns
    -------
    None where no finished run with the same makers and settings is there, or it has no other chunks than the next one.
    """
    try:
        record = RunRecord.read(run_dir)
    except ValueError:
        return None
    if not _made_alike(record, makers, options):
        return None
    own = set(map(str, chunks))
    gone = tuple(run_dir / one for one in record.chunks if one not in own and is_done(run_dir / one))
    stars = np.concatenate([np.empty(0, _ENTRY), *(_entries(folder, i) for i, folder in enumerate(gone))])
    if not len(stars):
        return None
    np.save(index, stars[np.lexsort((stars["digest"][:, 1], stars["digest"][:, 0]))])
    return Known(gone, index)


def _made_alike(record: RunRecord, makers: Makers, options: RunOptions) -> bool:
    """Whether the rows of an earlier run are what this one would make of the same stars, however it divides them."""
    before, now = record.config | {"chunk_size": 0}, asdict(options) | {"chunk_size": 0}
    return (record.models, record.versions, before) == (makers.models, makers.versions, now)


def _entries(folder: Path, number: int) -> NDArray[np.void]:
    """The stars of a chunk that can be taken over: a failed one may go well now, and namesakes cannot be told apart."""
    digests = np.load(folder / stages.DIGESTS)
    objects = pq.read_table(folder / stages.OBJECTS, columns=["object_id", "source", "status"])[: len(digests)]
    names = _names(objects).to_numpy(zero_copy_only=False)
    _, which, count = np.unique(names, return_inverse=True, return_counts=True)
    rows = np.flatnonzero((count[which] == 1) & np.asarray(pc.not_equal(objects["status"], "failed")))
    entries = np.empty(len(rows), _ENTRY)
    entries["digest"], entries["chunk"], entries["row"] = digests[rows], number, rows
    return entries


def renewed(part: Part, folder: Path, options: RunOptions, known: Known) -> None:
    """Do a chunk as `swope.flows.chunk.do_chunk` does, in worker processes, but for the stars that are known.

    Raises
    ------
    WorkerDiedError
        As `swope.flows.survive.surviving` does.
    """
    if not call(set_apart, part, folder, options, known):
        surviving(do_chunk, part, folder, options)
        return
    if not is_done(folder / CHANGED):
        surviving(do_chunk, part, folder / CHANGED, options)
    call(join, folder, known)


def set_apart(part: Part, folder: Path, options: RunOptions, known: Known) -> int:
    """Read a chunk and set the stars apart that have to be done; returns how many need not."""
    if not stages.is_ingested(folder):
        _ingest(part, folder, options, known)
    digests = np.load(folder / stages.DIGESTS)
    new = known.places(digests)[:, 0] < 0
    changed = folder / CHANGED
    if changed.exists() and not (stages.is_ingested(changed) and _holds(changed, digests[new])):
        # of an attempt that was killed, or that knew other stars
        shutil.rmtree(changed)
    if not new.all() and not changed.exists():
        stages.write_ingested(changed, stages.read_chunk(folder).table.filter(pa.array(new)), digests[new], [])
    return int((~new).sum())


def _ingest(part: Part, folder: Path, options: RunOptions, known: Known) -> None:
    """As `stages.ingest_chunk`; the stars that are known were cleaned before."""
    ingested = read(part, stages.ingest_options(options))
    raw = list(ingested.chunk)
    digests = stages.digests_of(raw)
    places = known.places(digests)
    old, new = np.flatnonzero(places[:, 0] >= 0), np.flatnonzero(places[:, 0] < 0)
    curves, usable, refused = stages.cleaned([raw[i] for i in new])
    stars = [*_taken(known, places[old], stages.STARS), Chunk.of(curves).table]
    where = np.concatenate([old, new[usable]])
    order = np.argsort(where)
    table = pa.concat_tables(stars).take(pa.array(order)).combine_chunks()
    stages.write_ingested(folder, table, digests[where[order]], [*ingested.refused, *refused])


def _holds(folder: Path, digests: NDArray[np.uint64]) -> bool:
    return np.array_equal(np.load(folder / stages.DIGESTS), digests)


def join(folder: Path, known: Known) -> None:
    """Make a chunk of the rows of the stars that are the same and of those that were done."""
    places = known.places(np.load(folder / stages.DIGESTS))
    new = places[:, 0] < 0
    changed = folder / CHANGED
    objects = [*_taken(known, places[~new], stages.OBJECTS), pq.read_table(changed / stages.OBJECTS)]
    order = np.argsort(np.concatenate([np.flatnonzero(~new), np.flatnonzero(new)]))
    stars = pa.concat_tables(objects, promote_options="default").take(pa.array(order))
    taken = _names(stars.filter(pa.array(~new)))
    old = [known.folders[i] for i in np.unique(places[~new, 0])]
    tables = {name: _rows(name, old, changed, taken) for name in (stages.EVENTS, STATE, LATENT, stages.KEPT)}
    stages.write_joined(folder, stars, tables, int(new.sum()))


def _taken(known: Known, places: NDArray[np.int32], name: str) -> list[pa.Table]:
    """Rows of a table that has a row a star, of stars at these places, in their order: one table, or none for none."""
    if not len(places):
        return []
    chunks = np.unique(places[:, 0])
    tables = [pq.read_table(known.folders[i] / name) for i in chunks]
    first = np.cumsum([0, *map(len, tables)])
    row = first[np.searchsorted(chunks, places[:, 0])] + places[:, 1]
    return [pa.concat_tables(tables, promote_options="default").take(pa.array(row))]


def _rows(table: str, old: Sequence[Path], changed: Path, taken: pa.Array) -> pa.Table:
    """A chunk's rows of one of the tables that may have any number of rows a star."""

    def pieces() -> Iterator[pa.Table]:
        for folder in old:
            rows = pq.read_table(folder / table)
            yield rows.filter(pc.is_in(_names(rows), taken))
        yield pq.read_table(changed / table)

    return pa.concat_tables(pieces())


def _names(table: pa.Table) -> pa.Array:
    """Name and source of each row, as one text."""
    joined = pc.binary_join_element_wise(table["object_id"], table["source"], "\0")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
