"""One run at a time in a folder: a lock of the operating system, which a process that dies lets go."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


class BusyError(ValueError):
    """Another run is at work in the folder; the message says which."""


@contextmanager
def locked(folder: Path, name: str = LOCK, wait: bool = False) -> Iterator[None]:
    """Hold a folder for the block; it is made where it is not there.

    Parameters
    ----------
    folder : to be held.
    name : of the lock, where it is not the folder as a whole that is held.
    wait : whether to wait until who holds it lets it go.

    Raises
    ------
    BusyError
        When somebody else holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 100, 0).decode(errors="replace").strip() or "another process"
            raise BusyError(
                f"{folder} is in use by {holder}: wait until it has ended, or stop it, or take another folder"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)
        yield
    finally:
        # never removed: who waits for the file that was there would hold another one than who makes it anew
        os.close(file)


def check_free(folder: Path) -> None:
    """Refuse at once what `locked` would refuse later.

    Raises
    ------
    BusyError
        When somebody holds the folder.
    """
    if (folder / LOCK).exists():
        with locked(folder):
            pass
