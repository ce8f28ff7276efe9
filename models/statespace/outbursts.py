"""Outbursts and flares: a star that leaves its quiet state at once, however often it does so.

A star with many outbursts makes them ordinary: they widen its own noise, and its walk, until no forecast fails. Yet
noise is as wide on the faint side as on the bright one, and outbursts are not. So here a star's quiet state is measured
on its faint side alone. Rows in succession that are brighter than that allows are an outburst, provided that one of
them also came as a surprise, measured likewise: what wanders there slowly is no outburst.
"""

from __future__ import annotations

import math

import numpy as np

from models.statespace.slow import Slow
from models.statespace.star import StarFit, still_residual, without_medians
from pipeline.lightcurve import FloatArray

#: An outburst has so many rows or more beyond so many sigma of the quiet state.
LEAST_ROWS, BRIGHT = 2, 3.0

#: And one of them fails its forecast by more than this many sigma, measured on the failures to the faint side. With
#: less, damped walks of 100 d at real cadences have more outbursts than the p-values say, as printed by
#: `python -m tests.bench.forecast_events`.
SURPRISE = 4.0

#: Rows on the faint side that are needed to measure it.
LEAST_FAINT = 6


def find_outbursts(fitted: StarFit, innovation: FloatArray, pvalue: float = 1e-3) -> list[Slow]:
    """The outbursts of a star, in order of time.

    Parameters
    ----------
    innovation : (n,) of the fitted rows' one-step forecasts, positive where brighter; NaN where there was none.
    pvalue : less significant ones are not reported. The p-value of an outburst is that of its brightest row as one of
        Gaussian noise, times twice the number of rows.
    """
    from scipy.special import log_ndtr

    left = without_medians(still_residual(fitted), fitted.prepared.series)
    quiet, usual = _faint_sigma(left), _faint_sigma(innovation)
    if not (quiet > 0 and usual > 0):
        return []
    height = left / np.maximum(quiet, fitted.prepared.series.error)
    surprise = np.nan_to_num(innovation) / usual
    bright = np.concatenate([[False], height > BRIGHT, [False]])
    begins, ends = np.flatnonzero(bright[1:] & ~bright[:-1]), np.flatnonzero(~bright[1:] & bright[:-1])
    found = []
    for first, end in zip(begins, ends, strict=True):
        rows = slice(first, end)
        if end - first < LEAST_ROWS or surprise[rows].max() < SURPRISE:
            continue
        highest = float(height[rows].max())
        chance = 2.0 * len(left) * math.exp(float(log_ndtr(-highest)))
        if chance <= pvalue:
            effect = np.zeros(len(left))
            effect[rows] = left[rows]
            found.append(Slow("pulse", int(first), int(end - 1), effect, highest**2, chance))
    return found


def _faint_sigma(value: FloatArray) -> float:
    """Normalised median of the values below zero; NaN where they are too few."""
    faint = value[value < 0]
    return 1.4826 * float(np.median(-faint)) if len(faint) >= LEAST_FAINT else math.nan
