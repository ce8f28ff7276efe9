"""How far a profile's height is off where nothing happens: what the noise of neighbouring rows has in common.

Rows err together: weather and spots change slowly, and no folded curve is the star itself. Then many rows tell a height
no better than a few (Pont, Zucker & Queloz 2006, MNRAS 373, 231), and quoted errors may be wrong besides. So the same
profile, on its straight line, is laid on the quiet rows of the star, and the heights that it finds there are held
against their formal errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray

#: Places at which the profile is laid, at most and at the least.
_MOST, _LEAST = 60, 15

#: A place tells of the event where the profile has this share of the weight there that it has at the event.
_SEEN = 0.25

#: However quiet the others are, a row's error is no less than this share of what is said of it.
_CERTAIN = 0.25

#: Gauss's sigma over the median of absolute deviations.
_SIGMA = 1.4826


def common_noise(
    profile: Callable[[FloatArray], FloatArray],
    peak: float,
    width: float,
    time: FloatArray,
    deviation: FloatArray,
    sigma: FloatArray,
    near: IntArray,
    busy: BoolArray,
) -> float:
    """By which factor the errors of rows have to be larger, or smaller, for an event's height to be as sure as it is.

    Parameters
    ----------
    profile : its values, of height 1, so many days (n,) after its peak.
    peak, width : when that is, and about how long it lasts; days.
    time, deviation, sigma : (n,) ascending days; what the star did beyond the expected; one sigma of it.
    near : (k,) rows that the event is fitted to.
    busy : (n,) rows in which something happens.

    Returns
    -------
    1 where the star has too few quiet rows to tell.
    """
    quiet = np.flatnonzero(~busy)
    rows, places = len(near), len(quiet) - len(near) + 1
    if places < _LEAST:
        return 1.0
    first = np.unique(np.linspace(0, places - 1, min(places, _MOST)).astype(np.intp))
    window = quiet[first[:, None] + np.arange(rows)]
    middle = time[window[:, rows // 2]]
    weight, height = _heights(profile, width, time[window] - middle[:, None], deviation[window], sigma[window])
    ((own,), _) = _heights(profile, width, time[near][None] - peak, deviation[near][None], sigma[near][None])
    seen = weight > _SEEN * own
    if seen.sum() < _LEAST:
        return 1.0
    off = height[seen] * np.sqrt(weight[seen])
    return max(_CERTAIN, _SIGMA * float(np.median(np.abs(off - np.median(off)))))


def _heights(
    profile: Callable[[FloatArray], FloatArray],
    width: float,
    since: FloatArray,
    deviation: FloatArray,
    sigma: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """(m,) inverse variance, and (m,) height, of a profile on a free line at m places of k rows (m, k)."""
    trust = sigma**-2.0

    def free(column: FloatArray) -> FloatArray:
        level: FloatArray = column - (np.sum(trust * column, axis=1) / np.sum(trust, axis=1))[:, None]
        return level

    line, shape = free(since / width), free(profile(since.ravel()).reshape(since.shape))
    with np.errstate(invalid="ignore", divide="ignore"):
        # of the profile alone: what the line takes up is left out
        slope = np.sum(trust * line * shape, axis=1) / np.sum(trust * line * line, axis=1)
        shape = shape - slope[:, None] * line
        weight = np.sum(trust * shape * shape, axis=1)
        return weight, np.sum(trust * shape * deviation, axis=1) / weight
