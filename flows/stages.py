"""What a chunk's folder holds: plain functions that write and read it, stage by stage.

Only paths and small records travel between processes; the rest is here:

    stars.parquet     light curves, cleaned                       (ingest)
    digests.npy       of each of them, for the runs to come       (ingest)
    keys.npy          of the rows that they were read from        (ingest)
    refused.json      what could not become a star, and why       (ingest)
    periods.parquet   the answers of the period search            (measure)
    objects.parquet, events.parquet, state.parquet, latent.parquet, kept.parquet, done.json     (score)

A chunk some of whose stars are known from before has digests and keys of all, and light curves of the others until
these are done; own.npy says which. Then it refers to the folders that have their rows (`swope.flows.pieces`):

    refers.json, places.npy, and objects.parquet of what was refused, where anything was
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.flows.latent import LATENT, latent_table
from swope.flows.manifest import DONE, is_done, mark_done, read_sealed, write_json
from swope.flows.options import RunOptions
from swope.flows.rows import StarRow, lost_row, refused_row
from swope.flows.state import STATE, state_table, write_state
from swope.models.registry import detector_columns
from swope.pipeline.catalog import events_table, objects_table, write_parquet
from swope.pipeline.catalog.store import replacing
from swope.pipeline.clean import clean, why_masked
from swope.pipeline.ingest import Ingested, IngestOptions, Part, Refused, read
from swope.pipeline.ingest.nested_stars import needs_company
from swope.pipeline.ingest.said import parse_columns
from swope.pipeline.lightcurve import Chunk, Clock, LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.period.table import period_of, periods_table
from swope.pipeline.report.kept import kept_table
from swope.pipeline.star import Star

STARS = "stars.parquet"
DIGESTS = "digests.npy"
KEYS = "keys.npy"
OWN = "own.npy"
REFUSED = "refused.json"
PERIODS = "periods.parquet"
OBJECTS = "objects.parquet"
EVENTS = "events.parquet"
KEPT = "kept.parquet"
REFERS = "refers.json"
PLACES = "places.npy"

#: All of these but `DONE`.
FILES = (STARS, DIGESTS, KEYS, OWN, REFUSED, PERIODS, OBJECTS, EVENTS, STATE, LATENT, KEPT, REFERS, PLACES)


@dataclass(frozen=True)
class Lost:
    """What stands in the place of an answer for a star that took its computation down.

    Attributes
    ----------
    reason : what the computation died of, for the star's row.
    """

    reason: str


def lost(error: Exception) -> Lost:
    """The answer for a star whose computation raised, or ended its process."""
    return Lost(f"the computation failed on this star: {type(error).__name__}: {error}")


def ingest_options(options: RunOptions) -> IngestOptions:
    """The part of a run's settings that concerns the readers."""
    return IngestOptions(
        clock=Clock.parse(options.clock) if options.clock else None,
        columns=parse_columns(options.columns) if options.columns else (),
        reader=options.reader,
        kind=options.kind,
        chunk_size=options.chunk_size,
        to_bjd=options.to_bjd,
        join=options.join,
    )


def ingest_chunk(part: Part, folder: Path, options: RunOptions) -> None:
    """Read and clean one chunk: stars.parquet, digests.npy, keys.npy and refused.json."""
    ingested = read(part, ingest_options(options))
    raw = list(ingested.chunk)
    curves, places, refused = cleaned(raw)
    digests, keys = digests_of(raw)[places], keys_of(part, ingested)[places]
    write_ingested(folder, Chunk.of(curves).table, digests, keys, [*ingested.refused, *refused])


def row_keys(part: Part) -> NDArray[np.uint64]:
    """(n, 2) what tells the rows of a part apart; no rows where the reader cannot tell."""
    return np.frombuffer(part.keys, dtype=np.uint64).reshape(-1, 2)


def keys_of(part: Part, ingested: Ingested) -> NDArray[np.uint64]:
    """(n, 2) keys of the rows that the stars of a part were read from; zeros for a star that may depend on others.

    Parameters
    ----------
    ingested : its places are rows of the part.
    """
    keys = np.zeros((len(ingested.chunk), 2), dtype=np.uint64)
    if part.keys and len(keys):
        alone = np.array([not needs_company(curve, part.read_as) for curve in ingested.chunk])
        keys[alone] = row_keys(part)[np.array(ingested.places)[alone]]
    return keys


def in_company(part: Part, ingested: Ingested) -> bool:
    """Whether what became of some picked rows of a part may not be what becomes of them where all are read."""
    outcomes = [*ingested.chunk, *ingested.refused]
    # of a part that could not be read to its end, all rows are said to be refused
    return len(outcomes) != len(part.picked or ()) or any(needs_company(one, part.read_as) for one in outcomes)


def cleaned(raw: Sequence[LightCurve]) -> tuple[list[LightCurve], list[int], list[Refused]]:
    """The light curves with a usable row, cleaned; their places among those given; and why the others are none."""
    curves, places, refused = [], [], []
    for i, curve in enumerate(map(clean, raw)):
        if len(curve.good):
            curves.append(curve)
            places.append(i)
        else:
            reason = f"none of its {len(curve)} rows can be used: {why_masked(curve)}"
            refused.append(Refused(curve.object_id, curve.source, reason, "rejected"))
    return curves, places, refused


def write_ingested(
    folder: Path,
    stars: pa.Table,
    digests: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    refused: Sequence[Refused],
    own: NDArray[np.int64] | None = None,
) -> None:
    """Write what a chunk's input became: stars.parquet, digests.npy, keys.npy, own.npy and, last, refused.json.

    Parameters
    ----------
    stars : a `Chunk`'s table of cleaned light curves.
    digests : (n, 2) of what was read of n stars (`digests_of`).
    keys : (n, 2) of the rows that it was read from (`keys_of`).
    own : which of these the light curves are of; None for all.
    """
    # of what was read before
    for name in (REFUSED, PERIODS, REFERS, PLACES):
        (folder / name).unlink(missing_ok=True)
    write_parquet(stars, folder / STARS)
    for name, array in ((DIGESTS, digests), (KEYS, keys), (OWN, np.arange(len(digests)) if own is None else own)):
        with replacing(folder / name) as temporary, temporary.open("wb") as file:
            np.save(file, array)
    write_json(folder / REFUSED, [asdict(entry) for entry in refused])


def digests_of(curves: Sequence[LightCurve]) -> NDArray[np.uint64]:
    """(n, 2) `digest_of` of each."""
    return np.array([digest_of(curve) for curve in curves], dtype=np.uint64).reshape(-1, 2)


def digest_of(curve: LightCurve) -> tuple[int, int]:
    """Two numbers of 64 bits that change when anything of a light curve does."""
    rows = ("time", "value", "error", "band", "mask")
    digest = hashlib.blake2b(digest_size=16)
    # repr tells apart what the bytes of several texts one after the other would not
    digest.update(
        repr([getattr(curve, one.name) for one in fields(curve) if one.name not in rows]).encode(
            "utf-8", "surrogateescape"
        )
    )
    for name in rows:
        digest.update(np.ascontiguousarray(getattr(curve, name)).tobytes())
    whole = digest.digest()
    return int.from_bytes(whole[:8], "little"), int.from_bytes(whole[8:], "little")


def is_ingested(folder: Path) -> bool:
    """Whether a chunk has been read."""
    return (folder / STARS).exists() and (folder / REFUSED).exists()


def is_set_apart(folder: Path) -> bool:
    """Whether of a chunk is there what has to be done, or all that was."""
    return is_ingested(folder) or is_done(folder)


def is_measured(folder: Path) -> bool:
    """Whether a chunk has its periods."""
    return (folder / PERIODS).exists()


def write_periods(folder: Path, found: Sequence[PeriodResult | Lost]) -> None:
    """Write a chunk's periods."""
    results = [PeriodResult(reason=r.reason, fault=True) if isinstance(r, Lost) else r.rounded() for r in found]
    write_parquet(periods_table(results), folder / PERIODS)


def write_rows(folder: Path, scored: Sequence[StarRow | Lost]) -> None:
    """Write a chunk's objects.parquet, events.parquet, state.parquet, latent.parquet and, last, done.json."""
    stars = read_stars(folder)
    rows = [
        lost_row(star, row.reason) if isinstance(row, Lost) else row for star, row in zip(stars, scored, strict=True)
    ]
    known = [(star.curve.good, row.kept) for star, row in zip(stars, rows, strict=True) if row.kept is not None]
    write_state(folder / STATE, [state_table([curve for curve, _ in known], [kept for _, kept in known])])
    placed = [(star.curve, row.latent) for star, row in zip(stars, rows, strict=True) if row.latent is not None]
    names = [(curve.object_id, curve.source) for curve, _ in placed]
    write_parquet(latent_table(names, [latent for _, latent in placed]), folder / LATENT)
    _write(folder, [*rows, *map(refused_row, read_refused(folder))])


def write_refused(folder: Path, refused: Sequence[Refused]) -> None:
    """Write rows for inputs that never came as far as a chunk."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, [refused_row(entry) for entry in refused])


def write_failed(folder: Path, part: Part, reason: str) -> None:
    """Write rows for a chunk whose stage failed as a whole: a row a star where they were read, a row a file if not."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        whole = is_ingested(folder) and len(np.load(folder / OWN)) == len(np.load(folder / DIGESTS))
        stars = read_chunk(folder) if whole else None
    except (pa.ArrowException, OSError, ValueError):
        # a disk has damaged it: the next run reads its input again
        (folder / STARS).unlink()
        stars = None
    if stars is None:
        refused = [Refused(Path(source).stem, source, reason, "failed") for source in part.sources]
    else:
        refused = read_refused(folder)
        refused += [Refused(curve.object_id, curve.source, reason, "failed") for curve in stars]
    _write(folder, [refused_row(entry) for entry in refused], done=False)


def _write(folder: Path, rows: Sequence[StarRow], done: bool = True) -> None:
    write_parquet(kept_table([row.detail for row in rows if row.detail is not None]), folder / KEPT)
    write_parquet(_objects(rows), folder / OBJECTS)
    write_parquet(events_table(_columns([event for row in rows for event in row.events])), folder / EVENTS)
    if done:
        _finish(folder, len(rows), 0)


def write_moved(
    folder: Path, digests: NDArray[np.uint64], keys: NDArray[np.uint64], rows: Callable[[str], Sequence[pa.Table]]
) -> None:
    """Write a finished folder of stars of others (`swope.flows.compact`).

    Parameters
    ----------
    digests, keys : (n, 2) of its stars.
    rows : gives the rows of these stars in a table of that name, of each of the folders that they are from.
    """
    write_ingested(folder, pa.concat_tables(rows(STARS)), digests, keys, [])
    write_state(folder / STATE, rows(STATE))
    for name in (KEPT, LATENT, EVENTS, OBJECTS):
        write_parquet(pa.concat_tables(rows(name), promote_options="default"), folder / name)
    _finish(folder, len(digests), len(digests))


def write_referring(folder: Path, stars: int, new: int, problem: str | None) -> None:
    """Finish a chunk that refers to others for the rows of its stars (`swope.flows.pieces.refer`).

    Parameters
    ----------
    stars : how many there are.
    new : how many of them were not known before.
    problem : why these could not be done: they have rows here that say so, and the next run does the chunk again.
    """
    refused = read_refused(folder)
    if problem is not None:
        refused += [Refused(one.object_id, one.source, problem, "failed") for one in read_chunk(folder)]
    (folder / OBJECTS).unlink(missing_ok=True)
    if refused:
        write_parquet(_objects([refused_row(entry) for entry in refused]), folder / OBJECTS)
    if problem is None:
        # the last traces of what was to be done
        for name in (STARS, OWN):
            (folder / name).unlink(missing_ok=True)
        _finish(folder, stars + len(refused), stars - new)


def _finish(folder: Path, rows: int, taken: int) -> None:
    """Write done.json; but where a file could not be had at the moment, leave the chunk to be read again."""
    if (folder / REFUSED).exists() and any(entry.for_now for entry in read_refused(folder)):
        (folder / REFUSED).unlink()
    else:
        mark_done(folder, FILES, rows=rows, taken_over=taken)


def _objects(rows: Sequence[StarRow]) -> pa.Table:
    return objects_table(_columns([row.columns for row in rows]), detector_columns())


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def done_rows(folder: Path) -> int:
    """How many rows a finished chunk has."""
    return int(read_sealed(folder / DONE)["rows"])


def taken_over(folder: Path) -> int:
    """How many stars of a finished chunk were taken over from an earlier run."""
    return int(read_sealed(folder / DONE)["taken_over"])


def read_refused(folder: Path) -> list[Refused]:
    """What of a chunk's input did not become a star."""
    return [Refused(**entry) for entry in json.loads((folder / REFUSED).read_text())]


def read_chunk(folder: Path) -> Chunk:
    """The cleaned light curves of a chunk."""
    return Chunk(pq.read_table(folder / STARS))


def read_stars(folder: Path) -> list[Star]:
    """The stars of a measured chunk."""
    periods = pq.read_table(folder / PERIODS).to_pylist()
    return [Star(curve, period_of(found)) for curve, found in zip(read_chunk(folder), periods, strict=True)]
