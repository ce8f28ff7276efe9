"""Compiled: the Fourier series, the bins and the shape of one folded curve.

This module imports numba, so it is imported inside the functions that use it. All compiled code stays in this one file:
numba's cache does not notice a change in another file.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swope.pipeline.lightcurve import FloatArray

#: Terms of the Fourier series.
HARMONICS = 4

#: Steps of phase at which the series is looked at.
STEPS = 64


@njit(cache=True, nogil=True)
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
    middle = value.mean()
    normal = np.zeros((size, size))
    right = np.zeros(size)
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
    for a in range(size):
        for b in range(a):
            normal[b, a] = normal[a, b]
        if a:
            normal[a, a] += 0.5 + 0.002 * n
    solution = np.linalg.solve(normal, right)
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


@njit(cache=True, nogil=True)
def string_length(phase: FloatArray, value: FloatArray) -> float:
    """Mean square step along the phases over twice the variance (Lafler & Kinman 1965): 1 for noise, 0 for a line."""
    order = np.argsort(phase, kind="mergesort")
    total = 0.0
    for i in range(len(order)):
        step = value[order[i]] - value[order[i - 1]]
        total += step * step
    return float(total / (2.0 * len(value) * value.var()))


@njit(cache=True, nogil=True)
def left_over(phase: FloatArray, value: FloatArray, terms: FloatArray) -> FloatArray:
    """(n,) values less their mean and the Fourier series of `fourier`."""
    rest: FloatArray = value - value.mean()
    for i in range(len(value)):
        for k in range(HARMONICS):
            angle = 2 * np.pi * (k + 1) * phase[i]
            rest[i] -= terms[0, k] * np.cos(angle) + terms[1, k] * np.sin(angle)
    return rest


@njit(cache=True, nogil=True)
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
        cell = 0
        for j in range(i + 1, len(time)):
            apart = time[j] - time[i]
            while cell < cells and apart >= edges[cell + 1]:
                cell += 1
            if cell == cells:
                break
            if apart >= edges[0]:
                total[cell] += (value[j] - value[i]) ** 2
                count[cell] += 1.0
    return total / np.maximum(count, 1.0), count


@njit(cache=True, nogil=True)
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
    lowest, highest = model.min(), model.max()
    reach = max(highest - lowest, 1e-9)
    first = model.argmin()
    turned = np.empty(STEPS)
    for j in range(STEPS):
        turned[j] = (model[(first + j) % STEPS] - lowest) / reach
    # the second minimum is looked for away from the first
    second = 8
    for j in range(8, STEPS - 7):
        if turned[j] < turned[second]:
            second = j
    lower = min(turned[:second].max(), turned[second:].max())
    above, rising, rise, fall = 0, 0, 0.0, 0.0
    for j in range(STEPS):
        slope = turned[(j + 1) % STEPS] - turned[j]
        above += turned[j] > 0.5
        rising += slope > 0
        rise = max(rise, slope)
        fall = max(fall, -slope)
    place = abs(second / STEPS - 0.5)
    return np.array(
        [
            np.log10(reach),
            np.median(turned),
            lower - turned[second],
            place,
            lower,
            above / STEPS,
            rising / STEPS,
            10.0 * rise,
            10.0 * fall,
        ]
    )


@njit(cache=True, nogil=True)
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
    mean = np.zeros(bins)
    total = np.zeros(bins)
    count = np.zeros(bins)
    cell = np.empty(len(value), dtype=np.int64)
    for i in range(len(value)):
        cell[i] = int(np.floor(phase[i] * bins + 0.5)) % bins
        mean[cell[i]] += weight[i] * value[i]
        total[cell[i]] += weight[i]
        count[cell[i]] += 1.0
    filled = 0
    for j in range(bins):
        if count[j] > 0:
            mean[j] /= total[j]
            filled += 1
    excess = 0.0
    for i in range(len(value)):
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
    return mean, total, count, max(1.0, np.sqrt(excess / max(len(value) - filled, 1)))
