"""Inner loops of what a fold looks like: its smooth curve, and its best dip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled(fast=True)
def smooth_curves(
    weight: FloatArray,
    total: FloatArray,
    basis: FloatArray,
    strength: FloatArray,
    points: int,
    series: FloatArray,
    noise: FloatArray,
) -> None:
    """Ridge regression of folds on a basis, the ridge from what the fit itself leaves.

    Parameters
    ----------
    weight, total : (m, bins) sums of the weights and of the weighted values.
    basis : (k, bins) a constant, then waves.
    strength : (k - 1,) prior variance of the waves' coefficients.
    points : in each fold.
    series, noise : (m, k), (m,) filled: the coefficients, and the variance that they leave.
    """
    k, bins = basis.shape
    matrix, right, work = np.empty((k, k)), np.empty(k), np.empty((k, k + 1))
    heavy = np.empty(bins)
    for m in range(len(weight)):
        w, y, found = weight[m], total[m], series[m]
        for i in range(k):
            wave = basis[i]
            sum_ = 0.0
            for b in range(bins):
                heavy[b] = w[b] * wave[b]
                sum_ += y[b] * wave[b]
            right[i] = sum_
            for j in range(i, k):
                other = basis[j]
                sum_ = 0.0
                for b in range(bins):
                    sum_ += heavy[b] * other[b]
                matrix[i, j] = sum_
        left = 0.3
        for _ in range(3):
            for i in range(k):
                for j in range(i, k):
                    work[i, j] = matrix[i, j]
                work[i, i] += 1e-6 if i == 0 else left / strength[i - 1]
                work[i, k] = right[i]
            for i in range(k):
                inverse = 1.0 / work[i, i]
                for r in range(i + 1, k):
                    share = work[i, r] * inverse
                    for j in range(r, k + 1):
                        work[r, j] -= share * work[i, j]
            explained = 0.0
            for i in range(k - 1, -1, -1):
                sum_ = work[i, k]
                for j in range(i + 1, k):
                    sum_ -= work[i, j] * found[j]
                found[i] = sum_ / work[i, i]
                explained += right[i] * found[i]
            left = min(max(1.0 - explained / points, 1e-4), 1.0)
        noise[m] = left


@compiled(fast=True)
def best_dips(
    weight: FloatArray,
    total: FloatArray,
    widths: NDArray[np.int64],
    start: NDArray[np.int32],
    width: NDArray[np.int32],
) -> None:
    """The box-shaped dip that explains most of each fold; of those as good but for rounding, the narrowest and first.

    Parameters
    ----------
    weight, total : (m, bins) sums of the weights and of the weighted values.
    widths : (w,) in bins, ascending.
    start, width : (m,) filled: first bin of the dip and number of its bins; 0 and 1 where there is none.
    """
    bins = weight.shape[1]
    round_w, round_y = np.empty(2 * bins), np.empty(2 * bins)
    inside, dip, gain = np.empty(bins), np.empty(bins), np.empty((len(widths), bins))
    for m in range(len(weight)):
        all_w, all_y = 0.0, 0.0
        for b in range(bins):
            all_w += weight[m, b]
            all_y += total[m, b]
            inside[b], dip[b] = 0.0, 0.0
            round_w[b] = round_w[bins + b] = weight[m, b]
            round_y[b] = round_y[bins + b] = total[m, b]
        highest, wide = 0.0, 0
        for place in range(len(widths)):
            # one bin after the other: a difference of running sums would leave rounding where there is nothing
            while wide < widths[place]:
                next_w, next_y = round_w[wide:], round_y[wide:]
                for b in range(bins):
                    inside[b] += next_w[b]
                    dip[b] += next_y[b]
                wide += 1
            row = gain[place]
            for b in range(bins):
                rest_w, rest_y = all_w - inside[b], all_y - dip[b]
                there = inside[b] > 0.0 and dip[b] < 0.0 and rest_w > 0.0
                found = dip[b] * dip[b] / inside[b] + rest_y * rest_y / rest_w if there else 0.0
                row[b] = found
                highest = found if found > highest else highest
        start[m], width[m] = 0, 1
        searching = highest > 0.0
        for place in range(len(widths)):
            for b in range(bins):
                if searching and gain[place, b] >= (1.0 - 1e-9) * highest:
                    start[m], width[m], searching = b, widths[place], False
