"""What the readers of flat tables share: from a file's tables to its stars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from swope.pipeline.ingest.bytes import plain_size, stem_of
from swope.pipeline.ingest.decide import decide
from swope.pipeline.ingest.guard import refusal
from swope.pipeline.ingest.join import joined
from swope.pipeline.ingest.parts import (
    IngestOptions,
    InputFile,
    Part,
    Refused,
    UnusableError,
    parts_of_groups,
)
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.rows import crowd_refused, rows_of, stars_of
from swope.pipeline.ingest.table import Table
from swope.pipeline.lightcurve import LightCurve

#: Header words that name the star, where no column does.
_NAMES = ("object", "star_id", "starid", "name", "objname", "object_id", "objectid", "snid", "target", "star")

#: Header words that name a table.
_LABELS = ("extname", "table")


def flat_reader(
    name: str,
    rank: int,
    describes: str,
    recognises: Callable[[Path, bytes], bool],
    tables: Callable[[str], Iterator[Table]],
    most_megabytes: int,
) -> Reader:
    """A reader of files that hold flat tables, each read whole.

    Parameters
    ----------
    tables : from a file's path to its tables.
    most_megabytes : of a file, unpacked: with more a worker would need gigabytes, and it is refused.
    """

    def plan(files: Sequence[InputFile], options: IngestOptions, _: Path) -> tuple[list[Part], list[Refused]]:
        small = [file for file in files if plain_size(file.path, file.size) <= most_megabytes * 2**20]
        large = [file for file in files if file not in small]
        reason = f"larger than {most_megabytes} MB, and such files are read whole: write it as Parquet, CSV or FITS"
        refused = [Refused(stem_of(file.source), file.source, reason) for file in large]
        return parts_of_groups(name, [[file] for file in small], options), refused

    def read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
        return read_files(part, options, tables)

    def readings(path: str, options: IngestOptions) -> Iterator[Reading]:
        return readings_of(tables(path), options)

    return Reader(name, rank, describes, recognises, plan, read, readings)


def readings_of(tables: Iterator[Table], options: IngestOptions) -> Iterator[Reading]:
    """How tables would be read; where one is unclear, the next may not be.

    Raises
    ------
    UnusableError
        When none can be read: why the first cannot.
    """
    first: UnusableError | None = None
    found = 0
    for table in tables:
        try:
            yield decide(table, options)
            found += 1
        except UnusableError as error:
            first = first or error
    if first is not None and not found:
        raise first


def read_files(
    part: Part, options: IngestOptions, tables: Callable[[str], Iterator[Table]]
) -> Iterator[LightCurve | Refused]:
    """Read a part of whole files; a table without times beside others that have stars is passed over."""
    for path, source in zip(part.paths, part.sources, strict=True):
        stars: dict[str, dict[str, LightCurve]] = {}
        refused: list[Refused] = []
        unclear: list[Refused] = []
        try:
            for number, table in enumerate(tables(path), start=1):
                label = next((table.header[key] for key in _LABELS if table.header.get(key)), f"table {number}")
                try:
                    for outcome in stars_of_table(table, source, options):
                        if isinstance(outcome, LightCurve):
                            stars.setdefault(outcome.object_id, {})[f"{label} ({number})"] = outcome
                        else:
                            refused.append(outcome)
                except UnusableError as error:
                    unclear.append(refusal(stem_of(source), source, error))
        except Exception as error:  # a file may break a parser in any way; the others go on
            refused.append(refusal(stem_of(source), source, error))
        for object_id, curves in stars.items():
            yield from _of_tables(object_id, curves, source)
        yield from refused or ([] if stars else unclear[:1])


def _of_tables(object_id: str, curves: dict[str, LightCurve], source: str) -> Iterator[LightCurve | Refused]:
    """A star of the tables of one file: joined where they name it, one a table where nothing does.

    Parameters
    ----------
    curves : by the table that each stands in.
    """
    if len(curves) == 1:
        yield from curves.values()
    elif object_id == stem_of(source):
        yield from (replace(curve, object_id=f"{object_id} {label}") for label, curve in curves.items())
    else:
        try:
            one = joined(list(curves.values()), list(curves))
            crowd_refused(one.good.time, one.good.band, one.good.value)
            yield one
        except (ValueError, UnusableError) as error:
            where = ", ".join(curves)
            yield Refused(object_id, source, f"stands in several tables ({where}) that are not one: {error}")


def stars_of_table(table: Table, source: str, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    """Decide how a table is to be read, and read it."""
    reading = decide(table, options)
    return stars_of(rows_of(table, reading), reading, name_of(table, source), source, options)


def name_of(table: Table, source: str) -> str:
    """A star's name where no column says it: what the header states, else the file's own."""
    stated = next((table.header[key] for key in _NAMES if table.header.get(key, "").strip()), "")
    return stated.strip() or stem_of(source)
