"""VOTables (Gaia DataLink, ZTF, VizieR), flat or with arrays in their cells.

Read with our own code: astropy's takes longer to import than the answer to `swope formats` may. Standard: IVOA VOTable
1.4 (2019); times by its section 3.5 (TIMESYS).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.parsers import expat

from swope.pipeline.ingest.bytes import open_unpacked
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.spread import Listed, spread
from swope.pipeline.ingest.table import MAX_COLUMNS, Column, Table
from swope.pipeline.ingest.votable_cells import VoField, column_of_words, columns_of_stream, size_of

_ROOT = re.compile(rb"<(\w+:)?VOTABLE[\s>]")

#: Elements whose text is kept.
_WORDS = ("TD", "STREAM", "DESCRIPTION")


@dataclass
class _Found:
    """A TABLE as it is found: its fields, its parameters, and its rows by column or its stream."""

    name: str
    fields: list[VoField] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    cells: list[list[str | None]] = field(default_factory=list)
    rows: int = 0
    stream: str = ""
    serialization: str = ""

    def add(self, row: list[str | None]) -> None:
        """Take a row; one of too few or too many cells is empty, since nobody knows what is where."""
        self.cells = self.cells or [[] for _ in self.fields]
        self.rows += 1
        whole = row if len(row) == len(self.fields) else [None] * len(self.fields)
        for column, cell in zip(self.cells, whole, strict=True):
            column.append(cell)


class _Document:
    """What a document holds, filled while expat goes through it."""

    def __init__(self) -> None:
        self.tables: list[_Found] = []
        self.systems: dict[str, dict[str, str]] = {}
        self._row: list[str | None] = []
        self._words: list[str] = []
        self._inside: list[str] = []

    def parse(self, path: str) -> None:
        """Go through a file.

        Raises
        ------
        UnusableError
            When it defines entities, or a table is not within it.
        xml.parsers.expat.ExpatError
            When it is no XML, or cut short.
        """
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _no_entities
        with open_unpacked(path) as file:
            while block := file.read(2**20):
                parser.Parse(block)
            parser.Parse(b"", True)

    def _begin(self, tag: str, stated: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._inside.append(tag)
        table = self.tables[-1] if self.tables and "TABLE" in self._inside else None
        if tag in _WORDS:
            self._words = []
        if tag == "TIMESYS":
            self.systems[stated.get("ID", "")] = stated
        elif tag == "TABLE":
            self.tables.append(_Found(stated.get("name", "")))
        elif table is None:
            return
        elif tag == "FIELD":
            if len(table.fields) >= MAX_COLUMNS:
                raise UnusableError(f"more than {MAX_COLUMNS} columns: no table of a light curve")
            table.fields.append(_field(stated))
        elif tag == "PARAM":
            table.params.setdefault(stated.get("name", "").lower(), stated.get("value", ""))
        elif tag == "VALUES" and stated.get("null") and "FIELD" in self._inside:
            table.fields[-1] = replace(table.fields[-1], null=stated["null"])
        elif tag in ("BINARY", "BINARY2", "FITS", "TABLEDATA"):
            table.serialization = tag
        elif tag == "STREAM" and (stated.get("href") or stated.get("encoding", "base64") != "base64"):
            raise UnusableError("its rows stand in another file, or are packed: write it with the rows within it")
        elif tag == "TR":
            self._row = []

    def _text(self, text: str) -> None:
        if self._inside and self._inside[-1] in _WORDS:
            self._words.append(text)

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        self._inside.pop()
        if tag == "TD":
            self._row.append("".join(self._words).strip())
        elif tag == "TR" and self.tables:
            self.tables[-1].add(self._row)
        elif tag == "STREAM" and self.tables:
            self.tables[-1].stream = "".join(self._words)
        elif tag == "DESCRIPTION" and self._inside[-1:] == ["FIELD"] and self.tables and self.tables[-1].fields:
            fields = self.tables[-1].fields
            fields[-1] = replace(fields[-1], description=" ".join("".join(self._words).split()))


def _no_entities(*_: object) -> None:
    raise UnusableError("it defines entities of its own, which no light curve does")


def _field(stated: dict[str, str]) -> VoField:
    return VoField(
        name=stated.get("name", ""),
        id=stated.get("ID", ""),
        unit=stated.get("unit", ""),
        datatype=stated.get("datatype", "char"),
        size=size_of(stated.get("arraysize", "")),
        system=stated.get("ref", ""),
    )


def _recognises(_: Path, head: bytes) -> bool:
    return _ROOT.search(head[:4096]) is not None


def _tables(path: str) -> Iterator[Table]:
    document = _Document()
    document.parse(path)
    empty = True
    for found in document.tables:
        columns = _columns(found)
        if any(len(c.counts) if isinstance(c, Listed) else len(c) for c in columns):
            empty = False
            yield spread(columns, _header(found, document.systems))
    if empty:
        raise UnusableError("no table with rows")


def _columns(found: _Found) -> list[Column | Listed]:
    if found.serialization == "FITS":
        raise UnusableError("its rows are FITS within XML: write it as FITS, or with its rows as TABLEDATA")
    if found.stream:
        return columns_of_stream(found.fields, base64.b64decode(found.stream), found.serialization == "BINARY2")
    return [column_of_words(one, words) for one, words in zip(found.fields, found.cells, strict=False)]


def _header(found: _Found, systems: dict[str, dict[str, str]]) -> dict[str, str]:
    """What the table states beside its columns, the clock of its TIMESYS among it."""
    header = {key: value for key, value in found.params.items() if key and value}
    for one in found.fields:
        system = systems.get(one.system, {})
        if "timeorigin" not in system:
            continue
        place = system.get("refposition", "").upper()
        letter = "B" if place == "BARYCENTER" else "H" if place == "HELIOCENTER" else ""
        zero = {"JD-origin": 0.0, "MJD-origin": 2400000.5}.get(system["timeorigin"])
        zero = float(system["timeorigin"]) if zero is None else zero
        name = f"{letter}JD" + (f"-{zero:.10g}" if zero else "")
        header["clock"] = f"{name} {system.get('timescale', '').lower()}".rstrip()
    if found.name:
        header.setdefault("table", found.name)
    return header


READER = flat_reader("votable", 15, "a VOTable, flat or with arrays in its cells", _recognises, _tables, 512)
