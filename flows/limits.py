"""What a star may take of time and memory, before its process is ended for it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from swope.flows.chunk import MARK, mark_of


@dataclass(frozen=True)
class Limits:
    """Far beyond what a star takes (seconds, and some MB): what exceeds them would never end, or end the machine.

    Attributes
    ----------
    alone : seconds for one star.
    together : seconds for the stars of a chunk that are scored together.
    memory : bytes that the process may hold.
    """

    alone: float = 300.0
    together: float = 1800.0
    memory: int = 8 * 2**30

    def exceeded(self, folder: Path, process: int) -> str | None:
        """What the process that works on a chunk has exceeded, in words; None while it is at no star.

        Parameters
        ----------
        folder : of the chunk.
        process : its id.
        """
        try:
            since = (folder / MARK).stat().st_mtime
            mark = mark_of(folder)
        except (OSError, ValueError):
            # gone, or being written
            return None
        if mark is None:
            return None
        seconds = self.together if mark.star is None else self.alone
        if time.time() - since > seconds:
            return f"it took more than {seconds:.0f} s"
        if memory_of(process) > self.memory:
            return f"it took more than {self.memory / 2**30:.1f} GB of memory"
        return None


def memory_of(process: int) -> int:
    """Bytes of memory that a process holds; 0 where that cannot be known."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
