"""Folds that are strange because the period is wrong, told from those of strange stars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from swope.models.inputs import Inputs, refolded
from swope.pipeline.features import FOLDED
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.star import Star

#: The flag of a score that another period would take away.
WRONG_PERIOD = "wrong_period"

#: P-value up to which a star is strange enough to ask.
_STRANGE = 0.05

#: The p-value at another period is at least so many times as large.
_TIMES = 5.0

_EXPLAINED = FOLDED.index("explained")


def flags_of(
    pvalue_of: Callable[[Inputs], FloatArray], stars: Sequence[Star], inputs: Inputs, pvalue: FloatArray
) -> tuple[str | None, ...]:
    """What speaks against the scores of stars: `WRONG_PERIOD`, or nothing.

    A strange star is folded at the other likely periods too: the runners-up of the period search, twice the period and
    half of it. The period is called wrong where at one of them the star is far less strange, and a Fourier series
    explains at least as much of its variance: a fold at a wrong period smears the curve.

    Parameters
    ----------
    pvalue_of : (m,) p-values of m stars, by the model that gave `pvalue`; it sees of a fold what `refolded` makes.
    stars, inputs : n stars, and what the model sees of them.
    pvalue : (n,) theirs, at the periods they have.
    """
    asked = [i for i, star in enumerate(stars) if pvalue[i] <= _STRANGE and star.period.found]
    here = inputs.folded[asked, 0, _EXPLAINED]
    others = [(i, share, period) for i, share in zip(asked, here, strict=True) for period in _others(stars[i])]
    at_other = refolded(
        inputs.rows(np.array([i for i, _, _ in others], dtype=np.int64)),
        [replace(stars[i], period=replace(stars[i].period, period=period)) for i, _, period in others],
    )
    flags: list[str | None] = [None] * len(stars)
    explained = at_other.folded[:, 0, _EXPLAINED]
    for (i, share, _), p, other_share in zip(others, pvalue_of(at_other), explained, strict=True):
        if p >= _TIMES * pvalue[i] and other_share >= share:
            flags[i] = WRONG_PERIOD
    return tuple(flags)


def _others(star: Star) -> tuple[float, ...]:
    period = star.period.period
    return (*star.period.others, 2.0 * period, 0.5 * period)
