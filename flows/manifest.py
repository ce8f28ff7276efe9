"""What is finished and need not be done again: the authority on a run that was killed.

A chunk's folder is named by its key: the hash of the input bytes, the settings, the models, the code and the packages.
Its ``done.json`` is written last, so a folder without one is unfinished work and is done again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
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


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that the file is there whole or not at all: temporary name, fsync, rename."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
