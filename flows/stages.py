"""What a chunk's folder holds: plain functions that write and read it, stage by stage.

Only paths and small records travel between processes; the rest is here:

    stars.parquet     light curves, cleaned                       (ingest)
    refused.json      what could not become a star, and why       (ingest)
    periods.parquet   the answers of the period search            (measure)
    objects.parquet, events.parquet, state.parquet, latent.parquet, kept.parquet, done.json     (score)
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from swope.flows.latent import LATENT, latent_table
from swope.flows.manifest import DONE, write_json
from swope.flows.options import RunOptions
from swope.flows.rows import StarRow, lost_row, refused_row
from swope.flows.state import STATE, state_table
from swope.models.registry import detector_columns
from swope.pipeline.catalog import events_table, objects_table, write_parquet
from swope.pipeline.clean import clean, why_masked
from swope.pipeline.ingest import IngestOptions, Part, Refused, read
from swope.pipeline.ingest.said import parse_columns
from swope.pipeline.lightcurve import Chunk, Clock, LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult
from swope.pipeline.period.table import period_of, periods_table
from swope.pipeline.report.kept import kept_table
from swope.pipeline.star import Star

STARS = "stars.parquet"
REFUSED = "refused.json"
PERIODS = "periods.parquet"
OBJECTS = "objects.parquet"
EVENTS = "events.parquet"
KEPT = "kept.parquet"


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
    )


def ingest_chunk(part: Part, folder: Path, options: RunOptions) -> None:
    """Read and clean one chunk: stars.parquet and refused.json."""
    folder.mkdir(parents=True, exist_ok=True)
    ingested = read(part, ingest_options(options))
    curves: list[LightCurve] = []
    refused = list(ingested.refused)
    for curve in ingested.chunk:
        cleaned = clean(curve)
        if len(cleaned.good):
            curves.append(cleaned)
        else:
            reason = f"none of its {len(curve)} rows can be used: {why_masked(cleaned)}"
            refused.append(Refused(curve.object_id, curve.source, reason, "rejected"))
    write_parquet(Chunk.of(curves).table, folder / STARS)
    write_json(folder / REFUSED, [asdict(entry) for entry in refused])


def is_ingested(folder: Path) -> bool:
    """Whether a chunk has been read."""
    return (folder / STARS).exists() and (folder / REFUSED).exists()


def is_measured(folder: Path) -> bool:
    """Whether a chunk has its periods."""
    return (folder / PERIODS).exists()


def searched(options: RunOptions) -> PeriodOptions:
    """Where periods are searched."""
    return PeriodOptions(min_period=options.min_period, max_period=options.max_period)


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
    write_parquet(state_table([curve for curve, _ in known], [kept for _, kept in known]), folder / STATE)
    placed = [(star.curve, row.latent) for star, row in zip(stars, rows, strict=True) if row.latent is not None]
    names = [(curve.object_id, curve.source) for curve, _ in placed]
    write_parquet(latent_table(names, [latent for _, latent in placed]), folder / LATENT)
    refused = [refused_row(Refused(**entry)) for entry in json.loads((folder / REFUSED).read_text())]
    _write(folder, [*rows, *refused])


def write_refused(folder: Path, refused: Sequence[Refused]) -> None:
    """Write rows for inputs that never came as far as a chunk."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, [refused_row(entry) for entry in refused])


def write_failed(folder: Path, part: Part, reason: str) -> None:
    """Write rows for a chunk whose stage failed as a whole: a row a star where they were read, a row a file if not."""
    if is_ingested(folder):
        refused = [Refused(**entry) for entry in json.loads((folder / REFUSED).read_text())]
        refused += [Refused(curve.object_id, curve.source, reason, "failed") for curve in read_chunk(folder)]
    else:
        folder.mkdir(parents=True, exist_ok=True)
        refused = [Refused(Path(source).stem, source, reason, "failed") for source in part.sources]
    _write(folder, [refused_row(entry) for entry in refused], done=False)


def _write(folder: Path, rows: Sequence[StarRow], done: bool = True) -> None:
    write_parquet(kept_table([row.detail for row in rows if row.detail is not None]), folder / KEPT)
    write_parquet(objects_table(_columns([row.columns for row in rows]), detector_columns()), folder / OBJECTS)
    write_parquet(events_table(_columns([event for row in rows for event in row.events])), folder / EVENTS)
    if done:
        write_json(folder / DONE, dict(Counter(row.columns["status"] for row in rows)))


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def read_chunk(folder: Path) -> Chunk:
    """The cleaned light curves of a chunk."""
    return Chunk(pq.read_table(folder / STARS))


def read_stars(folder: Path) -> list[Star]:
    """The stars of a measured chunk."""
    periods = pq.read_table(folder / PERIODS).to_pylist()
    return [Star(curve, period_of(found)) for curve, found in zip(read_chunk(folder), periods, strict=True)]
