"""JSON as services and pandas write it: records, columns, JSON lines, and tables deep within other words.

Of brokers' answers (ALeRCE's and Fink's lists of detections), of the Open Astronomy Catalog (a star's photometry within
its entry), and of `pandas.DataFrame.to_json` in its orientations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from swope.pipeline.ingest.dialect import whole_text
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.spread import Listed, spread
from swope.pipeline.ingest.table import MAX_COLUMNS, Column, Table, column_of

#: Tables are looked for so deep within a document.
DEEPEST = 20

_PLAIN = (str, int, float, bool, type(None))


def _recognises(_: Path, head: bytes) -> bool:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200]
    return start[:1] == b"{" or (start[:1] == b"[" and start[1:].lstrip()[:1] in (b"{", b"["))


def _tables(path: str) -> Iterator[Table]:
    found = list(_within(_document(whole_text(path)), {}, 0))
    if not found:
        raise UnusableError("JSON without a table: neither records nor columns of one length")
    yield from found


def _document(text: str) -> object:
    """The whole document; of lines that each are one, a list.

    Raises
    ------
    UnusableError
        When it is no JSON.
    """
    text = text.removeprefix("\ufeff")
    try:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"no JSON: {' '.join(str(error).split())[:200]}") from error


def _within(value: object, words: Mapping[str, str], depth: int) -> Iterator[Table]:
    """The tables in a value, each with the words that stand beside it and above it."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        if value and all(isinstance(one, dict) for one in value) and (records := _of_records(value)):
            yield spread(records, words)
        elif value and all(_is_row(one) for one in value) and len({len(one) for one in value}) == 1:
            yield Table(tuple(_column("", list(cells)) for cells in zip(*value, strict=True)), False, words)
        else:
            for one in value:
                yield from _within(one, words, depth + 1)
        return
    if not isinstance(value, dict):
        return
    columns = _of_split(value) or _of_columns(value)
    beside = {str(k).lower(): str(v) for k, v in value.items() if isinstance(v, str | int | float)}
    if columns:
        yield Table(tuple(columns), True, {**words, **beside})
        return
    for key, one in value.items():
        if isinstance(one, dict | list):
            yield from _within(one, {"table": str(key), **words, **beside}, depth + 1)


def _is_row(one: object) -> bool:
    return isinstance(one, list) and len(one) > 1 and all(isinstance(cell, _PLAIN) for cell in one)


def _of_records(records: Sequence[Mapping[str, Any]]) -> list[Column | Listed]:
    """Columns of records: plain cells, cells one level down, and arrays; none where the records hold no numbers."""
    flat = [_flattened(record) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    if len(names) > MAX_COLUMNS:
        raise UnusableError(f"{len(names)} columns: no table of a light curve")
    columns: list[Column | Listed] = []
    for name in names:
        cells = [record.get(name) for record in flat]
        if any(isinstance(cell, list) for cell in cells):
            lists = [cell if isinstance(cell, list) else [] for cell in cells]
            if all(isinstance(element, _PLAIN) for cell in lists for element in cell):
                elements = [element for cell in lists for element in cell]
                columns.append(Listed(_column(name, elements), np.array([len(cell) for cell in lists], dtype=np.int64)))
        else:
            columns.append(_column(name, cells))
    series = [column for column in columns if isinstance(column, Listed)]
    numbers = sum(isinstance(column, Column) and bool(column.finite.any()) for column in columns)
    return columns if len(series) > 1 or numbers > 1 else []


def _flattened(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record's plain cells and arrays, and those of the mappings in it (a MongoDB's ``{"$numberDouble": ...}``)."""
    made: dict[str, Any] = {}
    for key, cell in record.items():
        if isinstance(cell, dict):
            made |= {f"{key}.{k}": v for k, v in cell.items() if isinstance(v, _PLAIN)}
        else:
            made[str(key)] = cell
    return made


def _of_columns(value: Mapping[str, Any]) -> list[Column]:
    """Columns as lists of one length, or as mappings from one index; none where there are fewer than two."""
    lists = {k: v for k, v in value.items() if isinstance(v, list) and v and all(isinstance(c, _PLAIN) for c in v)}
    if len(lists) < 2:
        maps = {k: v for k, v in value.items() if isinstance(v, dict) and v}
        keys = [tuple(v) for v in maps.values()]
        if len(maps) < 2 or len(set(keys)) > 1 or len(maps) < len(value):
            return []
        lists = {k: list(v.values()) for k, v in maps.items()}
        if not all(isinstance(cell, _PLAIN) for cells in lists.values() for cell in cells) or not _counted(keys[0]):
            return []
    if len({len(cells) for cells in lists.values()}) > 1:
        raise UnusableError(f"lists differ in length: {', '.join(f'{k} {len(v)}' for k, v in list(lists.items())[:6])}")
    return [_column(str(name), cells) for name, cells in lists.items()]


def _counted(keys: Sequence[str]) -> bool:
    """Whether the keys are rows' numbers, rather than columns' names."""
    return all(key.lstrip("-").isdigit() for key in keys)


def _of_split(value: Mapping[str, Any]) -> list[Column]:
    """Columns of names and rows apart, as pandas' "split" and many web services write them."""
    names = next((value[key] for key in ("columns", "fields", "header") if isinstance(value.get(key), list)), None)
    rows = value.get("data", value.get("rows"))
    if not names or not isinstance(rows, list) or not rows or not all(_is_row(row) for row in rows):
        return []
    names = [str(name.get("name", "")) if isinstance(name, dict) else str(name) for name in names]
    if any(len(row) != len(names) for row in rows):
        return []
    return [_column(name, list(cells)) for name, cells in zip(names, zip(*rows, strict=True), strict=True)]


def _column(name: str, cells: Sequence[Any]) -> Column:
    return column_of(name, _values(cells))


def _values(cells: Sequence[Any]) -> NDArray[Any] | pa.Array:
    """Numbers where all cells are such, else words."""
    if all(isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) < 2**63 for cell in cells):
        return np.array(cells, dtype=np.int64)
    if all(
        cell is None or isinstance(cell, float | bool) or (isinstance(cell, int) and abs(cell) < 2**53)
        for cell in cells
    ):
        return np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=np.float64)
    return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


READER = flat_reader(
    "json", 14, "JSON: records, columns, JSON lines, or tables within other words", _recognises, _tables, 96
)
