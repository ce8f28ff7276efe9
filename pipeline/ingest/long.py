"""Long tables, a row an observation, in any order: brought into a row a star by way of buckets on the disk.

Memory does not grow with the number of stars: the rows are streamed into as many buckets as the file is large, by a
hash of the object id, and each bucket is sorted and written as nested rows.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.ingest.bytes import open_unpacked, stem_of
from swope.pipeline.ingest.columns import numbers, roles
from swope.pipeline.ingest.nested import staged
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Refused, UnusableError
from swope.pipeline.ingest.table import first_lines, parse_table

#: Bytes of input a bucket; some ten times as much memory while it is sorted.
BUCKET_BYTES = 32 * 2**20

#: Bytes of text read at once; no row may be longer. Arrow reads up to 32 blocks ahead, and holds them.
BLOCK_BYTES = 2 * 2**20

#: What the rows of a bucket hold; ids and bands as text.
_TEXT = ("object_id", "band")
_NUMBERS = ("time", "value", "error", "flag", "ra", "dec")


@dataclass(frozen=True)
class _Shape:
    """Columns of a long table: index in the file by name in the bucket, and what the value's column is called."""

    index: dict[str, int]
    value_name: str
    error_name: str
    time_name: str


def stage_long(
    file: InputFile,
    names: Sequence[str],
    batches: Callable[[list[int]], Iterator[list[pa.Array]]],
    options: IngestOptions,
    scratch: Path,
) -> tuple[str, list[Refused]]:
    """Bring a long table into a nested one in `scratch`.

    Parameters
    ----------
    names : the file's columns.
    batches : from the indices of the wanted columns to those columns, some rows at a time.

    Returns
    -------
    Path of the nested table, and one refusal for the rows without an object id, if there are any.

    Raises
    ------
    UnusableError
        When a needed column is missing.
    """
    shape = _shape(names, options)
    buckets = max(1, math.ceil(_plain_size(file) / BUCKET_BYTES))

    def write(path: Path) -> list[Refused]:
        folder = path.with_suffix(".buckets")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            nameless = _fill(folder, buckets, batches, shape)
            _sort(folder, buckets, path, shape, options)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not nameless:
            return []
        return [
            Refused(stem_of(file.source), file.source, f"{nameless} rows have no {names[shape.index['object_id']]}")
        ]

    return staged(file, scratch, options, write)


def _shape(names: Sequence[str], options: IngestOptions) -> _Shape:
    role = roles(names, options.kind)
    if role.object_id is None:
        raise UnusableError(f"no object_id column; the columns are {', '.join(repr(n) for n in names[:12])}")
    index = {
        "object_id": role.object_id,
        "time": role.time,
        "value": role.value,
        **{name: i for name in ("error", "band", "flag", "ra", "dec") if (i := getattr(role, name)) is not None},
    }
    # canonical names keep what the file's own say of kind and clock; the nested reader reads it from them again
    value = role.kind or "value"
    return _Shape(index, value, f"{value}_err", names[role.time])


def _plain_size(file: InputFile) -> int:
    """Bytes of a file once unpacked, about."""
    with open(file.path, "rb") as raw:
        packed = raw.read(2) in (b"\x1f\x8b", b"BZ", b"\xfd7", b"PA")
    return file.size * (5 if packed else 1)


def _fill(folder: Path, buckets: int, batches: Callable[[list[int]], Iterator[list[pa.Array]]], shape: _Shape) -> int:
    """Stream the rows into the buckets; returns how many have no object id."""
    names = list(shape.index)
    schema = pa.schema([(name, pa.string() if name in _TEXT else pa.float64()) for name in names])
    writers = [pa.ipc.new_file(str(folder / f"{i}.arrow"), schema) for i in range(buckets)]
    nameless = 0
    try:
        for columns in batches([shape.index[name] for name in names]):
            plain = [_text(c) if n in _TEXT else _floats(c) for n, c in zip(names, columns, strict=True)]
            batch = pa.record_batch(plain, schema=schema)
            ids = batch.column("object_id")
            named = pc.greater(pc.utf8_length(pc.fill_null(ids, "")), 0)
            nameless += len(ids) - (pc.sum(named).as_py() or 0)
            batch = batch.filter(named)
            if buckets == 1:
                writers[0].write_batch(batch)
                continue
            bucket = _bucket(batch.column("object_id"), buckets)
            for i in np.unique(bucket):
                writers[i].write_batch(batch.filter(pa.array(bucket == i)))
    finally:
        for writer in writers:
            writer.close()
    return nameless


def _bucket(ids: pa.Array, buckets: int) -> NDArray[np.int64]:
    """(n,) the bucket of each id: a hash that is the same on every machine."""
    from pandas.util import hash_array

    coded = ids.dictionary_encode()
    hashes = hash_array(coded.dictionary.to_numpy(zero_copy_only=False), categorize=False) % np.uint64(buckets)
    of_row: NDArray[np.int64] = hashes.astype(np.int64)[coded.indices.to_numpy(zero_copy_only=False)]
    return of_row


def _sort(folder: Path, buckets: int, path: Path, shape: _Shape, options: IngestOptions) -> None:
    """Write each bucket's rows as nested rows, sorted by object id, in the file's order within a star."""
    writer: pq.ParquetWriter | None = None
    try:
        for i in range(buckets):
            with pa.OSFile(str(folder / f"{i}.arrow")) as file, pa.ipc.open_file(file) as reader:
                table = _nested(reader.read_all(), shape)
            writer = writer or pq.ParquetWriter(path, table.schema)
            for start in range(0, table.num_rows, options.chunk_size):
                writer.write_table(table.slice(start, options.chunk_size))
    finally:
        if writer is not None:
            writer.close()


def _nested(table: pa.Table, shape: _Shape) -> pa.Table:
    coded = table["object_id"].combine_chunks().dictionary_encode() if table.num_rows else None
    if coded is None:
        ids: NDArray[np.object_] = np.empty(0, dtype=object)
        order, counts = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    else:
        dictionary = coded.dictionary.to_numpy(zero_copy_only=False)
        by_name = np.argsort(dictionary.astype(str), kind="stable")
        rank = np.empty(len(dictionary), dtype=np.int64)
        rank[by_name] = np.arange(len(dictionary))
        of_row = rank[coded.indices.to_numpy(zero_copy_only=False)]
        order = np.argsort(of_row, kind="stable")
        counts = np.bincount(of_row, minlength=len(dictionary))
        ids = dictionary[by_name]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    rows = table.drop_columns(["object_id"]).take(pa.array(order))
    columns: dict[str, pa.Array] = {"object_id": pa.array(ids, pa.string())}
    renamed = {"time": shape.time_name, "value": shape.value_name, "error": shape.error_name, "flag": "quality"}
    for name in rows.column_names:
        column = rows[name].combine_chunks()
        flat = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) and column.num_chunks else column
        if isinstance(flat, pa.ChunkedArray):
            flat = pa.array([], table[name].type)
        if name in ("ra", "dec"):
            columns[name] = flat.take(pa.array(offsets[:-1])) if len(flat) else flat
        else:
            columns[renamed.get(name, name)] = pa.ListArray.from_arrays(pa.array(offsets), flat)
    return pa.table(columns)


def _text(column: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def _floats(column: pa.Array) -> pa.Array:
    """Numbers of any column; a cell that is none becomes NaN."""
    try:
        if pa.types.is_string(column.type):
            column = pc.utf8_trim_whitespace(column)
        return pc.fill_null(column.cast(pa.float64()), float("nan"))
    except pa.ArrowInvalid:
        return pa.array(numbers([cell or "" for cell in column.cast(pa.string()).to_pylist()]))


def read_long_parquet(path: str, wanted: list[int]) -> Iterator[list[pa.Array]]:
    """Columns of a flat Parquet table, some rows at a time."""
    with pq.ParquetFile(path, memory_map=True) as file:
        names = file.schema_arrow.names
        for batch in file.iter_batches(columns=sorted({names[i] for i in wanted}), use_threads=False):
            yield [batch.column(names[i]) for i in wanted]


def read_text_columns(
    path: str, names: Sequence[str], delimiter: str | None, wanted: list[int], block_bytes: int = BLOCK_BYTES
) -> Iterator[list[pa.Array]]:
    """Columns of a text table with a header, as text, some rows at a time.

    A row of too few or too many cells comes as a row of its own object id alone (the first wanted column), the others
    null: what stands in which column cannot be known.
    """
    from pyarrow import csv

    if delimiter is None:
        with open_unpacked(path) as file:
            columns = parse_table(file.read().decode("utf-8-sig")).columns
        yield [pa.array(list(columns[i]), pa.string()) for i in wanted]
        return
    skip = _rows_before_data(path)
    ragged: list[str] = []

    def on_ragged(row: csv.InvalidRow) -> str:
        cells = (row.text or "").split(delimiter)
        ragged.append(cells[wanted[0]].strip().strip('"') if len(cells) > wanted[0] else "")
        return "skip"

    all_names = [f"c{i}" for i in range(len(names))]
    kept = [all_names[i] for i in wanted]
    with (
        open_unpacked(path) as file,
        csv.open_csv(
            file,
            read_options=csv.ReadOptions(
                column_names=all_names, skip_rows=skip, block_size=block_bytes, use_threads=False
            ),
            parse_options=csv.ParseOptions(delimiter=delimiter, invalid_row_handler=on_ragged),
            convert_options=csv.ConvertOptions(
                include_columns=sorted(set(kept)), column_types=dict.fromkeys(kept, pa.string())
            ),
        ) as reader,
    ):
        for batch in reader:
            yield [batch.column(name) for name in kept]
            if ragged:
                yield _ragged_rows(ragged, len(wanted))
                ragged.clear()
    if ragged:
        yield _ragged_rows(ragged, len(wanted))


def _ragged_rows(ids: list[str], width: int) -> list[pa.Array]:
    return [pa.array(ids, pa.string()), *(pa.nulls(len(ids), pa.string()) for _ in range(width - 1))]


def _rows_before_data(path: str) -> int:
    """How many lines come before the first row of data: comments, blank lines, the header."""
    with open_unpacked(path) as file:
        for count, line in enumerate(file):
            if first_lines(line):
                return count + 1
    raise UnusableError("no rows")
