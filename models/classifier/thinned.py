"""Thinned copies of stars, for types of which few are known: fewer points, and a period searched anew.

A copy differs from its star as another observer's light curve of it would: in its noise, its gaps, the wrong periods
that it invites, and every feature that follows from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.models.inputs import Inputs, inputs_of
from swope.pipeline.features import LEAST_POINTS
from swope.pipeline.period import PeriodOptions, find_period
from swope.pipeline.split import share
from swope.pipeline.star import Star

#: Copies are made until there are so many of a type, the stars themselves among them.
ENOUGH = 400

#: Curves of more good rows are not copied: noise hides little of what their features say, and a search takes seconds.
LONGEST = 15_000

#: Periods are searched without limits where none are given.
EVERYWHERE = PeriodOptions()

#: Shares of the points that a copy keeps.
_KEPT = (0.5, 0.95)


@dataclass(frozen=True, eq=False)
class Thinned:
    """Thinned copies of some of n stars.

    Attributes
    ----------
    inputs : m copies, of `swope.models.inputs.inputs_of`.
    period : (m,) days, as searched in the copy; NaN where none was found.
    star : (m,) row of the star that each is a copy of, ascending.
    """

    inputs: Inputs
    period: NDArray[np.float64]
    star: NDArray[np.int64]

    def of(self, rows: NDArray[np.int64]) -> Thinned:
        """The copies of the stars at these rows, which are counted anew; a row may come more than once."""
        first, last = np.searchsorted(self.star, rows), np.searchsorted(self.star, rows, side="right")
        copies = np.concatenate([np.arange(0), *(np.arange(a, b) for a, b in zip(first, last, strict=True))])
        return Thinned(self.inputs.rows(copies), self.period[copies], np.repeat(np.arange(len(rows)), last - first))


def copies_wanted(stars: Sequence[Star], labels: Sequence[str], most: int) -> list[int]:
    """How many copies of each star there should be: none of common types, nor of very long curves."""
    counts = Counter(labels)
    return [
        min(most, -(-ENOUGH // counts[label]) - 1) if len(star.curve.good) <= LONGEST else 0
        for star, label in zip(stars, labels, strict=True)
    ]


def thinned(
    stars: Sequence[Star], labels: Sequence[str], most: int, search: PeriodOptions | None = EVERYWHERE
) -> Thinned:
    """Copies of the stars of rare types.

    Parameters
    ----------
    stars, labels : n; what is drawn depends on a star's name and curve alone.
    most : copies of a star, at most.
    search : where the period of a copy is searched anew; None to take that of the star.
    """
    wanted = copies_wanted(stars, labels, most)
    copies = [_copy(star, k, search) for star, count in zip(stars, wanted, strict=True) for k in range(count)]
    periods = np.array([copy.period.period for copy in copies], dtype=np.float64)
    return Thinned(inputs_of(copies), periods, np.repeat(np.arange(len(stars)), np.array(wanted, dtype=np.int64)))


def _copy(star: Star, number: int, search: PeriodOptions | None) -> Star:
    """The star with some of its good points, and the period that these give where it is searched."""
    good = star.curve.good
    rng = np.random.default_rng(int(share(f"{good.object_id} {number}", "thinned") * 2**53))
    least = min(LEAST_POINTS, len(good))
    count = max(least, round(float(rng.uniform(*_KEPT)) * len(good)))
    keep = np.zeros(len(good), dtype=bool)
    keep[rng.permutation(len(good))[:count]] = True
    curve = good.where(keep)
    return Star(curve, star.period if search is None else find_period(curve, search))
