"""How far an event is believed: a visit is one measurement, and measurements have heavy tails.

A likelihood ratio takes the noise of rows for independent and Gaussian. In real photometry whole visits are off
(weather, a neighbour's light, calibration), and some by far more than Gauss allows: two rotten visits in a row, or four
exposures of one, would be beyond all doubt. So a star's residuals are averaged by visit, their distribution is taken
from the visits outside the event, and no event is likelier than it is under that: visits that agree on a profile speak
for an event, and visits each of which is off by another amount speak for heavy tails.
"""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray
from swope.pipeline.median import median
from swope.pipeline.tails import Tails

#: Visits in succession beyond so many robust sigmas are other events, and no tail of independent errors.
_FAR, _SIGMA = 3.0, 1.4826


def visit_gains(residual: FloatArray, effect: FloatArray, first: int, last: int, visit: IntArray) -> FloatArray:
    """(visits in the event,) twice what each gains in log-likelihood by it, were they independent with heavy tails.

    Parameters
    ----------
    residual : (n,) of each row, in its sigmas; of those in the event with the event.
    effect : (n,) what the event adds to each row, in its sigmas.
    first, last : row of the event.
    visit : (n,) a number for each row's visit (`swope.pipeline.events.visits`).
    """
    rows = np.sqrt(np.bincount(visit))
    mean, added = (np.bincount(visit, x) / rows for x in (residual, effect))
    inside = slice(int(visit[first]), int(visit[last]) + 1)
    outside = np.ones(len(mean), dtype=bool)
    outside[inside] = False
    outside &= ~_together(mean, _FAR * _SIGMA * median(np.abs(mean[outside]))) if outside.any() else outside
    tails = Tails.of(mean[outside])
    return 2.0 * (tails.loglike(mean[inside] - added[inside]) - tails.loglike(mean[inside]))


def _together(mean: FloatArray, far: float) -> BoolArray:
    """(visits,) which are beyond a limit with the one before, or the one after, on the same side."""
    side = np.where(np.abs(mean) > far, np.sign(mean), 0.0)
    pair = side[1:] * side[:-1] > 0
    both: BoolArray = np.concatenate([[False], pair]) | np.concatenate([pair, [False]])
    return both
