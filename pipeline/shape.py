"""Compiled: the Fourier series, the bins and the shape of one folded curve.

This module imports numba, so it is imported inside the functions that use it.
"""

from __future__ import annotations

import numpy as np

from swope.pipeline.bins import add_to_bins
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

#: Terms of the Fourier series.
HARMONICS = 4

#: Steps of phase at which the series is looked at.
STEPS = 64


@compiled()
def _mean(value: FloatArray) -> float:
    """Mean of values (n,)."""
    total = 0.0
    for i in range(len(value)):
        total += value[i]
    return total / len(value)


@compiled()
def fourier(phase: FloatArray, value: FloatArray) -> tuple[FloatArray, float]:
    """Least-squares Fourier series, held small by a ridge where phases are few or clumped.

    Parameters
    ----------
    phase : (n,) in cycles.
    value : (n,) not all alike.

    Returns
    -------
    terms : (2, HARMONICS) cosine and sine amplitudes of the curve about its mean.
    explained : 1 - residual variance / variance, degrees of freedom accounted for, in [-1, 1].
    """
    n = len(value)
    size = 1 + 2 * HARMONICS
    middle = _mean(value)
    normal = np.zeros((size, size))
    right, solution = np.zeros(size), np.zeros(size)
    rows = np.empty((n, size))
    for i in range(n):
        c1, s1 = np.cos(2 * np.pi * phase[i]), np.sin(2 * np.pi * phase[i])
        c, s = 1.0, 0.0
        rows[i, 0] = 1.0
        for k in range(HARMONICS):
            c, s = c * c1 - s * s1, s * c1 + c * s1
            rows[i, 1 + k] = c
            rows[i, 1 + HARMONICS + k] = s
        y = value[i] - middle
        for a in range(size):
            right[a] += rows[i, a] * y
            for b in range(a + 1):
                normal[a, b] += rows[i, a] * rows[i, b]
    # Cholesky's factor in place, and its two triangular systems
    for a in range(size):
        if a:
            normal[a, a] += 0.5 + 0.002 * n
        for b in range(a + 1):
            total = normal[a, b]
            for k in range(b):
                total -= normal[a, k] * normal[b, k]
            normal[a, b] = np.sqrt(total) if a == b else total / normal[b, b]
        total = right[a]
        for b in range(a):
            total -= normal[a, b] * solution[b]
        solution[a] = total / normal[a, a]
    for a in range(size - 1, -1, -1):
        for b in range(a + 1, size):
            solution[a] -= normal[b, a] * solution[b]
        solution[a] /= normal[a, a]
    left, total = 0.0, 0.0
    for i in range(n):
        y = value[i] - middle
        model = 0.0
        for a in range(size):
            model += rows[i, a] * solution[a]
        left += (y - model) ** 2
        total += y * y
    explained = 1.0 - (left / max(n - size, 1)) / (total / max(n - 1, 1))
    terms = np.empty((2, HARMONICS))
    for k in range(HARMONICS):
        terms[0, k] = solution[1 + k]
        terms[1, k] = solution[1 + HARMONICS + k]
    return terms, min(max(explained, -1.0), 1.0)


def string_length(phase: FloatArray, value: FloatArray) -> float:
    """Mean square step along the phases over twice the variance (Lafler & Kinman 1965): 1 for noise, 0 for a line."""
    ordered = value[np.argsort(phase, kind="stable")]
    steps = np.diff(ordered, prepend=ordered[-1])
    return float(steps @ steps / (2.0 * len(value) * value.var()))


@compiled()
def left_over(phase: FloatArray, value: FloatArray, terms: FloatArray) -> FloatArray:
    """(n,) values less their mean and the Fourier series of `fourier`."""
    rest = np.empty(len(value))
    middle = _mean(value)
    for i in range(len(value)):
        rest[i] = value[i] - middle
        for k in range(HARMONICS):
            angle = 2 * np.pi * (k + 1) * phase[i]
            rest[i] -= terms[0, k] * np.cos(angle) + terms[1, k] * np.sin(angle)
    return rest


@compiled()
def structure(time: FloatArray, value: FloatArray, edges: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    """Squared differences of pairs of points by how far apart they are (Simonetti, Cordes & Heeschen 1985).

    Parameters
    ----------
    time, value : (n,) in time order.
    edges : (k + 1,) of the cells of time difference, ascending, above 0.
    most : about so many points are the first of a pair.

    Returns
    -------
    (k,) mean squared difference, 0 where there is no pair, and (k,) number of pairs.
    """
    cells = len(edges) - 1
    total, count = np.zeros(cells), np.zeros(cells)
    for i in range(0, len(time), max(1, len(time) // most)):
        j = i + 1
        while j < len(time) and time[j] - time[i] < edges[0]:
            j += 1
        for cell in range(cells):
            # a sum in a single variable waits for no memory
            whole, begin = total[cell], j
            while j < len(time) and time[j] - time[i] < edges[cell + 1]:
                whole += (value[j] - value[i]) ** 2
                j += 1
            total[cell] = whole
            count[cell] += j - begin
    return total / np.maximum(count, 1.0), count


@compiled()
def _median(value: FloatArray) -> float:
    """Median of few values (n,)."""
    ordered = np.empty(len(value))
    for i in range(len(value)):
        place = i
        while place > 0 and ordered[place - 1] > value[i]:
            ordered[place] = ordered[place - 1]
            place -= 1
        ordered[place] = value[i]
    middle: float = 0.5 * (ordered[(len(value) - 1) // 2] + ordered[len(value) // 2])
    return middle


@compiled()
def series_shape(terms: FloatArray) -> FloatArray:
    """Depths, places and slopes of a Fourier series, free of its phase zero.

    Returns
    -------
    (9,): log10 of the range; median height, 0 at the deepest minimum and 1 at the highest maximum; depth of the second
    minimum below the lower of the two maxima beside it; its distance from phase 0.5 after the first; the height of
    that lower maximum; shares of the phase above half height and rising; steepest rise and fall per step.
    """
    model = np.zeros(STEPS)
    for j in range(STEPS):
        for k in range(HARMONICS):
            angle = 2 * np.pi * (k + 1) * j / STEPS
            model[j] += terms[0, k] * np.cos(angle) + terms[1, k] * np.sin(angle)
    first, highest = 0, 0
    for j in range(STEPS):
        first = j if model[j] < model[first] else first
        highest = j if model[j] > model[highest] else highest
    lowest = model[first]
    reach = max(model[highest] - lowest, 1e-9)
    turned = np.empty(STEPS)
    for j in range(STEPS):
        turned[j] = (model[(first + j) % STEPS] - lowest) / reach
    # the second minimum is looked for away from the first
    second = 8
    for j in range(8, STEPS - 7):
        if turned[j] < turned[second]:
            second = j
    before, after = turned[0], turned[second]
    for j in range(STEPS):
        if j < second:
            before = max(before, turned[j])
        else:
            after = max(after, turned[j])
    lower = min(before, after)
    above, rising, rise, fall = 0.0, 0.0, 0.0, 0.0
    for j in range(STEPS):
        slope = turned[(j + 1) % STEPS] - turned[j]
        above += 1.0 if turned[j] > 0.5 else 0.0
        rising += 1.0 if slope > 0.0 else 0.0
        rise = max(rise, slope)
        fall = max(fall, -slope)
    out = np.empty(9)
    out[0] = np.log10(reach)
    out[1] = _median(turned)
    out[2] = lower - turned[second]
    out[3] = abs(second / STEPS - 0.5)
    out[4] = lower
    out[5] = above / STEPS
    out[6] = rising / STEPS
    out[7] = 10.0 * rise
    out[8] = 10.0 * fall
    return out


@compiled()
def binned(
    phase: FloatArray, value: FloatArray, weight: FloatArray, bins: int
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Weighted means in bins of phase, bin k centred on k / bins, interpolated around the circle where one is empty.

    Parameters
    ----------
    phase : (n,) in [0, 1).
    value, weight : (n,); weights are 1/error^2.

    Returns
    -------
    mean, total weight and number of points, (bins,) each; and by how much the scatter within the bins exceeds what the
    errors say, at least 1.
    """
    n = len(value)
    mean, total, count = np.empty(bins), np.empty(bins), np.zeros(bins)
    first, cell, weighted = np.zeros(n, dtype=np.int32), np.empty(n, dtype=np.int32), np.empty(n)
    for i in range(n):
        weighted[i] = weight[i] * value[i]
    add_to_bins(phase, first, weight, weighted, 1.0, 0.5 / bins, bins, cell, total, mean)
    for i in range(n):
        count[cell[i]] += 1.0
    filled = 0
    for j in range(bins):
        if count[j] > 0:
            mean[j] /= total[j]
            filled += 1
    excess = 0.0
    for i in range(n):
        excess += weight[i] * (value[i] - mean[cell[i]]) ** 2
    for j in range(bins):
        if count[j] == 0:
            before, after = 1, 1
            while count[(j - before) % bins] == 0:
                before += 1
            while count[(j + after) % bins] == 0:
                after += 1
            near = after / (before + after)
            mean[j] = near * mean[(j - before) % bins] + (1.0 - near) * mean[(j + after) % bins]
    return mean, total, count, max(1.0, np.sqrt(excess / max(n - filled, 1)))
