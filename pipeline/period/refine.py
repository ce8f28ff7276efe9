"""The chosen period at full resolution: own shapes in every band, number of terms, error, epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.period.sample import Sample

#: Most Fourier terms of the final model, and least points a parameter.
MOST_TERMS = 8
POINTS_A_PARAMETER = 3.0

#: A step whose square is below this share of the error's square is not worth its price.
NEGLIGIBLE = 1e-4

#: Times, values and weights of one band.
Points = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Refined:
    """A Fourier model with one frequency and a shape of its own in every band.

    Attributes
    ----------
    frequency, frequency_err : cycles a day.
    terms : number of Fourier terms, by the Bayesian information criterion.
    curve : (bins,) the bands' mean model over one cycle from phase 0 at the sample's reference time on.
    """

    frequency: float
    frequency_err: float
    terms: int
    curve: FloatArray


@dataclass(frozen=True, eq=False)
class _Fit:
    """The model at one frequency.

    Attributes
    ----------
    square : weighted sum of squares that it leaves.
    slope, strength : weighted sums of its derivative by the frequency times what it leaves, and of the derivative's
        square, less what the shape can absorb.
    coefficients : (n_bands, 2 terms) cosines, then sines.
    """

    square: float
    slope: float
    strength: float
    coefficients: FloatArray


def refine(sample: Sample, frequency: float, lowest: float = 0.0, rounds: int = 2, bins: int = 200) -> Refined:
    """Fit the Fourier model and move the frequency to its best place by Gauss-Newton steps.

    Parameters
    ----------
    sample : n points.
    frequency : cycles a day, within a fraction of 1/span of the best.
    lowest : the frequency stays above this, in cycles a day.
    rounds : Gauss-Newton steps; each is at most 0.1/span.
    bins : phases at which the mean model is returned.
    """
    bands = [(sample.time[rows], sample.value[rows], sample.weight[rows]) for rows in _rows_of_bands(sample)]
    n = len(sample.time)
    terms = _choose_terms(bands, frequency)
    fit = _fit(bands, frequency, terms, 0.5 * sample.span)
    for _ in range(rounds):
        if fit.strength <= 0:
            break
        step = float(np.clip(fit.slope / fit.strength, -0.1 / sample.span, 0.1 / sample.span))
        trial = frequency + step
        if trial <= lowest or step**2 * fit.strength < NEGLIGIBLE * fit.square / n:
            break
        new = _fit(bands, trial, terms, 0.5 * sample.span)
        if new.square > fit.square:
            break
        frequency, fit = trial, new
    free = max(1.0, n - sample.n_bands * (2 * terms + 1) - 1)
    error = math.sqrt(fit.square / free / fit.strength) if fit.strength > 0 else math.nan
    phase = 2.0 * np.pi * np.arange(bins) / bins
    order = np.arange(1, terms + 1)[:, None]
    basis = np.concatenate([np.cos(order * phase), np.sin(order * phase)])
    share = np.array([weight.sum() for _, _, weight in bands])
    curve = (share / share.sum()) @ (fit.coefficients @ basis)
    return Refined(float(frequency), error, terms, curve)


def epoch(best: Refined, sample: Sample) -> float:
    """Minimum light where the fold looks eclipsing (two humps, or dips sharper than the peaks), else maximum.

    Parameters
    ----------
    best : the model of the sample.
    sample : n points.

    Returns
    -------
    The first such moment at or after the first point, in the curve's own time.
    """
    curve = best.curve
    spectrum = np.abs(np.fft.rfft(curve)) ** 2
    two_humps = spectrum[2::2].sum() > spectrum[1::2].sum()
    centred = curve - curve.mean()
    skewness = float(np.mean(centred**3) / max(1e-12, float(np.mean(centred**2))) ** 1.5)
    eclipsing = two_humps or skewness < -0.3
    at = int(np.argmin(curve) if eclipsing else np.argmax(curve))
    return sample.reference + at / len(curve) / best.frequency


def _rows_of_bands(sample: Sample) -> list[slice | NDArray[np.int64]]:
    """The rows of each band."""
    if sample.n_bands == 1:
        return [slice(None)]
    return [np.flatnonzero(sample.band == band) for band in range(sample.n_bands)]


def _choose_terms(bands: Sequence[Points], frequency: float) -> int:
    """Number of terms with the least Bayesian information criterion; a parameter costs ln n for every band."""
    from swope.pipeline.period.kernels.fourier import fourier_equations

    n = sum(len(time) for time, _, _ in bands)
    fewest = min(len(time) for time, _, _ in bands)
    most = int(min(MOST_TERMS, max(1, (fewest / POINTS_A_PARAMETER - 1) // 2)))
    left = np.zeros(most)
    for time, value, weight in bands:
        matrix, right = fourier_equations(time, value, weight, frequency, most)
        # the columns stand in the order of the terms, so that one Cholesky factor serves every number of them
        share = np.linalg.solve(np.linalg.cholesky(_ridged(matrix)), right) ** 2
        explained = share[0] + np.cumsum(share[1::2] + share[2::2])
        left += np.maximum(float(np.sum(weight * value**2)) - explained, 1e-9)
    price = len(bands) * 2.0 * np.arange(1, most + 1) * math.log(n)
    return int(np.argmin(n * np.log(left) + price)) + 1


def _ridged(matrix: FloatArray) -> FloatArray:
    """Normal matrix with a ridge far below the noise, for phases that are not covered."""
    matrix[np.diag_indices_from(matrix)] += 1e-8 * float(np.trace(matrix)) + 1e-300
    return matrix


def _fit(bands: Sequence[Points], frequency: float, terms: int, middle: float) -> _Fit:
    """The best shapes at one frequency; `middle` is the time (days) about which the frequency turns the phases."""
    from swope.pipeline.period.kernels.fourier import fourier_equations, frequency_slope

    total = np.zeros(3)
    coefficients = np.zeros((len(bands), 2 * terms))
    for band, (time, value, weight) in enumerate(bands):
        matrix, right = fourier_equations(time, value, weight, frequency, terms)
        matrix = _ridged(matrix)
        series = np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
        square, slope, strength, product = frequency_slope(time, value, weight, frequency, series, middle)
        absorbed = np.linalg.solve(matrix, product)
        total += square, slope, strength - float(absorbed @ product)
        coefficients[band] = np.concatenate([series[1::2], series[2::2]])
    return _Fit(float(total[0]), float(total[1]), float(total[2]), coefficients)
