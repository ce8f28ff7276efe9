"""Do a chunk whose input changed, star by star: what an earlier run made of a star that is the same is taken over.

A chunk that is the same as before is not done at all (`swope.flows.manifest`). One that changed is read again; a star
is the same where its light curve is, to the last bit, and settings, models and code are those of that run.
What is said of a star depends on nothing else: a run that takes over ends with the bytes of one that does not.

    set_apart (a chunk)     read it
    gathered                what is new or changed of many chunks, few in each, together
    renewed (a gathering)   do these stars; then make each chunk of what is known and of what was done
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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
from swope.flows.manifest import chunk_key, is_done, write_json
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.flows.state import STATE
from swope.flows.survive import surviving
from swope.flows.workers import call
from swope.pipeline.ingest import Part, read
from swope.pipeline.lightcurve import Chunk, LightCurve

#: The stars of the run before, by what was observed of them.
KNOWN = Path("work") / "known.npy"

#: Chunks of the stars that have to be done, gathered from the chunks that hold some.
GATHERED = Path("work") / "gathered"

#: Inside the folder of a gathering, whose stars it has.
_MEMBERS = "members.json"

#: What is joined; the first has a row a star.
_TABLES = (stages.OBJECTS, stages.EVENTS, STATE, LATENT, stages.KEPT)

_ENTRY = np.dtype([("digest", "u8", 2), ("chunk", "i4"), ("row", "i4")])


@dataclass(frozen=True)
class Known:
    """The stars of an earlier run.

    Attributes
    ----------
    folders : of those of its chunks that this run does not have, and of what was gathered and done since.
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
    before = [run_dir / one for one in record.chunks if one not in own]
    # of a run that was killed since
    before += sorted(room_of(run_dir, makers, options).glob("*"))
    gone = tuple(one for one in before if is_done(one))
    stars = np.concatenate([np.empty(0, _ENTRY), *(_entries(folder, i) for i, folder in enumerate(gone))])
    if not len(stars):
        return None
    np.save(index, stars[np.lexsort((stars["digest"][:, 1], stars["digest"][:, 0]))])
    return Known(gone, index)


def room_of(run_dir: Path, makers: Makers, options: RunOptions) -> Path:
    """Where what these makers do with these settings is gathered."""
    return run_dir / GATHERED / chunk_key("", asdict(options), asdict(makers))


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


def set_apart(part: Part, folder: Path, options: RunOptions, known: Known) -> None:
    """Read a chunk, unless that is done; the stars that are known are not cleaned again."""
    if not stages.is_ingested(folder):
        _ingest(part, folder, options, known)


def changed_curves(folder: Path, known: Known) -> list[LightCurve]:
    """The stars of a chunk, set apart, that are new or changed."""
    new = np.flatnonzero(_new(folder, known))
    return list(stages.read_chunk(folder).select(new.tolist())) if len(new) else []


def _new(folder: Path, known: Known) -> NDArray[np.bool_]:
    """(n,) which stars of a chunk are not known."""
    found: NDArray[np.bool_] = known.places(np.load(folder / stages.DIGESTS))[:, 0] < 0
    return found


def gathered(
    chunks: Sequence[tuple[Part, Path]], room: Path, options: RunOptions, known: Known
) -> tuple[list[tuple[Part, Path]], list[tuple[Part, Path]]]:
    """Gather what has to be done of some chunks, so that a few stars in each of them are done together.

    Parameters
    ----------
    chunks : set apart.
    room : `room_of` this run.

    Returns
    -------
    Gatherings, each with the first of its parts and a folder, to be `renewed`; and the chunks of which no star is
    known, to be done as they are.
    """
    whole: list[tuple[Part, Path]] = []
    found: list[tuple[Part, list[tuple[Path, NDArray[np.bool_]]]]] = []
    names: set[tuple[str, str]] = set()
    for part, folder in chunks:
        new = _new(folder, known)
        if new.all():
            whole.append((part, folder))
            continue
        own = _named(folder, new)
        # of namesakes the rows could not be told apart
        if not found or len(names) + len(own) > options.chunk_size or not names.isdisjoint(own):
            found.append((part, []))
            names = set()
        found[-1][1].append((folder, new))
        names |= own
    return [(part, _begun(room, members)) for part, members in found], whole


def _named(folder: Path, new: NDArray[np.bool_]) -> set[tuple[str, str]]:
    table = pq.read_table(folder / stages.STARS, columns=["object_id", "source"]).filter(pa.array(new))
    return set(zip(table["object_id"].to_pylist(), table["source"].to_pylist(), strict=True))


def _begun(room: Path, members: Sequence[tuple[Path, NDArray[np.bool_]]]) -> Path:
    """The folder of a gathering, named by all that is in it."""
    digest = hashlib.sha256()
    for folder, new in members:
        digest.update(f"{folder.name}\n".encode() + np.load(folder / stages.DIGESTS)[new].tobytes())
    gathering = room / digest.hexdigest()[:16]
    gathering.mkdir(parents=True, exist_ok=True)
    write_json(gathering / _MEMBERS, [[str(folder), int(new.sum())] for folder, new in members])
    return gathering


def members_of(gathering: Path) -> list[tuple[Path, int]]:
    """The chunks of a gathering, and how many of its stars are of each, in their order."""
    return [(Path(folder), n) for folder, n in json.loads((gathering / _MEMBERS).read_text())]


def renewed(part: Part, gathering: Path, options: RunOptions, known: Known) -> None:
    """Do the stars of a gathering, in worker processes, and finish its chunks.

    Raises
    ------
    WorkerDiedError
        As `swope.flows.survive.surviving` does.
    """
    if any(n for _, n in members_of(gathering)) and not is_done(gathering):
        call(fill, gathering, known)
        surviving(do_chunk, part, gathering, options)
    call(join, gathering, known)


def fill(gathering: Path, known: Known) -> None:
    """Put the stars of a gathering into its folder, as a chunk that is read."""
    if stages.is_ingested(gathering):
        return
    tables, digests = [], []
    for folder, n in members_of(gathering):
        if n:
            new = _new(folder, known)
            tables.append(stages.read_chunk(folder).table.filter(pa.array(new)))
            digests.append(np.load(folder / stages.DIGESTS)[new])
    stages.write_ingested(gathering, pa.concat_tables(tables).combine_chunks(), np.concatenate(digests), [])


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


def join(gathering: Path, known: Known) -> None:
    """Make the chunks of a gathering of the rows of the stars that are the same and of those that were done.

    Where the gathering could not be done, its stars have the rows that say why, and its chunks stay unfinished.
    """
    members = members_of(gathering)
    done = {name: pq.read_table(gathering / name) for name in _TABLES if (gathering / name).exists()}
    first = 0
    for folder, n in members:
        if not is_done(folder):
            own = {**done, stages.OBJECTS: done[stages.OBJECTS][first : first + n]} if n else {}
            _join(folder, known, own, finished=is_done(gathering) or not n)
        first += n


def _join(folder: Path, known: Known, done: Mapping[str, pa.Table], finished: bool) -> None:
    places = known.places(np.load(folder / stages.DIGESTS))
    new = places[:, 0] < 0
    objects = [*_taken(known, places[~new], stages.OBJECTS), *([done[stages.OBJECTS]] if done else [])]
    order = np.argsort(np.concatenate([np.flatnonzero(~new), np.flatnonzero(new)]))
    stars = pa.concat_tables(objects, promote_options="default").take(pa.array(order))
    taken, own = _names(stars.filter(pa.array(~new))), _names(stars.filter(pa.array(new)))
    old = [known.folders[i] for i in np.unique(places[~new, 0])]
    tables = {}
    for name in _TABLES[1:]:
        rows = [_of(pq.read_table(one / name), taken) for one in old]
        tables[name] = pa.concat_tables([*rows, *([_of(done[name], own)] if name in done else [])])
    stages.write_joined(folder, stars, tables, int(new.sum()), finished)


def _taken(known: Known, places: NDArray[np.int32], name: str) -> list[pa.Table]:
    """Rows of a table that has a row a star, of stars at these places, in their order: one table, or none for none."""
    if not len(places):
        return []
    chunks = np.unique(places[:, 0])
    tables = [pq.read_table(known.folders[i] / name) for i in chunks]
    first = np.cumsum([0, *map(len, tables)])
    row = first[np.searchsorted(chunks, places[:, 0])] + places[:, 1]
    return [pa.concat_tables(tables, promote_options="default").take(pa.array(row))]


def _of(rows: pa.Table, stars: pa.Array) -> pa.Table:
    """Rows of the stars of these names."""
    return rows.filter(pc.is_in(_names(rows), stars))


def _names(table: pa.Table) -> pa.Array:
    """Name and source of each row, as one text."""
    joined = pc.binary_join_element_wise(table["object_id"], table["source"], "\0")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
