"""Binary tables in FITS files, read as one NumPy record array instead of an object a column.

Header cards are read here, too: a mission's light curve has some 300 of them, and astropy takes longer over them than
over the data. Standard: FITS 4.0 (NASA/IAU 2018), sections 4 (headers) and 7.3 (binary tables).
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.bytes import open_unpacked
from swope.pipeline.ingest.parts import UnusableError

BLOCK = 2880
CARD = 80

#: A header has at most this many blocks (3 MB): a longer one is damaged, and looking for its end would take for ever.
MAX_HEADER_BLOCKS = 1000

#: Parts of a file that are looked at.
MAX_PARTS = 1000

#: Columns of a table at most, by the standard (7.3.1).
MAX_COLUMNS = 999

#: Bytes that a packed file may have once unpacked.
MAX_UNPACKED = 2**29

#: FITS letters of types, and NumPy's type of one element. X and A are counted otherwise; P and Q point into the heap.
_TYPES = {"L": "S1", "X": "u1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "A": "S", "E": ">f4", "D": ">f8"}
_TYPES |= {"C": ">c8", "M": ">c16", "P": ">i4", "Q": ">i8"}

#: Zeros by which unsigned (and signed) integers are stored in a type of the other sign (table 19 of the standard).
_UNSIGNED = {"B": -(2**7), "I": 2**15, "J": 2**31, "K": 2**63}


_QUOTED = re.compile(r"'((?:[^']|'')*)'?")
_WHOLE = re.compile(r"[+-]?\d{1,30}$")
_FORM = re.compile(r"(\d{0,9})([LXBIJKAEDCMPQ])([LXBIJKAEDCM]?)")


class DamagedError(ValueError):
    """A FITS file is cut short, or contradicts itself."""


class Header:
    """The cards of a header by keyword; of a keyword that stands twice, the first. Values are read when asked for."""

    def __init__(self, cards: dict[str, str]) -> None:
        self._cards = cards

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._cards

    def get(self, keyword: str, default: Any = None) -> Any:
        """A keyword's value as str, bool, int or float; the default where it is absent or has no value."""
        card = self._cards.get(keyword)
        value = None if card is None else _value(card)
        return default if value is None else value

    def text(self, keyword: str) -> str:
        """A keyword's value as text without blanks around it; "" where there is none."""
        value = self.get(keyword)
        return "" if value is None else str(value).strip()

    def count(self, keyword: str, default: int = 0) -> int:
        """A keyword's value as a size.

        Raises
        ------
        DamagedError
            When it is no whole number, or negative.
        """
        value = self.get(keyword, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise DamagedError(f"{keyword} = {str(value)[:40]}")
        return value


def _value(card: str) -> Any:
    text = card.lstrip()
    if text.startswith("'"):
        quoted = _QUOTED.match(text)
        return quoted[1].replace("''", "'").rstrip() if quoted else None
    word = text.partition("/")[0].strip()
    if word in ("T", "F"):
        return word == "T"
    if _WHOLE.match(word):
        return int(word)
    try:
        return float(word.upper().replace("D", "E"))
    except ValueError:
        return word or None


@dataclass(frozen=True)
class FitsColumn:
    """One column of a binary table.

    Attributes
    ----------
    name : as the file spells it.
    code : the letter of its type.
    count : elements a cell (characters for A, bits for X).
    unit : "" where none is stated.
    scale, zero : a stored number x means ``scale * x + zero``.
    null : the stored integer that means "no value", or None.
    element : letter of the elements of a list in the heap (P, Q); "" otherwise.
    """

    name: str
    code: str
    count: int
    unit: str = ""
    scale: float = 1.0
    zero: float = 0.0
    null: int | None = None
    element: str = ""

    @property
    def is_list(self) -> bool:
        """Whether its cells are lists of numbers, of one length or of several."""
        return (bool(self.element) and self.element in "BIJKED") or (self.code in "BIJKED" and self.count > 1)

    @property
    def dtype(self) -> tuple[str, tuple[int, ...]]:
        """NumPy's type of a cell's elements, and the cell's shape."""
        if self.code == "A":
            return f"S{self.count}", ()
        if self.code == "X":
            return "u1", (math.ceil(self.count / 8),)
        width = 2 if self.element else self.count
        return _TYPES[self.code], () if width == 1 else (width,)


@dataclass(frozen=True)
class FitsTable:
    """A binary table's header, columns, and place in a file: first byte, bytes a row, rows, first byte of the heap."""

    header: Header
    columns: tuple[FitsColumn, ...]
    start: int
    row_bytes: int
    n_rows: int
    heap: int

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, as the file spells them."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> FitsColumn:
        """The first column of this name."""
        return self.columns[self.names.index(name)]


@dataclass(frozen=True)
class FitsFile:
    """An open FITS file: primary header, binary tables, number of tables of text, and the bytes behind them."""

    primary: Header
    tables: tuple[FitsTable, ...]
    text_tables: int
    _bytes: BinaryIO
    _size: int

    def rows(self, table: FitsTable, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """The rows from `start` to `stop` of a table as stored: a record array, its fields named "0", "1", ...

        Raises
        ------
        DamagedError
            When the file ends before them, or the columns do not fill the rows.
        """
        record = np.dtype([(str(i), *column.dtype) for i, column in enumerate(table.columns)])
        if record.itemsize != table.row_bytes:
            raise DamagedError(f"rows of {table.row_bytes} bytes, columns of {record.itemsize}")
        stop = table.n_rows if stop is None else min(stop, table.n_rows)
        first, length = table.start + start * table.row_bytes, max(stop - start, 0) * table.row_bytes
        if first + length > self._size:
            whole = max(self._size - table.start, 0) // max(table.row_bytes, 1)
            raise DamagedError(f"cut short: the table has {table.n_rows} rows, the file ends after {whole}")
        self._bytes.seek(first)
        return np.frombuffer(self._bytes.read(length), record)

    def lists(self, table: FitsTable, rows: NDArray[Any], name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The lists of a column in one array, and where each begins and ends in it: (rows + 1,) offsets.

        Raises
        ------
        DamagedError
            When a list lies outside the file.
        """
        column = table.column(name)
        stored = rows[str(table.names.index(name))]
        if not column.element:
            flat = stored.reshape(len(rows), column.count)
            return _meant(column, column.code, flat.ravel()), np.arange(len(rows) + 1, dtype=np.int64) * column.count
        counts, places = stored[:, 0].astype(np.int64), stored[:, 1].astype(np.int64) + table.heap
        width = np.dtype(_TYPES[column.element]).itemsize
        if np.any((counts < 0) | (places < table.heap) | (places + counts * width > self._size)):
            raise DamagedError(f"a list of {name} lies outside the file")
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        if offsets[-1] * width > self._size:
            raise DamagedError(f"the lists of {name} overlap")
        pieces: list[bytes] = []
        for place, count in zip(places.tolist(), counts.tolist(), strict=True):
            self._bytes.seek(place)
            pieces.append(self._bytes.read(count * width))
        flat = np.frombuffer(b"".join(pieces), _TYPES[column.element])
        return _meant(column, column.element, flat), offsets


def cells(table: FitsTable, rows: NDArray[Any], name: str) -> NDArray[Any]:
    """One column of some rows as what the file means by it.

    Returns
    -------
    (rows,) text, booleans, whole numbers, or floats with NaN for "no value"; (rows, ...) where a cell holds several.
    Bits (type X) come as the number whose first bit they write first.
    """
    column = table.column(name)
    return _meant(column, column.code, rows[str(table.names.index(name))])


def _meant(column: FitsColumn, code: str, stored: NDArray[Any]) -> NDArray[Any]:
    if code == "A":
        return np.char.strip(np.char.decode(stored, "latin-1"))
    if code == "L":
        true: NDArray[np.bool_] = np.equal(stored, b"T")
        return true
    if code == "X":
        bits = np.unpackbits(stored.reshape(len(stored), -1), axis=1)[:, : min(column.count, 62)]
        flags: NDArray[np.int64] = bits.astype(np.int64) @ (1 << np.arange(bits.shape[1], dtype=np.int64))
        return flags
    with np.errstate(invalid="ignore"):  # signalling NaN, which a damaged file may hold, would be heard of for ever
        native: NDArray[Any] = stored.astype(stored.dtype.newbyteorder("="))
        if code in "CM":
            return native
        if code in "ED":
            native[np.isnan(native)] = np.nan
    gone = None if column.null is None or code not in "BIJK" else native == column.null
    if code in "BIJK" and column.scale == 1 and column.zero == int(column.zero):
        if column.zero == _UNSIGNED.get(code):
            native = _unsigned(code, native)
        elif column.zero:
            native = native.astype(np.float64) + column.zero
    elif column.scale != 1 or column.zero:
        native = native.astype(np.float64) * column.scale + column.zero
    if gone is not None and gone.any():
        native = np.where(gone, np.nan, native.astype(np.float64))
    return native


def _unsigned(code: str, stored: NDArray[Any]) -> NDArray[Any]:
    if code == "K":
        return stored.view(np.uint64) ^ np.uint64(2**63)
    wide: NDArray[Any] = stored.astype(np.int64) + _UNSIGNED[code]
    return wide


@contextmanager
def open_fits(path: str) -> Iterator[FitsFile]:
    """Open a FITS file, packed or not; no data are read before they are asked for.

    Raises
    ------
    DamagedError
        When a header is damaged.
    UnusableError
        When a packed file grows beyond `MAX_UNPACKED`.
    """
    with open_unpacked(path) as raw:
        file: BinaryIO = raw
        if isinstance(raw, io.BufferedReader) and isinstance(raw.raw, io.FileIO):
            size = os.fstat(raw.fileno()).st_size
        else:
            data = raw.read(MAX_UNPACKED + 1)
            if len(data) > MAX_UNPACKED:
                raise UnusableError(f"unpacks to more than {MAX_UNPACKED // 2**20} MB; unpack it before reading")
            file, size = io.BytesIO(data), len(data)
        primary: Header | None = None
        tables: list[FitsTable] = []
        text_tables = 0
        for header, start in _headers(file, size):
            primary = primary or header
            if header.text("XTENSION") in ("BINTABLE", "A3DTABLE"):
                tables.append(_table(header, start))
            text_tables += header.text("XTENSION") == "TABLE"
        if primary is None:
            raise DamagedError("no header")
        yield FitsFile(primary, tuple(tables), text_tables, file, size)


def _headers(file: BinaryIO, size: int) -> Iterator[tuple[Header, int]]:
    """Each header of a file, and the byte at which its data begin."""
    place = 0
    for part in range(MAX_PARTS):
        file.seek(place)
        if place >= size or (part and not _begins_part(file)):
            return
        header, length = _header(file)
        place += length
        yield header, place
        place += -(-_data_bytes(header) // BLOCK) * BLOCK


def _begins_part(file: BinaryIO) -> bool:
    """Whether another part follows; what else may follow the last one is no concern of ours."""
    place = file.tell()
    begins = file.read(8) == b"XTENSION"
    file.seek(place)
    return begins


def _header(file: BinaryIO) -> tuple[Header, int]:
    blocks: list[str] = []
    for _ in range(MAX_HEADER_BLOCKS):
        text = file.read(BLOCK).decode("latin-1")
        if len(text) < BLOCK:
            raise DamagedError("it ends within a header")
        blocks.append(text)
        end = _end(text)
        if end >= 0:
            text = "".join(blocks)[: (len(blocks) - 1) * BLOCK + end]
            # from the last card to the first, so that of a keyword that stands twice the first stays
            places = range(len(text) - CARD, -1, -CARD)
            cards = {text[at : at + 8].rstrip(): text[at + 10 : at + CARD] for at in places if text[at + 8] == "="}
            return Header(cards), len(blocks) * BLOCK
    raise DamagedError(f"a header has no end within {MAX_HEADER_BLOCKS} blocks")


def _end(block: str) -> int:
    """Where a block's END card stands, or -1."""
    at = block.find("END ")
    while at >= 0 and (at % CARD or block[at + 3 : at + CARD].strip()):
        at = block.find("END ", at + 1)
    return at


def _data_bytes(header: Header) -> int:
    axes = [header.count(f"NAXIS{i + 1}") for i in range(min(header.count("NAXIS"), MAX_COLUMNS))]
    if not axes:
        return 0
    if axes[0] == 0 and header.get("GROUPS") is True:
        axes = axes[1:]
    return (
        abs(int(header.get("BITPIX", 8))) // 8 * header.count("GCOUNT", 1) * (header.count("PCOUNT") + math.prod(axes))
    )


def _table(header: Header, start: int) -> FitsTable:
    row_bytes, n_rows = header.count("NAXIS1"), header.count("NAXIS2")
    fields = header.count("TFIELDS")
    if fields > MAX_COLUMNS:
        raise DamagedError(f"{fields} columns; the standard allows {MAX_COLUMNS}")
    columns = tuple(_column(header, i + 1) for i in range(fields))
    return FitsTable(header, columns, start, row_bytes, n_rows, start + header.count("THEAP", row_bytes * n_rows))


def _column(header: Header, i: int) -> FitsColumn:
    form = _FORM.match(header.text(f"TFORM{i}"))
    if form is None:
        raise DamagedError(f"TFORM{i} = {header.text(f'TFORM{i}')[:40]!r}")
    scale, zero, null = header.get(f"TSCAL{i}", 1.0), header.get(f"TZERO{i}", 0.0), header.get(f"TNULL{i}")
    if not all(isinstance(number, (int, float)) and math.isfinite(number) for number in (scale, zero)):
        raise DamagedError(f"TSCAL{i}, TZERO{i} = {scale!r}, {zero!r}")
    listed = form[2] in "PQ"
    return FitsColumn(
        name=header.text(f"TTYPE{i}") or f"column {i}",
        code=form[2],
        count=min(int(form[1]), 1) if listed and form[1] else int(form[1] or 1),
        unit=header.text(f"TUNIT{i}"),
        scale=float(scale),
        zero=float(zero),
        null=null if isinstance(null, int) else None,
        element=form[3] if listed else "",
    )
