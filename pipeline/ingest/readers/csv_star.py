"""One table with a header a star (Stripe 82, ZTF); the file's name is the star's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from swope.pipeline.ingest.bytes import stem_of, text_of
from swope.pipeline.ingest.columns import ID_NAMES, band_names, find, merged, numbers, roles
from swope.pipeline.ingest.guard import each_file
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, parts_of_groups
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.stars import star
from swope.pipeline.ingest.table import TextTable, header_of, parse_table
from swope.pipeline.lightcurve import LightCurve, Mask


def _recognises(_: Path, head: bytes) -> bool:
    names = header_of(head)
    return bool(names) and find(names or (), ID_NAMES) is None


def _plan(files: Sequence[InputFile], options: IngestOptions, _: Path) -> tuple[list[Part], list[Refused]]:
    return parts_of_groups(READER.name, [[file] for file in files], options), []


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    return each_file(part, options, _star)


def _star(path: str, source: str, options: IngestOptions) -> LightCurve:
    table = parse_table(text_of(path))
    if table.names is None:
        raise UnusableError("no header; the reader 'text' reads headerless tables")
    return star_of_table(table, table.names, stem_of(source), source, options)


def star_of_table(
    table: TextTable, names: Sequence[str], object_id: str, source: str, options: IngestOptions
) -> LightCurve:
    """Make one star of a table with named columns; a `quality` or `flag` column that is not zero marks its row."""
    role = roles(names, options.kind)
    time, value = numbers(table.columns[role.time]), numbers(table.columns[role.value])
    mask = np.zeros(len(time), dtype=np.int32)
    if role.flag is not None:
        mask[np.nan_to_num(numbers(table.columns[role.flag])) != 0] |= int(Mask.QUALITY)
    ra, dec = (numbers(table.columns[i][:1])[0] if i is not None else float("nan") for i in (role.ra, role.dec))
    return star(
        object_id,
        time,
        value,
        None if role.error is None else numbers(table.columns[role.error]),
        options=options,
        source=source,
        clock=merged(role.clock, options.clock),
        kind=role.kind,
        band="" if role.band is None else band_names(table.columns[role.band]),
        mask=mask,
        ra=float(ra),
        dec=float(dec),
    )


READER = Reader(
    name="csv",
    rank=50,
    describes="a text table with a header, one star a file",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
