"""Tables with a row a star and lists in its cells: the common shape into which longer formats are brought first."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.ingest.grouping import rows_of_table
from swope.pipeline.ingest.guard import refusal
from swope.pipeline.ingest.parts import PART_BYTES, IngestOptions, InputFile, Part, Refused, part_of

#: Schema metadata of a table whose stars share a clock.
CLOCK_KEY = b"swope.clock"

#: Row groups of more chunks than this are written anew in smaller ones, since a part reads whole row groups.
MAX_GROUP_CHUNKS = 4


#: How a row of a table is read, where that and the row are all that a star follows from; and what such a star says of
#: its reading.
ReadBy = tuple[str, str]


def table_parts(
    reader: str, file: InputFile, path: str, options: IngestOptions, read_by: ReadBy | None = None
) -> list[Part]:
    """Divide a table by rows into parts of at most `chunk_size` stars and about `PART_BYTES` of plain columns.

    Parameters
    ----------
    file : what the user named; its name and digest go into the parts.
    path : the Parquet table to open: the same file, or one staged from it.
    read_by : makes keys for the rows; None where a star does not follow from its row alone.
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
    way, said = read_by or ("", "")
    return [
        Part(
            reader,
            (path,),
            (file.source,),
            _named(file.source, told.digest(*range_)),
            *range_,
            keys=told.keys(*range_, f"{file.source} {way}") if read_by else b"",
            read_as=said,
        )
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
    key = hashlib.sha256(
        f"3 {file.source} {file.digest} {options.chunk_size} {options.kind} {options.columns} {options.clock}".encode()
    ).hexdigest()
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


def nested_parts(
    reader: str,
    files: Sequence[InputFile],
    make: Callable[[InputFile], tuple[str, list[Refused]]],
    options: IngestOptions,
    read_by: Callable[[InputFile, str], ReadBy | None] = lambda _, __: None,
) -> tuple[list[Part], list[Refused]]:
    """Plan files that each become a nested table by `make`; one that cannot is refused, the others go on.

    Parameters
    ----------
    read_by : of a file and such a table, as for `table_parts`.
    """
    from swope.pipeline.ingest.bytes import stem_of

    parts: list[Part] = []
    refused: list[Refused] = []
    for file in files:
        try:
            path, found = make(file)
            more = table_parts(reader, file, path, options, read_by(file, path))
        except Exception as error:  # a broken file may break Arrow in any way; the others go on
            refused.append(refusal(stem_of(file.source), file.source, error))
            continue
        refused += found
        parts += more
        if not more and not found:
            refused.append(Refused(stem_of(file.source), file.source, "no rows"))
    return parts, refused
