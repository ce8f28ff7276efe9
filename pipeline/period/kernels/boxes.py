"""Inner loops of the transit search: a running median, and the best box of each fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.bins import add_to_bins
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled()
def running_median(value: FloatArray, low: NDArray[np.int64], high: NDArray[np.int64]) -> FloatArray:
    """(n,) medians of ``value[low[i] : high[i]]``; both limits never fall, and no window is empty.

    The values of the window are kept in order, and moved by those that come and go.
    """
    out = np.empty(value.size)
    ordered = np.empty(value.size)
    begin, end, count = 0, 0, 0
    for i in range(value.size):
        while end < high[i]:
            place = count
            while place > 0 and ordered[place - 1] > value[end]:
                ordered[place] = ordered[place - 1]
                place -= 1
            ordered[place] = value[end]
            end += 1
            count += 1
        while begin < low[i]:
            place = 0
            while ordered[place] != value[begin]:
                place += 1
            count -= 1
            for j in range(place, count):
                ordered[j] = ordered[j + 1]
            begin += 1
        out[i] = 0.5 * (ordered[(count - 1) // 2] + ordered[count // 2])
    return out


@compiled(fast=True)
def boxes(
    time: FloatArray,
    value: FloatArray,
    frequency: FloatArray,
    durations: FloatArray,
    power: FloatArray,
    start: FloatArray,
    duration: FloatArray,
    depth: FloatArray,
) -> None:
    """Best box-shaped dip of each folded curve.

    Parameters
    ----------
    time, value : (n,) days from 0 on; values of mean near zero, equal weights.
    frequency : (m,) cycles a day.
    durations : (d,) days.
    power : (m,) filled with the dip's gain in the sum of squares, square root.
    start, duration, depth : (m,) filled: start of the dip in days after time 0, its duration, its depth.
    """
    n = time.size
    lowest = frequency[0]
    for m in range(frequency.size):
        lowest = frequency[m] if frequency[m] < lowest else lowest
    most = int(4.0 / (durations[0] * lowest)) + 8
    count, total = np.empty(2 * most), np.empty(2 * most)
    weight, first, cell = np.ones(n), np.zeros(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    for m in range(frequency.size):
        f = frequency[m]
        # a quarter of the shortest duration a bin
        bins = max(16, min(most, int(np.ceil(4.0 / (durations[0] * f)))))
        add_to_bins(time, first, weight, value, f, 0.0, bins, cell, count[:bins], total[:bins])
        everything = 0.0
        for j in range(bins):
            everything += total[j]
        for j in range(bins):
            count[bins + j] = count[j]
            total[bins + j] = total[j]
        for j in range(1, 2 * bins):
            count[j] += count[j - 1]
            total[j] += total[j - 1]
        best = 0.0
        start[m], duration[m], depth[m] = 0.0, durations[0], 0.0
        for d in range(durations.size):
            width = int(durations[d] * f * bins + 0.5)
            if width < 1 or width > bins // 5:
                continue
            for begin in range(1, bins + 1):
                inside = count[begin + width - 1] - count[begin - 1]
                if inside < 3.0:
                    continue
                dip = total[begin + width - 1] - total[begin - 1]
                if dip >= 0.0:
                    continue
                rest = (everything - dip) / (n - inside)
                deep = rest - dip / inside
                gain = deep * deep * inside * (n - inside) / n
                if deep > 0.0 and gain > best:
                    best = gain
                    start[m] = (begin % bins) / (bins * f)
                    duration[m] = width / (bins * f)
                    depth[m] = deep
        power[m] = np.sqrt(best)
