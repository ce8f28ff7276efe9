"""Archives with light curves in them (.zip, .tar, .tar.gz, ...): their files are brought into a scratch folder, safely.

No member's name becomes a path: links, devices and folders are left out, and the bytes of all members together are
bounded, whatever an archive says of their sizes.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from swope.pipeline.ingest.bytes import digest_of
from swope.pipeline.ingest.parts import Refused, UnusableError

#: Endings of archives.
ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$", re.I)

#: Bytes that may come of an archive: so many times its own, and some in any case.
MOST_GROWTH, ALWAYS_BYTES = 50, 16 * 2**20

#: Files in an archive, at most.
MOST_FILES = 100_000

_BLOCK = 2**20

Member = tuple[str, Callable[[], IO[bytes]]]


def is_archive(path: Path) -> bool:
    """Whether a file's name is that of an archive, and its bytes do not contradict it."""
    if not ARCHIVE.search(path.name) or not path.is_file():
        return False
    return zipfile.is_zipfile(path) if path.suffix.lower() == ".zip" else tarfile.is_tarfile(path)


def unpacked(path: Path, source: str, scratch: Path) -> tuple[list[tuple[Path, str]], list[Refused]]:
    """Bring the files of an archive into a folder of their own; what is there already is not brought again.

    Parameters
    ----------
    source : the archive's name as the user would recognise it.

    Returns
    -------
    Path of each file and its name for the user (``survey.zip/a/star.csv``), and what was left out, with the reason.
    """
    folder = scratch / "archives" / digest_of(path)[:32]
    files: list[tuple[Path, str]] = []
    refused: list[Refused] = []
    left = max(ALWAYS_BYTES, MOST_GROWTH * path.stat().st_size)
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.unfinished")
    partial.mkdir(parents=True, exist_ok=True)
    there = folder.exists()
    try:
        for number, (name, open_member) in enumerate(_members(path)):
            shown = f"{source}/{_shown(name)}"
            if number >= MOST_FILES:
                raise UnusableError(f"more than {MOST_FILES} files in the archive: unpack it beforehand")
            if ARCHIVE.search(name):
                refused.append(Refused(_stem(name), shown, "an archive within an archive: unpack it beforehand"))
                continue
            # the number keeps members of one name apart, and a hostile name out of the path
            place = f"{number:06d}-{_stem(name)}"
            if not there:
                with open_member() as member, open(partial / place, "wb") as out:
                    left -= _copied(member, out, left)
            files.append((folder / place, shown))
        if not there:
            os.replace(partial, folder)
    except Exception as error:  # an archive may break its reader in any way
        if isinstance(error, UnusableError):
            return [], [*refused, Refused(path.name, source, str(error))]
        return [], [*refused, Refused(path.name, source, f"the archive could not be read ({error})", "failed")]
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if not files and not refused:
        refused.append(Refused(path.name, source, "the archive holds no files"))
    return files, refused


def _members(path: Path) -> Iterator[Member]:
    """Name and opener of each plain file, hidden ones left out, as those of folders are."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                # the upper half of the attributes is the mode of Unix: a link is none of ours
                link = (info.external_attr >> 16) & 0o170000 == 0o120000
                if not info.is_dir() and not link and not _hidden(info.filename):
                    yield info.filename, lambda info=info: archive.open(info)  # type: ignore[misc]
        return
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and not _hidden(member.name):
                yield member.name, lambda member=member: archive.extractfile(member)  # type: ignore[misc]


def _hidden(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith(".") and part not in (".", "..") for part in parts) or "__MACOSX" in parts


def _copied(member: IO[bytes], out: IO[bytes], most: int) -> int:
    count = 0
    while block := member.read(_BLOCK):
        count += len(block)
        if count > most:
            raise UnusableError(f"unpacks to more than {MOST_GROWTH} times its size: unpack it beforehand")
        out.write(block)
    return count


def _stem(name: str) -> str:
    """The last part of a member's name, of letters that no file system minds."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.+-]", "_", last)[-120:].lstrip(".") or "file"


def _shown(name: str) -> str:
    """A member's name on one line, without what would lead out of the archive."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return re.sub(r"[\x00-\x1f\x7f]", "?", "/".join(parts))[:300]
