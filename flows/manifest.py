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
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

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
    hashes = {name: _hash_of(folder / name) for name in files if (folder / name).exists()}
    write_json(folder / DONE, {**counts, "files": hashes})


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
        hashes: dict[str, str] = json.loads((folder / DONE).read_text()).get("files", {})
    except (ValueError, AttributeError):
        return f"{DONE} cannot be read"
    for name, digest in hashes.items():
        if not (folder / name).exists():
            return f"{name} is missing"
        if _hash_of(folder / name) != digest:
            return f"{name} is not as it was written (a damaged disk?)"
    return None


def _hash_of(path: Path) -> str:
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
