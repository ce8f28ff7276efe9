"""The nearest of many points, compiled: in one pass, with no array of all distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled()
def nearest(memory: NDArray[np.float32], place: NDArray[np.float32], k: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Distances (k,) to the nearest points, in their order, and which they are; of equals, the first.

    Parameters
    ----------
    memory : (m, e) points, m >= k.
    place : (e,).
    """
    distance = np.full(k, np.inf)
    index = np.full(k, -1)
    for i in range(memory.shape[0]):
        square = 0.0
        for j in range(memory.shape[1]):
            away = np.float64(memory[i, j]) - np.float64(place[j])
            square += away * away
        if not square < distance[k - 1]:
            continue
        at = k - 1
        while at > 0 and square < distance[at - 1]:
            distance[at], index[at] = distance[at - 1], index[at - 1]
            at -= 1
        distance[at], index[at] = square, i
    for at in range(k):
        distance[at] = np.sqrt(distance[at])
    return distance, index
