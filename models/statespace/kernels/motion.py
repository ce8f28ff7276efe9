"""How the states of a model's blocks start, and how they move from one row to the next."""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.problem import DAMPED, OSCILLATOR, TREND, WALK, Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray, IntArray


@compiled()
def parameters(theta: FloatArray, problem: Problem) -> FloatArray:
    """Parameters of the blocks, then two rows for the noise: factors on the quoted variances, variances added."""
    rows, width = problem.source.shape
    out = np.empty((rows, width))
    for b in range(rows):
        for j in range(width):
            index = problem.source[b, j]
            out[b, j] = problem.fixed[b, j] if index < 0 else math.exp(theta[index])
            if b >= rows - 2:
                out[b, j] **= 2
    return out


@compiled()
def oscillate(dt: float, omega: float, quality: float) -> tuple[float, float, float, float]:
    """Transition (2, 2) of a damped driven oscillator's position and velocity/omega; any quality factor."""
    decay = omega / (2 * quality)
    square = 1.0 - 0.25 / (quality * quality)
    if square > 1e-12:
        frequency = omega * math.sqrt(square)
        envelope = math.exp(-decay * dt)
        c = envelope * math.cos(frequency * dt)
        s = envelope * math.sin(frequency * dt) / frequency
    elif square < -1e-12:
        rate = omega * math.sqrt(-square)
        slow, fast = math.exp((rate - decay) * dt), math.exp((-rate - decay) * dt)
        c = 0.5 * (slow + fast)
        s = 0.5 * (slow - fast) / rate
    else:
        c = math.exp(-decay * dt)
        s = c * dt
    return c + decay * s, omega * s, -omega * s, c - decay * s


@compiled()
def pair(dt: float, kind: int, parameter: FloatArray) -> tuple[float, float, float, float, float, float, float]:
    """Transition (2, 2) of a block of two states over dt days, and the covariance it gathers: 00, 01, 11."""
    if kind == TREND:
        level, slope = parameter[0] ** 2, parameter[1] ** 2
        return 1.0, dt, 0.0, 1.0, level * dt + slope * dt**3 / 3, slope * dt * dt / 2, slope * dt
    f00, f01, f10, f11 = oscillate(dt, parameter[1], parameter[2])
    power = parameter[0] ** 2
    return (
        f00,
        f01,
        f10,
        f11,
        power * (1.0 - f00 * f00 - f01 * f01),
        -power * (f00 * f10 + f01 * f11),
        power * (1.0 - f10 * f10 - f11 * f11),
    )


@compiled()
def zero(matrix: FloatArray) -> None:
    """Set a matrix to zero."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] = 0.0


@compiled()
def start(kind: IntArray, parameter: FloatArray, spread: FloatArray) -> None:
    """Set the states' covariance before the first row: stationary where there is a stationary one, else zero."""
    zero(spread)
    i = 0
    for b in range(len(kind)):
        if kind[b] == WALK:
            i += 1
        elif kind[b] == DAMPED:
            spread[i, i] = parameter[b, 0] ** 2
            i += 1
        else:
            if kind[b] == OSCILLATOR:
                spread[i, i] = parameter[b, 0] ** 2
                spread[i + 1, i + 1] = parameter[b, 0] ** 2
            i += 2


@compiled()
def advance(dt: float, kind: IntArray, parameter: FloatArray, state: FloatArray, spread: FloatArray) -> None:
    """Carry the states (m, c) and their covariance (m, m) over a step of dt days."""
    m, columns = state.shape
    i = 0
    for b in range(len(kind)):
        if kind[b] == WALK:
            spread[i, i] += parameter[b, 0] ** 2 * dt
            i += 1
        elif kind[b] == DAMPED:
            keep = math.exp(-dt / parameter[b, 1])
            for j in range(m):
                spread[i, j] *= keep
                spread[j, i] *= keep
            spread[i, i] += parameter[b, 0] ** 2 * (1.0 - keep * keep)
            for j in range(columns):
                state[i, j] *= keep
            i += 1
        else:
            f00, f01, f10, f11, q00, q01, q11 = pair(dt, kind[b], parameter[b])
            for j in range(m):
                a, v = spread[i, j], spread[i + 1, j]
                spread[i, j] = f00 * a + f01 * v
                spread[i + 1, j] = f10 * a + f11 * v
            for j in range(m):
                a, v = spread[j, i], spread[j, i + 1]
                spread[j, i] = f00 * a + f01 * v
                spread[j, i + 1] = f10 * a + f11 * v
            spread[i, i] += q00
            spread[i, i + 1] += q01
            spread[i + 1, i] += q01
            spread[i + 1, i + 1] += q11
            for j in range(columns):
                a, v = state[i, j], state[i + 1, j]
                state[i, j] = f00 * a + f01 * v
                state[i + 1, j] = f10 * a + f11 * v
            i += 2
