"""Machine-readable tables of the journals and of CDS: a byte-by-byte description, then rows of fixed width.

Read with our own code: astropy's takes longer to import than the answer to `swope formats` may. Described in the
standards for astronomical catalogues, CDS 2000 (version 2.0), section 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from swope.pipeline.ingest.dialect import whole_text
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import MAX_COLUMNS, Column, Table

#: Bytes, format, unit, label and explanation of a column: ``  1- 12 F12.4 d  HJD  Heliocentric date``.
_FIELD = re.compile(r"^\s*(?:(\d+)\s*-)?\s*(\d+)\s+([AIFELDS]\d[\d.]*)\s+(\S+)\s+(\S+)\s*(.*)$")
_TITLE = re.compile(r"^Byte-by-byte Description of file", re.I)
_RULE = re.compile(r"^[-=]{20,}\s*$")

#: The number that means "no value": ``?=-9.99``, ``[0/99]?=99``.
_NULL = re.compile(r"^(?:[\[\]].*?[\[\]])?\?=(\S+)")


@dataclass(frozen=True)
class _Field:
    """A column of fixed place: first byte, byte after the last, label, unit, explanation."""

    start: int
    stop: int
    name: str
    unit: str
    about: str


def _recognises(_: Path, head: bytes) -> bool:
    return b"Byte-by-byte Description of file" in head and b"\0" not in head


def _tables(path: str) -> Iterator[Table]:
    lines = whole_text(path).split("\n")
    titles = [i for i, line in enumerate(lines) if _TITLE.match(line)]
    if not titles:
        raise UnusableError("no byte-by-byte description of columns")
    rules = [i for i, line in enumerate(lines) if _RULE.match(line)]
    # the last description is that of the rows below it; between rules stand titles, columns, and then notes
    inside = [i for i in rules if i > titles[-1]]
    if len(inside) < 3:
        raise UnusableError("the byte-by-byte description of its columns has no end")
    fields = _fields(lines[inside[1] + 1 : inside[2]])
    rows = [line for line in lines[inside[-1] + 1 :] if line.strip()]
    if not fields or not rows:
        raise UnusableError("no rows" if fields else "no byte-by-byte description of columns")
    if len(fields) > MAX_COLUMNS:
        raise UnusableError(f"{len(fields)} columns: no table of a light curve")
    yield Table(tuple(_column(field, rows) for field in fields), True)


def _fields(lines: Sequence[str]) -> list[_Field]:
    """The columns that a description declares; what fits no column continues the explanation above it."""
    fields: list[_Field] = []
    for line in lines:
        if found := _FIELD.match(line):
            first, last, _, unit, name, about = found.groups()
            fields.append(_Field(int(first or last) - 1, int(last), name, "" if unit == "---" else unit, about.strip()))
        elif fields and line.strip():
            last_one = fields.pop()
            fields.append(
                _Field(
                    *(last_one.start, last_one.stop, last_one.name, last_one.unit), f"{last_one.about} {line.strip()}"
                )
            )
    return fields


def _column(field: _Field, rows: Sequence[str]) -> Column:
    null = found[1].rstrip(",;") if (found := _NULL.match(field.about)) else ""
    cells = [row[field.start : field.stop].strip() for row in rows]
    words = pa.array([None if cell in ("", "---", null) or _same(cell, null) else cell for cell in cells], pa.string())
    return Column(field.name, words, field.unit, field.about)


def _same(cell: str, null: str) -> bool:
    """Whether a cell is the null with another number of decimals."""
    try:
        return bool(null) and float(cell) == float(null)
    except ValueError:
        return False


READER = flat_reader("mrt", 19, "a machine-readable table of a journal (AAS, CDS)", _recognises, _tables, 96)
