"""What a process holds of the machine's memory, and how much of it one may."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

#: No process may hold more than this share of the machine's memory, whatever it does.
SHARE = 0.8

#: Where a container says how much it may hold.
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def too_large(process: int, most: int | None = None) -> str | None:
    """What a process holds too much of, in words; None where it does not.

    Parameters
    ----------
    process : its id.
    most : bytes; None for the share of the machine's memory, which is the most in any case.
    """
    most = share_of_machine() if most is None else min(most, share_of_machine())
    return f"it took more than {most / 2**30:.1f} GB of memory" if memory_of(process) > most else None


def memory_of(process: int) -> int:
    """Bytes of memory that a process holds; 0 where that cannot be known."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


@cache
def share_of_machine() -> int:
    """Bytes that one process may hold of the memory of this machine, or of the container."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        # "max" where there is no limit
        whole = min(whole, int(_CONTAINER.read_text()))
    return int(SHARE * whole)
