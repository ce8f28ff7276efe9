r"""IPAC tables (NASA Exoplanet Archive, IRSA): ``\KEY = "value"`` lines, then columns between bars, then rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from swope.pipeline.ingest.dialect import whole_text
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Column, Table

_KEY = re.compile(r"\\\s*(\w+)\s*=\s*[\"']?(.*?)[\"']?\s*$")
_NULLS = ("null", "-", "--", "")


def _recognises(_: Path, head: bytes) -> bool:
    if head.lstrip()[:1] not in (b"\\", b"|") or b"\0" in head:
        return False
    lines = [line for line in head.split(b"\n") if line.strip() and line[:1] != b"\\"]
    bars = [line for line in lines if line[:1] == b"|"]
    # a table whose rows stand between bars, too, is none of IPAC's
    return bool(bars) and bars[0].rstrip().endswith(b"|") and len(bars) <= 4 and len(lines) > len(bars)


def _tables(path: str) -> Iterator[Table]:
    lines = whole_text(path).split("\n")
    keys = {found[1].lower(): found[2].strip() for line in lines if (found := _KEY.match(line))}
    bars = [line.rstrip() for line in lines if line.startswith("|")]
    rows = [line for line in lines if line.strip() and line[0] not in "\\|"]
    if not bars:
        raise UnusableError("no column names between bars")
    if not rows:
        raise UnusableError("no rows")
    heads = [[cell.strip() for cell in bar.strip("|").split("|")] for bar in bars[:4]]
    names = heads[0]
    units = heads[2] if len(heads) > 2 and len(heads[2]) == len(names) else [""] * len(names)
    nulls = (*_NULLS, heads[3][0]) if len(heads) > 3 else _NULLS
    columns = zip(*_cells(rows, bars[0], len(names)), strict=True)
    cells = [pa.array([None if cell in nulls else cell for cell in column], pa.string()) for column in columns]
    header = {**keys, **({"filter": keys["time_series_data_filter"]} if "time_series_data_filter" in keys else {})}
    described = zip(names, cells, units, strict=True)
    yield Table(tuple(Column(name, cell, unit) for name, cell, unit in described), True, header)


def _cells(rows: list[str], bar: str, width: int) -> list[list[str]]:
    """The cells of each row: by white space where that fits all rows, else by the bars above them."""
    split = [row.split() for row in rows]
    if all(len(row) == width for row in split):
        return split
    bars = [i for i, character in enumerate(bar) if character == "|"]
    if all(len(row) <= len(bar) + 1 for row in rows) and len(bars) == width + 1:
        return [[row[a + 1 : b + 1].strip() for a, b in pairwise(bars)] for row in rows]
    empty = [""] * width
    return [row if len(row) == width else empty for row in split]


READER = flat_reader("ipac", 20, "an IPAC table with column names between bars", _recognises, _tables, 96)
