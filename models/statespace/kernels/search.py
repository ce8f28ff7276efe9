"""The search for the parameters of the largest likelihood."""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.kernels.likelihood import log_likelihood
from swope.models.statespace.kernels.motion import zero
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled()
def _objective(theta: FloatArray, problem: Problem, normal: FloatArray) -> float:
    value = -log_likelihood(theta, problem, normal)
    for i in range(len(theta)):
        value += 0.5 * problem.precision[i] * (theta[i] - problem.centre[i]) ** 2
    return value


@compiled()
def _gradient(
    theta: FloatArray, value: float, problem: Problem, normal: FloatArray, high: FloatArray, out: FloatArray
) -> None:
    """Forward differences; backward where the bound is near."""
    for i in range(len(theta)):
        here = theta[i]
        width = 1e-5 if here + 1e-5 <= high[i] else -1e-5
        theta[i] = here + width
        out[i] = (_objective(theta, problem, normal) - value) / width
        theta[i] = here


@compiled()
def _diagonal(matrix: FloatArray, value: float) -> None:
    """Set a matrix to so many times the identity."""
    zero(matrix)
    for i in range(matrix.shape[0]):
        matrix[i, i] = value


@compiled()
def maximise(
    theta: FloatArray, low: FloatArray, high: FloatArray, problem: Problem, metric: FloatArray, iterations: int
) -> tuple[FloatArray, float, bool, int]:
    """Maximise the likelihood (times the prior on theta) within bounds: projected BFGS with numerical gradients.

    Parameters
    ----------
    theta : (p,) start, within the bounds.
    low, high : (p,) bounds.
    metric : (p, p) approximate inverse curvature from an earlier, similar search, or zeros; changed in place.
    iterations : at most this many steps.

    Returns
    -------
    theta at the maximum, the value of log-likelihood plus log prior there, whether it converged, steps taken.
    """
    p = len(theta)
    columns = problem.rows.shape[1]
    normal = np.empty((columns, columns))
    here = theta.copy()
    value = _objective(here, problem, normal)
    if p == 0 or not math.isfinite(value):
        return here, -value, math.isfinite(value), 0
    slope = np.empty(p)
    new_slope = np.empty(p)
    _gradient(here, value, problem, normal, high, slope)
    fresh = metric[0, 0] == 0.0
    if fresh:
        _diagonal(metric, 1.0)
    direction, trial = np.empty(p), np.empty(p)
    change, turn, turned = np.empty(p), np.empty(p), np.empty(p)
    for iteration in range(iterations):
        free = 0.0
        for i in range(p):
            held = (here[i] <= low[i] and slope[i] > 0) or (here[i] >= high[i] and slope[i] < 0)
            if not held:
                free = max(free, abs(slope[i]))
        if free < 1e-3:
            return here, -value, True, iteration
        largest, descent = 0.0, 0.0
        for i in range(p):
            direction[i] = 0.0
            held_i = (here[i] <= low[i] and slope[i] > 0) or (here[i] >= high[i] and slope[i] < 0)
            if held_i:
                continue
            for j in range(p):
                held_j = (here[j] <= low[j] and slope[j] > 0) or (here[j] >= high[j] and slope[j] < 0)
                if not held_j:
                    direction[i] -= metric[i, j] * slope[j]
            largest = max(largest, abs(direction[i]))
            descent += direction[i] * slope[i]
        if descent >= 0:
            _diagonal(metric, 1.0)
            fresh = True
            largest, descent = 0.0, 0.0
            for i in range(p):
                held_i = (here[i] <= low[i] and slope[i] > 0) or (here[i] >= high[i] and slope[i] < 0)
                direction[i] = 0.0 if held_i else -slope[i]
                largest = max(largest, abs(direction[i]))
                descent += direction[i] * slope[i]
        # a step of more than two e-foldings leaves the region in which the gradient means anything
        scale = min(1.0, (0.5 if fresh else 2.0) / largest)
        accepted = False
        for _ in range(12):
            for i in range(p):
                trial[i] = min(max(here[i] + scale * direction[i], low[i]), high[i])
            new = _objective(trial, problem, normal)
            if new <= value + 1e-4 * scale * descent:
                accepted = True
                break
            scale *= 0.4
        if not accepted:
            if fresh:
                return here, -value, free < 0.05, iteration
            _diagonal(metric, 1.0)
            fresh = True
            continue
        _gradient(trial, new, problem, normal, high, new_slope)
        curvature = 0.0
        bend = 0.0
        for i in range(p):
            curvature += (trial[i] - here[i]) * (new_slope[i] - slope[i])
            bend += (new_slope[i] - slope[i]) ** 2
        if curvature > 1e-10:
            if fresh:
                _diagonal(metric, curvature / bend)
            for i in range(p):
                change[i] = trial[i] - here[i]
                turn[i] = new_slope[i] - slope[i]
                turned[i] = 0.0
            for i in range(p):
                for j in range(p):
                    turned[i] += metric[i, j] * turn[j]
            size = 0.0
            for i in range(p):
                size += turn[i] * turned[i]
            for i in range(p):
                for j in range(p):
                    metric[i, j] += (1.0 + size / curvature) * change[i] * change[j] / curvature - (
                        turned[i] * change[j] + change[i] * turned[j]
                    ) / curvature
            fresh = False
        done = value - new < 1e-7 * (1.0 + abs(value)) and not fresh
        for i in range(p):
            here[i] = trial[i]
            slope[i] = new_slope[i]
        value = new
        if done:
            return here, -value, True, iteration + 1
    return here, -value, False, iterations


def curvature(theta: FloatArray, low: FloatArray, high: FloatArray, problem: Problem) -> FloatArray:
    """Second derivatives (p, p) of minus the objective at theta, by central differences within the bounds."""
    p = len(theta)
    columns = problem.rows.shape[1]
    normal = np.empty((columns, columns))
    width = 0.02
    point = theta.copy()
    for i in range(p):
        point[i] = min(max(point[i], low[i] + width), high[i] - width)
    out = np.empty((p, p))
    sides = np.empty(p)
    middle = _objective(point, problem, normal)
    for i in range(p):
        here = point[i]
        point[i] = here + width
        sides[i] = _objective(point, problem, normal)
        point[i] = here - width
        sides[i] += _objective(point, problem, normal)
        point[i] = here
        out[i, i] = (sides[i] - 2 * middle) / width**2
    for i in range(p):
        for j in range(i):
            here, there = point[i], point[j]
            total = 2 * middle - sides[i] - sides[j]
            for a in (-width, width):
                point[i], point[j] = here + a, there + a
                total += _objective(point, problem, normal)
            point[i], point[j] = here, there
            out[i, j] = out[j, i] = total / (2 * width**2)
    return out
