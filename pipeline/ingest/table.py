"""A flat table as every container gives it: columns of cells with name, unit and description, and header words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray, FloatArray

#: What a cell may look like to be a number: a limit has ``<`` or ``>`` before it, a doubtful one ``:`` behind.
_NUMBER = r"^[<>]?=?\s*[-+]?((\d+\.?\d*|\.\d+)([eEdD][-+]?\d+)?|(?i:inf(inity)?)):?$"

#: Whole numbers from here on, as stars' names are, have no place of their own among floating ones: beside a missing one
#: they become words.
EXACT = 2**53

#: Cells of a column's beginning, by which it is seen whether words repeat.
_BEGINNING = 1024

#: No light curve has more columns than this.
MAX_COLUMNS = 5000


@dataclass(frozen=True, eq=False)
class Column:
    """One column.

    Attributes
    ----------
    name : as the source spells it; "" where it gives none.
    cells : (n,) numbers, booleans or text; text as Arrow strings.
    unit, description : as the source states them.
    """

    name: str
    cells: NDArray[Any] | pa.Array
    unit: str = ""
    description: str = ""

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def is_text(self) -> bool:
        """Whether the cells are words (they may still read as numbers)."""
        return isinstance(self.cells, pa.Array)

    @cached_property
    def numbers(self) -> FloatArray:
        """(n,) the cells as numbers; NaN where a cell is none. A limit (``>17.3``) is its number."""
        if not isinstance(self.cells, pa.Array):
            return np.asarray(self.cells, dtype=np.float64)
        return _numbers_of_text(self.cells)

    @cached_property
    def limits(self) -> BoolArray:
        """(n,) True where the cell is a limit, ``<14.5`` or ``>17.3``."""
        if not isinstance(self.cells, pa.Array):
            return np.zeros(len(self), dtype=bool)
        found = pc.match_substring_regex(self.cells, r"^\s*[<>]")
        return _booleans(found)

    @cached_property
    def words(self) -> NDArray[np.object_]:
        """(n,) the cells as stripped text; "" for an empty one. Whole numbers have no decimals."""
        if isinstance(self.cells, pa.Array):
            trimmed = pc.fill_null(pc.utf8_trim_whitespace(self.cells), "")
            return np.asarray(trimmed.to_numpy(zero_copy_only=False), dtype=object)
        cells = self.cells
        if cells.dtype.kind == "f":
            whole = np.isfinite(cells) & (cells == np.round(cells)) & (np.abs(cells) < 2**53)
            return np.array([_word(cell, bool(w)) for cell, w in zip(cells, whole, strict=True)], dtype=object)
        return np.array([str(cell) for cell in cells.tolist()], dtype=object)

    @cached_property
    def finite(self) -> BoolArray:
        """(n,) True where the cell is a finite number."""
        return np.isfinite(self.numbers)

    def take(self, rows: NDArray[Any]) -> Column:
        """Some of the rows, by index or by truth."""
        if isinstance(self.cells, pa.Array):
            index = np.flatnonzero(rows) if rows.dtype == bool else rows
            return replace(self, cells=self.cells.take(pa.array(index)))
        return replace(self, cells=self.cells[rows])


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length; those that are not wanted may be empty.

    Attributes
    ----------
    columns : in the order of the source.
    named : whether the source names its columns.
    header : words that the source states beside its columns (``DATE = JD``), keys in lower case.
    """

    columns: tuple[Column, ...]
    named: bool = True
    header: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return max(map(len, self.columns), default=0)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)

    @property
    def shown(self) -> str:
        """The columns in words, for messages: number, name, and an example where there is no name."""
        shown = [
            f"{i + 1} {column.name!r}" if column.name else f"{i + 1} ({_example(column)})"
            for i, column in enumerate(self.columns[:12])
        ]
        return ", ".join(shown) + (", ..." if len(self.columns) > 12 else "")

    def take(self, rows: NDArray[Any]) -> Table:
        """Some of the rows, by index or by truth."""
        return replace(self, columns=tuple(column.take(rows) for column in self.columns))


def column_of(name: str, cells: Any, unit: str = "", description: str = "") -> Column:
    """Make a column of an Arrow or NumPy array of any plain type, or of a list of words."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks() if cells.num_chunks != 1 else cells.chunk(0)
        if isinstance(cells, pa.ChunkedArray):
            cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)
    if isinstance(cells, pa.Array):
        return Column(name, _plain_arrow(cells), unit, description)
    array = np.ma.asarray(cells) if np.ma.isMaskedArray(cells) else np.asarray(cells)
    if array.dtype.kind == "M":
        return Column(name, _plain_arrow(pa.array(np.ma.getdata(array).astype("datetime64[us]"))), unit, description)
    if array.dtype.kind == "b":
        plain = array.astype(np.float64) if np.ma.isMaskedArray(array) else array
    elif array.dtype.kind in "SUO":
        texts = [_decoded(cell) for cell in array.tolist()]
        return Column(name, pa.array(texts, pa.string()), unit, description)
    elif array.dtype.kind in "iu" and not (np.ma.isMaskedArray(array) and np.ma.getmaskarray(array).any()):
        plain = np.asarray(array, dtype=np.int64 if array.dtype.kind == "i" else np.uint64)
    elif array.dtype.kind in "iu" and np.abs(array.astype(np.float64)).max() >= EXACT:
        words = pa.array(np.ma.getdata(array), mask=np.ma.getmaskarray(array)).cast(pa.string())
        return Column(name, words, unit, description)
    else:
        plain = array.astype(np.float64)
    if np.ma.isMaskedArray(plain):
        plain = np.ma.filled(plain, np.nan) if plain.dtype.kind == "f" else np.ma.getdata(plain)
    return Column(name, np.asarray(plain), unit, description)


def _plain_arrow(cells: pa.Array) -> NDArray[Any] | pa.Array:
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return _plain_arrow(cells.dictionary_decode())
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        # pandas has nanoseconds
        return pc.cast(pc.cast(cells, pa.timestamp("us"), safe=False), pa.string())
    if pa.types.is_boolean(kind):
        return cells.cast(pa.int8()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    if pa.types.is_integer(kind) and cells.null_count == 0:
        return cells.to_numpy(zero_copy_only=False)
    if pa.types.is_integer(kind) and max(abs(end or 0) for end in pc.min_max(cells).as_py().values()) >= EXACT:
        return cells.cast(pa.string())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if pa.types.is_null(kind):
        return np.full(len(cells), np.nan)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return cells.cast(pa.string())
    return cells.cast(pa.string())


def _decoded(cell: Any) -> str | None:
    if cell is None:
        return None
    return cell.decode("utf-8", errors="replace") if isinstance(cell, bytes) else str(cell)


def _word(cell: float, whole: bool) -> str:
    return str(int(cell)) if whole else "" if np.isnan(cell) else str(cell)


def _example(column: Column) -> str:
    words = [str(word) for word in column.take(np.arange(min(2, len(column)))).words]
    return " ".join(word[:24] for word in words)


def _booleans(found: pa.Array) -> BoolArray:
    filled: BoolArray = pc.fill_null(found, False).to_numpy(zero_copy_only=False)
    return filled


def _numbers_of_text(cells: pa.Array) -> FloatArray:
    beginning = cells[:_BEGINNING]
    if 2 * len(beginning.unique()) < len(beginning):
        # a star's name or a band stands in row after row
        coded = cells.dictionary_encode()
        numbers = np.append(_numbers_of_words(coded.dictionary), np.nan)
        found: FloatArray = numbers[pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy(zero_copy_only=False)]
        return found
    return _numbers_of_words(cells)


def _numbers_of_words(cells: pa.Array) -> FloatArray:
    trimmed = pc.utf8_trim_whitespace(cells)
    try:
        return np.asarray(pc.fill_null(trimmed.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        number = pc.match_substring_regex(trimmed, _NUMBER)
        bare = pc.utf8_trim(pc.replace_substring_regex(trimmed, r"[dD]", "e"), "<>=: ")
        kept = pc.if_else(pc.fill_null(number, False), bare, pa.scalar(None, pa.string()))
        return np.asarray(pc.fill_null(kept.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False))


def table_of(names: Sequence[str], cells: Sequence[Any], units: Sequence[str] = (), **stated: Any) -> Table:
    """Make a table of names and columns; `stated` are further attributes of `Table`."""
    whole = list(units) if len(units) == len(names) else [""] * len(names)
    return Table(tuple(column_of(n, c, u) for n, c, u in zip(names, cells, whole, strict=True)), **stated)
