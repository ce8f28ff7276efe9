"""The search for the parameters of the largest likelihood."""

from __future__ import annotations

import math

import numpy as np
from numba.extending import overload

from swope.models.statespace.kernels.gains import is_single
from swope.models.statespace.kernels.likelihood import log_likelihood, pass_single, without_coefficients
from swope.models.statespace.kernels.motion import zero
from swope.models.statespace.kernels.slopes import is_scalar, scalar_slopes
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import both, compiled, uncompiled
from swope.pipeline.lightcurve import FloatArray


@overload(log_likelihood)
def _of_singles(theta: FloatArray, problem: Problem, normal: FloatArray) -> object:  # noqa: ARG001
    """Compiled code asks for the likelihood of the commonest problems alone, those that `is_single`."""

    def found(theta: FloatArray, problem: Problem, normal: FloatArray) -> float:
        if is_scalar(problem):
            value = scalar_slopes(theta, problem, np.empty(0))
            return value if math.isfinite(value) else -np.inf
        logs, observed = pass_single(theta, problem, normal)
        return without_coefficients(normal, logs, observed, problem.restricted) if math.isfinite(logs) else -np.inf

    return found


@both
def objective(
    theta: FloatArray, problem: Problem, normal: FloatArray, high: FloatArray, slope: FloatArray, known: float
) -> float:
    """Minus log-likelihood and log prior at theta; with a slope (p,) that is not empty, their derivatives.

    Of a scalar problem these are exact. Of others they are forward differences, and backward ones where the bound is
    near; what is known already, the value at theta, is not computed again.
    """
    value, here, width = known, 0.0, 0.0
    if len(slope) > 0 and is_scalar(problem):
        value = -scalar_slopes(theta, problem, slope)
        for i in range(len(theta)):
            away = problem.precision[i] * (theta[i] - problem.centre[i])
            value += 0.5 * away * (theta[i] - problem.centre[i])
            slope[i] = away - slope[i]
        return value if math.isfinite(value) else np.inf
    for step in range(0 if math.isnan(known) else 1, len(slope) + 1):
        if step > 0:
            here = theta[step - 1]
            width = 1e-5 if here + 1e-5 <= high[step - 1] else -1e-5
            theta[step - 1] = here + width
        found = -log_likelihood(theta, problem, normal)
        for i in range(len(theta)):
            found += 0.5 * problem.precision[i] * (theta[i] - problem.centre[i]) ** 2
        if step > 0:
            slope[step - 1] = (found - value) / width
            theta[step - 1] = here
        else:
            value = found
    return value


@compiled()
def _diagonal(matrix: FloatArray, value: float) -> None:
    """Set a matrix to so many times the identity."""
    zero(matrix)
    for i in range(matrix.shape[0]):
        matrix[i, i] = value


@compiled()
def _direction(
    held: FloatArray, slope: FloatArray, metric: FloatArray, direction: FloatArray
) -> tuple[float, float, float]:
    """Fill the direction (p,) of the next step; a parameter that is held (1) at its bound stays.

    Returns
    -------
    The largest slope of the others; the direction's largest part; its product with the slope.
    """
    steepest, largest, descent = 0.0, 0.0, 0.0
    for i in range(len(slope)):
        direction[i] = 0.0
        if held[i] > 0.0:
            continue
        steepest = max(steepest, abs(slope[i]))
        for j in range(len(slope)):
            if held[j] == 0.0:
                direction[i] -= metric[i, j] * slope[j]
        largest = max(largest, abs(direction[i]))
        descent += direction[i] * slope[i]
    return steepest, largest, descent


@compiled()
def _learn(change: FloatArray, turn: FloatArray, fresh: bool, metric: FloatArray, turned: FloatArray) -> bool:
    """Bring the inverse curvature (p, p) up to date with a step and the change of the slope (p,), by the BFGS formula.

    Parameters
    ----------
    fresh : whether it knows nothing yet.
    turned : (p,) to work in.

    Returns
    -------
    Whether it learnt: not where the slope did not rise along the step.
    """
    p = len(change)
    curvature, bend, size = 0.0, 0.0, 0.0
    for i in range(p):
        curvature += change[i] * turn[i]
        bend += turn[i] ** 2
    if not curvature > 1e-10:
        return False
    if fresh:
        _diagonal(metric, curvature / bend)
    for i in range(p):
        turned[i] = 0.0
        for j in range(p):
            turned[i] += metric[i, j] * turn[j]
        size += turn[i] * turned[i]
    for i in range(p):
        for j in range(p):
            metric[i, j] += (1.0 + size / curvature) * change[i] * change[j] / curvature - (
                turned[i] * change[j] + change[i] * turned[j]
            ) / curvature
    return True


def maximise(
    candidates: FloatArray, low: FloatArray, high: FloatArray, problem: Problem, metric: FloatArray, iterations: int
) -> tuple[FloatArray, float, bool, int]:
    """Maximise the likelihood (times the prior on theta) within bounds, by projected BFGS.

    The search of a problem that `is_single` is compiled, that of another runs in Python: it is rare, its likelihoods
    take most of the time, and compiled with all of them it took seconds more.

    Parameters
    ----------
    candidates : (c, p) where to begin, within the bounds: at the likeliest of them, the first of several alike.
    low, high : (p,) bounds.
    metric : (p, p) approximate inverse curvature from an earlier, similar search, or zeros; changed in place.
    iterations : at most this many steps.

    Returns
    -------
    theta at the maximum, the value of log-likelihood plus log prior there, whether it converged, steps taken.
    """
    search = _search if is_single(problem) else uncompiled(_search)
    return search(candidates, low, high, problem, metric, iterations)


@compiled()
def _search(
    candidates: FloatArray, low: FloatArray, high: FloatArray, problem: Problem, metric: FloatArray, iterations: int
) -> tuple[FloatArray, float, bool, int]:
    """As `maximise`, of a problem that `is_single` where it is compiled."""
    p = candidates.shape[1]
    exact = is_scalar(problem)
    columns = problem.rows.shape[1]
    normal = np.empty((columns, columns))
    best, begin = -np.inf, 0
    for c in range(len(candidates) if len(candidates) > 1 else 0):
        likelihood = log_likelihood(candidates[c], problem, normal)
        if likelihood > best:
            best, begin = likelihood, c
    here, slope, new_slope, none = candidates[begin].copy(), np.empty(p), np.empty(p), np.empty(0)
    direction, trial, held = np.empty(p), np.empty(p), np.empty(p)
    change, turn, turned = np.empty(p), np.empty(p), np.empty(p)
    value = objective(here, problem, normal, high, slope, math.nan)
    if p == 0 or not math.isfinite(value):
        return here, -value, math.isfinite(value), 0
    fresh = metric[0, 0] == 0.0
    if fresh:
        _diagonal(metric, 1.0)
    for iteration in range(iterations):
        for i in range(p):
            at_bound = (here[i] <= low[i] and slope[i] > 0) or (here[i] >= high[i] and slope[i] < 0)
            held[i] = 1.0 if at_bound else 0.0
        steepest, largest, descent = _direction(held, slope, metric, direction)
        if steepest < 1e-3:
            return here, -value, True, iteration
        if descent >= 0:
            _diagonal(metric, 1.0)
            fresh = True
            steepest, largest, descent = _direction(held, slope, metric, direction)
        # a step of more than two e-foldings leaves the region in which the gradient means anything
        scale = min(1.0, (0.5 if fresh else 2.0) / largest)
        new, accepted = value, False
        for _ in range(12):
            for i in range(p):
                trial[i] = min(max(here[i] + scale * direction[i], low[i]), high[i])
            # exact slopes come with the value, others cost as much as many values
            new = objective(trial, problem, normal, high, new_slope if exact else none, math.nan)
            if new <= value + 1e-4 * scale * descent:
                accepted = True
                break
            scale *= 0.4
        if not accepted:
            if fresh:
                return here, -value, steepest < 0.05, iteration
            _diagonal(metric, 1.0)
            fresh = True
            continue
        if not exact:
            objective(trial, problem, normal, high, new_slope, new)
        for i in range(p):
            change[i] = trial[i] - here[i]
            turn[i] = new_slope[i] - slope[i]
            here[i] = trial[i]
            slope[i] = new_slope[i]
        fresh = not _learn(change, turn, fresh, metric, turned) and fresh
        done = value - new < 1e-7 * (1.0 + abs(value)) and not fresh
        value = new
        if done:
            return here, -value, True, iteration + 1
    return here, -value, False, iterations


def curvature(theta: FloatArray, low: FloatArray, high: FloatArray, problem: Problem) -> FloatArray:
    """Second derivatives (p, p) of minus the objective at theta, by central differences within the bounds."""
    p = len(theta)
    columns = problem.rows.shape[1]
    normal, none = np.empty((columns, columns)), np.empty(0)
    width = 0.02
    point = theta.copy()
    for i in range(p):
        point[i] = min(max(point[i], low[i] + width), high[i] - width)
    out = np.empty((p, p))
    sides = np.empty(p)
    middle = objective(point, problem, normal, high, none, math.nan)
    for i in range(p):
        here = point[i]
        point[i] = here + width
        sides[i] = objective(point, problem, normal, high, none, math.nan)
        point[i] = here - width
        sides[i] += objective(point, problem, normal, high, none, math.nan)
        point[i] = here
        out[i, i] = (sides[i] - 2 * middle) / width**2
    for i in range(p):
        for j in range(i):
            here, there = point[i], point[j]
            total = 2 * middle - sides[i] - sides[j]
            for a in (-width, width):
                point[i], point[j] = here + a, there + a
                total += objective(point, problem, normal, high, none, math.nan)
            point[i], point[j] = here, there
            out[i, j] = out[j, i] = total / (2 * width**2)
    return out
