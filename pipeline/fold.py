"""A light curve folded with its period and binned in phase.

`in_bins` is the one fold of the models and the report; the period search folds by the same compiled function
(`swope.pipeline.bins`), in bins that begin at its own time 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from swope.pipeline.lightcurve import FloatArray, IntArray, LightCurve

#: Bin numbers among which a star's own is chosen.
BIN_CHOICES = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


class Bins(NamedTuple):
    """Points summed in bins of phase, each band by itself; bin k of a band is centred on phase ``k / bins``.

    Attributes
    ----------
    cell : (n,) the bin of each point, in the flattened (n_bands, bins) tables that follow.
    weight, total : (n_bands, bins) sums of the weights, and of the weights times the values.
    points : (n_bands, bins) how many there are.
    """

    cell: IntArray
    weight: FloatArray
    total: FloatArray
    points: IntArray

    @property
    def mean(self) -> FloatArray:
        """(n_bands, bins) weighted means; NaN where a bin is empty."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.total / self.weight

    def deviation(self, value: FloatArray) -> FloatArray:
        """(n,) values less the mean of their own bin."""
        less: FloatArray = value - self.mean.ravel()[self.cell]
        return less


@dataclass(frozen=True, eq=False)
class Fold:
    """A light curve averaged in bins of phase; bin k is centred on phase ``k / n_bins``, so bin 0 holds the epoch.

    Attributes
    ----------
    period, t0 : days; the epoch of phase zero in the light curve's own time.
    bands : names of the bands.
    value : (n_bands, n_bins) weighted means in the curve's own unit; NaN where a bin is empty.
    sigma : (n_bands, n_bins) standard errors of the means, the scatter within the bins included; NaN where empty.
    coverage : (n_bands, n_bins) number of observations in each bin.
    """

    period: float
    t0: float
    bands: tuple[str, ...]
    value: FloatArray
    sigma: FloatArray
    coverage: IntArray

    @property
    def phase(self) -> FloatArray:
        """(n_bins,) centres of the bins, from 0 on."""
        n_bins = self.value.shape[1]
        centre: FloatArray = np.arange(n_bins, dtype=np.float64) / n_bins
        return centre


def phase_of(time: FloatArray, period: float, t0: float) -> FloatArray:
    """Phase of each time in [0, 1), zero at the epoch.

    Raises
    ------
    ValueError
        When the period is not a positive number.
    """
    if not (math.isfinite(period) and period > 0):
        raise ValueError(f"cannot fold with a period of {period}; a positive number of days is needed")
    origin = t0 if math.isfinite(t0) else 0.0
    phase = ((time - origin) / period) % 1.0
    return np.where(phase >= 1.0, 0.0, phase)


def in_bins(
    phase: FloatArray, value: FloatArray, weight: FloatArray, bins: int, band: IntArray | None = None, n_bands: int = 1
) -> Bins:
    """Sum points in bins of phase.

    Parameters
    ----------
    phase : (n,) in cycles.
    value, weight : (n,).
    bins : number of bins of a band.
    band : (n,) from 0; None: all in one.
    n_bands : number of bands.
    """
    from swope.pipeline.bins import add_to_bins

    n = len(phase)
    first = np.zeros(n, dtype=np.int32) if band is None else np.asarray(band, dtype=np.int32) * np.int32(bins)
    cell = np.empty(n, dtype=np.int32)
    total, sums = np.empty((2, n_bands * bins))
    add_to_bins(np.ascontiguousarray(phase), first, weight, weight * value, 1.0, 0.5 / bins, bins, cell, total, sums)
    count = np.bincount(cell, minlength=n_bands * bins).astype(np.int32)
    shape = (n_bands, bins)
    return Bins(cell, total.reshape(shape), sums.reshape(shape), count.reshape(shape))


def fold(curve: LightCurve, period: float, t0: float, bins: int | None = None) -> Fold:
    """Fold the good rows of a light curve and average them in phase, each band by itself.

    Parameters
    ----------
    curve : n rows; the good ones are used. Weights are 1/error^2 where a band's errors are all given, else equal.
    period : days.
    t0 : epoch of phase zero, in the curve's own time; NaN stands for time 0.
    bins : number of bins; None: the star's own best number (`best_bins`).

    Raises
    ------
    ValueError
        When the period is not a positive number, or `bins` is below 1.
    """
    good = curve.good
    phase = phase_of(good.time, period, t0)
    weight = _weights(good)
    n_bins = best_bins(phase, good.value, weight, good.band, len(good.bands)) if bins is None else int(bins)
    if n_bins < 1:
        raise ValueError(f"a fold needs at least one bin, not {bins}")
    binned = in_bins(phase, good.value, weight, n_bins, good.band, len(good.bands))
    with np.errstate(divide="ignore"):
        sigma = np.where(binned.weight > 0, 1.0 / np.sqrt(binned.weight), np.nan)
    excess = weight * binned.deviation(good.value) ** 2
    scale = np.ones((len(good.bands), 1))
    for band in range(len(good.bands)):
        rows = good.band == band
        free = int(rows.sum()) - int(np.count_nonzero(binned.points[band]))
        known = bool(np.isfinite(good.error[rows]).all())
        if free > 0:
            ratio = math.sqrt(float(excess[rows].sum()) / free)
            scale[band] = max(1.0, ratio) if known else ratio
        elif not known:
            scale[band] = np.nan
    return Fold(
        period=float(period),
        t0=float(t0),
        bands=good.bands,
        value=binned.mean,
        sigma=sigma * scale,
        coverage=binned.points,
    )


def best_bins(phase: FloatArray, value: FloatArray, weight: FloatArray, band: IntArray, n_bands: int) -> int:
    """The number of bins whose means predict the star's own left-out points best.

    Leave-one-out cross-validation of a binned mean has a closed form: the residual of a point from the mean of its
    bin without it is its residual divided by ``1 - w / W`` (Allen 1974's PRESS statistic). A point alone in its bin
    is predicted by the mean of its band.

    Parameters
    ----------
    phase, value, weight, band : (n,) of the good rows.
    n_bands : number of bands.
    """
    if len(phase) < 2 * BIN_CHOICES[0]:
        return BIN_CHOICES[0]
    total = np.bincount(band, weight, minlength=n_bands)
    mean = np.bincount(band, weight * value, minlength=n_bands) / np.where(total > 0, total, 1.0)
    alone = weight * (value - mean[band]) ** 2
    best, least = BIN_CHOICES[0], math.inf
    for n_bins in BIN_CHOICES:
        binned = in_bins(phase, value, weight, n_bins, band, n_bands)
        rest = 1.0 - weight / binned.weight.ravel()[binned.cell]
        lonely = rest < 1e-9
        near = weight * binned.deviation(value) ** 2 / np.where(lonely, 1.0, rest) ** 2
        press = float(np.where(lonely, alone, near).sum())
        if press < least:
            best, least = n_bins, press
    return best


def _weights(curve: LightCurve) -> FloatArray:
    """(n,) 1/error^2 in bands whose errors are all given, 1 in the others."""
    weight = np.ones(len(curve))
    for band in range(len(curve.bands)):
        rows = curve.band == band
        if np.isfinite(curve.error[rows]).all():
            weight[rows] = curve.error[rows] ** -2.0
    return weight
