"""Bytes of files: opened through gzip, bzip2 or xz where they are compressed, and their digest."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO, cast

from swope.pipeline.ingest.parts import UnusableError

#: How much of a file a reader sees to recognise it.
HEAD_BYTES = 64 * 1024

#: Endings that are not part of a file's own name.
_ENDINGS = {
    *(".gz", ".bz2", ".xz", ".csv", ".tsv", ".dat", ".txt", ".tbl", ".fits", ".fit", ".parquet", ".pq", ".lc"),
    *(".ascii", ".asc", ".ipac", ".ecsv", ".vot", ".votable", ".xml", ".vis", ".lc"),
}


#: What is packed may grow by this factor; tables of numbers grow threefold to tenfold.
MOST_GROWTH = 50

#: So many bytes may come of a packed file, however few they were.
ALWAYS_BYTES = 16 * 2**20


def open_unpacked(path: str | Path) -> BinaryIO:
    """Open a file for reading its bytes, unpacked; what it is packed with is told by its first bytes.

    A packed file that grows beyond all measure (a decompression bomb) raises `UnusableError` while it is read.
    """
    file = open(path, "rb")  # noqa: SIM115 (the caller closes it)
    magic = file.read(6)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        import gzip

        return _bounded(gzip.GzipFile(fileobj=file), file)
    if magic[:3] == b"BZh":
        import bz2

        return _bounded(bz2.BZ2File(file), file)
    if magic == b"\xfd7zXZ\x00":
        import lzma

        return _bounded(lzma.LZMAFile(file), file)
    return file


def _bounded(unpacked: Any, packed: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Bounded(unpacked, packed), 2**16))


class _Bounded(io.RawIOBase):
    """Unpacked bytes, as long as they are in proportion to the packed ones that they came of."""

    def __init__(self, unpacked: Any, packed: BinaryIO) -> None:
        self._unpacked = unpacked
        self._packed = packed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count: int = self._unpacked.readinto(buffer)
        if self._unpacked.tell() > max(ALWAYS_BYTES, MOST_GROWTH * self._packed.tell()):
            raise UnusableError(
                f"unpacks to more than {MOST_GROWTH} times its size, which no table of numbers does: unpack it "
                "beforehand if that is meant"
            )
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end of what is packed is not known")
        target = offset + (self.tell() if whence == io.SEEK_CUR else 0)
        if target < self.tell():
            self._unpacked.seek(0)
        # what lies on the way has to be unpacked, too
        piece = bytearray(2**20)
        while (missing := target - self.tell()) > 0 and self.readinto(memoryview(piece)[: min(missing, len(piece))]):
            pass
        return self.tell()

    def tell(self) -> int:
        place: int = self._unpacked.tell()
        return place

    def close(self) -> None:
        if not self.closed:
            self._unpacked.close()
            self._packed.close()
        super().close()


def plain_size(path: str | Path, size: int) -> int:
    """Bytes of a file of this size once it is unpacked, about: what is packed (Parquet is) grows some fivefold."""
    with open(path, "rb") as raw:
        magic = raw.read(4)
    packed = magic == b"PAR1" or magic[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7")
    return size * (5 if packed else 1)


def head_of(path: str | Path) -> bytes:
    """The first `HEAD_BYTES` of a file, unpacked."""
    with open_unpacked(path) as file:
        return file.read(HEAD_BYTES)


def digest_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes as they lie on the disk, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stem_of(name: str) -> str:
    """A file's own name: ``OB03235.tbl.txt`` is ``OB03235``, ``starBLG234.6.I.dat`` is ``starBLG234.6.I``."""
    path = Path(name)
    while path.suffix.lower() in _ENDINGS and path.stem:
        path = Path(path.stem)
    return path.name.strip()
