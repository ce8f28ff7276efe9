"""A star's good points made ready for the search: one merged, scaled series with weights that forgive."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from swope.pipeline.lightcurve import FloatArray, IntArray, LightCurve
from swope.pipeline.median import median, quantiles
from swope.pipeline.photometry import magnitude_range

#: Values beyond these quantiles, widened by half their distance from the median, are drawn back to that limit.
TAIL = 0.01

#: A band's amplitude is shrunk towards the mean of the bands as if it had this many points less.
SHRINK = 4.0


@dataclass(frozen=True, eq=False)
class Sample:
    """The points of the search.

    Attributes
    ----------
    time : (n,) days since `reference`, ascending.
    reference : the curve's own time of zero.
    band : (n,) 0..n_bands-1; bands that do not vary or have too few points are left out.
    value : (n,) brighter is up; each band less its mean, over its amplitude; weighted variance 1 over all.
    weight : (n,) of mean 1.
    n_bands : number of bands in use.
    amplitude : magnitudes between the 5th and the 95th percentile of the band with the most points.
    unit : magnitudes of the same band that a value of 1 stands for.
    chroma : how much the bands differ in amplitude: largest over smallest, natural logarithm; 0 for one band.
    rows : (n,) which rows of the good curve these are.
    """

    time: FloatArray
    reference: float
    band: IntArray
    value: FloatArray
    weight: FloatArray
    n_bands: int
    amplitude: float
    unit: float
    chroma: float
    rows: IntArray

    @property
    def span(self) -> float:
        """Days between the first and the last point."""
        return float(self.time[-1] - self.time[0])

    def only(self, band: int) -> Sample:
        """The points of one band, brought to mean 0, variance 1 and weights of mean 1."""
        rows = self.band == band
        weight = self.weight[rows] / self.weight[rows].mean()
        value = self.value[rows] - np.mean(weight * self.value[rows])
        return replace(
            self,
            time=self.time[rows],
            band=np.zeros(int(rows.sum()), dtype=np.int32),
            value=value / max(1e-9, float(np.sqrt(np.mean(weight * value**2)))),
            weight=weight,
            n_bands=1,
            rows=self.rows[rows],
        )


def prepare(good: LightCurve, least: int = 3) -> Sample | None:
    """Merge the bands of a light curve of good rows; None where no band varies.

    Bands are assumed to vary together (in phase or, where neighbouring observations say so, in antiphase), each with
    its own amplitude: this is the base model of VanderPlas & Ivezic 2015 (ApJ 812, 18) with amplitudes of its own.

    Parameters
    ----------
    good : ascending in time, only finite values.
    least : bands with fewer points are left out.
    """
    value = good.sign * good.value
    centred, relative = np.zeros(len(good)), np.full(len(good), np.nan)
    bands = {}
    for b in range(len(good.bands)):
        rows = np.flatnonzero(good.band == b)
        if len(rows) < least:
            continue
        own = value[rows]
        low, middle, high = quantiles(own, (TAIL, 0.5, 1.0 - TAIL))
        with np.errstate(over="ignore", invalid="ignore"):
            own = np.clip(own, low - 0.5 * (middle - low), high + 0.5 * (high - middle))
            scatter = float(np.std(own))
        # neither a constant nor numbers beyond all measure
        if not 1e-12 * max(1.0, float(np.max(np.abs(own)))) < scatter < 1e100:
            continue
        bands[b] = rows
        centred[rows], relative[rows] = own - middle, good.error[rows] / scatter
    if not bands:
        return None
    weight = _weights(relative)
    used, number = np.array(list(bands)), np.array([len(rows) for rows in bands.values()])
    spread = np.zeros(len(used))
    for place, rows in enumerate(bands.values()):
        share = weight[rows] / weight[rows].sum()
        centred[rows] -= np.sum(share * centred[rows])
        spread[place] = np.sum(share * centred[rows] ** 2)
    common = float(np.sum(number * spread) / np.sum(number))
    amplitude = np.sqrt((number * spread + SHRINK * common) / (number + SHRINK))
    keep = np.sort(np.concatenate(list(bands.values())))
    order = keep[np.argsort(good.time[keep], kind="stable")]
    band = np.searchsorted(used, good.band[order]).astype(np.int32)
    merged = centred[order] / amplitude[band]
    weights = weight[order] / weight[order].mean()
    variance = float(np.mean(weights * merged**2))
    reference = float(good.time[order[0]])
    largest = int(np.argmax(number))
    magnitudes, a_unit = magnitude_range(good.value[good.band == used[largest]], good.kind)
    return Sample(
        time=good.time[order] - reference,
        reference=reference,
        band=band,
        value=merged / np.sqrt(variance),
        weight=weights,
        n_bands=len(used),
        amplitude=magnitudes,
        unit=float(amplitude[largest]) * float(np.sqrt(variance)) * a_unit,
        chroma=float(np.ptp(np.log(amplitude))),
        rows=order.astype(np.int32),
    )


def _weights(relative: FloatArray) -> FloatArray:
    """(n,) weights of points from their errors over their bands' scatters (n,), NaN where unknown.

    Folds are never perfect, so that no point may weigh beyond all measure: the usual error is added to each. And the
    scale of errors is often wrong, so that only how they compare with one another counts.
    """
    known = np.isfinite(relative) & (relative > 0)
    usual = median(relative[known]) if known.any() else 1.0
    weights: FloatArray = 1.0 / (1.0 + (np.where(known, relative, usual) / usual) ** 2)
    return weights
