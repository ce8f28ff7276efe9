"""Large flat tables, rows in any order: brought into a row a star by way of buckets on the disk.

Memory does not grow with the number of stars: the rows are streamed into as many buckets as the file is large, by a
hash of the star's name, and each bucket is sorted and written as nested rows.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.ingest.bytes import plain_size, stem_of
from swope.pipeline.ingest.decide import decide
from swope.pipeline.ingest.flat import name_of
from swope.pipeline.ingest.guard import guarded
from swope.pipeline.ingest.join import Places, names_by_place
from swope.pipeline.ingest.nested import read_rows, staged
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.ingest.rows import Rows, crowd_refused, offsets, rows_of, scattered
from swope.pipeline.ingest.stars import star
from swope.pipeline.ingest.table import Column, Table, column_of
from swope.pipeline.lightcurve import Clock, LightCurve

#: Bytes of input a bucket; some ten times as much memory while it is sorted.
BUCKET_BYTES = 32 * 2**20

#: Rows by which it is decided how a table is to be read.
JUDGED_ROWS = 200_000

#: Bytes of text read at once; no row may be longer. Arrow reads up to 32 blocks ahead, and holds them.
BLOCK_BYTES = 2 * 2**20

#: Schema metadata of a staged table: what all its stars have in common.
SHARED_KEY = b"swope.shared"

_ROW = pa.schema(
    [
        ("object_id", pa.string()),
        ("time", pa.float64()),
        ("value", pa.float64()),
        ("error", pa.float64()),
        ("band", pa.string()),
        ("mask", pa.int32()),
        ("ra", pa.float64()),
        ("dec", pa.float64()),
    ]
)


@dataclass(frozen=True)
class _Shared:
    """What the stars of a staged table have in common."""

    kind: str
    unit: str
    clock: tuple[str, str, str]
    kind_from: str
    read_as: str
    caution: str


def stage_flat(
    file: InputFile,
    blocks: Callable[[frozenset[int] | None], Iterator[Table]],
    options: IngestOptions,
    scratch: Path,
) -> tuple[str, list[Refused]]:
    """Bring a flat table into a nested one in `scratch`.

    Parameters
    ----------
    blocks : from the indices of the wanted columns (None for all) to the table, some rows at a time; columns that are
        not wanted may be empty.

    Returns
    -------
    Path of the nested table, and one refusal for the rows without a star's name, if there are any.

    Raises
    ------
    UnusableError
        When a needed column is missing or unclear.
    """
    sample = _sample(blocks(None))
    reading = decide(sample, options)
    name = name_of(sample, file.source)
    buckets = max(1, math.ceil(plain_size(file.path, file.size) / BUCKET_BYTES))

    def write(path: Path) -> list[Refused]:
        folder = path.with_suffix(".buckets")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            joined = _joined(blocks(reading.columns), reading) if reading.per_band_id else Places({}, {})
            nameless = _fill(folder, buckets, blocks(reading.columns), reading, name, joined.names)
            _sort(folder, buckets, path, reading, options, joined)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not nameless:
            return []
        return [Refused(stem_of(file.source), file.source, f"{nameless} rows have no name of a star")]

    return staged(file, scratch, options, write)


def _sample(blocks: Iterator[Table]) -> Table:
    """The first rows, enough to judge the columns by."""
    held: list[Table] = []
    rows = 0
    for block in blocks:
        held.append(block)
        rows += len(block)
        if rows >= JUDGED_ROWS:
            break
    if not rows:
        raise UnusableError("no rows: only a header")
    columns = []
    for i, column in enumerate(held[0].columns):
        cells = [block.columns[i].cells for block in held]
        if isinstance(column.cells, pa.Array):
            joined: NDArray[np.float64] | pa.Array = pa.concat_arrays(cells)
        else:
            joined = np.concatenate(cells)
        columns.append(Column(column.name, joined, column.unit, column.description))
    return Table(tuple(columns), held[0].named, held[0].header)


def _joined(blocks: Iterator[Table], reading: Reading) -> Places:
    """Under which name each id goes, where an id is that of a star in one filter: one name a place."""
    places: dict[str, tuple[float, float]] = {}
    bands: dict[str, set[str]] = {}
    for block in blocks:
        rows = rows_of(block, reading)
        pairs, first = np.unique(rows.star * len(rows.bands) + rows.band, return_index=True)
        for pair, row in zip(pairs.tolist(), first.tolist(), strict=True):
            star_name = rows.stars[pair // len(rows.bands)]
            places.setdefault(star_name, (float(rows.ra[row]), float(rows.dec[row])))
            bands.setdefault(star_name, set()).add(rows.bands[pair % len(rows.bands)])
    ra, dec = (np.array(column) for column in zip(*places.values(), strict=True))
    return names_by_place(list(places), ra, dec, [tuple(sorted(held)) for held in bands.values()])


def _fill(
    folder: Path, buckets: int, blocks: Iterator[Table], reading: Reading, name: str, joined: dict[str, str]
) -> int:
    """Stream the rows into the buckets; returns how many have no star's name."""
    writers = [pa.ipc.new_file(str(folder / f"{i}.arrow"), _ROW) for i in range(buckets)]
    nameless = 0
    try:
        for block in blocks:
            batch = _batch(rows_of(block, reading), name if reading.object_id is None else "", joined)
            named = pc.greater(pc.utf8_length(batch.column("object_id")), 0)
            nameless += len(batch) - (pc.sum(named).as_py() or 0)
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


def _batch(rows: Rows, name: str, joined: dict[str, str]) -> pa.RecordBatch:
    stars = pa.array([joined.get(star_name, star_name) or name for star_name in rows.stars], pa.string())
    bands = pa.array(list(rows.bands), pa.string())
    columns = [
        stars.take(pa.array(rows.star)),
        *(pa.array(getattr(rows, column)) for column in ("time", "value", "error")),
        bands.take(pa.array(rows.band)),
        *(pa.array(getattr(rows, column)) for column in ("mask", "ra", "dec")),
    ]
    return pa.record_batch(columns, schema=_ROW)


def _bucket(ids: pa.Array, buckets: int) -> NDArray[np.int64]:
    """(n,) the bucket of each id: a hash that is the same on every machine."""
    from pandas.util import hash_array

    coded = ids.dictionary_encode()
    hashes = hash_array(coded.dictionary.to_numpy(zero_copy_only=False), categorize=False) % np.uint64(buckets)
    of_row: NDArray[np.int64] = hashes.astype(np.int64)[coded.indices.to_numpy(zero_copy_only=False)]
    return of_row


def _sort(folder: Path, buckets: int, path: Path, reading: Reading, options: IngestOptions, joined: Places) -> None:
    """Write each bucket's rows as nested rows, sorted by object id, in the file's order within a star."""
    members: dict[str, list[str]] = {}
    for one, under in joined.names.items():
        members.setdefault(under, []).append(one)
    clock = reading.time.clock
    shared = _Shared(
        reading.kind,
        reading.unit,
        (clock.format, clock.scale, clock.frame),
        reading.kind_from,
        reading.said,
        "; ".join(reading.caution),
    )
    writer: pq.ParquetWriter | None = None
    try:
        for i in range(buckets):
            with pa.OSFile(str(folder / f"{i}.arrow")) as file, pa.ipc.open_file(file) as opened:
                table = _nested(opened.read_all())
            table = _with_doubts(table, joined, members)
            table = table.replace_schema_metadata({SHARED_KEY: json.dumps(asdict(shared)).encode()})
            writer = writer or pq.ParquetWriter(path, table.schema)
            for start in range(0, table.num_rows, options.chunk_size):
                writer.write_table(table.slice(start, options.chunk_size))
    finally:
        if writer is not None:
            writer.close()


def _with_doubts(table: pa.Table, joined: Places, members: dict[str, list[str]]) -> pa.Table:
    """Add what is said of each star alone: lists of sentences, that of most stars empty."""
    stars = table["object_id"].to_pylist()
    said = [[f"joined {', '.join(members[star])}"] if len(members.get(star, ())) > 1 else [] for star in stars]
    apart = [scattered(most) for most in table["apart"].to_numpy().reshape(-1, 1)]
    doubts = [[*filter(None, (joined.caution(s), a))] for s, a in zip(stars, apart, strict=True)]
    sentences = pa.list_(pa.string())
    table = table.append_column("read_as", pa.array(said, sentences))
    return table.append_column("caution", pa.array(doubts, sentences))


def _nested(table: pa.Table) -> pa.Table:
    table = table.combine_chunks()
    ids = table["object_id"].chunk(0) if table.num_rows else pa.array([], pa.string())
    coded = ids.dictionary_encode()
    dictionary = np.asarray(coded.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    by_name = np.argsort(dictionary.astype(str), kind="stable")
    rank = np.empty(len(dictionary), dtype=np.int64)
    rank[by_name] = np.arange(len(dictionary))
    of_row = rank[coded.indices.to_numpy(zero_copy_only=False)]
    order = np.argsort(of_row, kind="stable")
    counts = np.bincount(of_row, minlength=len(dictionary))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = table.take(pa.array(order))
    columns: dict[str, pa.Array] = {"object_id": pa.array(dictionary[by_name], pa.string())}
    for column in ("time", "value", "error", "band", "mask"):
        flat = rows[column].combine_chunks() if table.num_rows else pa.array([], _ROW.field(column).type)
        flat = flat.chunk(0) if isinstance(flat, pa.ChunkedArray) else flat
        columns[column] = pa.LargeListArray.from_arrays(pa.array(starts), flat)
    ra, dec = rows["ra"].to_numpy(), rows["dec"].to_numpy()
    first = np.repeat(starts[:-1], counts)
    apart = np.nan_to_num(offsets(ra, dec, ra[first], dec[first]))
    most = np.maximum.reduceat(apart, starts[:-1]) if table.num_rows else np.empty(0)
    columns |= {"ra": pa.array(ra[starts[:-1]]), "dec": pa.array(dec[starts[:-1]]), "apart": pa.array(most)}
    return pa.table(columns)


def is_staged(path: str) -> bool:
    """Whether a Parquet table is one that `stage_flat` made."""
    return SHARED_KEY in (pq.read_schema(path).metadata or {})


def read_staged(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    """Read a part of a table that `stage_flat` made, a star a row."""
    path, source = part.paths[0], part.sources[0]
    shared = _Shared(**json.loads((pq.read_schema(path).metadata or {})[SHARED_KEY]))
    table = read_rows(path, part.start, part.stop).combine_chunks()
    if not table.num_rows:
        return
    lists = {name: table[name].chunk(0) for name in ("time", "value", "error", "band", "mask")}
    offsets = lists["time"].offsets.to_numpy()
    flat = {name: column.values.to_numpy(zero_copy_only=False) for name, column in lists.items()}
    plain = table.select(["object_id", "ra", "dec", "read_as", "caution"]).to_pylist()
    for i, own in enumerate(plain):
        rows = {name: column[offsets[i] : offsets[i + 1]] for name, column in flat.items()}
        yield guarded(own["object_id"], source, partial(_star, own, source, rows, shared, options))


def _star(
    own: dict[str, Any],
    source: str,
    rows: dict[str, NDArray[np.float64]],
    shared: _Shared,
    options: IngestOptions,
) -> LightCurve:
    curve = star(
        own["object_id"],
        rows["time"],
        rows["value"],
        rows["error"],
        options=options,
        source=source,
        clock=Clock(*shared.clock),
        kind="flux" if shared.kind == "flux" else "mag",
        unit=shared.unit,
        band=rows["band"].astype(str),
        mask=rows["mask"].astype(np.int32),
        ra=own["ra"],
        dec=own["dec"],
        kind_from=shared.kind_from,
        read_as="; ".join([shared.read_as, *own["read_as"]]),
        caution="; ".join(filter(None, [shared.caution, *own["caution"]])),
    )
    crowd_refused(curve.good.time, curve.good.band, curve.good.value)
    return curve


def parquet_blocks(path: str, wanted: frozenset[int] | None) -> Iterator[Table]:
    """A flat Parquet table, some rows at a time."""
    with pq.ParquetFile(path, memory_map=True) as file:
        names = file.schema_arrow.names
        kept = names if wanted is None else [name for i, name in enumerate(names) if i in wanted]
        for batch in file.iter_batches(columns=kept, use_threads=False):
            columns = [
                column_of(name, batch.column(name)) if name in kept else Column(name, np.empty(0)) for name in names
            ]
            yield Table(tuple(columns))
