"""Simple causal forecasts to be better than (last value, weighted mean, folded curve), and a damped walk's truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from swope.models.statespace import Series, StarFit, fit_star, update
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star

Gaussian = tuple[FloatArray, FloatArray]
Index = NDArray[np.int64]

#: Bins of the folded curve.
BINS = 20


def last_value(star: Star, horizon: int = 1) -> Gaussian:
    """Mean and sigma of each good row, `horizon` rows ahead: the last value in the same band."""
    good = star.curve.good

    def mean(horizon: int) -> FloatArray:
        last = _latest(good.band, horizon)
        return np.where(last >= 0, good.value[last], np.nan)

    return _with_sigma(good, mean, horizon)


def weighted_mean(star: Star, horizon: int = 1) -> Gaussian:
    """Mean and sigma of each good row, `horizon` rows ahead: the inverse-variance weighted mean of its band before."""
    good = star.curve.good
    return _with_sigma(good, lambda horizon: _running_mean(good, good.band, horizon), horizon)


def folded(star: Star, horizon: int = 1) -> Gaussian:
    """Mean and sigma of each good row, `horizon` rows ahead: the mean of its phase bin before, or of its band."""
    good = star.curve.good
    if not star.period.found:
        return weighted_mean(star, horizon)
    cell = np.floor(np.mod(good.time / star.period.period, 1.0) * BINS).astype(int)

    def mean(horizon: int) -> FloatArray:
        binned = _running_mean(good, good.band * BINS + cell, horizon)
        return np.where(np.isfinite(binned), binned, _running_mean(good, good.band, horizon))

    return _with_sigma(good, mean, horizon)


def simple_ahead(rival: Callable[[Star, int], Gaussian], star: Star, origin: Index, row: Index) -> Gaussian:
    """Mean and sigma of the rows asked for, by one of the three above."""
    mean, sigma = np.full(len(row), np.nan), np.full(len(row), np.nan)
    for horizon in np.unique(row - origin):
        ours = row - origin == horizon
        means, sigmas = rival(star, int(horizon))
        mean[ours], sigma[ours] = means[row[ours]], sigmas[row[ours]]
    return mean, sigma


def state_space(star: Star, origin: Index, row: Index) -> tuple[Gaussian, Gaussian]:
    """Mean and sigma of each good row and of the rows asked for, by the state-space baseline.

    Its model is chosen anew each time the rows double, so that it too knows nothing of a row but what came before it
    (and the period).
    """
    good = star.curve.good
    mean, sigma = np.full((2, len(good)), np.nan)
    later, its_sigma = np.full((2, len(row)), np.nan)
    for at in (10 * 2**k for k in range(12)):
        if at >= len(good):
            break
        try:
            fitted = fit_star(Star(good.where(np.arange(at)), star.period))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            continue
        if isinstance(fitted, str):
            continue
        new = np.arange(len(good)) >= at
        new[2 * at :] = False
        # the question belongs to the model that was known at its origin
        ours = (origin >= at - 1) & (origin < 2 * at - 1)
        means, sigmas, laters, its_sigmas = _filtered(fitted, good, 2 * at, origin[ours], row[ours])
        mean[new], sigma[new] = means[new], sigmas[new]
        later[ours], its_sigma[ours] = laters, its_sigmas
    return (mean, sigma), (later, its_sigma)


def informed(star: Star, origin: Index, row: Index) -> tuple[Gaussian, Gaussian]:
    """Mean and sigma of each good row and of those asked for, by the baseline with a model of the whole curve."""
    good = star.curve.good
    try:
        fitted = fit_star(star)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        fitted = "the fit failed"
    if isinstance(fitted, str) or len(fitted.mean) != len(good):
        none, nothing = np.full(len(good), np.nan), np.full(len(row), np.nan)
        return (none, none), (nothing, nothing)
    _, _, later, its_sigma = _filtered(fitted, good, len(good), origin, row)
    ours = fitted.prepared
    mean = good.sign * (fitted.mean * ours.scale + ours.centre[ours.series.band])
    return (mean, fitted.sigma * ours.scale), (later, its_sigma)


def _filtered(
    fitted: StarFit, good: LightCurve, end: int, origin: Index, row: Index
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean and sigma of the rows before `end`, and of the rows asked for, by a filter that learns as it goes."""
    ours = fitted.prepared
    index = np.array([ours.bands.index(name) if name in ours.bands else -1 for name in good.bands])[good.band]
    typical = np.nanmedian(good.error[:end])
    error = np.where(np.isfinite(good.error), good.error, typical) / ours.scale
    value = (good.sign * good.value - ours.centre[index]) / ours.scale

    def series(rows: Index) -> Series:
        time = good.time[rows] - ours.epoch
        return Series.of(time, value[rows], error[rows], index[rows], bands=len(ours.bands))

    def told(rows: Index, mean: FloatArray, spread: FloatArray) -> Gaussian:
        return good.sign * (mean * ours.scale + ours.centre[index[rows]]), spread * ours.scale

    mean, sigma = np.full((2, len(good)), np.nan)
    later, its_sigma = np.full((2, len(row)), np.nan)
    record, begin = fitted.record, 0
    for stop in [*(np.unique(origin) + 1), end]:
        rows = np.arange(begin, min(stop, len(good)))
        rows, begin = rows[index[rows] >= 0], int(stop)
        record, *found = update(record, series(rows))
        mean[rows], sigma[rows] = told(rows, *found)
        for q in np.flatnonzero((origin == stop - 1) & (index[row] >= 0)):
            one = row[q : q + 1]
            _, *found = update(record, series(one))
            later[q : q + 1], its_sigma[q : q + 1] = told(one, *found)
    return mean, sigma, later, its_sigma


def _with_sigma(good: LightCurve, mean: Callable[[int], FloatArray], horizon: int) -> Gaussian:
    """Mean and sigma so many rows ahead; where no such forecast has been put to the test yet, the next row's sigma."""
    error2 = np.where(np.isfinite(good.error), good.error, 0.0) ** 2
    sigma2 = _causal_excess(good, mean(1), error2, 1)
    if horizon > 1:
        at_origin = np.concatenate([np.full(horizon - 1, np.nan), sigma2])[: len(good)]
        sigma2 = _causal_excess(good, mean(horizon), np.fmax(at_origin, 0.0), horizon)
    return mean(horizon), np.sqrt(error2 + sigma2)


def _causal_excess(good: LightCurve, mean: FloatArray, prior: FloatArray, horizon: int) -> FloatArray:
    """(n,) mean excess of the squared misses known at each row's origin over the errors' squares.

    The prior counts as one row.
    """
    error2 = np.where(np.isfinite(good.error), good.error, 0.0) ** 2
    miss2 = np.nan_to_num((good.value - mean) ** 2)
    excess = np.nan_to_num((good.value - mean) ** 2 - error2)
    before, steps, n = (_so_far(x, horizon) for x in (excess, miss2, np.isfinite(mean).astype(float)))
    floor = 0.01 * (steps + 1e-12) / (n + 1.0)
    return np.asarray(np.maximum((before + prior) / (n + 1.0), floor))


def _so_far(rows: FloatArray, horizon: int) -> FloatArray:
    """(n,) sum of the rows known at each row's origin."""
    total = np.concatenate([np.zeros(horizon), np.cumsum(rows)])
    return np.asarray(total[: len(rows)])


def _latest(cell: np.ndarray, horizon: int) -> Index:
    """(n,) index of the last row of the same cell that is `horizon` rows before or earlier; -1 for none."""
    latest = np.full(len(cell), -1)
    for one in np.unique(cell):
        rows = np.flatnonzero(cell == one)
        place = np.searchsorted(rows, rows - horizon, side="right") - 1
        latest[rows] = np.where(place >= 0, rows[place], -1)
    return latest


def _running_mean(good: LightCurve, cell: np.ndarray, horizon: int) -> FloatArray:
    error = np.where(np.isfinite(good.error), good.error, 1.0)
    weight = 1.0 / error**2
    until = np.empty(len(good))
    for one in np.unique(cell):
        rows = np.flatnonzero(cell == one)
        until[rows] = np.cumsum(weight[rows] * good.value[rows]) / np.cumsum(weight[rows])
    latest = _latest(cell, horizon)
    mean: FloatArray = np.where(latest >= 0, until[latest], np.nan)
    return mean


def damped_walk(star: Star, sigma: float, tau: float, rng: np.random.Generator) -> Star:
    """A damped random walk at a star's own times, with its own errors, about its median (Kelly+2009).

    Parameters
    ----------
    sigma : stationary standard deviation, in the curve's unit.
    tau : days.
    """
    good = star.curve.good
    decay = np.exp(-np.diff(good.time) / tau)
    steps = rng.standard_normal(len(good))
    walk = np.empty(len(good))
    walk[0] = steps[0]
    for i in range(1, len(good)):
        walk[i] = decay[i - 1] * walk[i - 1] + np.sqrt(1 - decay[i - 1] ** 2) * steps[i]
    noise = np.where(np.isfinite(good.error), good.error, 0.0) * rng.standard_normal(len(good))
    value = np.median(good.value) + sigma * walk + noise
    return Star(
        replace(good, value=value, object_id=f"{good.object_id} walk"), PeriodResult(reason="a damped random walk")
    )


def true_walk(star: Star, sigma: float, tau: float, centre: float) -> Gaussian:
    """Mean and sigma of each row by the walk's true parameters: the best that can be had."""
    good = star.curve.good
    mean = np.empty(len(good))
    total = np.empty(len(good))
    level, spread = 0.0, sigma**2
    for i in range(len(good)):
        if i:
            decay = np.exp(-(good.time[i] - good.time[i - 1]) / tau)
            level, spread = decay * level, decay**2 * spread + sigma**2 * (1 - decay**2)
        mean[i], total[i] = centre + level, spread + good.error[i] ** 2
        gain = spread / total[i]
        level += gain * (good.value[i] - mean[i])
        spread *= 1 - gain
    return mean, np.sqrt(total)
