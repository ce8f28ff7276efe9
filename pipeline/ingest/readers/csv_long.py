"""One long text table of many stars (Catalina): object id, time, value, error; rows in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from swope.pipeline.ingest.bytes import head_of
from swope.pipeline.ingest.columns import ID_NAMES, find
from swope.pipeline.ingest.long import read_text_columns, stage_long
from swope.pipeline.ingest.nested import nested_parts, read_nested
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.table import delimiter_of, first_lines, header_of
from swope.pipeline.lightcurve import LightCurve


def _recognises(_: Path, head: bytes) -> bool:
    names = header_of(head)
    return bool(names) and find(names or (), ID_NAMES) is not None


def _plan(files: Sequence[InputFile], options: IngestOptions, scratch: Path) -> tuple[list[Part], list[Refused]]:
    def make(file: InputFile) -> tuple[str, list[Refused]]:
        head = head_of(file.path)
        names = header_of(head)
        if not names:
            raise UnusableError("no header")
        delimiter = delimiter_of(first_lines(head)[0])
        return stage_long(
            file, names, lambda wanted: read_text_columns(file.path, names, delimiter, wanted), options, scratch
        )

    return nested_parts(READER.name, files, make, options)


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    return read_nested(part, options)


READER = Reader(
    name="csv_long",
    rank=40,
    describes="a text table of many stars with an object id column, a row an observation",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
