"""Move what is left of worn folders together: after hundreds of nights a catalog would lie in hundreds of them.

A night leaves a folder of the stars that it did, and the folders of earlier nights lose those stars. Of a folder that
has lost most, or of many that hold few, the rows that the chunks of tonight refer to are copied into one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from swope.flows import stages
from swope.flows.known import Known
from swope.flows.manifest import is_done
from swope.flows.options import RunOptions
from swope.flows.pieces import Piece, names_of, pieces_of
from swope.flows.record import RunRecord

#: So many folders may hold less than a quarter of a chunk each.
MANY = 16


def worn(run_dir: Path, options: RunOptions) -> list[Path]:
    """The folders of the finished run of a folder that hold little of its catalog, or are mostly what it was before."""
    try:
        record = RunRecord.read(run_dir)
    except ValueError:
        return []
    pieces = pieces_of(run_dir / chunk for chunk in record.chunks)
    used = {piece.folder: len(piece.rows) for piece in pieces if piece.rows is not None and is_done(piece.folder)}
    small = {folder for folder, count in used.items() if count < options.chunk_size / 4}
    if len(small) <= MANY:
        small = set()
    return [one for one, count in used.items() if one in small or count < len(np.load(one / stages.DIGESTS)) / 2]


def compacted(chunks: Sequence[Path], folders: Sequence[Path], room: Path, options: RunOptions, known: Known) -> Known:
    """Move the stars of some chunks that are in worn folders; what is known says where they are then.

    Parameters
    ----------
    chunks : set apart.
    folders : `worn`.
    room : for new folders, of as many stars as a chunk at most.
    """
    numbers = [i for i, folder in enumerate(known.folders) if folder in set(folders)]
    places = np.concatenate([known.places(np.load(chunk / stages.DIGESTS)) for chunk in chunks])
    places = np.unique(places[np.isin(places[:, 0], numbers)], axis=0)
    for begin in range(0, len(places), options.chunk_size):
        some = _told_apart(places[begin : begin + options.chunk_size], known)
        if len(some):
            known = replace(known, folders=(*known.folders, _moved(some, room, known)))
            known.move(some, len(known.folders) - 1)
    return known


def _pieces(places: NDArray[np.int32], known: Known) -> list[tuple[Piece, NDArray[np.int64]]]:
    """What holds the stars at these places, in order of folder and row, and in which rows."""
    found = [(i, places[places[:, 0] == i, 1].astype(np.int64)) for i in np.unique(places[:, 0])]
    return [(Piece(known.folders[i], rows), rows) for i, rows in found]


def _told_apart(places: NDArray[np.int32], known: Known) -> NDArray[np.int32]:
    """The places of those stars that have no namesake among the others."""
    objects = [piece.of(stages.OBJECTS).read(["object_id", "source"]) for piece, _ in _pieces(places, known)]
    names = names_of(pa.concat_tables(objects)).to_numpy(zero_copy_only=False)
    _, which, count = np.unique(names, return_inverse=True, return_counts=True)
    alone: NDArray[np.int32] = places[count[which] == 1]
    return alone


def _moved(places: NDArray[np.int32], room: Path, known: Known) -> Path:
    """A folder with the rows of the stars at these places, in their order."""
    pieces = _pieces(places, known)
    digests, keys = (
        np.concatenate([np.load(piece.folder / name)[rows] for piece, rows in pieces])
        for name in (stages.DIGESTS, stages.KEYS)
    )
    folder = room / hashlib.sha256(b"moved" + digests.tobytes()).hexdigest()[:16]
    if not is_done(folder):
        stages.write_moved(folder, digests, keys, lambda name: [piece.of(name).read() for piece, _ in pieces])
    return folder
