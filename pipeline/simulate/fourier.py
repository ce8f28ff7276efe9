"""Light curves as Fourier series in magnitudes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray


@dataclass(frozen=True, eq=False)
class Shape:
    """A periodic light curve, ``sum_k ratio[k] sin(2 pi (k+1) phase + lag[k])`` in magnitudes.

    Attributes
    ----------
    ratio : (K,) amplitude of each harmonic over that of the first, R_k1 of Simon & Lee 1981.
    lag : (K,) phase differences phi_k1 = phi_k - k phi_1 of the sine series, radians; the first is 0.
    """

    ratio: FloatArray
    lag: FloatArray

    def __call__(self, phase: FloatArray) -> FloatArray:
        """(n,) magnitudes at (n,) phases in cycles, with phase 0 at maximum light and peak to peak 1."""
        grid = self._series(np.arange(512) / 512)
        brightest = int(grid.argmin())
        series: FloatArray = self._series(phase + brightest / 512) / np.ptp(grid)
        return series

    def _series(self, phase: FloatArray) -> FloatArray:
        total = np.zeros_like(phase)
        for k, (ratio, lag) in enumerate(zip(self.ratio, self.lag, strict=True), start=1):
            total += ratio * np.sin(2 * np.pi * k * phase + lag)
        return total
