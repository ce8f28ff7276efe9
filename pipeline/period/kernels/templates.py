"""Inner loops of how well a star follows known curves, at each frequency and phase."""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray, IntArray

#: Phases that are less likely than the best by a factor e to the power of this are left out.
NEGLIGIBLE = 14.0


@compiled(fast=True)
def templates(
    time: FloatArray,
    band: IntArray,
    value: FloatArray,
    weight: FloatArray,
    frequency: FloatArray,
    curve: FloatArray,
    precision: float,
    freedom: float,
    out: FloatArray,
) -> None:
    """Log evidence of every curve at every frequency, its phase averaged over, against no variation.

    The curve's scale is normal about 1, each band has a level of its own with a flat prior, and the errors' scale has
    an inverse-gamma prior, so that the values are distributed as Student's t.

    Parameters
    ----------
    time, value, weight : (n,) days, magnitudes less their band's weighted mean, and inverse variances.
    band : (n,) ascending.
    frequency : (m,) cycles a day.
    curve : (k, bands, 2 bins) magnitudes, two cycles of each.
    precision : of the curve's scale.
    freedom : degrees of freedom of the errors' scale.
    out : (m, k) filled.
    """
    n, bins = len(time), curve.shape[2] // 2
    square, product, total = np.empty(bins), np.empty(bins), np.empty(bins)
    cell = np.empty(n, dtype=np.int32)
    power = 0.5 * (freedom + n)
    # a phase that leaves this many times the least counts for nothing, and needs no logarithm
    negligible = math.exp(NEGLIGIBLE / power)
    still = 0.0
    for i in range(n):
        still += weight[i] * value[i] * value[i]
    for m in range(len(frequency)):
        for i in range(n):
            turn = time[i] * frequency[m]
            cell[i] = int((turn - math.floor(turn)) * bins)
        for k in range(len(curve)):
            for s in range(bins):
                square[s], product[s], total[s] = precision, precision, 0.0
            heavy = 0.0
            for i in range(n):
                wave = curve[k, band[i], cell[i] :]
                w, wy = weight[i], weight[i] * value[i]
                heavy += w
                for s in range(bins):
                    square[s] += w * wave[s] * wave[s]
                    product[s] += wy * wave[s]
                    total[s] += w * wave[s]
                if i == n - 1 or band[i + 1] != band[i]:
                    for s in range(bins):
                        square[s] -= total[s] * total[s] / heavy
                        total[s] = 0.0
                    heavy = 0.0
            least = 1e300
            for s in range(bins):
                total[s] = freedom + still + precision - product[s] * product[s] / square[s]
                least = total[s] if total[s] < least else least
            mean = 0.0
            for s in range(bins):
                if total[s] < negligible * least:
                    mean += math.exp(-power * math.log(total[s] / least)) / math.sqrt(square[s] / precision)
            out[m, k] = math.log(mean / bins) + power * math.log((freedom + still) / least)
