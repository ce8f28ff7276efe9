"""A light curve on an even grid of time. Nothing is invented: a step without an observation stays empty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray, LightCurve

#: A grid is never longer than this: the step grows instead.
MAX_STEPS = 200_000


@dataclass(frozen=True, eq=False)
class EvenGrid:
    """One band of a light curve on an even grid of m steps.

    Attributes
    ----------
    time : (m,) middle of each step, in the light curve's own time.
    value : (m,) weighted mean of the step's observations in the curve's own unit; NaN where there is none.
    sigma : (m,) standard error of that mean; NaN where there is none or where no error is known.
    coverage : (m,) number of observations in the step.
    observed : (m,) True where the step has an observation.
    step : days.
    band : the band's name.
    """

    time: FloatArray
    value: FloatArray
    sigma: FloatArray
    coverage: IntArray
    observed: BoolArray
    step: float
    band: str


def resample(curve: LightCurve, step: float | None = None, band: str | None = None) -> EvenGrid:
    """Average the good rows of one band in even steps of time.

    Parameters
    ----------
    curve : n rows; the good ones are used. Weights are 1/error^2 where all errors are given, else equal.
    step : days; None: the median distance of neighbouring observations.
    band : name of the band; None: the one with the most good rows (the first of equals).

    Raises
    ------
    KeyError
        When the star has no such band.
    ValueError
        When the step is not a positive number.
    """
    good = curve.good
    if band is None:
        band = good.bands[int(np.argmax(np.bincount(good.band, minlength=len(good.bands))))]
    one = good.in_band(band)
    order = np.argsort(one.time, kind="stable")
    time, value, error = one.time[order], one.value[order], one.error[order]
    if step is not None and not (math.isfinite(step) and step > 0):
        raise ValueError(f"the step of an even grid must be a positive number of days, not {step}")
    if len(time) == 0:
        empty = np.empty(0)
        return EvenGrid(
            empty, empty, empty, np.empty(0, np.int32), np.empty(0, bool), math.nan if step is None else step, band
        )
    if step is None:
        gap = np.diff(time)
        gap = gap[gap > 0]
        step = float(np.median(gap)) if gap.size else 1.0
    span = float(time[-1] - time[0])
    step = max(step, span / (MAX_STEPS - 1))
    # the first observation stands in the middle of the first step, so that an even cadence falls in step middles
    index = np.floor((time - time[0]) / step + 0.5).astype(np.int64)
    n_steps = int(index[-1]) + 1
    known = bool(np.isfinite(error).all())
    weight = error**-2.0 if known else np.ones(len(time))
    coverage = np.bincount(index, minlength=n_steps)
    total = np.bincount(index, weight, minlength=n_steps)
    observed = coverage > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(index, weight * value, minlength=n_steps) / total
        sigma = 1.0 / np.sqrt(total) if known else np.full(n_steps, np.nan)
    return EvenGrid(
        time=time[0] + np.arange(n_steps) * step,
        value=np.where(observed, mean, np.nan),
        sigma=np.where(observed, sigma, np.nan),
        coverage=coverage.astype(np.int32),
        observed=observed,
        step=float(step),
        band=band,
    )
