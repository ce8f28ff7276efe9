"""How heavy the tails of a star's errors are: what a residual is worth in Gaussian sigmas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.median import median

#: Degrees of freedom a star's residuals may have (infinite: Gaussian), and the logarithm of their prior weight: heavy
#: tails have to show by more than the very point that is to be judged.
_DEGREES = np.array([2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, np.inf])
_WEIGHT = np.array([-2.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0])

#: Fewer residuals say nothing of their distribution.
LEAST = 20


@dataclass(frozen=True)
class Tails:
    """The Student distribution of a star's standardised residuals.

    Attributes
    ----------
    degrees : of freedom; infinite: Gaussian.
    scale : its width.
    """

    degrees: float = math.inf
    scale: float = 1.0

    @classmethod
    def of(cls, residual: FloatArray) -> Tails:
        """Scale and degrees of freedom of highest likelihood; Gaussian of scale 1 where the residuals are too few.

        Residuals beyond six sigma count as six: a single flare does not make a star heavy-tailed.

        Parameters
        ----------
        residual : (n,) standardised, finite.
        """
        size = np.abs(residual)
        middle = median(size) if len(size) >= LEAST else 0.0
        if not middle > 0:
            return cls()
        best, chosen, scale = -math.inf, math.inf, 1.0
        for degrees, weight in zip(_DEGREES, _WEIGHT, strict=True):
            if math.isinf(degrees):
                width = max(0.8, min(1.25, math.sqrt(float(np.mean(np.minimum(size, 4.0) ** 2)))))
                likelihood = -0.5 * np.minimum(size / width, 6.0) ** 2 - math.log(width * math.sqrt(2 * math.pi))
            else:
                quartile, constant = _student(float(degrees))
                width = middle / quartile
                squares = np.minimum(size / width, 6.0) ** 2
                likelihood = constant - math.log(width) - 0.5 * (degrees + 1) * np.log(1.0 + squares / degrees)
            value = float(likelihood.sum()) + weight
            if value > best:
                best, chosen, scale = value, float(degrees), width
        return cls(chosen, max(1.0, scale) if math.isinf(chosen) else scale)

    def scores(self, residual: FloatArray) -> FloatArray:
        """(n,) Gaussian sigmas of the same probability as the residuals (n,) have, with their signs."""
        from scipy.special import ndtri, stdtr

        if math.isinf(self.degrees):
            return residual / self.scale
        tail = np.maximum(stdtr(self.degrees, -np.abs(residual) / self.scale), 1e-300)
        score: FloatArray = np.sign(residual) * -ndtri(tail)
        return score

    def loglike(self, residual: FloatArray) -> FloatArray:
        """(n,) logarithm of the density of the residuals (n,), less that of a residual of 0."""
        squares = (residual / self.scale) ** 2
        if math.isinf(self.degrees):
            return -0.5 * squares
        density: FloatArray = -0.5 * (self.degrees + 1.0) * np.log1p(squares / self.degrees)
        return density


@cache
def _student(degrees: float) -> tuple[float, float]:
    """The third quartile of Student's distribution, and the logarithm of its density at 0."""
    from scipy.special import gammaln, stdtrit

    constant = gammaln((degrees + 1) / 2) - gammaln(degrees / 2) - 0.5 * math.log(degrees * math.pi)
    return float(stdtrit(degrees, 0.75)), float(constant)


def gaussian_scores(residual: FloatArray) -> FloatArray:
    """Residuals (n,) of one star, standardised and finite, with the heavy tails they have taken out (`Tails`)."""
    return Tails.of(residual).scores(residual)
