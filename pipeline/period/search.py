"""From a cleaned light curve to its period."""

from __future__ import annotations

import numpy as np

from pipeline.lightcurve import LightCurve
from pipeline.period.grid import grid_for
from pipeline.period.options import PeriodOptions
from pipeline.period.result import PeriodResult


def find_period(curve: LightCurve, options: PeriodOptions = PeriodOptions()) -> PeriodResult:  # noqa: B008
    """The period of one star, never raising for a bad star: the result says why there is none.

    Parameters
    ----------
    curve : a cleaned light curve (`pipeline.clean.clean`); its good rows are used.
    options : limits of the search.
    """
    good = curve.good
    if len(good) < options.min_points:
        return PeriodResult(reason=f"{len(good)} good points; {options.min_points} are needed")
    try:
        grid = grid_for(good.time, options)
    except ValueError as problem:
        return PeriodResult(reason=str(problem))
    import nifty_ls

    time = good.time - good.time[0]
    power = np.zeros(grid.size)
    used = 0
    for band in range(len(good.bands)):
        rows = good.band == band
        value = good.value[rows]
        if rows.sum() < 5 or not np.ptp(value) > 0:
            continue
        error = good.error[rows]
        scale = np.nanmedian(error) if np.isfinite(error).any() else 1.0
        error = np.hypot(np.where(np.isfinite(error), error, scale), 0.02 if good.kind == "mag" else scale)
        result = nifty_ls.lombscargle(
            time[rows], value, error, fmin=grid.lowest, fmax=grid.highest, Nf=grid.size, backend="finufft", nthreads=1
        )
        power += np.nan_to_num(result.power) * rows.sum()
        used += int(rows.sum())
    if used < options.min_points:
        return PeriodResult(reason="no band has enough varying points")
    power = np.clip(power / used, 0.0, 1.0 - 1e-9)
    inner = np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])) + 1
    peaks = inner if inner.size else np.array([int(np.argmax(power))])
    top = peaks[np.argsort(-power[peaks], kind="stable")][:5]
    periods = 1.0 / grid.frequency[top]
    span = float(time[-1])
    fap = 1.0 - (1.0 - (1.0 - power[top[0]]) ** ((used - 3) / 2)) ** (grid.highest * span)
    phase = 2 * np.pi * time / periods[0]
    design = np.stack([np.ones_like(phase), np.cos(phase), np.sin(phase)], axis=1)
    first = good.band == int(np.argmax(np.bincount(good.band)))
    _, c, s = np.linalg.lstsq(design[first], good.sign * good.value[first], rcond=None)[0]
    t0 = good.time[0] + float(np.arctan2(s, c) / (2 * np.pi) % 1.0 * periods[0])
    return PeriodResult(
        period=float(periods[0]),
        period_err=float(grid.step * periods[0] ** 2),
        fap=float(np.clip(fap, 0.0, 1.0)),
        flag="few_cycles" if span < 3 * periods[0] else None,
        others=tuple(float(p) for p in periods[1:]),
        t0=t0,
        terms=1,
    )
