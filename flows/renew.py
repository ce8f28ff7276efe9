"""Do a chunk whose input changed, star by star: what an earlier run made of a star that is the same is taken over.

A chunk that is the same as before is not done at all (`swope.flows.manifest`). Of one that changed, the rows that the
earlier run read are not read again, where the reader can tell them; a star is the same where its light curve is, to the
last bit, and settings, models and code are those of that run. What is said of a star depends on nothing else: a run
that takes over ends with the bytes of one that does not.

    set_apart (a chunk)     read what is new of it
    gathered                what is new or changed of many chunks, few in each, together
    renewed (a gathering)   do these stars; then have each chunk refer to what is known and to what was done
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.flows import stages
from swope.flows.chunk import do_chunk
from swope.flows.known import Known
from swope.flows.manifest import is_done, write_json
from swope.flows.options import RunOptions
from swope.flows.pieces import refer
from swope.flows.survive import surviving
from swope.flows.workers import call
from swope.pipeline.catalog import stars_of
from swope.pipeline.ingest import Ingested, Part, read
from swope.pipeline.lightcurve import Chunk, LightCurve

#: Inside the folder of a gathering, whose stars it has.
_MEMBERS = "members.json"


def set_apart(chunks: Sequence[tuple[Part, Path]], options: RunOptions, known: Known) -> None:
    """Read of some chunks what is not known, unless that is done."""
    for part, folder in chunks:
        if not is_done(folder) and not (stages.is_ingested(folder) and _has(folder, _new(folder, known))):
            _ingest(part, folder, options, known)


def changed_curves(folder: Path, known: Known) -> list[LightCurve]:
    """The stars of a chunk, set apart, that are new or changed."""
    new = _new(folder, known)
    return list(Chunk(_own(folder, new))) if new.any() else []


def _new(folder: Path, known: Known) -> NDArray[np.bool_]:
    """(n,) which stars of a chunk are not known."""
    found: NDArray[np.bool_] = known.places(np.load(folder / stages.DIGESTS))[:, 0] < 0
    return found


def _has(folder: Path, stars: NDArray[np.bool_]) -> bool:
    """Whether these stars of a chunk lie in its own folder."""
    return bool(np.isin(np.flatnonzero(stars), np.load(folder / stages.OWN)).all())


def _own(folder: Path, stars: NDArray[np.bool_]) -> pa.Table:
    """The light curves of those of a chunk's stars that lie in its own folder."""
    return stages.read_chunk(folder).table.filter(pa.array(stars[np.load(folder / stages.OWN)]))


def gathered(
    chunks: Sequence[tuple[Part, Path]], room: Path, options: RunOptions, known: Known
) -> tuple[list[tuple[Part, Path]], list[tuple[Part, Path]]]:
    """Gather what has to be done of some chunks, so that a few stars in each of them are done together.

    Parameters
    ----------
    chunks : set apart.
    room : `swope.flows.known.room_of` this run.

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
    if not new.any():
        return set()
    here = pa.array(new[np.load(folder / stages.OWN)])
    table = pq.read_table(folder / stages.STARS, columns=["object_id", "source"]).filter(here)
    return set(stars_of(table))


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


def renewed(part: Part, gathering: Path, options: RunOptions, known: Known, ids: Mapping[str, str]) -> None:
    """Do the stars of a gathering, in worker processes, and finish its chunks.

    Parameters
    ----------
    ids : of the run's models.

    Raises
    ------
    WorkerDiedError
        As `swope.flows.survive.surviving` does.
    """
    if any(n for _, n in members_of(gathering)) and not is_done(gathering):
        call(fill, gathering, known)
        surviving(partial(do_chunk, ids=ids), part, gathering, options)
    call(join, gathering, known)


def fill(gathering: Path, known: Known) -> None:
    """Put the stars of a gathering into its folder, as a chunk that is read."""
    if stages.is_ingested(gathering):
        return
    curves, digests, keys = [], [], []
    for folder, n in members_of(gathering):
        if n:
            new = _new(folder, known)
            curves.append(_own(folder, new))
            digests.append(np.load(folder / stages.DIGESTS)[new])
            keys.append(np.load(folder / stages.KEYS)[new])
    table = pa.concat_tables(curves).combine_chunks()
    stages.write_ingested(gathering, table, np.concatenate(digests), np.concatenate(keys), [])


def join(gathering: Path, known: Known, problem: str | None = None) -> None:
    """Finish the chunks of a gathering: each refers to the rows of the stars that are the same, and of those done.

    Parameters
    ----------
    problem : why these could not be done: they have rows in their chunk that say so, and it stays unfinished.
    """
    first = 0
    for folder, n in members_of(gathering):
        if not is_done(folder):
            digests = np.load(folder / stages.DIGESTS)
            places = known.places(digests)
            new = places[:, 0] < 0
            if problem is None:
                places[new] = np.column_stack([np.full(n, len(known.folders)), np.arange(first, first + n)])
            there = places[places[:, 0] >= 0]
            used = np.unique(there[:, 0])
            there[:, 0] = np.searchsorted(used, there[:, 0])
            refer(folder, [(*known.folders, gathering)[i] for i in used], there)
            stages.write_referring(folder, len(digests), n, problem if n else None)
        first += n


def _ingest(part: Part, folder: Path, options: RunOptions, known: Known) -> None:
    """Read what is not known of a part; what its other stars are is said by their digests."""
    ingested, old, keys = _read(part, options, known)
    raw = list(ingested.chunk)
    digests = stages.digests_of(raw)
    places = known.places(digests)
    new = np.flatnonzero(places[:, 0] < 0)
    curves, usable, refused = stages.cleaned([raw[i] for i in new])
    stayed = np.flatnonzero(places[:, 0] >= 0)
    mine = np.concatenate([new[usable], stayed]).astype(np.int64)
    row = np.concatenate([np.array(ingested.places, dtype=np.int64)[mine], old])
    order = np.argsort(row)
    every = np.concatenate([digests[mine], _digests_at(known, known.places_of_rows(keys[old]))])
    told = np.concatenate([stages.keys_of(part, ingested)[mine], keys[old]])
    stages.write_ingested(
        folder,
        Chunk.of(curves).table,
        every[order],
        told[order],
        [*ingested.refused, *refused],
        own=np.flatnonzero(order < len(usable)),
    )


def _read(part: Part, options: RunOptions, known: Known) -> tuple[Ingested, NDArray[np.int64], NDArray[np.uint64]]:
    """What has to be read of a part, the rows of it that are known, and the keys of all rows."""
    how = stages.ingest_options(options)
    keys = stages.row_keys(part)
    places = known.places_of_rows(keys)
    old, others = np.flatnonzero(places[:, 0] >= 0), np.flatnonzero(places[:, 0] < 0)
    if len(old):
        picked = replace(part, picked=tuple(others.tolist()))
        some = read(picked, how) if len(others) else Ingested(Chunk.of([]), ())
        if not stages.in_company(picked, some):
            return replace(some, places=tuple(others[list(some.places)].tolist())), old, keys
    return read(part, how), old[:0], keys


def _digests_at(known: Known, places: NDArray[np.int32]) -> NDArray[np.uint64]:
    """(n, 2) digests of stars at these places."""
    digests = np.empty((len(places), 2), dtype=np.uint64)
    for i in np.unique(places[:, 0]):
        here = places[:, 0] == i
        digests[here] = np.load(known.folders[i] / stages.DIGESTS)[places[here, 1]]
    return digests
