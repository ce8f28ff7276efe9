"""SNANA's text files, one supernova each: ``KEY: value`` lines, ``VARLIST:``, and an ``OBS:`` line an observation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from swope.pipeline.ingest.dialect import whole_text
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Column, Table

_LINE = re.compile(r"^\s*([A-Z_0-9]+)\s*:\s*(.*?)\s*(#.*)?$")


def _recognises(_: Path, head: bytes) -> bool:
    return b"\0" not in head and re.search(rb"^VARLIST\s*:|^VARNAMES\s*:", head, re.M) is not None


def _tables(path: str) -> Iterator[Table]:
    header: dict[str, str] = {}
    names: list[str] = []
    rows: list[list[str]] = []
    for line in whole_text(path).split("\n"):
        found = _LINE.match(line)
        if not found:
            continue
        key, value = found[1], found[2]
        if key in ("VARLIST", "VARNAMES"):
            names = value.split()
        elif key in ("OBS", "ROW"):
            rows.append(value.split())
        elif key == "SNID" and rows:
            yield _table(names, rows, header)
            header, rows = {"snid": value}, []
        else:
            header.setdefault(key.lower(), value)
    yield _table(names, rows, header)


def _table(names: list[str], rows: list[list[str]], header: dict[str, str]) -> Table:
    if not names or not rows:
        raise UnusableError("no VARLIST: with the columns' names" if not names else "no OBS: rows")
    empty = [""] * len(names)
    # the list may name a column more than the rows have (NITE at the end)
    width = min(len(names), max(map(len, rows)))
    whole = [row[:width] if len(row) >= width else empty[:width] for row in rows]
    cells = [pa.array(column, pa.string()) for column in zip(*whole, strict=True)]
    columns = tuple(Column(name, column) for name, column in zip(names, cells, strict=False))
    position: dict[str, str] = {
        key: header[key].split()[0] for key in ("ra", "dec", "decl") if header.get(key, "").split()
    }
    stated = {key: value for key, value in header.items() if key in ("snid", "survey")}
    return Table(columns, True, stated | position)


READER = flat_reader("snana", 25, "SNANA text, one supernova a file", _recognises, _tables, 96)
