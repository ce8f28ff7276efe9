"""Simple causal forecasts to be better than (last value, weighted mean, folded curve), and a damped walk's truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.statespace import Series, fit_star, update
from pipeline.lightcurve import FloatArray, LightCurve
from pipeline.period import PeriodResult
from pipeline.star import Star

#: Bins of the folded curve.
BINS = 20


def last_value(star: Star) -> tuple[FloatArray, FloatArray]:
    """Mean and sigma of each good row: the value of the row before in the same band."""
    good = star.curve.good
    mean = np.full(len(good), np.nan)
    for band in range(len(good.bands)):
        rows = np.flatnonzero(good.band == band)
        mean[rows[1:]] = good.value[rows[:-1]]
    return mean, causal_sigma(good, mean)


def weighted_mean(star: Star) -> tuple[FloatArray, FloatArray]:
    """Mean and sigma of each good row: the inverse-variance weighted mean of its band before."""
    good = star.curve.good
    mean = _running_mean(good, good.band)
    return mean, causal_sigma(good, mean)


def folded(star: Star) -> tuple[FloatArray, FloatArray]:
    """Mean and sigma of each good row: the mean of the earlier rows of its band in its phase bin, or of its band."""
    good = star.curve.good
    overall = _running_mean(good, good.band)
    if not star.period.found:
        return overall, causal_sigma(good, overall)
    cell = np.floor(np.mod(good.time / star.period.period, 1.0) * BINS).astype(int)
    mean = _running_mean(good, good.band * BINS + cell)
    mean = np.where(np.isfinite(mean), mean, overall)
    return mean, causal_sigma(good, mean)


def state_space(star: Star) -> tuple[FloatArray, FloatArray]:
    """Mean and sigma of each good row by the state-space baseline, its model chosen anew each time the rows double.

    So that it too knows nothing of a row but what came before it (and the period).
    """
    good = star.curve.good
    mean = np.full(len(good), np.nan)
    sigma = np.full(len(good), np.nan)
    for at in 10 * 2 ** np.arange(12):
        if at >= len(good):
            break
        try:
            fitted = fit_star(Star(good.where(np.arange(at)), star.period))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            continue
        if isinstance(fitted, str):
            continue
        ours = fitted.prepared
        index = np.array([ours.bands.index(name) if name in ours.bands else -1 for name in good.bands])[good.band]
        rows = np.flatnonzero(index >= 0)
        rows = rows[rows < 2 * at]
        value = (good.sign * good.value[rows] - ours.centre[index[rows]]) / ours.scale
        typical = np.nanmedian(good.error[rows])
        error = np.where(np.isfinite(good.error[rows]), good.error[rows], typical) / ours.scale
        series = Series.of(good.time[rows] - ours.epoch, value, error, index[rows], bands=len(ours.bands))
        _, forecast, spread = update(fitted.record, series)
        new = rows >= at
        mean[rows[new]] = good.sign * (forecast[new] * ours.scale + ours.centre[index[rows[new]]])
        sigma[rows[new]] = spread[new] * ours.scale
    return mean, sigma


def informed(star: Star) -> tuple[FloatArray, FloatArray]:
    """Mean and sigma of each good row by the state-space baseline with a model chosen on the whole curve."""
    good = star.curve.good
    try:
        fitted = fit_star(star)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        fitted = "the fit failed"
    if isinstance(fitted, str) or len(fitted.mean) != len(good):
        nothing = np.full(len(good), np.nan)
        return nothing, nothing
    ours = fitted.prepared
    return good.sign * (fitted.mean * ours.scale + ours.centre[ours.series.band]), fitted.sigma * ours.scale


def causal_sigma(good: LightCurve, mean: FloatArray) -> FloatArray:
    """Root of the row's squared error and the mean excess of the squared misses before; a prior counts as one row."""
    error2 = np.where(np.isfinite(good.error), good.error, 0.0) ** 2
    excess = np.nan_to_num((good.value - mean) ** 2 - error2)
    counts = np.isfinite(mean).astype(float)
    before = np.concatenate([[0.0], np.cumsum(excess)[:-1]])
    n = np.concatenate([[0.0], np.cumsum(counts)[:-1]])
    steps = np.concatenate([[0.0], np.cumsum(np.nan_to_num((good.value - mean) ** 2))[:-1]])
    floor = 0.01 * (steps + 1e-12) / (n + 1.0)
    sigma: FloatArray = np.sqrt(error2 + np.maximum((before + error2) / (n + 1.0), floor))
    return sigma


def _running_mean(good: LightCurve, cell: np.ndarray) -> FloatArray:
    error = np.where(np.isfinite(good.error), good.error, 1.0)
    weight = 1.0 / error**2
    mean = np.full(len(good), np.nan)
    for one in np.unique(cell):
        rows = np.flatnonzero(cell == one)
        total = np.cumsum(weight[rows])[:-1]
        mean[rows[1:]] = np.cumsum(weight[rows] * good.value[rows])[:-1] / total
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


def true_walk(star: Star, sigma: float, tau: float, centre: float) -> tuple[FloatArray, FloatArray]:
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
