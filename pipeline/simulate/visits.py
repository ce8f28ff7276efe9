"""A telescope's visits to one star: when, in which band, under what sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray


@dataclass(frozen=True, eq=False)
class Visits:
    """n visits in time order.

    Attributes
    ----------
    time : (n,) Julian dates.
    band : (n,) index into the survey's bands.
    haze : (n,) factor on the noise: clouds, moonlight, seeing; 1 is a typical night.
    offset : (n,) zero-point error of the frame in magnitudes, the same for every star on it.
    quality : (n,) mission quality flags; 0 is good.
    """

    time: FloatArray
    band: NDArray[np.int64]
    haze: FloatArray
    offset: FloatArray
    quality: NDArray[np.int64]

    @classmethod
    def of(
        cls, time: FloatArray, band: NDArray[np.int64], haze: FloatArray, offset: FloatArray | None = None
    ) -> Visits:
        """Put visits in time order; no offsets, all quality good unless given."""
        order = np.argsort(time, kind="stable")
        offset = np.zeros(len(time)) if offset is None else offset
        return cls(time[order], band[order], haze[order], offset[order], np.zeros(len(time), dtype=np.int64))
