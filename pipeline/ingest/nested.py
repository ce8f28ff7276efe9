"""Tables with a row a star and lists in its cells: the common shape into which longer formats are brought first."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.ingest.columns import merged
from swope.pipeline.ingest.grouping import rows_of_table
from swope.pipeline.ingest.guard import guarded, refusal
from swope.pipeline.ingest.lists import Field, Lists, as_numbers, as_text, lists_at
from swope.pipeline.ingest.nested_roles import NestedRoles, Series, nested_roles
from swope.pipeline.ingest.parts import PART_BYTES, IngestOptions, InputFile, Part, Refused, UnusableError, part_of
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import Clock, FloatArray, Kind, LightCurve, Mask

#: Schema metadata of a table whose stars share a clock.
CLOCK_KEY = b"swope.clock"

#: Schema metadata of a staged table: the refusals that were found while it was made.
REFUSED_KEY = b"swope.refused"

#: Row groups of more chunks than this are written anew in smaller ones, since a part reads whole row groups.
MAX_GROUP_CHUNKS = 4


def table_parts(reader: str, file: InputFile, path: str, options: IngestOptions) -> list[Part]:
    """Divide a table by rows into parts of at most `chunk_size` stars and about `PART_BYTES` of plain columns.

    Parameters
    ----------
    file : what the user named; its name and digest go into the parts.
    path : the Parquet table to open: the same file, or one staged from it.
    """
    with pq.ParquetFile(path) as table:
        rows = table.metadata.num_rows
        size = sum(table.metadata.row_group(i).total_byte_size for i in range(table.num_row_groups))
    step = max(1, min(options.chunk_size, PART_BYTES * rows // max(size, 1)))
    try:
        told = rows_of_table(path, options.chunk_size)
    except (pa.ArrowException, OSError):
        # a page is damaged: the stars of the others can be read
        here = InputFile(path, file.source, file.size, file.digest)
        return [part_of(reader, [here], start, min(start + step, rows)) for start in range(0, rows, step)]
    return [
        Part(reader, (path,), (file.source,), _named(file.source, told.digest(*range_)), *range_)
        for range_ in told.ranges(step)
    ]


def _named(source: str, digest: str) -> str:
    return hashlib.sha256(f"{source}\0{digest}".encode()).hexdigest()


def read_rows(path: str, start: int, stop: int, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows from `start` to `stop` of a Parquet table, reading no row group outside them."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        first = 0
        groups: list[int] = []
        skip = 0
        for i in range(file.num_row_groups):
            rows = file.metadata.row_group(i).num_rows
            if first < stop and first + rows > start:
                if not groups:
                    skip = start - first
                groups.append(i)
            first += rows
        columns = None if columns is None else list(columns)
        # group by group: read at once, a column of lists of dictionaries comes in pieces that Arrow cannot join
        read = [file.read_row_group(group, columns=columns) for group in groups]
        return pa.concat_tables(read).slice(skip, stop - start)


def staged(
    file: InputFile,
    scratch: Path,
    options: IngestOptions,
    write: Callable[[Path], list[Refused]],
) -> tuple[str, list[Refused]]:
    """Make a table from a file once: the next time, with the same bytes and options, it is there.

    Parameters
    ----------
    write : writes the table to a path it is given, and tells what it had to refuse.

    Returns
    -------
    Path of the table, and the refusals of the making.
    """
    key = hashlib.sha256(f"1 {file.source} {file.digest} {options.chunk_size} {options.kind}".encode()).hexdigest()
    folder = scratch / "staged"
    folder.mkdir(parents=True, exist_ok=True)
    table, notes = folder / f"{key[:32]}.parquet", folder / f"{key[:32]}.json"
    if not notes.exists():
        unfinished = folder / f"{key[:32]}.{os.getpid()}.unfinished"
        try:
            refused = write(unfinished)
            os.replace(unfinished, table)
        finally:
            unfinished.unlink(missing_ok=True)
        written = unfinished.with_suffix(".notes")
        written.write_text(json.dumps([vars(r) for r in refused]))
        os.replace(written, notes)
    return str(table), [Refused(**plain) for plain in json.loads(notes.read_text())]


def regrouped(file: InputFile, scratch: Path, options: IngestOptions) -> str:
    """Path of a table of the same rows in row groups that fit the chunks: the file itself, where its groups do."""
    with pq.ParquetFile(file.path) as table:
        largest = max((table.metadata.row_group(i).num_rows for i in range(table.num_row_groups)), default=0)
    if largest <= MAX_GROUP_CHUNKS * options.chunk_size:
        return file.path

    def write(path: Path) -> list[Refused]:
        # mapped, since otherwise the whole group is held in memory, however small the batches
        with (
            pq.ParquetFile(file.path, memory_map=True) as table,
            pq.ParquetWriter(path, table.schema_arrow) as writer,
        ):
            for group in range(table.num_row_groups):  # a batch over two of them may not be had, as in `read_rows`
                for batch in table.iter_batches(options.chunk_size, row_groups=[group], use_threads=False):
                    writer.write_batch(batch)
        return []

    return staged(file, scratch, options, write)[0]


def read_nested(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    """Read a part of a nested Parquet table, a star a row."""
    path, source = part.paths[0], part.sources[0]
    schema = pq.read_schema(path)
    role = nested_roles(schema, options.kind)
    table = read_rows(path, part.start, part.stop, role.columns)
    shared = (schema.metadata or {}).get(CLOCK_KEY)
    rows = _Rows(table)
    ids = rows.plain(role.object_id)
    for i in range(table.num_rows):
        object_id = "" if ids[i] is None else _name(ids[i])
        if not object_id:
            no = f"row {part.start + i + 1}"
            yield Refused(no, source, f"{no} has no {role.object_id}")
            continue
        yield guarded(object_id, source, partial(_star, object_id, source, role, rows, i, shared, options))


def _name(cell: Any) -> str:
    """A star's name; a whole number that pandas made a float of, for the sake of a gap elsewhere, is whole again."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


class _Rows:
    """The columns of some rows of a table, each brought into NumPy once, when first asked for."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._plain: dict[Field, list[Any]] = {}
        self._lists: dict[Field, tuple[Lists, NDArray[Any]]] = {}

    def plain(self, field: Field | None) -> list[Any]:
        """Cells of a plain column; None for every row where there is no column."""
        if field is None:
            return [None] * self._table.num_rows
        if field not in self._plain:
            column = self._table[field.path[0]]
            for name in field.path[1:]:
                column = pc.struct_field(column, name)
            self._plain[field] = column.to_pylist()
        return self._plain[field]

    def numbers(self, field: Field, row: int) -> FloatArray:
        """One row's list as numbers."""
        return self._cell(field, row, as_numbers)

    def words(self, field: Field, row: int) -> NDArray[np.str_]:
        """One row's list as text."""
        return self._cell(field, row, as_text)

    def _cell(self, field: Field, row: int, convert: Callable[[pa.ChunkedArray], NDArray[Any]]) -> NDArray[Any]:
        if field not in self._lists:
            lists = lists_at(self._table[field.path[0]], field.path[1:])
            self._lists[field] = lists, convert(lists.flat)
        lists, flat = self._lists[field]
        return flat[lists.starts[row] : lists.stops[row]]


def _star(
    object_id: str,
    source: str,
    role: NestedRoles,
    rows: _Rows,
    i: int,
    shared: bytes | None,
    options: IngestOptions,
) -> LightCurve:
    pieces = [_piece(series, rows, i) for series in role.series]
    kinds = [piece.kind for piece in pieces if len(piece.time)] or [pieces[0].kind]
    if len(set(kinds)) > 1:
        raise UnusableError(f"some bands are in {kinds[0]}, others in {next(k for k in kinds if k != kinds[0])}")
    unit = rows.plain(role.unit)[i]
    band = rows.plain(role.band)[i]
    bands = np.concatenate([piece.bands for piece in pieces])
    return star(
        object_id,
        np.concatenate([piece.time for piece in pieces]),
        np.concatenate([piece.value for piece in pieces]),
        np.concatenate([piece.error for piece in pieces]),
        options=options,
        source=source,
        clock=clock_said(rows.plain(role.clock)[i], shared, role.series[0].clock, options),
        kind=kinds[0],
        unit=None if unit is None or (kinds[0] == "mag" and not str(unit)) else str(unit),
        band=("" if band is None else str(band)) if role.band is not None else bands,
        mask=np.concatenate([piece.mask for piece in pieces]),
        ra=_position(rows.plain(role.ra)[i]),
        dec=_position(rows.plain(role.dec)[i]),
    )


@dataclass(frozen=True, eq=False)
class _Piece:
    """One star's rows of one series."""

    time: FloatArray
    value: FloatArray
    error: FloatArray
    bands: NDArray[np.str_]
    mask: NDArray[np.int32]
    kind: Kind | None


def _piece(series: Series, rows: _Rows, i: int) -> _Piece:
    """The rows of one series.

    Raises
    ------
    UnusableError
        When its lists differ in length.
    """
    time = rows.numbers(series.time, i)
    known = next((v for v in series.values if np.isfinite(rows.numbers(v.value, i)).any()), None)
    chosen = known or next((v for v in series.values if len(rows.numbers(v.value, i))), series.values[0])
    value = rows.numbers(chosen.value, i)
    error = np.empty(0) if chosen.error is None else rows.numbers(chosen.error, i)
    lengths = {series.time: len(time), chosen.value: len(value)}
    if chosen.error is not None and len(error):
        lengths[chosen.error] = len(error)
    words = np.full(len(time), series.band)
    if series.bands is not None:
        words = rows.words(series.bands, i)
        lengths[series.bands] = len(words)
    mask = np.zeros(len(time), dtype=np.int32)
    if series.flag is not None:
        flags = rows.numbers(series.flag, i)
        lengths[series.flag] = len(flags)
    if len(set(lengths.values())) > 1:
        raise UnusableError("lists differ in length: " + ", ".join(f"{field} {n}" for field, n in lengths.items()))
    if series.flag is not None:
        mask[np.nan_to_num(flags) != 0] |= int(Mask.QUALITY)
    return _Piece(time, value, error if len(error) else np.full(len(time), np.nan), words, mask, chosen.kind)


def clock_said(cell: Any, shared: bytes | None, named: Clock, options: IngestOptions) -> Clock:
    """The star's own clock, else the table's, else the column's name's, else the user's; unknown if none says."""
    for text in (cell, shared.decode("utf-8", errors="replace") if shared else None):
        if text is not None and str(text).strip():
            try:
                return merged(Clock.parse(str(text)), options.clock)
            except ValueError:
                continue
    return merged(named, options.clock)


def _position(cell: Any) -> float:
    try:
        return float("nan") if cell is None else float(cell)
    except (TypeError, ValueError):
        return float("nan")


def nested_parts(
    reader: str,
    files: Sequence[InputFile],
    make: Callable[[InputFile], tuple[str, list[Refused]]],
    options: IngestOptions,
) -> tuple[list[Part], list[Refused]]:
    """Plan files that each become a nested table by `make`; one that cannot is refused, the others go on."""
    from swope.pipeline.ingest.bytes import stem_of

    parts: list[Part] = []
    refused: list[Refused] = []
    for file in files:
        try:
            path, found = make(file)
            more = table_parts(reader, file, path, options)
        except Exception as error:  # a broken file may break Arrow in any way; the others go on
            refused.append(refusal(stem_of(file.source), file.source, error))
            continue
        refused += found
        parts += more
        if not more and not found:
            refused.append(Refused(stem_of(file.source), file.source, "no rows"))
    return parts, refused
