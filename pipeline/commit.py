"""Several files that belong together, replaced together: all the new ones or all the old ones, whenever one is killed.

The new files are written beside the old, into ``.new``. Then a list of them, written last, makes them valid; from then
on they only have to be moved, and whoever comes next does it where the mover was killed::

    DIR/.new/objects.parquet ...   begun, not valid: is thrown away
    DIR/.new/commit.json           valid: is moved to DIR, file by file
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NEW = ".new"
_LIST = "commit.json"


@contextmanager
def replaced_together(folder: Path) -> Iterator[Path]:
    """A folder to write files in; at the end of the block they stand in `folder`, in the place of those of their names.

    When the block raises, or is killed, the old ones stay.

    Parameters
    ----------
    folder : it must be nobody else's at the time (`swope.flows.lock`).
    """
    finish(folder)
    new = folder / _NEW
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        names = sorted(path.name for path in new.iterdir())
        for name in names:
            _sync(new / name)
        listed = new / f".{_LIST}.part"
        listed.write_text(json.dumps(names))
        _sync(listed)
        listed.replace(new / _LIST)
        _sync(new)
    except BaseException:
        if not (new / _LIST).exists():
            shutil.rmtree(new, ignore_errors=True)
        raise
    finish(folder)


def finish(folder: Path) -> None:
    """Finish what was killed while it moved files that are valid; readers call it before they read several of them.

    Raises
    ------
    OSError
        When they cannot be moved.
    """
    new = folder / _NEW
    if not (new / _LIST).exists():
        return
    for name in json.loads((new / _LIST).read_text()):
        # what is not there was moved before
        with suppress(FileNotFoundError):
            os.replace(new / name, folder / name)
    _sync(folder)
    (new / _LIST).unlink(missing_ok=True)
    shutil.rmtree(new, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have a file or a folder on the disk, and not only on its way."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
