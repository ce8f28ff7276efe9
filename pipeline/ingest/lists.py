"""Columns of lists, in any of the ways in which Arrow and Parquet write them, as NumPy arrays.

A list may be a list, a large or fixed-size list, a list view, a field of a struct of lists, or a field of a list of
structs; its elements may be numbers of any width, decimals, dates, text, dictionaries, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from swope.pipeline.ingest.columns import numbers
from swope.pipeline.lightcurve import FloatArray

#: Julian date of 1970 January 1, 0 h, from which Arrow counts.
UNIX_EPOCH = 2440587.5


@dataclass(frozen=True)
class Field:
    """A column of plain cells or of lists, however deep it lies.

    Attributes
    ----------
    path : names from the table's column inwards.
    listed : whether a row's cell is a list.
    type : of a cell, or of a list's elements.
    """

    path: tuple[str, ...]
    listed: bool
    type: pa.DataType

    @property
    def name(self) -> str:
        """The innermost name."""
        return self.path[-1]

    @property
    def group(self) -> tuple[str, ...]:
        """What it lies in: () for a column of the table."""
        return self.path[:-1]

    def __str__(self) -> str:
        return ".".join(self.path)


def fields_of(schema: pa.Schema) -> list[Field]:
    """The plain columns and list columns of a table, those inside structs and lists of structs included."""
    return [field for column in schema for field in _inside(column.type, (column.name,), False)]


def _inside(type_: pa.DataType, path: tuple[str, ...], listed: bool) -> Iterator[Field]:
    if isinstance(type_, pa.BaseExtensionType):
        type_ = type_.storage_type
    if pa.types.is_struct(type_):
        for i in range(type_.num_fields):
            yield from _inside(type_.field(i).type, (*path, type_.field(i).name), listed)
    elif not is_list(type_):
        yield Field(path, listed, type_)
    elif not listed:
        yield from _inside(type_.value_type, path, True)


def is_list(type_: pa.DataType) -> bool:
    """Whether cells of a type are lists, of whatever kind."""
    kinds = ("is_list", "is_large_list", "is_fixed_size_list", "is_list_view", "is_large_list_view")
    return any(getattr(pa.types, kind)(type_) for kind in kinds)


@dataclass(frozen=True, eq=False)
class Lists:
    """A column of lists: row i holds the elements from ``starts[i]`` to ``stops[i]`` of `flat`."""

    flat: pa.ChunkedArray
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


def lists_at(column: pa.ChunkedArray, path: Sequence[str]) -> Lists:
    """The lists of a table's column, or of what lies at a path of names inside it; a null list is an empty one."""
    flats: list[pa.Array] = []
    starts: list[NDArray[np.int64]] = []
    stops: list[NDArray[np.int64]] = []
    place = 0
    for chunk in column.chunks:
        array, inwards = chunk, list(path)
        while pa.types.is_struct(array.type):
            array = pc.struct_field(array, [array.type.get_field_index(inwards.pop(0))])
        first, length, values = _split(array)
        filled = length > 0
        low = int(first[filled].min()) if filled.any() else 0
        values = values.slice(low, int((first + length)[filled].max()) - low if filled.any() else 0)
        for name in inwards:
            values = pc.struct_field(values, [values.type.get_field_index(name)])
        starts.append(np.where(filled, first - low, 0) + place)
        stops.append(starts[-1] + length)
        flats.append(values)
        place += len(values)
    if not flats:
        return Lists(pa.chunked_array([], pa.null()), np.empty(0, np.int64), np.empty(0, np.int64))
    return Lists(pa.chunked_array(flats), np.concatenate(starts), np.concatenate(stops))


def _split(array: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64], pa.Array]:
    """First element and length of each row's list, and the elements."""
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        first = size * (np.arange(len(array), dtype=np.int64) + array.offset)
        length = np.full(len(array), size, dtype=np.int64)
    elif pa.types.is_list_view(array.type) or pa.types.is_large_list_view(array.type):
        first = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
        length = array.sizes.to_numpy(zero_copy_only=False).astype(np.int64)
    else:
        offsets = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
        first, length = offsets[:-1], np.diff(offsets)
    if array.null_count:
        length = np.where(array.is_valid().to_numpy(zero_copy_only=False), length, 0)
    return first, length, array.values


def as_numbers(values: pa.ChunkedArray) -> FloatArray:
    """Elements of any type as floats: NaN for nulls and for text that is no number, Julian dates for dates."""
    pieces = [_numbers(piece) for piece in values.chunks]
    return np.concatenate(pieces) if pieces else np.empty(0)


def _numbers(values: pa.Array) -> FloatArray:
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    type_ = values.type
    if pa.types.is_null(type_):
        return np.full(len(values), np.nan)
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        instants = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        return _numbers(instants) / 86400e6 + UNIX_EPOCH
    if _is_text(type_):
        return numbers([cell or "" for cell in values.cast(pa.string()).to_pylist()])
    if pa.types.is_boolean(type_) or pa.types.is_decimal(type_):
        values = values.cast(pa.float64())
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        return np.full(len(values), np.nan)
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def as_text(values: pa.ChunkedArray) -> NDArray[np.str_]:
    """Elements of any type as text, "" for nulls."""
    pieces = [_text(piece) for piece in values.chunks]
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=str)


def _text(values: pa.Array) -> NDArray[np.str_]:
    """By way of the distinct values: bands are few, and rows many."""
    if pa.types.is_null(values.type):
        return np.full(len(values), "")
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    distinct = np.array([*("" if cell is None else _word(cell) for cell in coded.dictionary.to_pylist()), ""])
    indices = coded.indices.fill_null(len(distinct) - 1) if coded.null_count else coded.indices
    words: NDArray[np.str_] = distinct[indices.to_numpy(zero_copy_only=False)]
    return words


def _word(cell: object) -> str:
    return (cell.decode("utf-8", errors="replace") if isinstance(cell, bytes) else str(cell)).strip()


def _is_text(type_: pa.DataType) -> bool:
    kinds = ("is_string", "is_large_string", "is_string_view", "is_binary", "is_large_binary")
    return any(getattr(pa.types, kind)(type_) for kind in kinds)
