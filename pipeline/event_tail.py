"""How likely the likeliest events of ordinary stars look, and what an event of another star is worth beside them.

How likely an event looks, in decades, follows from the star's own noise; in real photometry that is no probability:
seasons are off, visits rotten, levels drift. Its p-value is the share of ordinary stars with one that looks at least as
likely: counted as far as there are some that go as far, and beyond from a Pareto tail fitted to the farthest of them
(Hill 1975, Ann. Stat. 3, 1163), which is heavy as theirs are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from swope.pipeline.events import EventNull
from swope.pipeline.lightcurve import FloatArray

#: The farthest share of ordinary stars that the tail is fitted to; a habit of fewer is fitted from so many decades on,
#: with which it appears. Not with fewer stars than the last.
_FARTHEST, _APPEARS, _LEAST = 3e-3, 3.0, 20

#: An observing cadence has nulls of its own with so many stars.
OWN_STARS = 500


@dataclass(frozen=True)
class OrdinaryTail:
    """The decades of ordinary stars' likeliest events of one habit.

    Attributes
    ----------
    share : of ordinary stars that go beyond `start`.
    start : decades.
    index : the share falls with this power of the decades from there; infinite: as the decades themselves say.
    """

    share: float = 1e-3
    start: float = 3.0
    index: float = math.inf

    @classmethod
    def of(cls, best: FloatArray, weight: FloatArray) -> OrdinaryTail:
        """From the decades (n,) of ordinary stars' likeliest events and the stars' weights (n,); ideal with too few."""
        if len(best) < _LEAST:
            return cls()
        order = np.argsort(-best, kind="stable")
        farther = np.cumsum(weight[order]) / weight.sum()
        start = max(float(best[order][np.searchsorted(farther, _FARTHEST)]), _APPEARS)
        beyond = best > start
        mass = float(weight[beyond].sum())
        if not mass > 0:
            return cls(10.0**-start, start)
        rise = float(np.sum(weight[beyond] * np.log(best[beyond] / start)))
        return cls(mass / float(weight.sum()), start, mass / rise)

    def decades(self, significance: FloatArray) -> FloatArray:
        """(n,) minus the decimal logarithm of the share of ordinary stars that go as far; never above the ideal."""
        most = -math.log10(self.share)
        within = significance * (most / self.start)
        if math.isinf(self.index):
            return np.minimum(significance, np.where(significance <= self.start, within, significance))
        beyond = most + self.index * np.log10(np.maximum(significance, self.start) / self.start)
        decades: FloatArray = np.minimum(significance, np.where(significance <= self.start, within, beyond))
        return decades

    @property
    def numbers(self) -> tuple[float, float, float]:
        """Share, start and index."""
        return self.share, self.start, self.index


@dataclass(frozen=True)
class Part:
    """A null whose events may make but a part of the false alarms."""

    null: EventNull
    part: float

    def decades(self, significance: FloatArray) -> FloatArray:
        """(n,) minus the decimal logarithm of the p-values."""
        out: FloatArray = np.maximum(0.0, self.null.decades(significance) + math.log10(self.part))
        return out
