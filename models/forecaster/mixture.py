"""Mixtures of Gaussians as predictive distributions: density, distribution, moments, CRPS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.lightcurve import FloatArray


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
        """(n,) value below which a share `level` of the distribution lies, by bisection."""
        low = (self.mean - 40 * self.sigma).min(axis=1)
        high = (self.mean + 40 * self.sigma).max(axis=1)
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = self.cdf(middle) < level
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray(0.5 * (low + high))

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
