"""How wide a star's forecasts should be, by how its own earlier ones have done.

A calibration on many stars is honest on the whole. A star whose errors are half what its survey says, or a mission
whose cadence is like none of theirs, is forecast too widely or too narrowly all along, and its own rows soon show it.
So the log of a factor on the width is moved after every row, up where a central interval was missed and down where it
was not, by as much as makes the intervals hold the share of rows that they should (stochastic approximation, Robbins &
Monro 1951; of intervals, Gibbs & Candes 2021, adaptive conformal inference). Only whether a row was inside counts, not
how far outside it was: a flare moves it no more than a row at twice the width.

The price is that what goes on for long is believed: after hundreds of rows out of bounds the bounds are there. A star's
score therefore rests on the widths that all stars have.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster.mixture import Mixture
from swope.models.forecaster.steps import Steps
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import BoolArray, FloatArray

#: Central shares whose intervals are watched, and where they end on a normal distribution.
SHARES = (0.5, 0.6827, 0.9, 0.95)
_ENDS = np.array([0.674490, 1.000022, 1.644854, 1.959964])

#: The step is `STEP` over so many rows and those seen, but no more than these: the calibration counts as `BELIEF` rows,
#: and what was longer than `MEMORY` rows ago is forgotten.
STEP, BELIEF, MEMORY = 4.0, 40, 200

#: Rows nearer to the one before than this share of the star's mean step are of the same visit, and have a factor of
#: their own: they share errors that the next night does not.
SAME_VISIT = 0.5

#: The factor stays within this factor of 1.
MOST = 3.0


def own_widths(mixture: Mixture, steps: Steps) -> Mixture:
    """The mixtures of a star's rows, their widths corrected by how its earlier rows have done.

    Parameters
    ----------
    mixture : widened by the calibration on many stars.
    steps : the rows.
    """
    from scipy.special import ndtri

    # beyond what can be told from certainty all rows are alike: they are outside every interval
    deviate = ndtri(np.clip(mixture.cdf(steps.target), 1e-16, 1.0 - 1e-16))
    return mixture.widened(own_scale(deviate, steps.reach, steps.next))


def own_scale(deviate: FloatArray, reach: FloatArray, learnt: BoolArray) -> FloatArray:
    """The factor on the width of each row's forecast, from the rows before it.

    Parameters
    ----------
    deviate : (n,) normal deviates of the rows by the forecasts before; those of rows that are not learnt from may be
        anything.
    reach : (n,) how far ahead each was forecast, in mean steps between the rows before.
    learnt : (n,) which rows are known to the rows after them.

    Returns
    -------
    (n,) within 1 / `MOST` and `MOST`.
    """
    visit = (reach < SAME_VISIT).astype(np.int64)
    return np.asarray(_factors(np.abs(deviate), visit, learnt, np.array(SHARES), _ENDS))


@compiled()
def _factors(
    distance: FloatArray, kind: NDArray[np.int64], learnt: BoolArray, shares: FloatArray, ends: FloatArray
) -> FloatArray:
    limit = math.log(MOST)
    log_factor, seen = np.zeros(2), np.zeros(2)
    out = np.empty(len(distance))
    for i in range(len(distance)):
        k = kind[i]
        factor = math.exp(log_factor[k])
        out[i] = factor
        if not learnt[i]:
            continue
        missed = 0.0
        for j in range(len(shares)):
            missed += shares[j] if distance[i] > factor * ends[j] else shares[j] - 1.0
        log_factor[k] += STEP * missed / len(shares) / (BELIEF + min(seen[k], MEMORY))
        log_factor[k] = min(max(log_factor[k], -limit), limit)
        seen[k] += 1.0
    return out
