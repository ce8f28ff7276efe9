"""What a catalog is put together from: whole chunks, and rows of older ones that a chunk refers to.

A chunk of which a few stars changed writes nothing anew of the others. It says where their rows are: in the chunk of an
earlier run, or in the gathering of a night (`swope.flows.renew`). What it refers to holds its own rows, so that no way
is longer than one step; `swope.flows.catalog.clear` keeps what is referred to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from swope.flows import stages
from swope.flows.manifest import write_json
from swope.pipeline.catalog import Selected
from swope.pipeline.catalog.store import replacing

_NAMES = ("object_id", "source")


@dataclass(frozen=True, eq=False)
class Piece:
    """A folder with rows of a catalog.

    Attributes
    ----------
    folder : of a chunk, or of a gathering.
    rows : which of its stars are in the catalog, ascending; None for all that is there, what was refused too.
    """

    folder: Path
    rows: NDArray[np.int64] | None = None

    def of(self, name: str) -> Selected:
        """The rows of one of its tables."""
        path = self.folder / name
        if self.rows is None or name in (stages.OBJECTS, stages.STARS):
            return Selected(path, self.rows)
        here = pc.is_in(_names_in(path), self._stars)
        return Selected(path, np.flatnonzero(here.to_numpy(zero_copy_only=False)))

    @cached_property
    def _stars(self) -> pa.Array:
        """Names of its stars."""
        return _names_in(self.folder / stages.OBJECTS).take(pa.array(self.rows))


def pieces_of(folders: Iterable[Path]) -> list[Piece]:
    """What the catalog of some chunks is put together from, each folder once."""
    pieces: dict[Path, Piece] = {}
    used: dict[Path, list[NDArray[np.int64]]] = {}
    for folder in folders:
        pieces[folder] = Piece(folder)
        for other, rows in referred(folder):
            used.setdefault(other, []).append(rows)
    for other, some in used.items():
        pieces.setdefault(other, Piece(other, np.unique(np.concatenate(some))))
    return list(pieces.values())


def tables(pieces: Sequence[Piece], name: str) -> list[Selected]:
    """One of the tables of some pieces.

    All have rows of stars, but a chunk that refers to others, which has those of what was refused, where anything was;
    one that failed has no other tables.
    """
    return [piece.of(name) for piece in pieces if (piece.folder / name).exists() or _must_have(piece, name)]


def _must_have(piece: Piece, name: str) -> bool:
    return name == stages.OBJECTS and not (piece.folder / stages.REFERS).exists()


def refer(folder: Path, others: Sequence[Path], places: NDArray[np.int32]) -> None:
    """Say where the rows of a chunk's stars are.

    Parameters
    ----------
    others : folders; they are said as they are seen from it.
    places : (n, 2) of each star, which of these it is in, and in which row.
    """
    with replacing(folder / stages.PLACES) as temporary, temporary.open("wb") as file:
        np.save(file, places)
    write_json(folder / stages.REFERS, [os.path.relpath(other, folder) for other in others])


def referred(folder: Path) -> list[tuple[Path, NDArray[np.int64]]]:
    """The folders that a chunk refers to, each with the rows of its stars there; none where it has all itself."""
    if not (folder / stages.REFERS).exists():
        return []
    others = [Path(os.path.normpath(folder / other)) for other in json.loads((folder / stages.REFERS).read_text())]
    places = np.load(folder / stages.PLACES)
    return [(other, places[places[:, 0] == i, 1].astype(np.int64)) for i, other in enumerate(others)]


def _names_in(path: Path) -> pa.Array:
    """Name and source of each row of a table on disk."""
    stamp = path.stat()
    return _read_names(path, stamp.st_ino, stamp.st_mtime_ns)


# a night asks for them for what it goes on from, and then for the catalog that it makes
@lru_cache(maxsize=256)
def _read_names(path: Path, _: int, __: int) -> pa.Array:
    return names_of(Selected(path).read(_NAMES))


def names_of(table: pa.Table) -> pa.Array:
    """Name and source of each row, as one text."""
    joined = pc.binary_join_element_wise(table["object_id"], table["source"], "\0")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
