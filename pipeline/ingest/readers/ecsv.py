"""ECSV, astropy's own text tables: units and types stand in a header of comments.

Read with our own code: astropy's takes longer to import than the answer to `swope formats` may. Described in astropy's
proposal APE 6, and in its documentation of the format ("data types and subtypes", "mixin columns").
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray

from swope.pipeline.ingest.dialect import whole_text
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.spread import Listed, spread
from swope.pipeline.ingest.table import MAX_COLUMNS, Column, Table, column_of
from swope.pipeline.lightcurve import ZERO_POINTS

#: Where the header says how astropy's objects lie in the columns.
_OBJECTS = "__serialized_columns__"

_TRUTH = {"True": 1.0, "False": 0.0}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads astropy's tags as the plain mappings that they stand before, and makes no object of any."""


def _plain(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else None


_Loader.add_multi_constructor("!", _plain)


def _recognises(_: Path, head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf")[:8] == b"# %ECSV "


def _tables(path: str) -> Iterator[Table]:
    lines = whole_text(path).removeprefix("\ufeff").split("\n")
    head = _header([line[2:] for line in lines if line.startswith("# ")])
    body = [line for line in lines if line.strip() and not line.startswith("#")]
    declared = head.get("datatype")
    if not isinstance(declared, list) or not all(isinstance(d, dict) and "name" in d for d in declared):
        raise UnusableError("its header declares no columns")
    if len(declared) > MAX_COLUMNS:
        raise UnusableError(f"{len(declared)} columns: no table of a light curve")
    rows = list(csv.reader(body[1:], delimiter=str(head.get("delimiter", " "))[:1] or " "))
    if not rows:
        raise UnusableError("no rows: only a header")
    ragged = next((i for i, row in enumerate(rows, start=1) if len(row) != len(declared)), 0)
    if ragged:
        raise UnusableError(f"row {ragged} has {len(rows[ragged - 1])} cells, the header declares {len(declared)}")
    columns = [_column(d, cells) for d, cells in zip(declared, zip(*rows, strict=True), strict=True)]
    meta = _meta(head.get("meta"))
    objects = meta.get(_OBJECTS)
    if isinstance(objects, dict):
        columns = _without_objects(columns, objects)
    words = {str(key).lower(): str(value) for key, value in meta.items() if isinstance(value, str | int | float)}
    yield spread(columns, words)


def _header(lines: Sequence[str]) -> dict[str, Any]:
    """The YAML of the header.

    Raises
    ------
    UnusableError
        When it is none.
    """
    try:
        head = yaml.load("\n".join(lines[1:]), _Loader)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise UnusableError(f"its header is no YAML: {' '.join(str(error).split())[:200]}") from error
    return head if isinstance(head, dict) else {}


def _meta(said: object) -> dict[str, Any]:
    """The table's own words: a mapping, or pairs in order."""
    if isinstance(said, list):
        said = {str(key): value for pair in said if isinstance(pair, tuple) and len(pair) == 2 for key, value in [pair]}
    return said if isinstance(said, dict) else {}


def _column(declared: Mapping[str, Any], cells: Sequence[str]) -> Column | Listed:
    name, unit = str(declared["name"]), str(declared.get("unit") or "")
    kind, inside = str(declared.get("datatype", "string")), str(declared.get("subtype") or "")
    about = str(declared.get("description") or "")
    if kind == "string" and inside.endswith("]"):
        rows = [_list(cell) for cell in cells]
        flat = [element for row in rows for element in row]
        element = inside.partition("[")[0]
        values = _values(element, ["" if one is None else str(one) for one in flat])
        counts = np.array([len(row) for row in rows], dtype=np.int64)
        return Listed(column_of(name, values, unit, about), counts, fixed="null" not in inside)
    return column_of(name, _values(kind, cells), unit, about)


def _list(cell: str) -> list[Any]:
    """An array in a cell; axes beyond the first stay within it, as elements that are no numbers."""
    made = json.loads(cell) if cell else []
    return made if isinstance(made, list) else []


def _values(kind: str, cells: Sequence[str]) -> NDArray[Any] | pa.Array:
    """Cells of a type; an empty one is missing."""
    if kind == "bool":
        return np.array([_TRUTH.get(cell, np.nan) for cell in cells], dtype=np.float64)
    words = pa.array([cell or None for cell in cells], pa.string())
    if kind == "string":
        return words
    if kind.startswith(("int", "uint")):
        try:
            return words.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    return Column("", words).numbers


def _without_objects(columns: Sequence[Column | Listed], objects: Mapping[str, Any]) -> list[Column | Listed]:
    """The columns, those of astropy's times as Julian dates in their scale, masks applied and left out."""
    held = {(c.flat if isinstance(c, Listed) else c).name: c for c in columns}
    for said in objects.values():
        if not isinstance(said, dict):
            continue
        mask = _named(said, "mask", held)
        for part in ("data", "value", "jd1", "jd2"):
            name = _name(said.get(part))
            if mask is not None and isinstance(column := held.get(name), Column):
                held[name] = column_of(name, np.where(mask.numbers == 1, np.nan, column.numbers), column.unit)
        if mask is not None:
            del held[mask.name]
        if str(said.get("__class__", "")).endswith(".Time"):
            held = _with_time(held, said)
    return list(held.values())


def _with_time(held: dict[str, Column | Listed], said: Mapping[str, Any]) -> dict[str, Column | Listed]:
    """The columns, that or those of one of astropy's times replaced by its Julian dates, at the same place."""
    scale = str(said.get("scale", ""))
    day, fraction, value = (_named(said, part, held) for part in ("jd1", "jd2", "value"))
    if day is not None and fraction is not None:
        own: tuple[str, ...] = (day.name, fraction.name)
        julian = day.numbers + fraction.numbers
    elif value is not None:
        own, julian = (value.name,), _julian(value, str(said.get("format", "")), scale)
    else:
        return held
    made: dict[str, Column | Listed] = {}
    for name, column in held.items():
        if name == own[0]:
            made[name] = column_of(f"jd_{scale}" if scale else "jd", julian, "d")
        elif name not in own:
            made[name] = column
    return made


def _julian(column: Column, format_: str, scale: str) -> NDArray[np.float64]:
    """Julian dates of times in one of astropy's formats; NaN for a missing one."""
    if format_ in ("jd", "mjd"):
        return column.numbers + ZERO_POINTS[format_]
    from astropy.time import Time

    filled = column.words != ""
    julian = np.full(len(column), np.nan)
    if filled.any():
        cells = column.words[filled].astype(str) if column.is_text else column.numbers[filled]
        julian[filled] = Time(cells, format=format_ or None, scale=scale or None).jd
    return julian


def _name(said: object) -> str:
    """The column that a part of an object lies in, however deep it stands."""
    while isinstance(said, dict) and "name" not in said:
        said = said.get("value", said.get("data"))
    return str(said["name"]) if isinstance(said, dict) else ""


def _named(said: Mapping[str, Any], part: str, held: Mapping[str, Column | Listed]) -> Column | None:
    column = held.get(_name(said.get(part)))
    return column if isinstance(column, Column) else None


READER = flat_reader("ecsv", 18, "ECSV, astropy's text tables with units", _recognises, _tables, 96)
