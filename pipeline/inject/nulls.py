"""Light curves in which nothing happens: what is found in them all the same is a false alarm."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from swope.pipeline.fold import best_bins, in_bins, phase_of
from swope.pipeline.inject.lay import has_light
from swope.pipeline.lightcurve import FloatArray, IntArray, LightCurve

#: A step of this many mean steps parts two seasons.
_GAP = 10.0


def scrambled(curve: LightCurve, rng: np.random.Generator, period: float = math.nan) -> LightCurve:
    """What the folded curve leaves, in another order of time within each season of each band, on the folded curve.

    The star's period, its noise with heavy tails, and the level of each season stay, and what is left of a row keeps
    its error; an event of several rows and a drift within a season are torn apart.

    Parameters
    ----------
    curve : cleaned.
    rng : of the order.
    period : of the folded curve, days; NaN for a star without one, whose values themselves change places.
    """
    still = folded(curve, period)
    order = np.arange(len(curve))
    for band in range(len(curve.bands)):
        rows = np.flatnonzero(curve.usable & (curve.band == band))
        season = seasons(curve.time[rows])
        for one in np.unique(season):
            mine = rows[season == one]
            order[mine] = rng.permutation(mine)
    value = still + (curve.value - still)[order]
    return replace(curve, value=value, error=curve.error[order], mask=curve.mask[order])


def folded(curve: LightCurve, period: float) -> FloatArray:
    """(n,) the folded curve at each usable row, the mean of its bin of phase and band; 0 at the others.

    Parameters
    ----------
    curve : cleaned.
    period : days; NaN: 0 at every row.
    """
    still = np.zeros(len(curve))
    good = curve.good
    if math.isfinite(period) and len(good):
        phase = phase_of(good.time, period, math.nan)
        weight = np.ones(len(good))
        bins = best_bins(phase, good.value, weight, good.band, len(good.bands))
        binned = in_bins(phase, good.value, weight, bins, good.band, len(good.bands))
        still[curve.usable] = good.value - binned.deviation(good.value)
    return still


def inverted(curve: LightCurve) -> LightCurve:
    """The star upside down: as much fainter as it was brighter than the median of its band, in magnitudes.

    Everything that does not know up from down stays: noise, drifts, the period.

    Parameters
    ----------
    curve : cleaned.
    """
    value, error = curve.value.copy(), curve.error.copy()
    light = has_light(curve) and curve.kind == "flux"
    for band in range(len(curve.bands)):
        rows = np.flatnonzero(curve.usable & (curve.band == band) & ((curve.value > 0) | (not light)))
        if not len(rows):
            continue
        middle = float(np.median(value[rows]))
        if light:
            error[rows] *= (middle / value[rows]) ** 2
            value[rows] = middle**2 / value[rows]
        else:
            value[rows] = 2.0 * middle - value[rows]
    return replace(curve, value=value, error=error)


def seasons(time: FloatArray) -> IntArray:
    """(n,) a number for the season of each time, in order.

    Parameters
    ----------
    time : (n,) days, in order.
    """
    steps = np.diff(time)
    mean = float(time[-1] - time[0]) / len(steps) if len(steps) else 0.0
    season: IntArray = np.concatenate([[0], np.cumsum(steps > _GAP * mean)])[: len(time)].astype(np.int32)
    return season
