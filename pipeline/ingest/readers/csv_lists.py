"""CSV with a row a star and lists as text in its cells (EROS): ``time_points_b``, ``light_points_b``, ..., by band."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.ingest.bytes import head_of
from swope.pipeline.ingest.columns import (
    DEC_NAMES,
    ERROR_NAMES,
    MAG_NAMES,
    RA_NAMES,
    TIME_NAMES,
    clock_of_name,
    find,
    merged,
    numbers,
)
from swope.pipeline.ingest.dialect import delimiter_of, first_lines, header_of
from swope.pipeline.ingest.guard import guarded
from swope.pipeline.ingest.id_names import ID_NAMES
from swope.pipeline.ingest.long import read_text_columns
from swope.pipeline.ingest.nested import nested_parts, read_rows, staged
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.stars import star
from swope.pipeline.ingest.value_names import FLUX_NAMES, VALUE_NAMES
from swope.pipeline.lightcurve import Clock, FloatArray, Kind, LightCurve

#: No row may be longer than this.
ROW_BYTES = 16 * 2**20

_LIST_CELL = re.compile(r"[,;\t|]\s*\"?\s*[\[(]\s*[-+.\dnN]")


@dataclass(frozen=True)
class _Band:
    """The columns of one band: names in the table; error None where there is none."""

    name: str
    time: str
    value: str
    error: str | None
    kind: Kind | None
    clock: Clock


def _recognises(_: Path, head: bytes) -> bool:
    lines = first_lines(head)
    return bool(header_of(head)) and len(lines) == 2 and _LIST_CELL.search("," + lines[1]) is not None


def _plan(files: Sequence[InputFile], options: IngestOptions, scratch: Path) -> tuple[list[Part], list[Refused]]:
    def make(file: InputFile) -> tuple[str, list[Refused]]:
        head = head_of(file.path)
        names = header_of(head)
        if not names:
            raise UnusableError("no header")
        bands_of(names, options.kind)
        delimiter = delimiter_of(first_lines(head)[0])

        def write(path: Path) -> list[Refused]:
            return _as_parquet(file.path, names, delimiter, path, options.chunk_size)

        return staged(file, scratch, options, write)

    return nested_parts(READER.name, files, make, options)


def _as_parquet(path: str, names: Sequence[str], delimiter: str | None, out: Path, rows: int) -> list[Refused]:
    """Write the table, its cells still text, as Parquet, which can be read by row range."""
    identity = _id_index(names)
    order = [identity, *(i for i in range(len(names)) if i != identity)]
    schema = pa.schema([(_column(names, i), pa.string()) for i in order])
    with pq.ParquetWriter(out, schema) as writer:
        for columns in read_text_columns(path, names, delimiter, order, ROW_BYTES):
            table = pa.table(columns, schema=schema)
            for start in range(0, table.num_rows, rows):
                writer.write_table(table.slice(start, rows))
    return []


def _id_index(names: Sequence[str]) -> int:
    """The column of object ids: by name, else the first where it has no name (an index that pandas wrote)."""
    found = find(names, ID_NAMES)
    if found is None and (not names[0] or names[0].startswith("Unnamed")):
        return 0
    if found is None:
        raise UnusableError(f"no object_id column; the columns are {', '.join(repr(n) for n in names[:12])}")
    return found


def _column(names: Sequence[str], i: int) -> str:
    return "object_id" if i == _id_index(names) else names[i] or f"column {i + 1}"


def bands_of(names: Sequence[str], kind: Kind | None) -> tuple[_Band, ...]:
    """Find the bands of a table of lists: ``time_b``, ``mag_b``, ``err_b`` are band b; without ending, one band.

    Raises
    ------
    UnusableError
        When no band has a time and a value.
    """
    values: tuple[tuple[tuple[str, ...], Kind | None], ...] = (
        (MAG_NAMES, "mag"),
        (FLUX_NAMES, "flux"),
        (VALUE_NAMES, None),
    )
    if kind == "flux":
        values = (values[1], values[0], values[2])
    endings = sorted({name.rpartition("_")[2] for name in names if "_" in name})
    bands: list[_Band] = []
    for band in ("", *endings):
        stems = [_stem(name, band) for name in names]
        time = find(stems, TIME_NAMES)
        value, found = next(((i, k) for words, k in values if (i := find(stems, words)) is not None), (None, None))
        if time is None or value is None:
            continue
        other = "flux" if found == "mag" else "mag" if found == "flux" else None
        error = find(stems, (word for word in ERROR_NAMES if other is None or other not in word))
        name = None if error is None else names[error]
        bands.append(_Band(band, names[time], names[value], name, found, clock_of_name(stems[time])))
    if not bands:
        shown = ", ".join(repr(name) for name in names[:12])
        raise UnusableError(f"no list columns of time and mag, flux or light; the columns are {shown}")
    return tuple(bands)


def _stem(name: str, band: str) -> str:
    """A column's name without its band's ending; "" for a column of another band."""
    if not band:
        return name
    return name[: -len(band) - 1] if name.endswith(f"_{band}") else ""


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    source = part.sources[0]
    table = read_rows(part.paths[0], part.start, part.stop)
    names = table.column_names
    bands = bands_of(names, options.kind)
    ra, dec = find(names, RA_NAMES), find(names, DEC_NAMES)
    for i, row in enumerate(table.to_pylist()):
        object_id = (row["object_id"] or "").strip()
        if not object_id:
            yield Refused(f"row {part.start + i + 1}", source, f"row {part.start + i + 1} has no object id")
            continue
        position = [float(numbers([row[names[c]] or ""])[0]) if c is not None else float("nan") for c in (ra, dec)]
        yield guarded(object_id, source, partial(_star, object_id, source, bands, row, position, options))


def _star(
    object_id: str,
    source: str,
    bands: Sequence[_Band],
    row: dict[str, str | None],
    position: Sequence[float],
    options: IngestOptions,
) -> LightCurve:
    columns: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    for band in bands:
        time, value = _numbers(row[band.time]), _numbers(row[band.value])
        error = np.full(len(value), np.nan) if band.error is None else _numbers(row[band.error])
        if not len(time) == len(value) == len(error):
            raise UnusableError(
                f"lists differ in length: {band.time} {len(time)}, {band.value} {len(value)}, {band.error} {len(error)}"
            )
        columns.append((time, value, error))
    time, value, error = (np.concatenate(column) for column in zip(*columns, strict=True))
    return star(
        object_id,
        time,
        value,
        error,
        options=options,
        source=source,
        clock=merged(bands[0].clock, options.clock),
        kind=bands[0].kind,
        band=np.repeat([band.name for band in bands], [len(column[0]) for column in columns]),
        ra=position[0],
        dec=position[1],
    )


def _numbers(cell: str | None) -> FloatArray:
    """Read ``[1.0, 2.0]``, ``(1, 2)`` or ``[1. 2.]``."""
    return numbers((cell or "").strip().strip("[]()").replace(",", " ").split())


READER = Reader(
    name="csv_lists",
    rank=30,
    describes="a text table with a row a star and lists in its cells",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
