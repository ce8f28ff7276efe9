"""The chosen period at full resolution: own shapes in every band, number of terms, error, epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.lightcurve import FloatArray
from pipeline.period.sample import Sample

#: Most Fourier terms of the final model, and least points a parameter.
MOST_TERMS = 8
POINTS_A_PARAMETER = 3.0

#: A step whose square is below this share of the error's square is not worth its price.
NEGLIGIBLE = 1e-4


@dataclass(frozen=True, eq=False)
class Refined:
    """A Fourier model with one frequency and a shape of its own in every band.

    Attributes
    ----------
    frequency, frequency_err : cycles a day.
    terms : number of Fourier terms, by the Bayesian information criterion.
    model : (n,) the model at the sample's points, in its scaled values.
    curve : (bins,) the bands' mean model over one cycle from phase 0 at the sample's reference time on.
    """

    frequency: float
    frequency_err: float
    terms: int
    model: FloatArray
    curve: FloatArray


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
    terms = _choose_terms(sample, frequency)
    model, tangent, coefficients = _fit(sample, frequency, terms)
    root = np.sqrt(sample.weight)
    for _ in range(rounds):
        strength = float(np.sum(tangent**2))
        if strength <= 0:
            break
        step = float(np.sum(tangent * root * (sample.value - model))) / strength
        step = float(np.clip(step, -0.1 / sample.span, 0.1 / sample.span))
        trial = frequency + step
        if trial <= lowest or step**2 * strength < NEGLIGIBLE * float(np.mean((root * (sample.value - model)) ** 2)):
            break
        new = _fit(sample, trial, terms)
        if np.sum((root * (sample.value - new[0])) ** 2) > np.sum((root * (sample.value - model)) ** 2):
            break
        frequency, (model, tangent, coefficients) = trial, new
    residual = root * (sample.value - model)
    free = max(1.0, len(residual) - sample.n_bands * (2 * terms + 1) - 1)
    strength = float(np.sum(tangent**2))
    error = math.sqrt(float(np.sum(residual**2)) / free / strength) if strength > 0 else math.nan
    phase = 2.0 * np.pi * np.arange(bins) / bins
    order = np.arange(1, terms + 1)[:, None]
    basis = np.concatenate([np.cos(order * phase), np.sin(order * phase)])
    share = np.bincount(sample.band, sample.weight, minlength=sample.n_bands)
    curve = (share / share.sum()) @ (coefficients @ basis)
    return Refined(float(frequency), error, terms, model, curve)


def _choose_terms(sample: Sample, frequency: float) -> int:
    """Number of terms with the least Bayesian information criterion; a parameter costs ln n for every band."""
    from pipeline.period import kernels

    n = len(sample.time)
    in_band = np.bincount(sample.band, minlength=sample.n_bands)
    most = int(min(MOST_TERMS, max(1, (in_band.min() / POINTS_A_PARAMETER - 1) // 2)))
    left = np.zeros(most)
    for band in range(sample.n_bands):
        rows = sample.band == band
        root = np.sqrt(sample.weight[rows])
        basis = kernels.fourier_basis(sample.time[rows], frequency, most) * root[:, None]
        value = root * sample.value[rows]
        # the columns stand in the order of the terms, so that one Cholesky factor serves every number of them
        share = np.linalg.solve(np.linalg.cholesky(_gram(basis)), basis.T @ value) ** 2
        explained = share[0] + np.cumsum(share[1::2] + share[2::2])
        left += np.maximum(float(np.sum(value**2)) - explained, 1e-9)
    price = sample.n_bands * 2.0 * np.arange(1, most + 1) * math.log(n)
    return int(np.argmin(n * np.log(left) + price)) + 1


def _gram(basis: FloatArray) -> FloatArray:
    """Normal matrix with a ridge far below the noise, for phases that are not covered."""
    gram: FloatArray = basis.T @ basis
    gram[np.diag_indices_from(gram)] += 1e-8 * float(np.trace(gram)) + 1e-300
    return gram


def _fit(sample: Sample, frequency: float, terms: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Model, its derivative by frequency less what the shape can absorb, and the coefficients of every band."""
    from pipeline.period import kernels

    model, tangent = np.zeros_like(sample.value), np.zeros_like(sample.value)
    coefficients = np.zeros((sample.n_bands, 2 * terms))
    order = np.arange(1, terms + 1)
    middle = 0.5 * sample.span
    for band in range(sample.n_bands):
        rows = np.flatnonzero(sample.band == band)
        root = np.sqrt(sample.weight[rows])
        basis = kernels.fourier_basis(sample.time[rows], frequency, terms)
        weighed = basis * root[:, None]
        gram = _gram(weighed)
        solved = np.linalg.solve(gram, weighed.T @ (root * sample.value[rows]))
        cosine, sine = solved[1::2], solved[2::2]
        model[rows] = basis @ solved
        change = basis[:, 2::2] @ (-order * cosine) + basis[:, 1::2] @ (order * sine)
        weighted = root * 2.0 * np.pi * (sample.time[rows] - middle) * change
        tangent[rows] = weighted - weighed @ np.linalg.solve(gram, weighed.T @ weighted)
        coefficients[band] = np.concatenate([cosine, sine])
    return model, tangent, coefficients
