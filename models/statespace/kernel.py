"""Compiled Kalman recursions over uneven steps: likelihood, fit, one-step forecasts, smoothing. All O(N).

A model is a set of stochastic *blocks* with proper initial variance, and *columns* whose coefficients are unknown
constants (levels, slopes, seasonal amplitudes, regressors). The columns are filtered beside the data, so that their
coefficients come out of one small least-squares problem at the end: the augmented Kalman filter of de Jong (1991,
Annals of Statistics 19, 1073), whose likelihood with flat priors is the exact diffuse likelihood. A state costs O(n^2)
a step, a column only O(n), which is what makes many harmonics cheap.

This module imports numba, so it is imported inside the functions that use it. All compiled code stays in this one file:
numba's cache does not notice a change in another file.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from swope.pipeline.lightcurve import FloatArray, IntArray

#: Kinds of blocks. The numbers are the compiled code's; `components.py` gives them their meaning.
WALK, DAMPED, TREND, OSCILLATOR = 0, 1, 2, 3

_LOG_2PI = math.log(2 * math.pi)


class Problem(NamedTuple):
    """A model laid out over one star's n rows: what the compiled functions work on.

    Attributes
    ----------
    step : (n,) days since the row before; the first is 0.
    rows : (n, k + 1) the k columns, and the data last.
    observe : (n, m) how each row sees the m states.
    error2 : (n,) quoted variances; infinite where the row is not observed (it is forecast, not learned from).
    inflate : (n,) factor on each row's noise variance, 1 for an ordinary row.
    group : (n,) index of the noise parameters of each row.
    kind : (b,) kind of each block.
    source : (b + 2, 3 or more) index of each parameter in theta, -1 where it is fixed. A row a block; then, by group,
        the factor on the quoted errors and the jitter.
    fixed : same shape: the parameters that are fixed. Theta holds logarithms, this the parameters themselves.
    restricted : whether the coefficients are integrated out (1) or maximised (0).
    centre, precision : (p,) a Gaussian prior on theta; precision 0 for none.
    """

    step: FloatArray
    rows: FloatArray
    observe: FloatArray
    error2: FloatArray
    inflate: FloatArray
    group: IntArray
    kind: IntArray
    source: IntArray
    fixed: FloatArray
    restricted: int
    centre: FloatArray
    precision: FloatArray


class Evidence(NamedTuple):
    """What one pass over the data says.

    Attributes
    ----------
    loglike : log-likelihood; -inf where the model is degenerate on these rows.
    coefficient : (k,) generalised-least-squares coefficients of the columns.
    covariance : (k, k) their covariance.
    """

    loglike: float
    coefficient: FloatArray
    covariance: FloatArray


@njit(cache=True, nogil=True)
def _parameters(theta: FloatArray, problem: Problem) -> FloatArray:
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


@njit(cache=True, nogil=True)
def _oscillate(dt: float, omega: float, quality: float) -> tuple[float, float, float, float]:
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


@njit(cache=True, nogil=True)
def _pair(dt: float, kind: int, parameter: FloatArray) -> tuple[float, float, float, float, float, float, float]:
    """Transition (2, 2) of a block of two states over dt days, and the covariance it gathers: 00, 01, 11."""
    if kind == TREND:
        level, slope = parameter[0] ** 2, parameter[1] ** 2
        return 1.0, dt, 0.0, 1.0, level * dt + slope * dt**3 / 3, slope * dt * dt / 2, slope * dt
    f00, f01, f10, f11 = _oscillate(dt, parameter[1], parameter[2])
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


@njit(cache=True, nogil=True)
def _start(kind: IntArray, parameter: FloatArray, spread: FloatArray) -> None:
    """Set the states' covariance before the first row: stationary where there is a stationary one, else zero."""
    spread[:, :] = 0.0
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


@njit(cache=True, nogil=True)
def _advance(dt: float, kind: IntArray, parameter: FloatArray, state: FloatArray, spread: FloatArray) -> None:
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
            f00, f01, f10, f11, q00, q01, q11 = _pair(dt, kind[b], parameter[b])
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


@njit(cache=True, nogil=True)
def _pass(theta: FloatArray, problem: Problem, normal: FloatArray) -> tuple[float, int]:
    """Filter all rows; fill the normal equations (k + 1, k + 1, lower half) and return the sum of log variances.

    Returns also the number of observed rows. The sum is NaN where a predictive variance is not positive.
    """
    parameter = _parameters(theta, problem)
    factor, added = parameter[-2], parameter[-1]
    rows, observe, error2 = problem.rows, problem.observe, problem.error2
    step, inflate, group, kind = problem.step, problem.inflate, problem.group, problem.kind
    n, columns = rows.shape
    m = observe.shape[1]
    state = np.zeros((m, columns))
    spread = np.zeros((m, m))
    gain = np.zeros(m)
    left = np.zeros(columns)
    _start(kind, parameter, spread)
    normal[:, :] = 0.0
    logs, product, observed = 0.0, 1.0, 0
    for t in range(n):
        if step[t] > 0:
            _advance(step[t], kind, parameter, state, spread)
        if error2[t] == np.inf:
            continue
        variance = (error2[t] * factor[group[t]] + added[group[t]]) * inflate[t]
        for j in range(columns):
            left[j] = rows[t, j]
        for i in range(m):
            total = 0.0
            for j in range(m):
                total += spread[i, j] * observe[t, j]
            gain[i] = total
            h = observe[t, i]
            variance += h * total
            for j in range(columns):
                left[j] -= h * state[i, j]
        if not variance > 0:
            return np.nan, 0
        observed += 1
        product *= variance
        if product < 1e-200 or product > 1e200:
            logs += math.log(product)
            product = 1.0
        inverse = 1.0 / variance
        for i in range(m):
            g = gain[i] * inverse
            for j in range(columns):
                state[i, j] += g * left[j]
            for j in range(m):
                spread[i, j] -= g * gain[j]
        for i in range(columns):
            scaled = left[i] * inverse
            for j in range(i + 1):
                normal[i, j] += scaled * left[j]
    return logs + math.log(product), observed


@njit(cache=True, nogil=True)
def _pass_scalar(theta: FloatArray, problem: Problem, normal: FloatArray) -> tuple[float, int]:
    """As `_pass`, for the commonest case several times as fast: no columns, and no block or one damped random walk."""
    parameter = _parameters(theta, problem)
    factor, added = parameter[-2], parameter[-1]
    rows, observe, error2 = problem.rows, problem.observe, problem.error2
    step, inflate, group = problem.step, problem.inflate, problem.group
    walking = len(problem.kind) == 1
    power, rate = 0.0, 0.0
    if walking:
        power, rate = parameter[0, 0] ** 2, -1.0 / parameter[0, 1]
    state, spread = 0.0, power
    logs, product, squares, observed = 0.0, 1.0, 0.0, 0
    for t in range(len(step)):
        variance = (error2[t] * factor[group[t]] + added[group[t]]) * inflate[t]
        left = rows[t, 0]
        if walking:
            if step[t] > 0:
                keep = math.exp(rate * step[t])
                state *= keep
                spread = power + (spread - power) * keep * keep
            if error2[t] == np.inf:
                continue
            h = observe[t, 0]
            gain = spread * h
            variance += h * gain
            left -= h * state
            inverse = 1.0 / variance
            state += gain * left * inverse
            spread -= gain * gain * inverse
        else:
            if error2[t] == np.inf:
                continue
            inverse = 1.0 / variance
        if not variance > 0:
            return np.nan, 0
        observed += 1
        squares += left * left * inverse
        product *= variance
        if product < 1e-200 or product > 1e200:
            logs += math.log(product)
            product = 1.0
    normal[0, 0] = squares
    return logs + math.log(product), observed


@njit(cache=True, nogil=True)
def _pass_pair(theta: FloatArray, problem: Problem, normal: FloatArray) -> tuple[float, int]:
    """As `_pass`, for a single block of two states of which the first is observed: faster, its states being scalars."""
    parameter = _parameters(theta, problem)
    factor, added = parameter[-2], parameter[-1]
    rows, error2 = problem.rows, problem.error2
    step, inflate, group, kind = problem.step, problem.inflate, problem.group, problem.kind[0]
    n, columns = rows.shape
    first, second, left = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    p00 = parameter[0, 0] ** 2 if kind == OSCILLATOR else 0.0
    p01, p11 = 0.0, p00
    normal[:, :] = 0.0
    logs, product, observed = 0.0, 1.0, 0
    for t in range(n):
        if step[t] > 0:
            f00, f01, f10, f11, q00, q01, q11 = _pair(step[t], kind, parameter[0])
            a, b, c, d = f00 * p00 + f01 * p01, f00 * p01 + f01 * p11, f10 * p00 + f11 * p01, f10 * p01 + f11 * p11
            p00, p01, p11 = a * f00 + b * f01 + q00, a * f10 + b * f11 + q01, c * f10 + d * f11 + q11
            for j in range(columns):
                x, v = first[j], second[j]
                first[j] = f00 * x + f01 * v
                second[j] = f10 * x + f11 * v
        if error2[t] == np.inf:
            continue
        variance = (error2[t] * factor[group[t]] + added[group[t]]) * inflate[t] + p00
        if not variance > 0:
            return np.nan, 0
        observed += 1
        product *= variance
        if product < 1e-200 or product > 1e200:
            logs += math.log(product)
            product = 1.0
        inverse = 1.0 / variance
        g0, g1 = p00 * inverse, p01 * inverse
        for j in range(columns):
            left[j] = rows[t, j] - first[j]
            first[j] += g0 * left[j]
            second[j] += g1 * left[j]
        p11 -= g1 * p01
        p01 -= g0 * p01
        p00 -= g0 * p00
        for i in range(columns):
            scaled = left[i] * inverse
            for j in range(i + 1):
                normal[i, j] += scaled * left[j]
    return logs + math.log(product), observed


@njit(cache=True, nogil=True)
def _cholesky(normal: FloatArray, k: int) -> bool:
    """Cholesky factor of the first k rows and columns in place (lower half); False where they are singular."""
    for i in range(k):
        whole = normal[i, i]
        for j in range(i + 1):
            total = normal[i, j]
            for a in range(j):
                total -= normal[i, a] * normal[j, a]
            if i == j:
                if not total > 1e-13 * whole:
                    return False
                normal[i, i] = math.sqrt(total)
            else:
                normal[i, j] = total / normal[j, j]
    return True


@njit(cache=True, nogil=True)
def _loglike(theta: FloatArray, problem: Problem, normal: FloatArray) -> float:
    """Log-likelihood of theta; leaves the Cholesky factor and the half-solved data row in `normal`."""
    k = problem.rows.shape[1] - 1
    blocks = len(problem.kind)
    if k == 0 and (blocks == 0 or (blocks == 1 and problem.kind[0] == DAMPED)):
        logs, observed = _pass_scalar(theta, problem, normal)
    elif blocks == 1 and (problem.kind[0] == TREND or problem.kind[0] == OSCILLATOR):
        logs, observed = _pass_pair(theta, problem, normal)
    else:
        logs, observed = _pass(theta, problem, normal)
    if not math.isfinite(logs):
        return -np.inf
    determinant = 0.0
    if not _cholesky(normal, k):
        return -np.inf
    squares = normal[k, k]
    for i in range(k):
        total = normal[k, i]
        for j in range(i):
            total -= normal[i, j] * normal[k, j]
        normal[k, i] = total / normal[i, i]
        squares -= normal[k, i] ** 2
        determinant += 2 * math.log(normal[i, i])
    total = observed * _LOG_2PI + logs + max(squares, 0.0)
    if problem.restricted:
        total += determinant
    return -0.5 * total if math.isfinite(total) else -np.inf


@njit(cache=True, nogil=True)
def loglike(theta: FloatArray, problem: Problem) -> float:
    """Log-likelihood of the free parameters theta (p,), logarithms all."""
    columns = problem.rows.shape[1]
    value: float = _loglike(theta, problem, np.empty((columns, columns)))
    return value


@njit(cache=True, nogil=True)
def _coefficients(theta: FloatArray, problem: Problem) -> tuple[float, FloatArray, FloatArray]:
    columns = problem.rows.shape[1]
    k = columns - 1
    normal = np.empty((columns, columns))
    value = _loglike(theta, problem, normal)
    inverse = np.zeros((k, k))
    coefficient = np.full(k, np.nan)
    covariance = np.full((k, k), np.nan)
    if math.isfinite(value):
        for i in range(k):
            inverse[i, i] = 1.0 / normal[i, i]
            for j in range(i):
                total = 0.0
                for a in range(j, i):
                    total -= normal[i, a] * inverse[a, j]
                inverse[i, j] = total / normal[i, i]
        for i in range(k):
            coefficient[i] = 0.0
            for a in range(i, k):
                coefficient[i] += inverse[a, i] * normal[k, a]
            for j in range(k):
                covariance[i, j] = 0.0
                for a in range(max(i, j), k):
                    covariance[i, j] += inverse[a, i] * inverse[a, j]
    return value, coefficient, covariance


def evidence(theta: FloatArray, problem: Problem) -> Evidence:
    """Log-likelihood and the columns' coefficients at theta (p,)."""
    return Evidence(*_coefficients(theta, problem))


def products(problem: Problem) -> FloatArray:
    """(k + 1, k + 1) scalar products of the columns and the data, whitened by a model with nothing left to estimate."""
    columns = problem.rows.shape[1]
    lower = np.empty((columns, columns))
    _pass(np.empty(0), problem, lower)
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T)


@njit(cache=True, nogil=True)
def _objective(theta: FloatArray, problem: Problem, normal: FloatArray) -> float:
    value = -_loglike(theta, problem, normal)
    for i in range(len(theta)):
        value += 0.5 * problem.precision[i] * (theta[i] - problem.centre[i]) ** 2
    return value


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
        metric[:, :] = np.eye(p)
    direction = np.empty(p)
    trial = np.empty(p)
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
            metric[:, :] = np.eye(p)
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
            metric[:, :] = np.eye(p)
            fresh = True
            continue
        _gradient(trial, new, problem, normal, high, new_slope)
        curvature = 0.0
        bend = 0.0
        for i in range(p):
            curvature += (trial[i] - here[i]) * (new_slope[i] - slope[i])
            bend += (new_slope[i] - slope[i]) ** 2
        if curvature > 1e-10:
            change = trial - here
            turn = new_slope - slope
            if fresh:
                metric[:, :] = np.eye(p) * (curvature / bend)
            turned = np.zeros(p)
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


@njit(cache=True, nogil=True)
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


class Backward(NamedTuple):
    """What the pass backward through the rows adds: all rows' say on each row. Sums are over the k + 1 columns.

    Attributes
    ----------
    solved : (n, k + 1) the inverse covariance times each column and the data.
    diagonal : (n,) diagonal of the inverse covariance.
    step_sum : (n, k + 1) sums of `solved` from each row on: what a level shift at that row meets.
    step_norm : (n,) the inverse covariance's quadratic form with a level shift at that row.
    signal : (n, k + 1) the states' part of each column, smoothed.
    signal_variance : (n,) its variance, the columns' coefficients given.
    """

    solved: FloatArray
    diagonal: FloatArray
    step_sum: FloatArray
    step_norm: FloatArray
    signal: FloatArray
    signal_variance: FloatArray


@njit(cache=True, nogil=True)
def _both_ways(
    theta: FloatArray, problem: Problem
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    parameter = _parameters(theta, problem)
    factor, added = parameter[-2], parameter[-1]
    rows, observe, error2, step, kind = problem.rows, problem.observe, problem.error2, problem.step, problem.kind
    n, columns = rows.shape
    m = observe.shape[1]
    state, spread = np.zeros((m, columns)), np.zeros((m, m))
    states, spreads = np.zeros((n, m, columns)), np.zeros((n, m, m))
    gains, moves, variances, lefts = np.zeros((n, m)), np.zeros((n, m, m)), np.zeros(n), np.zeros((n, columns))
    dummy = np.zeros((m, m))
    _start(kind, parameter, spread)
    for t in range(n):
        moves[t] = np.eye(m)
        if step[t] > 0:
            _advance(step[t], kind, parameter, state, spread)
            _advance(step[t], kind, parameter, moves[t], dummy)
        states[t], spreads[t] = state, spread
        if error2[t] == np.inf:
            continue
        group = problem.group[t]
        variance = (error2[t] * factor[group] + added[group]) * problem.inflate[t]
        for j in range(columns):
            lefts[t, j] = rows[t, j]
        for i in range(m):
            total = 0.0
            for j in range(m):
                total += spread[i, j] * observe[t, j]
            gains[t, i] = total
            variance += observe[t, i] * total
            for j in range(columns):
                lefts[t, j] -= observe[t, i] * state[i, j]
        variances[t] = variance
        for i in range(m):
            g = gains[t, i] / variance
            for j in range(columns):
                state[i, j] += g * lefts[t, j]
            for j in range(m):
                spread[i, j] -= g * gains[t, j]
        for i in range(m):
            gains[t, i] /= variance

    solved, diagonal = np.zeros((n, columns)), np.zeros(n)
    step_sum, step_norm = np.zeros((n, columns)), np.zeros(n)
    signal, signal_variance = np.zeros((n, columns)), np.zeros(n)
    # adjoints of the states (m, columns), of the level shift (columns,), and their covariances
    back, back2 = np.zeros((m, columns)), np.zeros((m, m))
    level, level2, cross = np.zeros(columns), 0.0, np.zeros(m)
    for t in range(n - 1, -1, -1):
        if t < n - 1:
            move = moves[t + 1].T.copy()
            back = move @ back
            back2 = move @ back2 @ move.T
            cross = move @ cross
        if error2[t] < np.inf:
            gain, seen = gains[t].copy(), observe[t].copy()
            swept = back2 @ gain
            inner = 0.0
            for i in range(m):
                inner += gain[i] * swept[i]
            diagonal[t] = 1.0 / variances[t] + inner
            for j in range(columns):
                total = lefts[t, j] / variances[t]
                for i in range(m):
                    total -= gain[i] * back[i, j]
                solved[t, j] = total
                level[j] += total
                for i in range(m):
                    back[i, j] += seen[i] * total
            lean = 0.0
            for i in range(m):
                lean += gain[i] * cross[i]
            level2 += diagonal[t] - 2 * lean
            for i in range(m):
                cross[i] -= swept[i]
            across = 0.0
            for i in range(m):
                across += gain[i] * cross[i]
            for i in range(m):
                cross[i] += seen[i] * (1.0 / variances[t] - across)
            for i in range(m):
                for j in range(m):
                    back2[i, j] += seen[i] * seen[j] * diagonal[t] - seen[i] * swept[j] - swept[i] * seen[j]
        step_sum[t] = level
        step_norm[t] = level2
        inside = spreads[t] @ observe[t].copy()
        for j in range(columns):
            for i in range(m):
                signal[t, j] += observe[t, i] * states[t, i, j] + inside[i] * back[i, j]
        for i in range(m):
            signal_variance[t] += observe[t, i] * inside[i]
            for j in range(m):
                signal_variance[t] -= inside[i] * back2[i, j] * inside[j]
    return solved, diagonal, step_sum, step_norm, signal, signal_variance


def backward(theta: FloatArray, problem: Problem) -> Backward:
    """Filter forward, then backward (de Jong 1989, JASA 84, 1085; de Jong & Penzer 1998, JASA 93, 796). O(n)."""
    return Backward(*_both_ways(theta, problem))


@njit(cache=True, nogil=True)
def follow(
    theta: FloatArray,
    problem: Problem,
    first: bool,
    state: FloatArray,
    spread: FloatArray,
    coefficient: FloatArray,
    covariance: FloatArray,
    limit: float,
    mean: FloatArray,
    variance: FloatArray,
) -> None:
    """Go through the rows in time order, forecasting each before learning from it; all arrays are changed in place.

    Parameters
    ----------
    first : whether the states start here; otherwise `state` and `spread` are carried on from an earlier call.
    state : (m, k + 1) filtered states of each column.
    spread : (m, m) their covariance.
    coefficient, covariance : (k,), (k, k) what is known of the columns' coefficients.
    limit : innovations beyond this many sigma teach less the further out they are (redescending); inf for a linear
        filter. The forecast itself, and its variance, are not touched.
    mean, variance : (n,) filled with the forecast of each row and its variance, the row's noise included.
    """
    parameter = _parameters(theta, problem)
    factor, added = parameter[-2], parameter[-1]
    n, columns = problem.rows.shape
    k = columns - 1
    m = problem.observe.shape[1]
    gain = np.zeros(m)
    left = np.zeros(columns)
    reach = np.zeros(k)
    if first:
        state[:, :] = 0.0
        _start(problem.kind, parameter, spread)
    for t in range(n):
        dt = problem.step[t]
        if dt > 0:
            _advance(dt, problem.kind, parameter, state, spread)
        group = problem.group[t]
        seen = math.isfinite(problem.error2[t])
        own = 0.0
        if seen:
            own = (problem.error2[t] * factor[group] + added[group]) * problem.inflate[t]
        for j in range(columns):
            left[j] = problem.rows[t, j]
        inner = own
        for i in range(m):
            total = 0.0
            for j in range(m):
                total += spread[i, j] * problem.observe[t, j]
            gain[i] = total
            h = problem.observe[t, i]
            inner += h * total
            for j in range(columns):
                left[j] -= h * state[i, j]
        surprise = left[k]
        full = inner
        for i in range(k):
            surprise -= left[i] * coefficient[i]
            total = 0.0
            for j in range(k):
                total += covariance[i, j] * left[j]
            reach[i] = total
            full += left[i] * total
        mean[t] = problem.rows[t, k] - surprise
        variance[t] = full
        if not seen:
            continue
        if not inner > 0:
            variance[t] = np.nan
            return
        excess = surprise * surprise / (full * limit * limit)
        if excess > 1:
            # the row's own noise is raised until it stands at the limit: it does not spoil the forecasts after it
            raised = full * (excess - 1)
            inner += raised
            full += raised
        for i in range(k):
            coefficient[i] += reach[i] * surprise / full
            for j in range(k):
                covariance[i, j] -= reach[i] * reach[j] / full
        for i in range(m):
            g = gain[i] / inner
            for j in range(columns):
                state[i, j] += g * left[j]
            for j in range(m):
                spread[i, j] -= g * gain[j]
