"""Slow changes beside the chosen structure: a trend, and level shifts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from swope.models.statespace.fit import Fit, fit, shift_scores
from swope.models.statespace.layout import Model
from swope.models.statespace.star import StarFit
from swope.models.statespace.terms import Level, Steps, Trend
from swope.pipeline.lightcurve import BoolArray, FloatArray

#: A level shift has at least this many observations, and days with observations, on either side.
MIN_SIDE = 5
MIN_DAYS = 2

#: At most so many level shifts are looked for in a star.
MOST_SHIFTS = 4

#: Scores below this many sigma are not worth a fit.
_WORTH_A_FIT = 3.0

#: A log-likelihood that grows by less says nothing for a change, whichever peak of the likelihood it was found at.
_LITTLE = 0.5


@dataclass(frozen=True)
class Shift:
    """A level shift, in the prepared units: brighter is up.

    Attributes
    ----------
    row : the first row after it.
    size, size_err : with one sigma, all other shifts and the trend (if it counts) fitted along.
    pvalue : probability of as large a shift anywhere in an ordinary star.
    """

    row: int
    size: float
    size_err: float
    pvalue: float


@dataclass(frozen=True)
class Changes:
    """The slow changes of a star, in the prepared units.

    Attributes
    ----------
    slope, slope_err : a day, positive where the star brightens; the level shifts found are fitted along.
    slope_pvalue : likelihood-ratio test of the slope.
    shifts : level shifts, most significant first.
    """

    slope: float
    slope_err: float
    slope_pvalue: float
    shifts: tuple[Shift, ...]


def find_changes(fitted: StarFit, pvalue: float = 1e-3) -> Changes:
    """Look for a trend and for level shifts in a fitted star, the more likely of the two first.

    Every candidate comes from the smoother's scores of a shift at each row (one pass, de Jong & Penzer 1998, JASA 93,
    796) and is then tested by the likelihood ratio, noise and walk fitted again: they had swallowed part of the shift.
    The p-value of the largest is that of a maximally selected ratio (Miller & Siegmund 1982, Biometrics 38, 1011).

    Parameters
    ----------
    pvalue : shifts less significant than this are not reported.
    """
    base, plain = fitted.template, fitted.plain
    sloped = _with_trend(base, plain, fitted)
    plain = _at_the_same_peak(base, plain, sloped, fitted)
    first = _best_shift(base, plain, fitted, (), fitted.shift)
    trend_first = first is None or sloped.loglike >= first[1].loglike
    steep = _tail(sloped, plain) < pvalue
    model, now = (_trending(base), sloped) if steep and trend_first else (base, plain)
    if model is not base:
        first = _best_shift(model, now, fitted, (), shift_scores(now))
    rows: list[int] = []
    values: list[float] = []
    while first is not None and len(rows) < MOST_SHIFTS:
        row, better = first
        now = _at_the_same_peak(_stepping(model, fitted, tuple(rows)), now, better, fitted)
        probability = selected_pvalue(2 * (better.loglike - now.loglike), len(fitted.prepared.series))
        if probability > pvalue:
            break
        rows.append(row)
        values.append(probability)
        now = better
        score = shift_scores(now)
        first = _best_shift(model, now, fitted, tuple(rows), score)
    slope, slope_err, slope_pvalue = _slope(base, fitted, tuple(rows), sloped, plain)
    steps = np.flatnonzero(np.array(now.columns) == "step")
    shifts = [
        Shift(row, float(now.coefficient[i]), float(np.sqrt(now.coefficient_covariance[i, i])), p)
        for row, i, p in zip(rows, steps, values, strict=True)
    ]
    return Changes(slope, slope_err, slope_pvalue, tuple(sorted(shifts, key=lambda s: s.pvalue)))


def selected_pvalue(ratio: float, n: int) -> float:
    """P-value of the largest of n likelihood ratios of one shift (chi-square of one degree each).

    Miller & Siegmund 1982, eq. 4, with `MIN_SIDE` rows kept free at either end.
    """
    edge = min(max(MIN_SIDE / n, 1e-6), 0.4)
    if ratio <= 1.0:
        return 1.0
    b = math.sqrt(ratio)
    density = math.exp(-0.5 * ratio) / math.sqrt(2 * math.pi)
    return min(1.0, density * ((b - 1 / b) * 2 * math.log((1 - edge) / edge) + 4 / b))


def _trending(model: Model) -> Model:
    return Model(tuple(Trend() if isinstance(t, Level) else t for t in model.terms))


def _stepping(model: Model, fitted: StarFit, rows: tuple[int, ...]) -> Model:
    return model + Steps(tuple(float(fitted.prepared.series.time[r]) for r in rows)) if rows else model


def _with_trend(model: Model, plain: Fit, fitted: StarFit) -> Fit:
    return fit(_trending(model), fitted.prepared.series, warm=plain)


def _at_the_same_peak(model: Model, smaller: Fit, larger: Fit, fitted: StarFit) -> Fit:
    """The fit of a model that is nested in a larger one, begun again where the larger one ended if that is likelier.

    The likelihood of several noises has more than one peak. Were the two fits at different ones, their ratio would be
    that of the peaks, whether there is a change or not.
    """
    if larger.loglike - smaller.loglike < _LITTLE:
        return smaller
    again = fit(model, fitted.prepared.series, warm=larger)
    return again if again.loglike > smaller.loglike else smaller


def _best_shift(
    model: Model, now: Fit, fitted: StarFit, rows: tuple[int, ...], scores: FloatArray
) -> tuple[int, Fit] | None:
    """The row of the most likely further shift and the fit with it; None where there is no candidate."""
    series = fitted.prepared.series
    score = np.where(allowed_shifts(series.time, rows), np.abs(np.nan_to_num(scores)), 0.0)
    row = int(np.argmax(score))
    if score[row] < _WORTH_A_FIT:
        return None
    better = fit(_stepping(model, fitted, (*rows, row)), series, warm=now)
    return row, better


def allowed_shifts(time: FloatArray, rows: tuple[int, ...]) -> BoolArray:
    """(n,) whether a shift may begin at each row: enough rows and days to the ends and to the shifts known."""
    n = len(time)
    day = np.floor(time)
    ends = np.array(sorted({0, n, *rows}))
    index = np.arange(n)
    place = np.searchsorted(ends, index, side="right")
    before, after = ends[place - 1], ends[np.minimum(place, len(ends) - 1)]
    days = np.concatenate([[0], np.cumsum(np.diff(day) > 0)])
    ok: BoolArray = (index - before >= MIN_SIDE) & (after - index >= MIN_SIDE)
    ok &= (days - days[before] >= MIN_DAYS) & (days[np.minimum(after, n) - 1] - days >= MIN_DAYS - 1)
    ok[1:] &= np.diff(time) > 0
    return ok


def _tail(larger: Fit, smaller: Fit) -> float:
    """Chi-square p-value of one more number."""
    return math.erfc(math.sqrt(max(larger.loglike - smaller.loglike, 0.0)))


def _slope(base: Model, fitted: StarFit, rows: tuple[int, ...], sloped: Fit, plain: Fit) -> tuple[float, float, float]:
    if rows:
        model = _stepping(base, fitted, rows)
        plain = fit(model, fitted.prepared.series, warm=plain)
        sloped = _with_trend(model, plain, fitted)
        plain = _at_the_same_peak(model, plain, sloped, fitted)
    i = sloped.columns.index("trend") + fitted.prepared.series.bands
    return (
        float(sloped.coefficient[i]),
        float(np.sqrt(sloped.coefficient_covariance[i, i])),
        _tail(sloped, plain),
    )
