"""Compiled: the one place where a light curve is folded. Points become sums in bins of phase.

The period's evidence, the transit search, and the folds of models and report (`swope.pipeline.fold`) all call this. It
imports numba, so it is imported inside the functions that use it.
"""

from __future__ import annotations

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray, IntArray


@compiled(fast=True)
def add_to_bins(
    time: FloatArray,
    first: IntArray,
    weight: FloatArray,
    weighted: FloatArray,
    frequency: float,
    shift: float,
    bins: int,
    cell: IntArray,
    total: FloatArray,
    sums: FloatArray,
) -> None:
    """Fold points with a frequency, and sum their weights and weighted values in bins of phase.

    Parameters
    ----------
    time : (n,) days; or phases, for a frequency of 1.
    first : (n,) index of the first bin of each point's own fold: a multiple of `bins` for its band.
    weight, weighted : (n,) weights, and weights times values.
    frequency, shift : a point's place is the fraction of ``frequency * time + shift``. With a shift of 0 the first bin
        begins at time 0; with ``0.5 / bins`` it is centred there.
    bins : number of bins of a cycle.
    cell : (n,) filled: the bin of each point.
    total, sums : at least (largest first + bins,) filled: sums of the weights, and of the weighted values.
    """
    for j in range(total.size):
        total[j] = 0.0
        sums[j] = 0.0
    # the cells by themselves, so that several are computed at a time
    for i in range(time.size):
        cycle = frequency * time[i] + shift
        place = np.int32((cycle - np.floor(cycle)) * bins)
        cell[i] = first[i] + (place if place < bins else np.int32(bins - 1))
    for i in range(time.size):
        total[cell[i]] += weight[i]
        sums[cell[i]] += weighted[i]
