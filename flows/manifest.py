"""What is finished and need not be done again: the authority on a run that was killed.

A chunk's folder is named by its key: the hash of the input bytes, the settings, the models, the code and the packages.
Its ``done.json`` is written last, so a folder without one is unfinished work and is done again. It holds the hashes of
the others, so that a file that was damaged since is found before it is believed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from swope.pipeline.catalog import Selected
from swope.pipeline.sealed import sealed, unsealed

DONE = "done.json"


def chunk_key(digest: str, config: Mapping[str, Any], makers: Mapping[str, Any]) -> str:
    """Name of a chunk's folder: sixteen hex digits that change when anything that makes its rows changes.

    Parameters
    ----------
    digest : hash of the input bytes that the chunk covers.
    config : the run's settings; JSON values.
    makers : models, versions, code (`swope.flows.makers.Makers`); JSON values.
    """
    text = json.dumps([digest, dict(config), dict(makers)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_done(folder: Path) -> bool:
    """Whether the chunk in this folder is finished."""
    return (folder / DONE).exists()


def mark_done(folder: Path, files: Iterable[str], **counts: int) -> None:
    """Say that the chunk in this folder is finished: what is counted of it, and the hashes of its files.

    Parameters
    ----------
    files : names; those that are not there are passed over.
    counts : what there is to say of the chunk.
    """
    write_sealed(folder / DONE, {**counts, "files": hashes_of(folder, files)})


def hashes_of(folder: Path, files: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those files of a folder that are there, by name."""
    return {name: hash_of(folder / name) for name in files if (folder / name).exists()}


def remove_damaged(folders: Iterable[Path]) -> list[str]:
    """Remove finished chunks of which a file is not as it was written: they are unfinished work again.

    Returns
    -------
    What was removed and why, in words.
    """
    said = []
    for folder in folders:
        if is_done(folder) and (why := _damage(folder)):
            shutil.rmtree(folder)
            said.append(f"{folder}: {why}; its stars are done again")
    return said


def _damage(folder: Path) -> str | None:
    """What is wrong with the files of a finished chunk, in words; None where nothing is."""
    try:
        # one of an earlier version has none, and the key of no chunk of this one
        hashes: dict[str, str] = read_sealed(folder / DONE).get("files", {})
    except (ValueError, AttributeError):
        return f"{DONE} cannot be read"
    return damage(folder, hashes)


def damage(folder: Path, hashes: Mapping[str, str]) -> str | None:
    """What is wrong with files of a folder, in words; None where they are as they were written.

    Parameters
    ----------
    hashes : by name, as `hashes_of` gave them.
    """
    for name, digest in hashes.items():
        if not (folder / name).exists():
            return f"{name} is missing"
        if hash_of(folder / name) != digest:
            return f"{name} is not as it was written (a damaged disk?)"
    return None


def undamaged(path: Path) -> pa.Table | None:
    """A table that can be done without; None where there is none, or a disk has damaged it, which is said."""
    try:
        return Selected(path).read() if path.exists() else None
    except (pa.ArrowException, OSError) as problem:
        print(f"{path} is damaged, and is left out: {problem}", file=sys.stderr)
        return None


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that the file is there whole or not at all: temporary name, fsync, rename."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """As `write_json`, so that `read_sealed` finds a file that was damaged since."""
    write_json(path, sealed(content))


def read_sealed(path: Path) -> dict[str, Any]:
    """What `write_sealed` was given.

    Raises
    ------
    ValueError
        When the file is not as it was written.
    """
    return unsealed(path.read_text(encoding="utf-8"))
