"""The small light curves of a run's gallery; those that the report before made of the same stars are taken from it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from swope.flows.manifest import undamaged
from swope.flows.pieces import Piece, pieces_of
from swope.flows.stages import STARS
from swope.pipeline.catalog import stars_of, write_parquet
from swope.pipeline.lightcurve import Chunk
from swope.pipeline.report.thumbnail import thumbnail

#: What the last report showed of the stars of its gallery.
SMALL = "thumbnails.parquet"

#: So many stars have a small light curve in the gallery: the first by rank, and the first of each class.
THUMBNAILS, OF_A_CLASS = 600, 24

_SCHEMA = pa.schema([("made_from", pa.binary(16)), ("thumbnail", pa.string())])

#: A star's name and source: together they say which star it is.
Name = tuple[str, str]


def first_rows(objects: pa.Table, rank: str) -> list[dict[str, Any]]:
    """The catalog rows of the stars that have a small light curve in the gallery."""
    columns = ["object_id", "source", "class", "period", "t0", rank]
    read = objects.filter(pc.is_in(objects["status"], pa.array(["ok", "partial"]))).select(columns)
    ranked = read.take(pc.sort_indices(read, [(rank, "ascending"), ("object_id", "ascending")]))
    of_class: Counter[str] = Counter()
    chosen = []
    for place, name in enumerate(ranked["class"].to_pylist()):
        of_class[name] += 1
        if place < THUMBNAILS or of_class[name] <= OF_A_CLASS:
            chosen.append(place)
    rows: list[dict[str, Any]] = ranked.take(pa.array(chosen, pa.int64())).to_pylist()
    return rows


def thumbnails(run_dir: Path, chunks: Sequence[str], rows: Sequence[dict[str, Any]]) -> dict[Name, str]:
    """Small light curves of the stars of some catalog rows, of one chunk after the other; and keep them.

    A star's is made anew where its light curve, its period or the code is another than in the report before.
    """
    wanted = {(row["object_id"], row["source"]): row for row in rows}
    kept = undamaged(run_dir / SMALL)
    before: dict[bytes, str | None] = {}
    if kept is not None and kept.schema.equals(_SCHEMA):
        before = dict(zip(kept["made_from"].to_pylist(), kept["thumbnail"].to_pylist(), strict=True))
    found: dict[bytes, str | None] = {}
    made: dict[Name, str] = {}
    for piece in pieces_of(run_dir / chunk for chunk in chunks) if wanted else ():
        if (piece.folder / STARS).exists():
            for name, key, small in _of_piece(piece, wanted, before):
                found[key] = small
                if small is not None:
                    made[name] = small
    if found.keys() != before.keys():
        write_parquet(pa.table([list(found), list(found.values())], schema=_SCHEMA), run_dir / SMALL)
    return made


def _of_piece(
    piece: Piece, wanted: dict[Name, dict[str, Any]], before: dict[bytes, str | None]
) -> list[tuple[Name, bytes, str | None]]:
    """The wanted stars of one folder, each with what its thumbnail follows from and the thumbnail."""
    part = piece.of(STARS)
    names = stars_of(part.read(["object_id", "source"]))
    here = [i for i, name in enumerate(names) if name in wanted]
    keys = [_made_from(piece.folder, wanted[names[i]]) for i in here]
    new = [i for i, key in zip(here, keys, strict=True) if key not in before]
    curves = dict(zip(new, Chunk(part.those(new).read()), strict=True)) if new else {}
    found = []
    for i, key in zip(here, keys, strict=True):
        row = wanted[names[i]]
        small = thumbnail(curves[i], row["period"], row["t0"]) if i in curves else before[key]
        found.append((names[i], key, small))
    return found


def _made_from(folder: Path, row: dict[str, Any]) -> bytes:
    """Changes when anything does that a thumbnail follows from: a folder is called by its input, settings and code."""
    said = repr([folder.name, row["object_id"], row["source"], row["period"], row["t0"]])
    return hashlib.blake2b(said.encode("utf-8", "surrogateescape"), digest_size=16).digest()
