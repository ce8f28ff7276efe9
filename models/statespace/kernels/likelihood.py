"""The likelihood of a model, by one pass of the filter; the coefficients of its columns.

It is Python between compiled functions: each of the passes is compiled when a model first needs it, and into nothing
else (all together in every function that asks for a likelihood took half of a first run's compilation).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from swope.models.statespace.kernels.gains import gains, is_single
from swope.models.statespace.kernels.motion import advance, pair, parameters, start, zero
from swope.models.statespace.kernels.slopes import is_scalar, scalar_slopes
from swope.models.statespace.problem import OSCILLATOR, TREND, Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

_LOG_2PI = math.log(2 * math.pi)


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


@compiled()
def _pass(theta: FloatArray, problem: Problem, normal: FloatArray) -> tuple[float, int]:
    """Filter all rows; fill the normal equations (k + 1, k + 1, lower half) and return the sum of log variances.

    Returns also the number of observed rows. The sum is NaN where a predictive variance is not positive.
    """
    parameter = parameters(theta, problem)
    factor = len(problem.kind)
    added = factor + 1
    rows, observe, error2 = problem.rows, problem.observe, problem.error2
    step, inflate, group, kind = problem.step, problem.inflate, problem.group, problem.kind
    n, columns = rows.shape
    m = observe.shape[1]
    state = np.zeros((m, columns))
    spread = np.zeros((m, m))
    gain = np.zeros(m)
    left = np.zeros(columns)
    start(kind, parameter, spread)
    zero(normal)
    logs, product, observed = 0.0, 1.0, 0
    for t in range(n):
        if step[t] > 0:
            advance(step[t], kind, parameter, state, spread)
        if error2[t] == np.inf:
            continue
        variance = (error2[t] * parameter[factor, group[t]] + parameter[added, group[t]]) * inflate[t]
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


#: Rows whose innovations are gathered before their products are summed.
_GATHERED = 4


@compiled(fast={"contract"})
def _add_products(white: FloatArray, normal: FloatArray) -> None:
    """Add the scalar products of the columns over some rows, `white` (`_GATHERED`, k + 1), to `normal`.

    Always in this order: leave to add in any order is taken otherwise in each function that this one is built into, and
    no catalog would be the same twice.
    """
    first, second, third, fourth = white[0], white[1], white[2], white[3]
    for i in range(len(normal)):
        one, two, three, four = first[i], second[i], third[i], fourth[i]
        for j in range(i + 1):
            normal[i, j] += (one * first[j] + two * second[j]) + (three * third[j] + four * fourth[j])


@compiled(fast={"contract"})
def pass_single(theta: FloatArray, problem: Problem, normal: FloatArray) -> tuple[float, int]:
    """As `_pass`, for the commonest case several times as fast: no block, or one damped random walk."""
    learnt = gains(theta, problem)
    keep, seen, gain, inverse = learnt.keep, learnt.seen, learnt.gain, learnt.inverse
    rows = problem.rows
    columns = rows.shape[1]
    state, white = np.zeros(columns), np.empty((_GATHERED, columns))
    gathered = 0
    zero(normal)
    for t in range(len(rows)):
        root = math.sqrt(inverse[t])
        for j in range(columns):
            before = keep[t] * state[j]
            left = rows[t, j] - seen[t] * before
            state[j] = before + gain[t] * left
            white[gathered, j] = left * root
        gathered += 1
        if gathered == _GATHERED:
            _add_products(white, normal)
            gathered = 0
    zero(white[gathered:])
    _add_products(white, normal)
    return learnt.logs, learnt.observed


@compiled()
def _pass_pair(theta: FloatArray, problem: Problem, normal: FloatArray) -> tuple[float, int]:
    """As `_pass`, for a single block of two states of which the first is observed: faster, its states being scalars."""
    parameter = parameters(theta, problem)
    factor = len(problem.kind)
    added = factor + 1
    rows, error2 = problem.rows, problem.error2
    step, inflate, group, kind = problem.step, problem.inflate, problem.group, problem.kind[0]
    n, columns = rows.shape
    first, second, left = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    p00 = parameter[0, 0] ** 2 if kind == OSCILLATOR else 0.0
    p01, p11 = 0.0, p00
    zero(normal)
    logs, product, observed = 0.0, 1.0, 0
    for t in range(n):
        if step[t] > 0:
            f00, f01, f10, f11, q00, q01, q11 = pair(step[t], kind, parameter[0])
            a, b, c, d = f00 * p00 + f01 * p01, f00 * p01 + f01 * p11, f10 * p00 + f11 * p01, f10 * p01 + f11 * p11
            p00, p01, p11 = a * f00 + b * f01 + q00, a * f10 + b * f11 + q01, c * f10 + d * f11 + q11
            for j in range(columns):
                x, v = first[j], second[j]
                first[j] = f00 * x + f01 * v
                second[j] = f10 * x + f11 * v
        if error2[t] == np.inf:
            continue
        variance = (error2[t] * parameter[factor, group[t]] + parameter[added, group[t]]) * inflate[t] + p00
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


@compiled()
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


def log_likelihood(theta: FloatArray, problem: Problem, normal: FloatArray) -> float:
    """Log-likelihood of theta; leaves the Cholesky factor and the half-solved data row in `normal`.

    `normal` (k + 1, k + 1) stays as it is where there are no columns and no block or one damped random walk.
    """
    if is_scalar(problem):
        value: float = scalar_slopes(theta, problem, _NO_SLOPES)
        return value if math.isfinite(value) else -math.inf
    if is_single(problem):
        logs, observed = pass_single(theta, problem, normal)
    elif len(problem.kind) == 1 and problem.kind[0] in (TREND, OSCILLATOR):
        logs, observed = _pass_pair(theta, problem, normal)
    else:
        logs, observed = _pass(theta, problem, normal)
    return without_coefficients(normal, logs, observed, problem.restricted) if math.isfinite(logs) else -math.inf


_NO_SLOPES = np.empty(0)


@compiled()
def without_coefficients(normal: FloatArray, logs: float, observed: int, restricted: int) -> float:
    """Log-likelihood from the normal equations (k + 1, k + 1), of which it leaves what `log_likelihood` does."""
    k = len(normal) - 1
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
    if restricted:
        total += determinant
    return -0.5 * total if math.isfinite(total) else -np.inf


def loglike(theta: FloatArray, problem: Problem) -> float:
    """Log-likelihood of the free parameters theta (p,), logarithms all."""
    columns = problem.rows.shape[1]
    return log_likelihood(theta, problem, np.empty((columns, columns)))


@compiled()
def _solve(normal: FloatArray, inverse: FloatArray, coefficient: FloatArray, covariance: FloatArray) -> None:
    """Coefficients (k,) and their covariance (k, k) from what `log_likelihood` left; inverse (k, k) is to work in."""
    k = len(coefficient)
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
            for a in range(i if i > j else j, k):
                covariance[i, j] += inverse[a, i] * inverse[a, j]


def evidence(theta: FloatArray, problem: Problem) -> Evidence:
    """Log-likelihood and the columns' coefficients at theta (p,)."""
    columns = problem.rows.shape[1]
    normal = np.empty((columns, columns))
    return evidence_of(log_likelihood(theta, problem, normal), normal)


def evidence_of(value: float, normal: FloatArray) -> Evidence:
    """The same from what `log_likelihood` returned, and what it left (k + 1, k + 1)."""
    k = len(normal) - 1
    coefficient, covariance = np.full(k, np.nan), np.full((k, k), np.nan)
    if math.isfinite(value):
        _solve(normal, np.empty((k, k)), coefficient, covariance)
    return Evidence(value, coefficient, covariance)
