"""Columns of lists, in any of the ways in which Arrow and Parquet write them, as one array each.

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
