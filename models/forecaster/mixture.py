"""Mixtures of Gaussians as predictive distributions: density, distribution, moments, CRPS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

#: Share of a Gaussian that lies within one sigma of its mean.
_ONE_SIGMA = 0.6826894921370859


@dataclass(frozen=True, eq=False)
class Mixture:
    """Predictive distributions of n values, each a mixture of g Gaussians.

    Attributes
    ----------
    weight, mean, sigma : (n, g); the weights of a row sum to one.
    """

    weight: FloatArray
    mean: FloatArray
    sigma: FloatArray

    def where(self, keep: Any) -> Mixture:
        """The rows that `keep` (mask or indices) selects."""
        return Mixture(self.weight[keep], self.mean[keep], self.sigma[keep])

    def widened(self, by: FloatArray) -> Mixture:
        """The same, each of the n distributions wider about its mean by a factor (n,)."""
        centre = self.centre()[:, None]
        return Mixture(self.weight, centre + by[:, None] * (self.mean - centre), by[:, None] * self.sigma)

    def log_density(self, value: FloatArray) -> FloatArray:
        """(n,) natural logarithm of the predictive density at the values."""
        z = (value[:, None] - self.mean) / self.sigma
        terms = np.log(np.maximum(self.weight, 1e-30)) - 0.5 * z * z - np.log(self.sigma * np.sqrt(2 * np.pi))
        top = terms.max(axis=1, keepdims=True)
        out: FloatArray = top[:, 0] + np.log(np.exp(terms - top).sum(axis=1))
        return out

    def cdf(self, value: FloatArray) -> FloatArray:
        """(n,) probability of a value as low: uniform if the forecast is honest (the PIT)."""
        from scipy.special import ndtr

        out: FloatArray = np.sum(self.weight * ndtr((value[:, None] - self.mean) / self.sigma), axis=1)
        return out

    def centre(self) -> FloatArray:
        """(n,) mean of the mixture."""
        out: FloatArray = np.sum(self.weight * self.mean, axis=1)
        return out

    def spread(self) -> FloatArray:
        """(n,) standard deviation of the mixture."""
        centre = self.centre()[:, None]
        out: FloatArray = np.sqrt(np.sum(self.weight * (self.sigma**2 + (self.mean - centre) ** 2), axis=1))
        return out

    def quantile(self, level: float) -> FloatArray:
        """(n,) value below which a share `level` of the distribution lies."""
        return np.asarray(_quantile(self.weight, self.mean, self.sigma, level, float(_normal_quantile(level))))

    def half_width(self, share: float = _ONE_SIGMA) -> FloatArray:
        """(n,) half the width of the interval that holds a central share; by default one sigma, were they Gaussian."""
        half: FloatArray = 0.5 * (self.quantile(0.5 + 0.5 * share) - self.quantile(0.5 - 0.5 * share))
        return half

    def crps(self, value: FloatArray) -> FloatArray:
        """(n,) continuous ranked probability score, in the unit of the values (Grimit+2006, eq. 4)."""
        outer = np.sum(self.weight * _expected_abs(value[:, None] - self.mean, self.sigma), axis=1)
        apart = self.mean[:, :, None] - self.mean[:, None, :]
        both = np.sqrt(self.sigma[:, :, None] ** 2 + self.sigma[:, None, :] ** 2)
        pairs = self.weight[:, :, None] * self.weight[:, None, :] * _expected_abs(apart, both)
        return np.asarray(outer - 0.5 * pairs.sum(axis=(1, 2)))


def _expected_abs(mean: FloatArray, sigma: FloatArray) -> FloatArray:
    """E|X| for X Gaussian."""
    from scipy.special import ndtr

    z = mean / sigma
    out: FloatArray = np.asarray(mean * (2 * ndtr(z) - 1) + 2 * sigma * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))
    return out


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(level))


@compiled()
def _quantile(weight: np.ndarray, mean: np.ndarray, sigma: np.ndarray, level: float, deviate: float) -> np.ndarray:
    """Newton's method between the least and the greatest of the components' own quantiles.

    The bracket is halved instead where a step would leave it, or would not be half as long as the last but one.
    """
    n, g = mean.shape
    out = np.empty(n)
    for i in range(n):
        low, high, middle = np.inf, -np.inf, 0.0
        width = np.inf
        for j in range(g):
            own = mean[i, j] + deviate * sigma[i, j]
            middle += weight[i, j] * own
            width = min(width, sigma[i, j])
            low, high = min(low, own), max(high, own)
        change = older = high - low
        for _ in range(200):
            below, density = -level, 0.0
            for j in range(g):
                z = (middle - mean[i, j]) / sigma[i, j]
                below += 0.5 * weight[i, j] * math.erfc(-z * 0.7071067811865476)
                density += weight[i, j] * math.exp(-0.5 * z * z) / sigma[i, j] * 0.3989422804014327
            if below < 0:
                low = middle
            else:
                high = middle
            step = middle - below / density if density > 0 else np.inf
            if not low < step < high or abs(2.0 * below) > older * density:
                step = 0.5 * (low + high)
            older, change = change, abs(step - middle)
            middle = step
            if change <= 1e-7 * width or high - low <= 1e-7 * width:
                break
        out[i] = middle
    return out
