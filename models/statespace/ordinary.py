"""What the likeliest events of ordinary stars look like: what an event of another star is held against."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from swope.models.statespace.slow import Slow, SlowKind
from swope.pipeline.events import PointNull
from swope.pipeline.lightcurve import FloatArray, IntArray

#: What stars that are ordinary of their kind do, so that it is no rare event: contact binaries change their periods,
#: and spots, or the light-time of a companion, look the same.
HABITS: tuple[SlowKind, ...] = ("period",)


@dataclass(frozen=True)
class OrdinaryEvents:
    """How likely the likeliest events of ordinary stars look.

    Attributes
    ----------
    point : the strangest single points.
    habits : the likeliest event of each of `HABITS`.
    """

    point: PointNull = field(default_factory=PointNull)
    habits: dict[SlowKind, PointNull] = field(default_factory=lambda: {kind: PointNull() for kind in HABITS})

    def judged(self, slow: Slow, visit: IntArray) -> Slow:
        """The event with the p-value that it has among ordinary stars.

        A habit is held against theirs, and a pulse that one visit alone shows against their strangest points; all else
        is taken at its word.

        Parameters
        ----------
        visit : (n,) a number for each row's visit.
        """
        null = self.habits.get(slow.kind)
        if null is None and visit[slow.first] == visit[slow.last]:
            null = self.point
        return slow if null is None else replace(slow, pvalue=10.0 ** -float(null.decades(slow.decades)[0]))


def habit_decades(found: tuple[Slow, ...]) -> FloatArray:
    """(kinds,) minus the decimal logarithm of the p-value of the likeliest event of each of `HABITS`; 0: none."""
    best: FloatArray = np.array(
        [max((float(slow.decades[0]) for slow in found if slow.kind == kind), default=0.0) for kind in HABITS]
    )
    return best
