"""The likelihood of a damped random walk, alone and with a sinusoid."""

from __future__ import annotations

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

TWO_PI = 2.0 * np.pi


@compiled(fast=True)
def red_noise(
    time: FloatArray,
    value: FloatArray,
    noise: FloatArray,
    frequency: float,
    stride: int,
    tau: FloatArray,
    ratio: FloatArray,
    out: FloatArray,
) -> None:
    """Log likelihood of a damped random walk, alone and with a sinusoid, at pairs of its two parameters.

    The walk is a Gaussian process of exponential covariance, so that a Kalman filter needs one pass (Kelly, Bechtold &
    Siemiginowska 2009, ApJ 698, 895, eq. 6-12); mean, sinusoid and overall scale are profiled by least squares on the
    innovations of the data, the constant, the cosine and the sine, which all pass the same filter.

    Parameters
    ----------
    time, value, noise : (n,) days ascending; values; variances of the white part.
    frequency : cycles a day of the sinusoid.
    stride : every so many points are used.
    tau, ratio : (m,) damping times in days, variances of the walk; quickest where equal times follow one another.
    out : (m, 2) filled: log likelihood less a constant, of the walk alone and with the sinusoid.
    """
    count = (time.size + stride - 1) // stride
    gap, white, cosine = np.empty(count), np.empty(count), np.empty(count)
    sine, seen, decay = np.empty(count), np.empty(count), np.empty(count)
    for k in range(count):
        i = k * stride
        cycle = frequency * time[i]
        angle = TWO_PI * (cycle - np.floor(cycle))
        cosine[k] = np.cos(angle)
        sine[k] = np.sin(angle)
        gap[k] = time[i - stride] - time[i] if k > 0 else 0.0
        white[k] = noise[i]
        seen[k] = value[i]
    product = np.empty((4, 4))
    for m in range(tau.size):
        if m == 0 or tau[m] != tau[m - 1]:
            for k in range(count):
                decay[k] = np.exp(gap[k] / tau[m])
        walk = ratio[m]
        variance = walk
        log_det, determinant = 0.0, 1.0
        # the filter's means of the four series, in single variables: arrays would be written to memory at every step
        level, wave, turn, light = 0.0, 0.0, 0.0, 0.0
        level_level, level_wave, level_turn, level_light = 0.0, 0.0, 0.0, 0.0
        wave_wave, wave_turn, wave_light = 0.0, 0.0, 0.0
        turn_turn, turn_light, light_light = 0.0, 0.0, 0.0
        for k in range(count):
            kept = decay[k]
            variance = walk + kept * kept * (variance - walk)
            total = variance + white[k]
            inverse = 1.0 / total
            gain = variance * inverse
            variance -= variance * gain
            # logarithms are dear: one for many points
            determinant *= total
            if not 1e-100 < determinant < 1e100:
                log_det += np.log(determinant)
                determinant = 1.0
            a = 1.0 - kept * level
            b = cosine[k] - kept * wave
            c = sine[k] - kept * turn
            d = seen[k] - kept * light
            level = kept * level + gain * a
            wave = kept * wave + gain * b
            turn = kept * turn + gain * c
            light = kept * light + gain * d
            level_level += a * a * inverse
            level_wave += a * b * inverse
            level_turn += a * c * inverse
            level_light += a * d * inverse
            wave_wave += b * b * inverse
            wave_turn += b * c * inverse
            wave_light += b * d * inverse
            turn_turn += c * c * inverse
            turn_light += c * d * inverse
            light_light += d * d * inverse
        log_det += np.log(determinant)
        product[0, 0], product[1, 0], product[2, 0], product[3, 0] = level_level, level_wave, level_turn, level_light
        product[1, 1], product[2, 1], product[3, 1] = wave_wave, wave_turn, wave_light
        product[2, 2], product[3, 2], product[3, 3] = turn_turn, turn_light, light_light
        left = light_light
        for column in range(3):
            pivot = max(product[column, column], 1e-12)
            for row in range(column + 1, 4):
                share = product[row, column] / pivot
                for k in range(column + 1, row + 1):
                    product[row, k] -= share * product[k, column]
            if column == 0:
                left = max(product[3, 3], 1e-12)
        out[m, 0] = -0.5 * (log_det + count * np.log(left / count))
        out[m, 1] = -0.5 * (log_det + count * np.log(max(product[3, 3], 1e-12) / count))
