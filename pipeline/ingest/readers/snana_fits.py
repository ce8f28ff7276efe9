"""SNANA's pairs of FITS files (DES, PLAsTiCC, ELAsTiCC): HEAD, a row a star, points into the rows of PHOT.

SNANA manual, section 4.36.1, and the README of the DES-SN5YR release: HEAD names its PHOT file; the rows of a star are
those from PTROBS_MIN to PTROBS_MAX, counted from 1; a row with MJD = -777 follows each star.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.bytes import digest_of, stem_of
from swope.pipeline.ingest.fits_table import DamagedError, FitsTable, cells, open_fits
from swope.pipeline.ingest.flat import stars_of_table
from swope.pipeline.ingest.guard import guarded
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, part_of
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.table import Column, Table, column_of
from swope.pipeline.lightcurve import LightCurve

#: The time of a row that ends a star's.
END = -777.0

_HEAD = ("SNID", "PTROBS_MIN", "PTROBS_MAX")
_PHOT = ("MJD", "FLUXCAL", "FLUXCALERR")

#: What unpacking an archive puts before a member's name.
_NUMBER = re.compile(r"^\d{6}-")


def _recognises(path: Path, head: bytes) -> bool:
    if head[:9] != b"SIMPLE  =":
        return False
    try:
        with open_fits(str(path)) as file:
            return _with(file.tables, _HEAD) is not None or _ends_stars(str(path))
    except (DamagedError, UnusableError):
        return False


def _ends_stars(path: str) -> bool:
    """Whether a file is the PHOT of a pair: its last row ends a star."""
    with open_fits(path) as file:
        table = _with(file.tables, _PHOT)
        if table is None or not table.n_rows:
            return False
        return bool(cells(table, file.rows(table, table.n_rows - 1), "MJD")[-1] == END)


def _with(tables: Sequence[FitsTable], names: Sequence[str]) -> FitsTable | None:
    return next((table for table in tables if set(names) <= set(table.names)), None)


def _plan(files: Sequence[InputFile], options: IngestOptions, _: Path) -> tuple[list[Part], list[Refused]]:
    given = {_own_name(file.path): file for file in files}
    parts: list[Part] = []
    refused: list[Refused] = []
    used: set[str] = set()
    for file in files:
        pair = guarded(stem_of(file.source), file.source, partial(_pair, file, given))
        if isinstance(pair, Refused):
            refused.append(pair)
        elif pair is not None:
            phot, rows = pair
            used.add(phot.path)
            step = options.chunk_size
            parts += [
                part_of(READER.name, [file, phot], start, min(start + step, rows)) for start in range(0, rows, step)
            ]
    heads = {part.paths[0] for part in parts} | {file.path for file in files if _is_head(file.path)}
    for file in files:
        if file.path not in used and file.path not in heads:
            reason = "the photometry of a pair, without the HEAD file that says whose it is: name that, too"
            refused.append(Refused(stem_of(file.source), file.source, reason))
    return parts, refused


def _is_head(path: str) -> bool:
    with open_fits(path) as file:
        return _with(file.tables, _HEAD) is not None


def _pair(file: InputFile, given: dict[str, InputFile]) -> tuple[InputFile, int] | None:
    """The PHOT file of a HEAD, and the number of its stars; None for a file that is no HEAD.

    Raises
    ------
    UnusableError
        When the PHOT file is neither given nor beside it.
    """
    with open_fits(file.path) as opened:
        table = _with(opened.tables, _HEAD)
        if table is None:
            return None
        stated = opened.primary.text("PHOTFILE") or table.header.text("PHOTFILE")
    own = _own_name(file.path)
    names = [
        name for name in (stated, own.replace("HEAD", "PHOT"), own.replace("head", "phot")) if name and name != own
    ]
    for name in names:
        last = name.replace("\\", "/").rpartition("/")[2].removesuffix(".gz")  # a name, never a path
        for wanted in (last, f"{last}.gz"):
            if wanted in given:
                return given[wanted], table.n_rows
            beside = Path(file.path).with_name(wanted)
            if beside.is_file():
                source = Path(file.source).with_name(wanted).as_posix()
                return InputFile(str(beside), source, beside.stat().st_size, digest_of(beside)), table.n_rows
    raise UnusableError(f"its photometry, {names[0] if names else 'a PHOT file'}, is not beside it")


def _own_name(path: str) -> str:
    return _NUMBER.sub("", Path(path).name)


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    """The stars of some rows of HEAD, in its order of names; a star without rows is refused."""
    source = ";".join(part.sources)
    with open_fits(part.paths[0]) as file:
        head = _with(file.tables, _HEAD)
        assert head is not None
        rows = file.rows(head, part.start, part.stop)
        names = [str(name).strip() for name in cells(head, rows, "SNID").tolist()]
        first, last = (cells(head, rows, name).astype(np.int64) for name in _HEAD[1:])
        place = [_degrees(head, rows, axis) for axis in (("RA",), ("DEC", "DECL"))]
    empty = (last < first) | (first < 1)
    for i in np.flatnonzero(empty):
        yield Refused(names[i], source, "no rows")
    kept = np.flatnonzero(~empty)
    if not len(kept):
        return
    with open_fits(part.paths[1]) as file:
        phot = _with(file.tables, _PHOT)
        if phot is None:
            raise UnusableError(f"{part.sources[1]} has no columns {', '.join(_PHOT)}")
        low, high = int(first[kept].min()) - 1, int(last[kept].max())
        if high > phot.n_rows:
            raise UnusableError(f"it points to row {high} of {part.sources[1]}, which has {phot.n_rows}")
        stored = file.rows(phot, low, high)
    lengths = last[kept] - first[kept] + 1
    owner = np.repeat(kept, lengths)
    inside = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    own = stored[first[owner] - 1 - low + inside]
    columns = [column_of("SNID", np.array(names, dtype=object)[owner])]
    columns += [column_of(name, cell[owner]) for name, cell in zip(("ra", "dec"), place, strict=True)]
    columns += [_column(phot, own, i) for i in range(len(phot.columns))]
    ended = np.asarray(columns[3 + phot.names.index("MJD")].cells) == END
    yield from stars_of_table(Table(tuple(columns)).take(~ended), source, options)


def _column(table: FitsTable, rows: NDArray[np.void], i: int) -> Column:
    column = table.columns[i]
    plain = cells(table, rows, column.name)
    if plain.ndim == 1 and plain.dtype.kind in "biufU":
        return column_of(column.name, plain, column.unit)
    return Column(f"{column.name} (images)", np.zeros(len(rows)))


def _degrees(table: FitsTable, rows: NDArray[np.void], names: Sequence[str]) -> NDArray[np.float64]:
    found = next((name for name in names if name in table.names), None)
    if found is None:
        return np.full(len(rows), np.nan)
    return cells(table, rows, found).astype(np.float64)


READER = Reader(
    name="snana_fits",
    rank=7,
    describes="SNANA's pair of FITS files: HEAD, a row a star, and PHOT",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
