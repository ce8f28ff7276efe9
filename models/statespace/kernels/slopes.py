"""The derivatives of the likelihood for the commonest case: no columns, and no block or one damped random walk."""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.kernels.motion import parameters, zero
from swope.models.statespace.problem import DAMPED, Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled()
def is_scalar(problem: Problem) -> bool:
    """Whether a problem has no columns, and no block or one damped random walk: its states are single numbers."""
    blocks = len(problem.kind)
    return problem.rows.shape[1] == 1 and (blocks == 0 or (blocks == 1 and problem.kind[0] == DAMPED))


@compiled()
def scalar_slopes(theta: FloatArray, problem: Problem, slope: FloatArray) -> float:
    """Log-likelihood of a scalar problem at theta; fills its derivatives (p,), carried along in the filter's one pass.

    The filter's recursions are differentiated as they stand (Harvey 1989, Forecasting, Structural Time Series Models
    and the Kalman Filter, section 3.4.6). Both are NaN where a predictive variance is not positive.
    """
    parameter = parameters(theta, problem)
    p, factor = len(theta), len(problem.kind)
    rows, observe, error2, step = problem.rows, problem.observe, problem.error2, problem.step
    inflate, group, source = problem.inflate, problem.group, problem.source
    walking = factor == 1
    power, rate, of_power, of_rate = 0.0, 0.0, -1, -1
    if walking:
        power, rate = parameter[0, 0] ** 2, -1.0 / parameter[0, 1]
        of_power, of_rate = source[0, 0], source[0, 1]
    # for each parameter the derivative of state and spread
    moved = np.empty((2, p))
    zero(moved)
    for q in range(p):
        slope[q] = 0.0
    if of_power >= 0:
        moved[1, of_power] = 2.0 * power
    state, spread, h, keep, gain = 0.0, power, 0.0, 0.0, 0.0
    logs, product, squares, observed = 0.0, 1.0, 0.0, 0
    for t in range(len(step)):
        if walking and step[t] > 0:
            keep = math.exp(rate * step[t])
            square = keep * keep
            for q in range(p):
                moved[0, q] *= keep
                moved[1, q] *= square
            if of_power >= 0:
                moved[1, of_power] += 2.0 * power * (1.0 - square)
            if of_rate >= 0:
                # of the factor's own logarithm
                shorter = -rate * step[t]
                moved[0, of_rate] += shorter * keep * state
                moved[1, of_rate] += 2.0 * shorter * square * (spread - power)
            state *= keep
            spread = power + (spread - power) * square
        if error2[t] == np.inf:
            continue
        quoted = error2[t] * parameter[factor, group[t]] * inflate[t]
        added = parameter[factor + 1, group[t]] * inflate[t]
        of_quoted, of_added = source[factor, group[t]], source[factor + 1, group[t]]
        if walking:
            h = observe[t, 0]
        variance = quoted + added + h * h * spread
        if not variance > 0:
            return np.nan
        left = rows[t, 0] - h * state
        inverse = 1.0 / variance
        gain = spread * h * inverse
        pull = left * inverse
        for q in range(p):
            wider = h * h * moved[1, q]
            if q == of_quoted:
                wider += 2.0 * quoted
            if q == of_added:
                wider += 2.0 * added
            lower = h * moved[0, q]
            slope[q] += wider * (inverse - pull * pull) - 2.0 * pull * lower
            turned = (h * moved[1, q] - gain * wider) * inverse
            moved[0, q] += turned * left - gain * lower
            moved[1, q] -= gain * (h * moved[1, q] + turned * variance)
        if walking:
            state += gain * left
            spread -= gain * gain * variance
        observed += 1
        squares += left * pull
        product *= variance
        if product < 1e-200 or product > 1e200:
            logs += math.log(product)
            product = 1.0
    for q in range(p):
        slope[q] *= -0.5
    return -0.5 * (observed * math.log(2 * math.pi) + logs + math.log(product) + squares)
