"""Mark the rows that cannot be computed with, and put the rows in time order. Rows are kept, masks are added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from swope.pipeline.lightcurve import BoolArray, LightCurve, Mask
from swope.pipeline.median import median

#: A row this many robust standard deviations from a running median is called impulsive (it is not left out).
IMPULSIVE_SIGMA = 5.0

#: Rows in the running median: wide enough for a median, narrow enough to follow a variable star.
IMPULSIVE_WINDOW = 5


def clean(curve: LightCurve) -> LightCurve:
    """Sort a light curve in time and mark its bad rows.

    Marked are: not-finite times or values (`Mask.NOT_FINITE`); a quoted error that is zero, negative or infinite
    (`Mask.BAD_ERROR`; NaN means "not given" and stays); a repeat of a row of the same band, time and value, of which
    the one with the smallest error stays (`Mask.DUPLICATE`: two observers at one rounded minute do not repeat each
    other); single rows far from their neighbours (`Mask.IMPULSIVE`), which stay usable, since they may be the flare one
    looks for. Marks that the source set (`Mask.QUALITY`, `Mask.LIMIT`) stay. Where more than half of the rows are left
    out, the curve's caution says so, and why.

    Parameters
    ----------
    curve : n rows in any order.

    Returns
    -------
    The same n rows, ordered by time, then band, then error; not-finite times last.
    """
    # the source's marks are the last keys, so that of equal rows the order in which they came decides nothing; one that
    # the source calls impulsive goes first, so that the mark outlives its repeats
    flagged, calm = curve.mask & int(Mask.QUALITY), ~curve.mask & int(Mask.IMPULSIVE)
    order = np.lexsort((calm, flagged, np.nan_to_num(curve.error, nan=np.inf), curve.value, curve.band, curve.time))
    curve = curve.where(order)
    mask = curve.mask.copy()
    mask[~(np.isfinite(curve.time) & np.isfinite(curve.value))] |= int(Mask.NOT_FINITE)
    bad_error = ~np.isnan(curve.error) & ~((curve.error > 0) & np.isfinite(curve.error))
    mask[bad_error] |= int(Mask.BAD_ERROR)
    curve = replace(curve, mask=mask)

    usable = np.flatnonzero(curve.usable)
    repeated = np.ones(max(len(usable) - 1, 0), dtype=bool)
    for column in (curve.time, curve.band, curve.value):
        repeated &= np.diff(column[usable]) == 0
    mask[usable[1:][repeated]] |= int(Mask.DUPLICATE)
    curve = replace(curve, mask=mask.copy())

    for band in range(len(curve.bands)):
        rows = np.flatnonzero(curve.usable & (curve.band == band))
        mask[rows[impulsive(curve.value[rows])]] |= int(Mask.IMPULSIVE)
    return _cautioned(replace(curve, mask=mask))


#: What each mark is called in a row's reason.
WORDS = {
    Mask.NOT_FINITE: "without a time or a value",
    Mask.QUALITY: "flagged by the source",
    Mask.LIMIT: "upper limits",
    Mask.DUPLICATE: "repeated",
    Mask.BAD_ERROR: "with a zero, negative or filler error",
}


def why_masked(curve: LightCurve) -> str:
    """How many rows are left out, by reason: ``3 flagged by the source, 1 repeated``; "" where none is.

    A row with several marks counts under the first of them, so that the numbers add up.
    """
    left, counts = curve.mask.copy(), []
    for bit, words in WORDS.items():
        marked = (left & int(bit)) != 0
        left[marked] = 0
        if marked.any():
            counts.append(f"{int(marked.sum())} {words}")
    return ", ".join(counts)


def _cautioned(curve: LightCurve) -> LightCurve:
    out = len(curve) - int(curve.usable.sum())
    if 2 * out <= len(curve):
        return curve
    words = f"{out} of {len(curve)} rows left out: {why_masked(curve)}"
    return curve if words in curve.caution else replace(curve, caution="; ".join(filter(None, (curve.caution, words))))


def impulsive(value: np.ndarray) -> BoolArray:
    """Which values stand alone, more than `IMPULSIVE_SIGMA` robust deviations from the median of their neighbours.

    Parameters
    ----------
    value : (n,) in time order, finite.

    Returns
    -------
    (n,) booleans; all False for fewer than twice `IMPULSIVE_WINDOW` values (no scale can be had from so few).
    """
    from scipy.ndimage import median_filter

    if len(value) < 2 * IMPULSIVE_WINDOW:
        return np.zeros(len(value), dtype=bool)
    residual = value - median_filter(value, IMPULSIVE_WINDOW, mode="mirror")
    # 1.4826 turns the median absolute deviation of a Gaussian into its standard deviation
    scale = 1.4826 * median(np.abs(residual - median(residual)))
    return np.abs(residual) > IMPULSIVE_SIGMA * scale if scale > 0 else np.zeros(len(value), dtype=bool)
