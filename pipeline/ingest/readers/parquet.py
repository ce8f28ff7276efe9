"""Parquet: nested, a row a star with lists in its cells; or flat, a row an observation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from swope.pipeline.ingest.flat import readings_of
from swope.pipeline.ingest.long import is_staged, parquet_blocks, read_staged, stage_flat
from swope.pipeline.ingest.nested import ReadBy, nested_parts, regrouped, staged, table_parts
from swope.pipeline.ingest.nested_layout import layout_of
from swope.pipeline.ingest.nested_stars import by_row_alone, in_several_rows, judge, read_nested
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.regroup import is_regrouped, read_regrouped, regroup
from swope.pipeline.lightcurve import LightCurve


def _recognises(_: Path, head: bytes) -> bool:
    return head[:4] == b"PAR1"


def _plan(files: Sequence[InputFile], options: IngestOptions, scratch: Path) -> tuple[list[Part], list[Refused]]:
    def make(file: InputFile) -> tuple[str, list[Refused]]:
        _whole(file.path)
        if layout_of(pq.read_schema(file.path)) is None:
            return stage_flat(file, lambda wanted: parquet_blocks(file.path, wanted), options, scratch)
        judge(file.path, options)
        path = regrouped(file, scratch, options)
        radius = in_several_rows(file.path, options)
        if radius is None:
            return path, []

        def write(out: Path) -> list[Refused]:
            return regroup(_stars(replace(file, path=path), options), out, radius, options)

        return staged(replace(file, source=f"{file.source} joined"), scratch, options, write)

    def read_by(file: InputFile, path: str) -> ReadBy | None:
        # the file itself is judged already; what is made of it without company has the same rows
        return None if is_regrouped(path) or is_staged(path) else by_row_alone(file.path, options)

    return nested_parts(READER.name, files, make, options, read_by)


def _stars(file: InputFile, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    """All stars of a nested table, some rows at a time."""
    for part in table_parts(READER.name, file, file.path, options):
        yield from read_nested(part, options)


def _whole(path: str) -> None:
    """Refuse the index of a data set, whose rows lie in other files."""
    metadata = pq.read_metadata(path)
    if metadata.num_row_groups and metadata.num_columns and metadata.row_group(0).column(0).file_path:
        raise UnusableError("the index of a data set, its rows in other files: name the folder that it lies in")


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    if is_regrouped(part.paths[0]):
        return read_regrouped(part)
    return read_staged(part, options) if is_staged(part.paths[0]) else read_nested(part, options)


def _readings(path: str, options: IngestOptions) -> Iterator[Reading]:
    """By the first rows."""
    if layout_of(pq.read_schema(path)) is None:
        return readings_of(islice(parquet_blocks(path, None), 1), options)
    return (way.reading for way in judge(path, options))


READER = Reader(
    name="parquet",
    rank=10,
    describes="Parquet, a row a star with lists in its cells (or a row an observation)",
    recognises=_recognises,
    plan=_plan,
    read=_read,
    readings=_readings,
)
