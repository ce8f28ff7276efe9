"""Bytes of files: opened through gzip, bzip2 or xz where they are compressed, and their digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO, cast

#: How much of a file a reader sees to recognise it.
HEAD_BYTES = 64 * 1024

#: Endings that are not part of a file's own name.
_ENDINGS = {
    *(".gz", ".bz2", ".xz", ".csv", ".tsv", ".dat", ".txt", ".tbl", ".fits", ".fit", ".parquet", ".pq", ".lc"),
    *(".ascii", ".asc", ".ipac", ".ecsv", ".vot", ".votable", ".xml", ".vis", ".lc"),
}


def open_unpacked(path: str | Path) -> BinaryIO:
    """Open a file for reading its bytes, unpacked; what it is packed with is told by its first bytes."""
    with open(path, "rb") as file:
        magic = file.read(6)
    if magic[:2] == b"\x1f\x8b":
        import gzip

        return cast(BinaryIO, gzip.open(path, "rb"))
    if magic[:3] == b"BZh":
        import bz2

        return cast(BinaryIO, bz2.open(path, "rb"))
    if magic == b"\xfd7zXZ\x00":
        import lzma

        return cast(BinaryIO, lzma.open(path, "rb"))
    return open(path, "rb")


def head_of(path: str | Path) -> bytes:
    """The first `HEAD_BYTES` of a file, unpacked."""
    with open_unpacked(path) as file:
        return file.read(HEAD_BYTES)


def text_of(path: str | Path) -> str:
    """A whole file as text: UTF-8, or UTF-8 with a byte-order mark.

    Raises
    ------
    UnicodeDecodeError
        When it is not.
    """
    with open_unpacked(path) as file:
        return file.read().decode("utf-8-sig")


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
