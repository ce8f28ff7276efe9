"""The frequencies that are searched: they follow from the data and from the user's limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.median import median
from swope.pipeline.period.options import PeriodOptions

#: Shortest period, in days, that is searched for by default in irregular cadences.
SHORTEST = 0.05


@dataclass(frozen=True)
class Grid:
    """Even frequencies ``(first + k) * step`` for k in 0..size-1, in cycles a day: all multiples of the step.

    Attributes
    ----------
    first : index of the lowest frequency, at least 1.
    size : number of frequencies.
    step : cycles a day.
    """

    first: int
    size: int
    step: float

    @property
    def lowest(self) -> float:
        """Lowest frequency, cycles a day."""
        return self.first * self.step

    @property
    def highest(self) -> float:
        """Highest frequency, cycles a day."""
        return (self.first + self.size - 1) * self.step

    @property
    def frequency(self) -> FloatArray:
        """(size,) cycles a day, ascending."""
        return (self.first + np.arange(self.size, dtype=np.float64)) * self.step

    def frequency_at(self, index: int) -> float:
        """Cycles a day of one frequency, by its place in the grid."""
        return (self.first + index) * self.step


def cadence_of(time: FloatArray) -> tuple[float, bool]:
    """The usual step between observations in days, and whether most steps are that one (an even cadence).

    Parameters
    ----------
    time : (n,) ascending, n >= 2; repeated times (several bands) count once.
    """
    gap = np.diff(time)
    gap = gap[gap > 0]
    if gap.size == 0:
        return float("nan"), False
    step = median(gap)
    return step, bool(np.mean(np.abs(gap - step) < 0.1 * step) > 0.8)


def grid_for(time: FloatArray, options: PeriodOptions) -> Grid:
    """The grid of a star: from one cycle in the span up to the shortest period, `oversampling` points a 1/span.

    Parameters
    ----------
    time : (n,) ascending, days, n >= 2.
    options : the user's limits.

    Raises
    ------
    ValueError
        When no period lies between the limits (with the reason in words).
    """
    span = float(time[-1] - time[0])
    if not span > 0:
        raise ValueError("all observations are at one time")
    longest = min(options.max_period or span, span)
    shortest = options.min_period
    if shortest is None:
        cadence, even = cadence_of(time)
        shortest = 2.0 * cadence if even else SHORTEST
        shortest = max(shortest, 1e-4)
    if shortest >= longest:
        raise ValueError(f"no period between {shortest:.4g} d and {longest:.4g} d fits a span of {span:.4g} d")
    step = 1.0 / (options.oversampling * span)
    first = max(1, int(np.ceil(1.0 / (longest * step) - 1e-9)))
    last = int(np.floor(1.0 / (shortest * step) + 1e-9))
    size = min(last - first + 1, options.max_frequencies)
    if size < 1:
        raise ValueError(f"no frequency between {shortest:.4g} d and {longest:.4g} d for a span of {span:.4g} d")
    return Grid(first, size, step)
