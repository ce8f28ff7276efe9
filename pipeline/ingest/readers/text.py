"""Text tables, with a header or without: one star a file, or many stars told apart by a column (Catalina, ASAS-SN)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from swope.pipeline.ingest.bytes import head_of, plain_size
from swope.pipeline.ingest.dialect import Layout, layout_of, read_text, text_blocks
from swope.pipeline.ingest.flat import read_files, readings_of
from swope.pipeline.ingest.id_names import id_like, id_rank
from swope.pipeline.ingest.long import read_staged, stage_flat
from swope.pipeline.ingest.nested import nested_parts
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, parts_of_groups
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.table import Table
from swope.pipeline.lightcurve import LightCurve

#: A file of at most this many bytes is read whole, however many stars it holds; one of many stars only below the other.
WHOLE_BYTES = 32 * 2**20
WHOLE_BYTES_OF_MANY = 256 * 2**10

#: By so many bytes it is told what a file would be taken for.
JUDGED_BYTES = 2**20


def _recognises(_: Path, head: bytes) -> bool:
    return layout_of(head) is not None


def _layout(path: str) -> Layout:
    layout = layout_of(head_of(path))
    if layout is None:
        raise UnusableError("text, but no table of numbers")
    return layout


def _tables(path: str) -> Iterator[Table]:
    layout = _layout(path)
    yield read_text(path, layout, next(iter(_id_columns(layout)), -1))


def _id_columns(layout: Layout) -> list[int]:
    """Columns that are known to name a star: a ragged row keeps that cell."""
    return [i for i, name in enumerate(layout.shown_names) if id_rank(name) is not None]


def _plan(files: Sequence[InputFile], options: IngestOptions, scratch: Path) -> tuple[list[Part], list[Refused]]:
    large = [file for file in files if _is_large(file, options)]
    whole = parts_of_groups(READER.name, [[file] for file in files if file not in large], options)

    def make(file: InputFile) -> tuple[str, list[Refused]]:
        layout = _layout(file.path)

        def blocks(wanted: frozenset[int] | None) -> Iterator[Table]:
            named = [i for i in _id_columns(layout) if wanted is None or i in wanted]
            return text_blocks(file.path, layout, id_column=next(iter(named), -1))

        return stage_flat(file, blocks, options, scratch)

    staged, refused = nested_parts(READER.name, large, make, options)
    return [*whole, *staged], refused


def _is_large(file: InputFile, options: IngestOptions) -> bool:
    """Whether a file is too large to be read whole by a worker, or may hold so many stars."""
    size = plain_size(file.path, file.size)
    if size <= WHOLE_BYTES_OF_MANY:
        return False
    layout = layout_of(head_of(file.path))
    names = () if layout is None else layout.shown_names
    many = any(id_rank(name) is not None or id_like(name) for name in names if name)
    many |= any(word in ("id", "object_id", "star") for word, _ in options.columns)
    return size > WHOLE_BYTES or many


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    return read_files(part, options, _tables) if part.stop < 0 else read_staged(part, options)


def _readings(path: str, options: IngestOptions) -> Iterator[Reading]:
    """By the first rows, since the file may be large."""
    return readings_of(islice(text_blocks(path, _layout(path), JUDGED_BYTES), 1), options)


READER = Reader(
    name="text",
    rank=40,
    describes="a text table (CSV, TSV, white space) with a header or without: one star a file, or a column of names",
    recognises=_recognises,
    plan=_plan,
    read=_read,
    readings=_readings,
)
