"""The median of a star's numbers, which is asked for so often that the cost of a call counts."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import FloatArray


def median(value: FloatArray) -> float:
    """The median of finite numbers (n,), n at least 1: `numpy.median`, for some hundreds in a third of its time."""
    middle = len(value) // 2
    if len(value) % 2:
        return float(np.partition(value, middle)[middle])
    ordered = np.partition(value, (middle - 1, middle))
    return float(0.5 * (ordered[middle - 1] + ordered[middle]))
