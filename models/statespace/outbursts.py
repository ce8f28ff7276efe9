"""Outbursts and flares: a star that leaves its quiet state at once, however often it does so.

A star with many outbursts makes them ordinary: they widen its own noise, and its walk, until no forecast fails. Yet
noise and walk are as wide on the faint side as on the bright one, and outbursts are not. So here a star's quiet state
is measured on its faint side alone, and rows in succession that are brighter than that allows are an outburst. What
wanders slowly has shown but a few independent values in the whole curve, and its quiet is known as badly as that: there
an outburst has to be as much higher as Student's distribution says, unless it also came as a surprise.

Heights are measured from the star's level, and, for flares on a star that turns, from its running median.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from swope.models.statespace.slow import Slow, covered
from swope.models.statespace.star import StarFit, fold_misfit
from swope.models.statespace.terms import DampedWalk
from swope.pipeline.events import in_sight, visits
from swope.pipeline.lightcurve import FloatArray, IntArray
from swope.pipeline.median import median
from swope.pipeline.tails import Tails

#: An outburst has so many rows or more beyond so many sigma of the quiet state.
LEAST_ROWS, BRIGHT = 2, 3.0

#: It came as a surprise where a row fails its forecast by more than this many sigma, measured on the failures to the
#: faint side. With less, damped walks at real cadences have more outbursts than the p-values say, as printed by
#: `python -m tests.bench.forecast_events`.
SURPRISE = 4.0

#: Rows on the faint side that are needed to measure it.
LEAST_FAINT = 6

#: So many independent values, of those it is taken of, is a median deviation worth: its efficiency (Huber 1981, Robust
#: Statistics, section 5.1).
_EFFICIENCY = 0.37

#: So many exposures of a visit agree where the lowest has this share of the middle one's height: what crosses an image
#: is in one or two of them, or in each by another amount.
AGREEING, _ALIKE = 3, 0.7

#: Of all runs that go as far as an outburst, either way, so many times fewer are faint ones: else the star is as noisy.
_FEWER = 4

#: Where the folded curve fits so many times worse than elsewhere, heights count as much less.
_MISFIT = 3.0

#: Either way, from either baseline: so many times a row may be an outburst.
_TRIES = 4.0

#: Rows of the running median; it means something where they take no more than so many times the usual time. What is
#: left of a wandering star is independent after two windows.
_WINDOW, _EVEN = 13, 2.0


def find_outbursts(fitted: StarFit, innovation: FloatArray, pvalue: float = 1e-3) -> list[Slow]:
    """The outbursts of a star, in order of time.

    Parameters
    ----------
    innovation : (n,) of the fitted rows' one-step forecasts, positive where brighter; NaN where there was none.
    pvalue : what appears to be less significant is not reported. An outburst appears as significant as its brightest
        row, and is as significant as its highest visit: as one of Gaussian noise where it came as a surprise, and of
        Student's distribution where it did not, times the number of rows, or of independent ones. Outbursts from the
        star's level appear more significant together: the least of k counts as k times more so (Benjamini & Hochberg
        1995, J. R. Stat. Soc. B 57, 289).
    """
    series = fitted.prepared.series
    surprise = np.nan_to_num(innovation) / _faint_sigma(innovation)
    left = fitted.still
    steady = _above_running_median(left, series.time)
    outbursts = _excursions(fitted, left, surprise, _independent_rows(series.time, _memory(fitted)))
    flares = _excursions(fitted, steady, surprise, np.count_nonzero(steady) / (2 * _WINDOW))
    found = [one for one in _jointly(outbursts) if one.apparent <= pvalue]
    taken = covered(found, len(left))
    found += [one for one in flares if one.apparent <= pvalue and not taken[one.first : one.last + 1].any()]
    return sorted(found, key=lambda one: one.first)


def _excursions(fitted: StarFit, value: FloatArray, surprise: FloatArray, independent: float) -> list[Slow]:
    """What goes beyond the quiet state to the bright side, unless faint excursions make it ordinary.

    Parameters
    ----------
    value : (n,) of each row, from the star's level or its running median; 0 where it has none.
    surprise : (n,) of each row, in sigma of the faint side.
    independent : on so many rows, in effect, does the quiet state rest.
    """
    from scipy.special import log_ndtr, ndtr, stdtr

    series = fitted.prepared.series
    height = value / np.maximum(_faint_sigma(value), series.error)
    # where the fold misfits a height counts as less, never as more
    bright_enough = height > BRIGHT
    if not (bright_enough[1:] & bright_enough[:-1]).any():
        return []
    visit = visits(series.time)
    height = height / fold_misfit(fitted, value, _MISFIT)
    bright, faint = _runs(height, series.time, visit), _runs(-height, series.time, visit)
    tops = np.array([height[first : last + 1].max() for first, last in bright])
    depths = np.array([-height[first : last + 1].min() for first, last in faint])
    tails = Tails.of(height[height < 0])
    found = []
    for (first, last), top in zip(bright, tops, strict=True):
        if _FEWER * np.count_nonzero(depths >= top) > np.count_nonzero(tops >= top):
            continue
        rows = slice(first, last + 1)
        surprising = surprise[rows].max() >= SURPRISE
        visit_top, next_top, agreeing = _two_highest(height, visit, first, last)
        chance, alone = (
            min(1.0, _TRIES * len(value) * math.exp(float(log_ndtr(-high))))
            if surprising
            else min(1.0, _TRIES * independent * float(stdtr(_EFFICIENCY * independent, -high)))
            for high in (top, visit_top)
        )
        effect = np.zeros(len(value))
        effect[rows] = value[rows]
        # exposures of one visit that agree confirm each other; else another visit has to
        others = int(visit[last] - visit[first])
        rest = 0.0 if agreeing else min(1.0, max(others, 1) * float(ndtr(-tails.scores(next_top))[0]))
        found.append(Slow("pulse", first, last, effect, float(top**2), chance, alone, alone, rest, profile="burst"))
    return found


def _two_highest(height: FloatArray, visit: IntArray, first: int, last: int) -> tuple[float, FloatArray, bool]:
    """The height of the highest visit in some rows, and (1,) of the next, 0 where there is no other; and whether the
    exposures of the highest agree.

    A visit is as high as most of its exposures are, whether they are among the rows or not: the lower median.
    """
    begin, end = np.searchsorted(visit, [visit[first], visit[last] + 1])
    inside = height[begin:end]
    own = visit[begin:end] - visit[first]
    order = np.lexsort((inside, own))
    starts, counts = np.searchsorted(own, np.arange(own[-1] + 1)), np.bincount(own)
    middle = inside[order][starts + (counts - 1) // 2]
    best = int(np.argmax(middle))
    lowest = float(inside[order][starts[best]])
    agreeing = int(counts[best]) >= AGREEING and lowest > _ALIKE * float(middle[best])
    highest = np.sort(middle)[::-1]
    return float(highest[0]), highest[1:2] if len(highest) > 1 else np.zeros(1), agreeing


def _jointly(outbursts: list[Slow]) -> list[Slow]:
    """The outbursts, most significant first, as significant as they appear together."""
    apparent = _shared(np.array([one.apparent for one in outbursts]))
    together = [replace(one, apparent=seen) for one, seen in zip(outbursts, apparent.tolist(), strict=True)]
    return sorted(together, key=lambda one: one.apparent)


def _shared(chance: FloatArray) -> FloatArray:
    """(k,) what the p-values (k,) of some outbursts are together."""
    order = np.argsort(chance, kind="stable")
    least = chance[order] / np.arange(1, len(chance) + 1)
    shared = np.empty(len(chance))
    shared[order] = np.minimum.accumulate(least[::-1])[::-1]
    return shared


def _runs(height: FloatArray, time: FloatArray, visit: IntArray) -> list[tuple[int, int]]:
    """First and last row of the rows in succession that are bright enough, where they are enough."""
    bright = np.concatenate([[False], height > BRIGHT, [False]])
    begins, ends = np.flatnonzero(bright[1:] & ~bright[:-1]), np.flatnonzero(~bright[1:] & bright[:-1])
    whole = zip(begins.tolist(), (ends - 1).tolist(), strict=True)
    parts = [part for first, last in whole for part in in_sight(time, visit, first, last)]
    return [(first, last) for first, last in parts if last - first + 1 >= LEAST_ROWS]


def _faint_sigma(value: FloatArray) -> float:
    """Normalised median of the values below zero; NaN where they are too few."""
    faint = value[value < 0]
    return 1.4826 * median(-faint) if len(faint) >= LEAST_FAINT else math.nan


def _above_running_median(value: FloatArray, time: FloatArray) -> FloatArray:
    """(n,) the values less their running median; 0 where its rows lie too far apart."""
    from scipy.ndimage import median_filter

    n = len(value)
    rows = np.arange(n)
    first, last = np.maximum(rows - _WINDOW // 2, 0), np.minimum(rows + _WINDOW // 2, n - 1)
    steps = np.diff(time)
    even = time[last] - time[first] <= _EVEN * (last - first) * np.median(steps[steps > 0])
    above: FloatArray = np.where(even, value - median_filter(value, _WINDOW, mode="nearest"), 0.0)
    return above


def _memory(fitted: StarFit) -> float:
    """For how long the star's walk remembers, days; 0 for a star without one."""
    walk = fitted.walk and next(t for t in fitted.walk.model.terms if isinstance(t, DampedWalk))
    return walk.tau or 0.0 if walk else 0.0


def _independent_rows(time: FloatArray, memory: float) -> float:
    """How many independent rows know a variance as well as these of a damped walk do: n^2 / sum(correlation^2).

    Rows of one visit count as one (Priestley 1981, Spectral Analysis and Time Series, section 5.3).
    """
    from swope.models.statespace.kernels.correlation import sum_of_squares

    visit = visits(time)
    rows = np.bincount(visit).astype(float)
    steps = np.diff(np.bincount(visit, time) / rows)
    squares = np.exp(-2.0 * steps / memory) if memory > 0 else np.zeros(len(steps))
    return len(time) ** 2 / sum_of_squares(rows, squares)
