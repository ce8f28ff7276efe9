"""Text tables with a row a star and lists as text in their cells (EROS): ``time_points_b``, ``light_points_b``, ...

They become nested Parquet, and are read as such.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.ingest.bytes import open_unpacked
from swope.pipeline.ingest.columns import numbers
from swope.pipeline.ingest.dialect import delimiter_of, first_lines, header_of
from swope.pipeline.ingest.id_names import id_rank
from swope.pipeline.ingest.nested import nested_parts, staged
from swope.pipeline.ingest.nested_layout import layout_of
from swope.pipeline.ingest.nested_stars import judge, read_nested
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.lightcurve import LightCurve

#: No row may be longer than this.
ROW_BYTES = 16 * 2**20

#: Rows by which it is told which cells are lists, and of numbers or of words.
SAMPLE_ROWS = 20

_LIST_CELL = re.compile(r"[,;\t|]\s*\"?\s*[\[(]\s*[-+.\dnN]")
_LIST = re.compile(r"\s*[\[(].*[\])]\s*", re.S)


def _recognises(_: Path, head: bytes) -> bool:
    lines = first_lines(head)
    return bool(header_of(head)) and len(lines) == 2 and _LIST_CELL.search("," + lines[1]) is not None


def _plan(files: Sequence[InputFile], options: IngestOptions, scratch: Path) -> tuple[list[Part], list[Refused]]:
    def make(file: InputFile) -> tuple[str, list[Refused]]:
        def write(path: Path) -> list[Refused]:
            return _as_parquet(file.path, path, options.chunk_size)

        path, refused = staged(file, scratch, options, write)
        if layout_of(pq.read_schema(path)) is None:
            raise UnusableError("no list columns of time and mag, flux or light")
        judge(path, options)
        return path, refused

    return nested_parts(READER.name, files, make, options)


def _as_parquet(path: str, out: Path, rows: int) -> list[Refused]:
    """Write the table as Parquet, its lists as lists."""
    with open_unpacked(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="") as text:
        table = _rows(text)
        names = _named(next(table, []))
        sample = list(islice(table, SAMPLE_ROWS))
        if not names or not sample:
            raise UnusableError("no rows: only a header" if names else "no header")
        types = [_type([row[i] for row in sample if len(row) == len(names)]) for i in range(len(names))]
        schema = pa.schema(list(zip(names, types, strict=True)))
        with pq.ParquetWriter(out, schema) as writer:
            held = sample
            while held:
                writer.write_table(_table(held, schema))
                held = list(islice(table, rows))
    return []


def _rows(text: io.TextIOWrapper) -> Iterator[list[str]]:
    """The rows of a table, the header first; no comments, no blank lines."""
    csv.field_size_limit(min(ROW_BYTES, sys.maxsize))
    lines = (line for line in iter(lambda: text.readline(ROW_BYTES + 1), "") if line.strip())
    wanted = (_short_enough(line) for line in lines if not line.startswith("#"))
    header = next(wanted, "")
    delimiter = delimiter_of(header) or ","
    yield from csv.reader([header], delimiter=delimiter)
    yield from csv.reader(wanted, delimiter=delimiter)


def _short_enough(line: str) -> str:
    if len(line) > ROW_BYTES:
        raise UnusableError(f"a row is longer than {ROW_BYTES // 2**20} MB")
    return line


def _named(header: Sequence[str]) -> list[str]:
    """The columns' names; the first, where it has none, is the star's (an index that pandas wrote)."""
    names = [name.strip() or f"column {i + 1}" for i, name in enumerate(header)]
    known = any(id_rank(name) is not None for name in names)
    if names and not known and (not header[0].strip() or header[0].startswith("Unnamed")):
        names[0] = "object_id"
    return names


def _type(cells: Sequence[str]) -> pa.DataType:
    """Text, a list of numbers, or a list of words."""
    filled = [cell for cell in cells if cell.strip()]
    if not filled or not all(_LIST.fullmatch(cell) for cell in filled):
        return pa.string()
    found = [numbers([word]) for cell in filled for word in _elements(cell)[:20]]
    words = found and np.isfinite(np.concatenate(found)).mean() < 0.5
    return pa.list_(pa.string() if words else pa.float64())


def _table(rows: Sequence[Sequence[str]], schema: pa.Schema) -> pa.Table:
    """Some rows as lists; one of too few or too many cells keeps its first, since what stands where is not known."""
    width = len(schema)
    whole = [row if len(row) == width else [*row[:1], *([""] * width)][:width] for row in rows]
    columns = [_cells([row[i] for row in whole], field.type) for i, field in enumerate(schema)]
    return pa.table(columns, schema=schema)


def _cells(cells: Sequence[str], type_: pa.DataType) -> pa.Array:
    if pa.types.is_string(type_):
        return pa.array([cell.strip() or None for cell in cells], type_)
    lists = [_elements(cell) for cell in cells]
    if pa.types.is_string(type_.value_type):
        return pa.array(lists, type_)
    return pa.array([numbers(one) for one in lists], type_)


def _elements(cell: str) -> list[str]:
    """Read ``[1.0, 2.0]``, ``(1, 2)``, ``[1. 2.]`` or ``['g', 'r']``."""
    return [word.strip("'\"") for word in cell.strip().strip("[]()").replace(",", " ").split()]


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    return read_nested(part, options)


READER = Reader(
    name="csv_lists",
    rank=30,
    describes="a text table with a row a star and lists in its cells",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
