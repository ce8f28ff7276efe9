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
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.ingest.columns import find, merged, roles
from swope.pipeline.ingest.grouping import rows_of_table
from swope.pipeline.ingest.guard import guarded, refusal
from swope.pipeline.ingest.parts import PART_BYTES, IngestOptions, InputFile, Part, Refused, UnusableError, part_of
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import Clock, Kind, LightCurve, Mask

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
        return file.read_row_groups(groups, columns=columns).slice(skip, stop - start)


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
            for batch in table.iter_batches(batch_size=options.chunk_size, use_threads=False):
                writer.write_batch(batch)
        return []

    return staged(file, scratch, options, write)[0]


@dataclass(frozen=True)
class _Values:
    """Where one kind of value lies in a nested table: column names; error None where there is none."""

    value: str
    error: str | None
    kind: Kind | None


@dataclass(frozen=True)
class NestedRoles:
    """Which column of a nested table plays which part; names, None where absent."""

    object_id: str
    time: str
    values: tuple[_Values, ...]
    band: str | None
    flag: str | None
    ra: str | None
    dec: str | None
    clock: str | None
    unit: str | None
    time_clock: Clock


def flat_names(schema: pa.Schema) -> list[str]:
    """Names of a schema's columns, those inside a struct as ``struct.field``."""
    names: list[str] = []
    for column in schema:
        if pa.types.is_struct(column.type):
            names += [f"{column.name}.{column.type.field(i).name}" for i in range(column.type.num_fields)]
        else:
            names.append(column.name)
    return names


def nested_roles(names: Sequence[str], kind: Kind | None) -> NestedRoles:
    """Find the columns of a nested table by name.

    Raises
    ------
    UnusableError
        When the object id, the time or the value is missing.
    """
    short = [name.rpartition(".")[2] for name in names]
    main = roles(short, kind)
    if main.object_id is None:
        raise UnusableError(f"no object_id column; the columns are {', '.join(repr(n) for n in names[:12])}")
    values: list[_Values] = []
    for wanted in (kind, "mag", "flux"):
        found = roles(short, "flux" if wanted == "flux" else "mag")
        value = _Values(names[found.value], None if found.error is None else names[found.error], found.kind)
        if value not in values:
            values.append(value)

    def name(index: int | None) -> str | None:
        return None if index is None else names[index]

    return NestedRoles(
        object_id=names[main.object_id],
        time=names[main.time],
        values=tuple(values),
        band=name(main.band),
        flag=name(main.flag),
        ra=name(main.ra),
        dec=name(main.dec),
        clock=name(find(short, ("clock", "timesystem"))),
        unit=name(find(short, ("unit",))),
        time_clock=main.clock,
    )


def read_nested(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    """Read a part of a nested Parquet table, a star a row."""
    path, source = part.paths[0], part.sources[0]
    schema = pq.read_schema(path)
    role = nested_roles(flat_names(schema), options.kind)
    wanted = [role.object_id, role.time, role.band, role.flag, role.ra, role.dec, role.clock, role.unit]
    wanted += [name for v in role.values for name in (v.value, v.error)]
    table = read_rows(path, part.start, part.stop, sorted({name for name in wanted if name}))
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    shared = (schema.metadata or {}).get(CLOCK_KEY)
    columns = {name: _cells(table[name]) for name in table.column_names}
    for i in range(table.num_rows):
        named = columns[role.object_id](i)
        object_id = "" if named is None else str(named).strip()
        if not object_id:
            no = f"row {part.start + i + 1}"
            yield Refused(no, source, f"{no} has no {role.object_id}")
            continue

        cell = partial(_cell, columns, i)
        yield guarded(object_id, source, partial(_star, object_id, source, role, cell, shared, options))


def _cell(columns: dict[str, Callable[[int], Any]], row: int, name: str | None) -> Any:
    return None if name is None else columns[name](row)


def _star(
    object_id: str,
    source: str,
    role: NestedRoles,
    cell: Callable[[str | None], Any],
    shared: bytes | None,
    options: IngestOptions,
) -> LightCurve:
    time = _floats(cell(role.time))
    chosen = next((v for v in role.values if len(_floats(cell(v.value)))), role.values[0])
    value, error = _floats(cell(chosen.value)), cell(chosen.error)
    errors = None if error is None or len(error) == 0 else _floats(error)
    band, flag = cell(role.band), cell(role.flag)
    lengths = {role.time: len(time), chosen.value: len(value)}
    if errors is not None and chosen.error:
        lengths[chosen.error] = len(errors)
    for name, column in ((role.band, band), (role.flag, flag)):
        if name and column is not None and not isinstance(column, (str, int, float)):
            lengths[name] = len(column)
    if len(set(lengths.values())) > 1:
        raise UnusableError("lists differ in length: " + ", ".join(f"{name} {n}" for name, n in lengths.items()))
    mask = np.zeros(len(time), dtype=np.int32)
    if flag is not None and not isinstance(flag, (str, int, float)):
        mask[np.nan_to_num(_floats(flag)) != 0] |= int(Mask.QUALITY)
    unit = cell(role.unit)
    return star(
        object_id,
        time,
        value,
        errors,
        options=options,
        source=source,
        clock=clock_said(cell(role.clock), shared, role.time_clock, options),
        kind=chosen.kind,
        unit=None if unit is None or (chosen.kind == "mag" and not str(unit)) else str(unit),
        band="" if band is None else str(band) if isinstance(band, (str, int, float)) else [str(b) for b in band],
        mask=mask,
        ra=_position(cell(role.ra)),
        dec=_position(cell(role.dec)),
    )


def clock_said(cell: Any, shared: bytes | None, named: Clock, options: IngestOptions) -> Clock:
    """The star's own clock, else the table's, else the column's name's, else the user's; unknown if none says."""
    for text in (cell, shared.decode("utf-8", errors="replace") if shared else None):
        if text is not None and str(text).strip():
            try:
                return merged(Clock.parse(str(text)), options.clock)
            except ValueError:
                continue
    return merged(named, options.clock)


def _cells(column: pa.ChunkedArray) -> Callable[[int], Any]:
    """A column as a function from row to cell; list cells of numbers are views, not copies."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    if not (pa.types.is_list(array.type) or pa.types.is_large_list(array.type)):
        plain: list[Any] = array.to_pylist()
        return plain.__getitem__
    offsets = array.offsets.to_numpy()
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    flat = array.values.to_numpy(zero_copy_only=False)
    return lambda i: flat[offsets[i] : offsets[i + 1]] if valid[i] else None


def _floats(cell: Any) -> NDArray[np.float64]:
    if cell is None:
        return np.empty(0)
    if isinstance(cell, (str, int, float)):
        raise UnusableError("time and value are not lists")
    return np.asarray(cell, dtype=np.float64)


def _position(cell: Any) -> float:
    try:
        return float("nan") if cell is None else float(cell)
    except (TypeError, ValueError):
        return float("nan")


def is_nested(schema: pa.Schema, options: IngestOptions) -> bool:
    """Whether the time column holds lists; raises `UnusableError` when there is none."""
    names = flat_names(schema)
    time = names[roles([name.rpartition(".")[2] for name in names], options.kind).time]
    outer, _, inner = time.partition(".")
    type_ = schema.field(outer).type
    if inner and pa.types.is_struct(type_):
        type_ = type_.field(type_.get_field_index(inner)).type
    return bool(pa.types.is_list(type_) or pa.types.is_large_list(type_))


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
