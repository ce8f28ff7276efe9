"""Headerless text (ASAS, OGLE, Catalina): time, value, error; further columns are not read, since none says what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from swope.pipeline.ingest.bytes import stem_of, text_of
from swope.pipeline.ingest.columns import numbers
from swope.pipeline.ingest.guard import each_file
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, parts_of_groups
from swope.pipeline.ingest.readers.csv_star import star_of_table
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.stars import star
from swope.pipeline.ingest.table import header_of, parse_table
from swope.pipeline.lightcurve import Clock, FloatArray, LightCurve

#: Share of backward steps, and of repeats, above which a headerless first column is not time.
LIKE_A_CHAIN = 0.1


def _recognises(_: Path, head: bytes) -> bool:
    return header_of(head) == ()


def _plan(files: Sequence[InputFile], options: IngestOptions, _: Path) -> tuple[list[Part], list[Refused]]:
    return parts_of_groups(READER.name, [[file] for file in files], options), []


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    return each_file(part, options, _star)


def _star(path: str, source: str, options: IngestOptions) -> LightCurve:
    table = parse_table(text_of(path))
    if table.names is not None:
        return star_of_table(table, table.names, stem_of(source), source, options)
    if len(table.columns) < 2:
        raise UnusableError("one column; expected time, value and, if there is one, error")
    time = numbers(table.columns[0])
    if options.reader is None and not _looks_like_time(time):
        raise UnusableError(
            "the first column goes back and repeats too often to be time (force it with the reader 'text')"
        )
    return star(
        stem_of(source),
        time,
        numbers(table.columns[1]),
        numbers(table.columns[2]) if len(table.columns) > 2 else None,
        options=options,
        source=source,
        clock=options.clock or Clock(),
    )


def _looks_like_time(column: FloatArray) -> bool:
    """Whether a column may be times: of unsorted ones few repeat in one band. A sampler's chain fails on both."""
    finite = column[np.isfinite(column)]
    if len(finite) < 20:
        return True
    back = np.count_nonzero(np.diff(finite) < 0) / len(finite)
    repeated = 1 - len(np.unique(finite)) / len(finite)
    return bool(back < LIKE_A_CHAIN or repeated < LIKE_A_CHAIN)


READER = Reader(
    name="text",
    rank=60,
    describes="headerless text: time, value, error",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
