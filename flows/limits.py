"""What a star may take of time and memory, before its process is ended for it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from swope.flows.chunk import MARK, mark_of
from swope.flows.memory import too_large

#: Environment variables by which who runs Swope sets the limits; they change nothing of a catalog of stars within them.
SECONDS, MEMORY = "SWOPE_STAR_SECONDS", "SWOPE_STAR_GB"


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

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Limits:
        """Those that are set, and the usual ones; stars together may take as many times one star's seconds as usual.

        Raises
        ------
        ValueError
            When what is set is no number above zero.
        """
        usual = cls()
        longer = _number(environment, SECONDS, usual.alone) / usual.alone
        return replace(
            usual,
            alone=longer * usual.alone,
            together=longer * usual.together,
            memory=int(_number(environment, MEMORY, usual.memory / 2**30) * 2**30),
        )

    def exceeded(self, folder: Path, process: int) -> str | None:
        """What a process has exceeded, in words: while it is at a star these limits, else the machine's.

        Parameters
        ----------
        folder : where it leaves a mark of what it is at (`swope.flows.chunk.marked`).
        process : its id.
        """
        try:
            since = (folder / MARK).stat().st_mtime
        except OSError:
            return too_large(process)
        mark = mark_of(folder)
        if mark is None:
            # gone since, or being written
            return too_large(process)
        seconds = self.together if mark.star is None else self.alone
        if time.time() - since > seconds:
            return f"it took more than {seconds:.0f} s"
        return too_large(process, self.memory)


def _number(environment: Mapping[str, str], name: str, usual: float) -> float:
    said = environment.get(name)
    if not said:
        return usual
    try:
        value = float(said)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError(f"{name}={said!r} is not a number above zero")
    return value
