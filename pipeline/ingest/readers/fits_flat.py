"""FITS tables that no mission's reader knows: a row an observation, of one star or of many, or a row a star."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from swope.pipeline.ingest.bytes import open_unpacked, plain_size
from swope.pipeline.ingest.fits_table import DamagedError, FitsFile, FitsTable, cells, open_fits
from swope.pipeline.ingest.flat import read_files, readings_of
from swope.pipeline.ingest.long import read_staged, stage_flat
from swope.pipeline.ingest.nested import nested_parts
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, parts_of_groups
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.table import Column, Table, column_of
from swope.pipeline.ingest.time_names import UNITS
from swope.pipeline.lightcurve import LightCurve

#: A file of at most this many bytes is read whole; of a larger one so many at a time.
WHOLE_BYTES = 32 * 2**20
BLOCK_BYTES = 8 * 2**20

#: Header cards that are kept as words.
_CARDS = ("OBJECT", "FILTER", "RA", "DEC", "RA_OBJ", "DEC_OBJ", "TIMESYS", "TIMEREF", "TELESCOP")


def _recognises(_: Path, head: bytes) -> bool:
    return head[:9] == b"SIMPLE  ="


def _tables(path: str) -> Iterator[Table]:
    found = 0
    with open_fits(path) as file:
        for table in file.tables:
            if table.n_rows:
                found += 1
                yield _table(file, table)
        if not found and not file.text_tables:
            raise UnusableError("no table with rows: an image, or a file without data")
    if not found:
        yield from _text_tables(path)


def _blocks(path: str, _: frozenset[int] | None) -> Iterator[Table]:
    """The rows of a large file's table, some at a time.

    Raises
    ------
    UnusableError
        When the file has several large tables.
    """
    with open_fits(path) as file:
        largest = max(table.n_rows * table.row_bytes for table in file.tables)
        large = [table for table in file.tables if 10 * table.n_rows * table.row_bytes > largest]
        if len(large) > 1:
            raise UnusableError(f"{len(large)} large tables in one file: write each to a file of its own")
        step = max(1, BLOCK_BYTES // max(large[0].row_bytes, 1))
        for start in range(0, large[0].n_rows, step):
            yield _table(file, large[0], start, start + step)


def _table(file: FitsFile, table: FitsTable, start: int = 0, stop: int | None = None) -> Table:
    """Rows of a binary table; one with lists in its cells, a row a star, becomes one row an observation."""
    rows = file.rows(table, start, stop)
    stated = {"extname": table.header.text("EXTNAME")}
    stated |= {card.lower(): table.header.text(card) or file.primary.text(card) for card in _CARDS}
    header = {card: word for card, word in stated.items() if word}
    if zero := _zero(file, table):
        header["clock"] = f"JD-{zero:.10g} {header.get('timesys', '')}".rstrip().lower()
    scale = header.get("timesys", "").lower()
    lists = [i for i, column in enumerate(table.columns) if column.is_list and not _two_parts(table, i)]
    lengths = np.ones(len(rows), dtype=np.int64)
    flat = {i: file.lists(table, rows, table.names[i]) for i in lists} if len(lists) > 1 else {}
    for i, (_, offsets) in flat.items():
        if i != lists[0] and np.any(np.diff(offsets) != lengths):
            raise UnusableError(f"lists differ in length: {table.names[lists[0]]} and {table.names[i]}")
        lengths = np.diff(offsets)
    columns: list[Column] = []
    for i, column in enumerate(table.columns):
        name, unit, comment = column.name, column.unit, table.header.text(f"TCOMM{i + 1}")
        if not unit and name.upper() == "TIME":
            unit = table.header.text("TIMEUNIT")
        if i in flat:
            columns.append(column_of(name, flat[i][0], unit, comment))
            continue
        if _two_parts(table, i):
            # a day and its fraction, side by side, as astropy writes its times
            own = table.header.text(f"TCTYP{i + 1}").lower() or scale
            days = cells(table, rows, name).sum(axis=1) + float(table.header.get("JDREF", 0.0))
            columns.append(column_of(f"jd_{own}" if own else name, np.repeat(days, lengths), "d", comment))
            continue
        plain = cells(table, rows, name)
        if plain.ndim == 1 and plain.dtype.kind in "biufU":
            columns.append(column_of(name, np.repeat(plain, lengths), unit, comment))
    return Table(tuple(columns), True, header)


def _zero(file: FitsFile, table: FitsTable) -> float:
    """The Julian date from which a table's times count, where its headers state one (FITS 4.0, 9.2.2); else 0."""

    def number(key: str) -> float:
        said = table.header.get(key, file.primary.get(key))
        return float(said) if isinstance(said, int | float) and not isinstance(said, bool) else 0.0

    modified = number("MJDREF") or number("MJDREFI") + number("MJDREFF")
    zero = number("JDREF") or number("JDREFI") + number("JDREFF") or (2400000.5 + modified if modified else 0.0)
    return zero + number("TIMEZERO") * UNITS.get(table.header.text("TIMEUNIT").lower(), 1.0) if zero else 0.0


def _two_parts(table: FitsTable, i: int) -> bool:
    return table.columns[i].code == "D" and table.columns[i].count == 2


def _text_tables(path: str) -> Iterator[Table]:
    """Tables whose rows are text, which few write: by astropy."""
    from astropy.io import fits
    from astropy.table import Table as Read

    tables: list[Table] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with open_unpacked(path) as raw, fits.open(raw, memmap=False) as file:
                text = [hdu for hdu in file if isinstance(hdu, fits.TableHDU) and hdu.data is not None]
                tables = [_of_astropy(Read.read(hdu)) for hdu in text if len(hdu.data)]
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise DamagedError(f"its table of text: {error}") from error
    if not tables:
        raise UnusableError("no table with rows")
    yield from tables


def _of_astropy(table: Any) -> Table:
    header = {str(key).lower(): str(value) for key, value in table.meta.items() if isinstance(value, str | int | float)}
    columns = [
        column_of(name, np.ma.asarray(table[name]), str(table[name].unit or ""))
        for name in table.colnames
        if np.ndim(table[name]) == 1
    ]
    return Table(tuple(columns), True, header)


def _plan(files: Sequence[InputFile], options: IngestOptions, scratch: Path) -> tuple[list[Part], list[Refused]]:
    """Large files by way of the disk, others whole."""
    large = [file for file in files if plain_size(file.path, file.size) > WHOLE_BYTES]
    whole = parts_of_groups(READER.name, [[file] for file in files if file not in large], options)

    def make(file: InputFile) -> tuple[str, list[Refused]]:
        return stage_flat(file, partial(_blocks, file.path), options, scratch)

    staged, refused = nested_parts(READER.name, large, make, options)
    return [*whole, *staged], refused


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    return read_files(part, options, _tables) if part.stop < 0 else read_staged(part, options)


def _readings(path: str, options: IngestOptions) -> Iterator[Reading]:
    """By the first rows of a large file."""
    large = plain_size(path, Path(path).stat().st_size) > WHOLE_BYTES
    return readings_of(islice(_blocks(path, None), 1) if large else _tables(path), options)


READER = Reader(
    name="fits_flat",
    rank=9,
    describes="a FITS table, a row an observation or a row a star",
    recognises=_recognises,
    plan=_plan,
    read=_read,
    readings=_readings,
)
