"""What the likeliest events of ordinary stars look like: what an event of another star is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from swope.models.statespace.slow import Slow, SlowKind
from swope.pipeline.events import PointNull
from swope.pipeline.lightcurve import FloatArray, IntArray

#: Events without an end of their own. Stars that are ordinary of their kind have them: spots come and go, contact
#: binaries change their periods, a camera its zero point.
LASTING: tuple[SlowKind, ...] = ("shift", "trend", "period")


@dataclass(frozen=True)
class OrdinaryEvents:
    """How likely the likeliest events of ordinary stars look.

    Attributes
    ----------
    point : the strangest single points.
    lasting : the likeliest event of each kind of `LASTING`.
    """

    point: PointNull = field(default_factory=PointNull)
    lasting: dict[SlowKind, PointNull] = field(default_factory=lambda: {kind: PointNull() for kind in LASTING})

    def judged(self, slow: Slow, visit: IntArray) -> Slow:
        """The event with the share of ordinary stars that have as likely a one of its kind for p-value.

        A pulse that one visit alone shows is held against single points, and another taken at its word.

        Parameters
        ----------
        visit : (n,) a number for each row's visit.
        """
        null = self.lasting.get(slow.kind)
        if null is None and visit[slow.first] == visit[slow.last]:
            null = self.point
        return slow if null is None else slow.with_pvalue(10.0 ** -float(null.decades(slow.decades)[0]))


def lasting_decades(found: tuple[Slow, ...]) -> FloatArray:
    """(kinds,) minus the decimal logarithm of the p-value of the likeliest event of each lasting kind; 0: none."""
    best: FloatArray = np.array(
        [max((float(slow.decades[0]) for slow in found if slow.kind == kind), default=0.0) for kind in LASTING]
    )
    return best
