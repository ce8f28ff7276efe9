"""Cells of VOTables: fields as they are declared, and their values in words or in a binary stream.

Standard: IVOA VOTable 1.4 (2019), sections 2 (data types), 5.2 to 5.4 (serializations).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from swope.pipeline.ingest.spread import Listed
from swope.pipeline.ingest.table import Column, column_of
from swope.pipeline.lightcurve import BoolArray

#: NumPy's types of the numbers, as binary streams hold them.
_TYPES = {"unsignedByte": "u1", "short": ">i2", "int": ">i4", "long": ">i8", "float": ">f4", "double": ">f8"}

#: Bytes of one element. Bits are packed.
_BYTES = {**{name: np.dtype(kind).itemsize for name, kind in _TYPES.items()}, "boolean": 1, "char": 1, "unicodeChar": 2}
_BYTES |= {"floatComplex": 8, "doubleComplex": 16}

_TRUE = frozenset(("T", "t", "1", "true", "TRUE", "True"))
_FALSE = frozenset(("F", "f", "0", "false", "FALSE", "False"))


@dataclass(frozen=True)
class VoField:
    """A declared column.

    Attributes
    ----------
    name, id, unit, description : as declared, "" where not.
    datatype : ``double``, ``char``, ...
    size : elements a cell; -1 for any number.
    null : the whole number that means "no value", as it is written; "" for none.
    system : the id of the TIMESYS or COOSYS that it refers to.
    """

    name: str
    id: str = ""
    unit: str = ""
    description: str = ""
    datatype: str = "char"
    size: int = 1
    null: str = ""
    system: str = ""

    @property
    def text(self) -> bool:
        """Whether a cell is a word, however many letters it has."""
        return self.datatype in ("char", "unicodeChar")

    @property
    def plain(self) -> bool:
        """Whether a cell is one value."""
        return self.text or self.size == 1


def size_of(arraysize: str) -> int:
    """Elements of an ``arraysize``: the product of its axes, -1 where one is variable.

    Raises
    ------
    ValueError
        When it is none.
    """
    if "*" in arraysize:
        return -1
    return math.prod(int(axis) for axis in arraysize.split("x")) if arraysize.strip() else 1


def column_of_words(field: VoField, words: Sequence[str | None]) -> Column | Listed:
    """A column of the cells of TABLEDATA; None is an absent one."""
    if field.plain:
        return _column(field, _values(field, words))
    split = [(word or "").split() for word in words]
    flat = _column(field, _values(field, [element for cell in split for element in cell]))
    return Listed(flat, np.array([len(cell) for cell in split], dtype=np.int64), field.size > 0)


def _values(field: VoField, words: Sequence[str | None]) -> NDArray[Any] | pa.Array:
    if field.text:
        return pa.array(words, pa.string())
    if field.datatype in ("boolean", "bit"):
        known = {**dict.fromkeys(_TRUE, 1.0), **dict.fromkeys(_FALSE, 0.0)}
        return np.array([known.get((word or "").strip(), np.nan) for word in words], dtype=np.float64)
    written = pa.array([None if word == field.null else word for word in words], pa.string())
    if field.datatype in ("float", "double"):
        return Column("", written).numbers
    try:
        return written.cast(pa.int64())
    except pa.ArrowInvalid:
        return Column("", written).numbers


def _column(field: VoField, values: NDArray[Any] | pa.Array) -> Column:
    return column_of(field.name or field.id, values, field.unit, field.description)


def columns_of_stream(fields: Sequence[VoField], data: bytes, null_bits: bool) -> list[Column | Listed]:
    """The columns of a BINARY stream, or with `null_bits` of a BINARY2 one.

    Raises
    ------
    ValueError
        When the stream ends within a row, or a field is of no known type.
    """
    unknown = [field.datatype for field in fields if field.datatype not in (*_BYTES, "bit")]
    if unknown:
        raise ValueError(f"a column of the unknown type {unknown[0]!r}")
    head = math.ceil(len(fields) / 8) if null_bits else 0
    cut = _even if all(field.size >= 0 for field in fields) else _uneven
    nulls, cells, counts = cut(fields, data, head)
    gone = np.unpackbits(nulls, axis=1)[:, : len(fields)].astype(bool) if head else None
    columns: list[Column | Listed] = []
    for i, field in enumerate(fields):
        if field.datatype.endswith("Complex"):
            continue
        columns.append(_decoded(field, cells[i], counts[i], None if gone is None else gone[:, i]))
    return columns


def _cell_bytes(field: VoField, count: int) -> int:
    return math.ceil(count / 8) if field.datatype == "bit" else count * _BYTES[field.datatype]


def _even(
    fields: Sequence[VoField], data: bytes, head: int
) -> tuple[NDArray[np.uint8], list[bytes], list[NDArray[np.int64]]]:
    """Rows of one length, cut all at once: null bits, and of each field its bytes and the elements of each cell."""
    widths = [_cell_bytes(field, field.size) for field in fields]
    row = head + sum(widths)
    if row == 0 or len(data) % row:
        raise ValueError(f"a stream of {len(data)} bytes holds no whole number of rows of {row}")
    rows = np.frombuffer(data, np.uint8).reshape(-1, row)
    ends = np.cumsum([head, *widths])
    cells = [rows[:, a:b].tobytes() for a, b in pairwise(ends.tolist())]
    return rows[:, :head], cells, [np.full(len(rows), field.size, dtype=np.int64) for field in fields]


def _uneven(
    fields: Sequence[VoField], data: bytes, head: int
) -> tuple[NDArray[np.uint8], list[bytes], list[NDArray[np.int64]]]:
    """As `_even`, for rows with lists whose lengths stand before them."""
    pieces: list[list[bytes]] = [[] for _ in fields]
    counts: list[list[int]] = [[] for _ in fields]
    nulls = bytearray()
    at = rows = 0
    while at < len(data):
        nulls += data[at : at + head]
        at += head
        for i, field in enumerate(fields):
            count = field.size
            if count < 0:
                count, at = int.from_bytes(data[at : at + 4], "big"), at + 4
            width = _cell_bytes(field, count)
            if at + width > len(data):
                raise ValueError(f"the stream ends within row {rows + 1}")
            pieces[i].append(data[at : at + width])
            counts[i].append(count)
            at += width
        rows += 1
    flags = np.frombuffer(bytes(nulls), np.uint8).reshape(rows, head)
    return flags, [b"".join(cells) for cells in pieces], [np.array(count, dtype=np.int64) for count in counts]


def _decoded(field: VoField, raw: bytes, counts: NDArray[np.int64], gone: BoolArray | None) -> Column | Listed:
    if field.text:
        ends = np.cumsum(counts) * _BYTES[field.datatype]
        code = "utf-8" if field.datatype == "char" else "utf-16-be"
        starts = ends - counts * _BYTES[field.datatype]
        words = [raw[a:b].decode(code, errors="replace").split("\0")[0] for a, b in zip(starts, ends, strict=True)]
        return _column(field, pa.array(words, pa.string(), mask=gone))
    values = _numbers(field, raw, counts)
    if field.plain:
        return _column(field, pa.array(values, mask=gone) if gone is not None and gone.any() else values)
    if gone is not None and gone.any():
        values = values[~np.repeat(gone, counts)]
        counts = np.where(gone, 0, counts)
    return Listed(_column(field, values), counts, field.size > 0)


def _numbers(field: VoField, raw: bytes, counts: NDArray[np.int64]) -> NDArray[Any]:
    if field.datatype == "bit":
        if field.plain:
            # a single bit stands first in its byte by the standard, and elsewhere by some writers
            return np.array(np.frombuffer(raw, np.uint8) != 0, dtype=np.float64)
        cells = np.split(np.frombuffer(raw, np.uint8), np.cumsum(-(-counts // 8))[:-1])
        bits = [np.unpackbits(cell)[:count] for cell, count in zip(cells, counts.tolist(), strict=True)]
        return np.concatenate([np.empty(0, np.uint8), *bits]).astype(np.float64)
    if field.datatype == "boolean":
        letters = np.frombuffer(raw, "S1").astype("U1")
        truth = np.full(len(letters), np.nan)
        truth[np.isin(letters, list(_TRUE))], truth[np.isin(letters, list(_FALSE))] = 1.0, 0.0
        return truth
    with np.errstate(invalid="ignore"):  # signalling NaN
        stored = np.frombuffer(raw, _TYPES[field.datatype])
        values: NDArray[Any] = stored.astype(stored.dtype.newbyteorder("="))
    if field.null and values.dtype.kind in "iu" and np.any(none := values == int(field.null)):
        return np.where(none, np.nan, values.astype(np.float64))
    return values
