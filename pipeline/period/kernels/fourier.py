"""Fourier series at one frequency: normal equations, and how they change with the frequency."""

from __future__ import annotations

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

TWO_PI = 2.0 * np.pi

#: Points whose sums are taken together, so that their phases stay in the first cache.
_CHUNK = 256


@compiled(fast=True)
def turns(time: FloatArray, frequency: float, cosine: FloatArray, sine: FloatArray) -> None:
    """Cosine and sine of the phase of times (n,) at a frequency, to 1e-13, filled into two arrays (n,).

    The Taylor series of half the angle, which is at most a quarter of a turn: several points at a time.
    """
    for i in range(time.size):
        cycle = frequency * time[i]
        half = np.pi * (cycle - np.rint(cycle))
        x = half * half
        c = 1.0 - x / 2.0 * (1.0 - x / 12.0 * (1.0 - x / 30.0 * (1.0 - x / 56.0 * (1.0 - x / 90.0 * (
            1.0 - x / 132.0 * (1.0 - x / 182.0 * (1.0 - x / 240.0 * (1.0 - x / 306.0))))))))  # fmt: skip
        s = half * (1.0 - x / 6.0 * (1.0 - x / 20.0 * (1.0 - x / 42.0 * (1.0 - x / 72.0 * (1.0 - x / 110.0 * (
            1.0 - x / 156.0 * (1.0 - x / 210.0 * (1.0 - x / 272.0 * (1.0 - x / 342.0)))))))))  # fmt: skip
        cosine[i] = 1.0 - 2.0 * s * s
        sine[i] = 2.0 * s * c


@compiled(fast=True)
def fourier_equations(
    time: FloatArray, value: FloatArray, weight: FloatArray, frequency: float, terms: int
) -> tuple[FloatArray, FloatArray]:
    """Normal equations of a Fourier series: matrix (2 terms + 1, 2 terms + 1) and right side (2 terms + 1,).

    The parameters are a constant, then cosine and sine of each harmonic.

    Parameters
    ----------
    time, value, weight : (n,) days, any unit, positive.
    frequency : cycles a day.
    """
    orders = 2 * terms + 1
    sums = np.zeros((4, orders))
    cosine, sine, c, s = np.empty(_CHUNK), np.empty(_CHUNK), np.empty(_CHUNK), np.empty(_CHUNK)
    for first in range(0, time.size, _CHUNK):
        t, y, w = time[first : first + _CHUNK], value[first : first + _CHUNK], weight[first : first + _CHUNK]
        turns(t, frequency, cosine, sine)
        for i in range(_CHUNK):
            c[i] = 1.0
            s[i] = 0.0
        for k in range(orders):
            one, two = 0.0, 0.0
            for i in range(t.size):
                one += w[i] * c[i]
                two += w[i] * s[i]
            sums[0, k] += one
            sums[1, k] += two
            if k <= terms:
                one, two = 0.0, 0.0
                for i in range(t.size):
                    one += w[i] * y[i] * c[i]
                    two += w[i] * y[i] * s[i]
                sums[2, k] += one
                sums[3, k] += two
            for i in range(t.size):
                ahead = c[i] * cosine[i] - s[i] * sine[i]
                s[i] = s[i] * cosine[i] + c[i] * sine[i]
                c[i] = ahead
    matrix, right = np.empty((orders, orders)), np.empty(orders)
    matrix[0, 0] = sums[0, 0]
    right[0] = sums[2, 0]
    for k in range(1, terms + 1):
        matrix[0, 2 * k - 1] = matrix[2 * k - 1, 0] = sums[0, k]
        matrix[0, 2 * k] = matrix[2 * k, 0] = sums[1, k]
        right[2 * k - 1] = sums[2, k]
        right[2 * k] = sums[3, k]
        for h in range(1, terms + 1):
            apart = abs(k - h)
            side = 1.0 if k >= h else -1.0
            matrix[2 * h - 1, 2 * k - 1] = 0.5 * (sums[0, apart] + sums[0, k + h])
            matrix[2 * h, 2 * k] = 0.5 * (sums[0, apart] - sums[0, k + h])
            matrix[2 * h - 1, 2 * k] = 0.5 * (sums[1, k + h] + side * sums[1, apart])
            matrix[2 * k, 2 * h - 1] = matrix[2 * h - 1, 2 * k]
    return matrix, right


@compiled(fast=True)
def frequency_slope(
    time: FloatArray, value: FloatArray, weight: FloatArray, frequency: float, series: FloatArray, middle: float
) -> tuple[float, float, float, FloatArray]:
    """How a Fourier series of given coefficients changes with its frequency.

    With r what the series leaves and u its derivative by the frequency at each point, for phases counted from `middle`:

    Parameters
    ----------
    time, value, weight : (n,) days, the unit of the coefficients, positive.
    frequency : cycles a day.
    series : (2 terms + 1,) a constant, then cosine and sine of each harmonic.
    middle : days.

    Returns
    -------
    The weighted sums of r r, u r and u u, and (2 terms + 1,) of u times the constant, each cosine and each sine.
    """
    terms = series.size // 2
    square, slope, strength = 0.0, 0.0, 0.0
    product = np.zeros(series.size)
    cosine, sine, c, s = np.empty(_CHUNK), np.empty(_CHUNK), np.empty(_CHUNK), np.empty(_CHUNK)
    left, change = np.empty(_CHUNK), np.empty(_CHUNK)
    for first in range(0, time.size, _CHUNK):
        t, y, w = time[first : first + _CHUNK], value[first : first + _CHUNK], weight[first : first + _CHUNK]
        turns(t, frequency, cosine, sine)
        for i in range(t.size):
            c[i] = cosine[i]
            s[i] = sine[i]
            left[i] = y[i] - series[0]
            change[i] = 0.0
        for k in range(1, terms + 1):
            a, b = series[2 * k - 1], series[2 * k]
            for i in range(t.size):
                left[i] -= a * c[i] + b * s[i]
                change[i] += k * (b * c[i] - a * s[i])
                ahead = c[i] * cosine[i] - s[i] * sine[i]
                s[i] = s[i] * cosine[i] + c[i] * sine[i]
                c[i] = ahead
        total = 0.0
        for i in range(t.size):
            change[i] *= TWO_PI * (t[i] - middle)
            square += w[i] * left[i] * left[i]
            slope += w[i] * change[i] * left[i]
            strength += w[i] * change[i] * change[i]
            change[i] *= w[i]
            total += change[i]
            c[i] = cosine[i]
            s[i] = sine[i]
        product[0] += total
        for k in range(1, terms + 1):
            one, two = 0.0, 0.0
            for i in range(t.size):
                one += change[i] * c[i]
                two += change[i] * s[i]
                ahead = c[i] * cosine[i] - s[i] * sine[i]
                s[i] = s[i] * cosine[i] + c[i] * sine[i]
                c[i] = ahead
            product[2 * k - 1] += one
            product[2 * k] += two
    return square, slope, strength, product
