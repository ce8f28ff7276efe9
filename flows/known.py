"""What an earlier run knows of the stars that the next one has to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.flows import stages
from swope.flows.makers import Makers
from swope.flows.manifest import DONE, chunk_key, is_done
from swope.flows.options import RunOptions
from swope.flows.pieces import names_of, pieces_of
from swope.flows.record import RunRecord
from swope.pipeline.catalog.store import replacing

#: The stars of the run before, by what was observed of them, and by the rows that they were read from.
KNOWN = Path("work") / "known"

#: Chunks of the stars that had to be done, gathered from the chunks that held some.
GATHERED = Path("work") / "gathered"

_DIGESTS, _KEYS = "digests.npy", "keys.npy"

_ENTRY = np.dtype([("name", "u8", 2), ("chunk", "i4"), ("row", "i4")])


@dataclass(frozen=True)
class Known:
    """The stars of an earlier run.

    Attributes
    ----------
    folders : those that hold their rows.
    index : folder of what finds them: the stars' digests, and the keys of their rows, each in order.
    """

    folders: tuple[Path, ...]
    index: Path

    def places(self, digests: NDArray[np.uint64]) -> NDArray[np.int32]:
        """(n, 2) the folder and the row of each of n stars; -1 for a star that is not known, or has changed."""
        return self._found(_DIGESTS, digests)

    def places_of_rows(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The same of stars that were not read, by the keys of their rows (`swope.pipeline.ingest.Part`)."""
        return self._found(_KEYS, keys)

    def move(self, places: NDArray[np.int32], folder: int) -> None:
        """Have stars at these places, in order of folder and row, found in another folder, row by row in this order."""
        before = _numbered(places[:, 0], places[:, 1])
        for name in (_DIGESTS, _KEYS):
            index = np.load(self.index / name)
            at = np.searchsorted(before, _numbered(index["chunk"], index["row"]))
            moved = before[np.minimum(at, len(before) - 1)] == _numbered(index["chunk"], index["row"])
            index["chunk"][moved], index["row"][moved] = folder, at[moved]
            _save(self.index / name, index)

    def _found(self, name: str, wanted: NDArray[np.uint64]) -> NDArray[np.int32]:
        index = _index(self.index / name)
        found = np.full((len(wanted), 2), -1, dtype=np.int32)
        if len(index) and len(wanted):
            at = np.minimum(np.searchsorted(index["name"][:, 0], wanted[:, 0]), len(index) - 1)
            same = (index["name"][at] == wanted).all(axis=1)
            found[same] = np.column_stack([index["chunk"][at], index["row"][at]])[same]
        return found


def known_stars(
    run_dir: Path, makers: Makers, options: RunOptions, chunks: Sequence[Path], index: Path
) -> Known | None:
    """What the finished run of a folder knows of stars that the next one there has to look at.

    Parameters
    ----------
    makers, options : of the next run.
    chunks : the next run's.
    index : folder to write, of what finds the stars that are known.

    Returns
    -------
    None where no finished run with the same makers and settings is there, or it has no other chunks than the next one.
    """
    try:
        record = RunRecord.read(run_dir)
    except ValueError:
        return None
    if not _made_alike(record, makers, options):
        return None
    own = set(map(str, chunks))
    before = [piece.folder for piece in pieces_of(run_dir / one for one in record.chunks if one not in own)]
    # what a chunk referred to that was damaged since
    before += [run_dir / one for one in record.pieces if one not in own]
    # of a run that was killed since
    before += sorted(room_of(run_dir, makers, options).glob("*"))
    # those that have light curves of their own
    folders = tuple(dict.fromkeys(one for one in before if is_done(one) and (one / stages.STARS).exists()))
    found = [_entries(folder, i) for i, folder in enumerate(folders)]
    if not any(len(digests) for digests, _ in found):
        return None
    index.mkdir(parents=True, exist_ok=True)
    for name, entries in zip((_DIGESTS, _KEYS), map(np.concatenate, zip(*found, strict=True)), strict=True):
        _save(index / name, entries[np.lexsort((entries["name"][:, 1], entries["name"][:, 0]))])
    return Known(folders, index)


def _numbered(chunk: NDArray[np.int32], row: NDArray[np.int32]) -> NDArray[np.int64]:
    """One number for each place, in their order."""
    numbers: NDArray[np.int64] = (chunk.astype(np.int64) << 32) | row
    return numbers


def _index(path: Path) -> NDArray[np.void]:
    """An index that was saved."""
    stamp = path.stat()
    return _mapped(path, stamp.st_ino, stamp.st_mtime_ns)


@lru_cache(maxsize=4)
def _mapped(path: Path, _: int, __: int) -> NDArray[np.void]:
    # asked for chunk by chunk: to open it takes longer than to look there
    index: NDArray[np.void] = np.load(path, mmap_mode="r")
    return index


def _save(path: Path, entries: NDArray[np.void]) -> None:
    # what is mapped elsewhere stays as it is
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, entries)


def room_of(run_dir: Path, makers: Makers, options: RunOptions) -> Path:
    """Where what these makers do with these settings is gathered."""
    return run_dir / GATHERED / chunk_key("", asdict(options), asdict(makers))


def _made_alike(record: RunRecord, makers: Makers, options: RunOptions) -> bool:
    """Whether the rows of an earlier run are what this one would make of the same stars, however it divides them."""
    before, now = record.config | {"chunk_size": 0}, asdict(options) | {"chunk_size": 0}
    return (record.models, record.versions, before) == (makers.models, makers.versions, now)


def _entries(folder: Path, number: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """The stars of a folder that can be taken over, by digest, and by key those that have one."""
    stamp = (folder / DONE).stat()
    digests, keys, rows = _to_be_taken(folder, stamp.st_ino, stamp.st_mtime_ns)
    entries = np.empty(len(rows), _ENTRY)
    entries["name"], entries["chunk"], entries["row"] = digests, number, rows
    keyed = entries.copy()
    keyed["name"] = keys
    return entries, keyed[keyed["name"].any(axis=1)]


# a night asks for them, and then the run that it makes
@lru_cache(maxsize=256)
def _to_be_taken(folder: Path, _: int, __: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Digests, keys and rows of the stars of a finished folder that can be taken over.

    A failed one may go well now, and namesakes cannot be told apart.
    """
    digests = np.load(folder / stages.DIGESTS)
    objects = pq.read_table(folder / stages.OBJECTS, columns=["object_id", "source", "status"])[: len(digests)]
    names = names_of(objects).to_numpy(zero_copy_only=False)
    which, count = np.unique(names, return_inverse=True, return_counts=True)[1:]
    rows = np.flatnonzero((count[which] == 1) & np.asarray(pc.not_equal(objects["status"], "failed")))
    return digests[rows], np.load(folder / stages.KEYS)[rows], rows
