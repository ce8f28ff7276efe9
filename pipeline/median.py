"""Median and quantiles of a star's numbers, which are asked for so often that the cost of a call counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from swope.pipeline.lightcurve import FloatArray


def median(value: FloatArray) -> float:
    """The median of finite numbers (n,), n at least 1: `numpy.median`, for some hundreds in a third of its time."""
    middle = len(value) // 2
    if len(value) % 2:
        return float(np.partition(value, middle)[middle])
    ordered = np.partition(value, (middle - 1, middle))
    return float(0.5 * (ordered[middle - 1] + ordered[middle]))


def quantiles(value: FloatArray, shares: Sequence[float]) -> list[float]:
    """Quantiles of finite numbers (n,), n at least 1: `numpy.quantile`, for some hundreds in a quarter of its time.

    Parameters
    ----------
    shares : of the numbers that lie below, from 0 to 1.
    """
    last = len(value) - 1
    places = [(min(int(last * share), last), last * share) for share in shares]
    ordered = np.partition(value, sorted({at for low, _ in places for at in (low, min(low + 1, last))}))
    found = []
    for low, place in places:
        here, after, beyond = float(ordered[low]), float(ordered[min(low + 1, last)]), place - low
        # from the nearer of the two, so that neither end is missed by rounding
        step = after - here
        found.append(after - step * (1.0 - beyond) if beyond >= 0.5 else here + step * beyond)
    return found
