"""Features brought to a common scale, with what is missing or far off made harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FAR = 4.0


@dataclass(frozen=True, eq=False)
class Scaling:
    """Centre and width of each feature.

    Attributes
    ----------
    centre, width : (k,) median, and half the distance between the 16th and 84th percentile, of the training stars.
    """

    centre: NDArray[np.float32]
    width: NDArray[np.float32]

    @classmethod
    def of(cls, features: NDArray[Any]) -> Scaling:
        """Measure the scale of features (..., k), ignoring NaN; a feature that never varies gets width 1."""
        flat = np.asarray(features, dtype=np.float64).reshape(-1, features.shape[-1])
        known = np.isfinite(flat).any(axis=0)
        flat = np.where(known, flat, 0.0)
        low, middle, high = np.nanpercentile(flat, (16, 50, 84), axis=0)
        width = 0.5 * (high - low)
        spread = np.nanstd(flat, axis=0)
        width = np.where(width > 1e-6, width, np.where(spread > 1e-6, spread, 1.0))
        return cls(middle.astype(np.float32), width.astype(np.float32))

    def apply(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """Scaled features, softly limited; zero (an ordinary value) where missing."""
        z = (features - self.centre) / self.width
        limited = _FAR * np.tanh(z / _FAR)
        return np.where(np.isfinite(limited), limited, 0.0).astype(np.float32)
