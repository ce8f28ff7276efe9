"""The likelihood and its derivatives for the commonest case: no columns, and no block or one damped random walk."""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.kernels.gains import go_on, is_single, known_before
from swope.models.statespace.kernels.motion import parameters, zero
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import both, compiled
from swope.pipeline.lightcurve import FloatArray


@both
def is_scalar(problem: Problem) -> bool:
    """Whether a problem has no columns, and no block or one damped random walk: its states are single numbers."""
    return problem.rows.shape[1] == 1 and is_single(problem)


@compiled(fast={"contract"})
def scalar_slopes(theta: FloatArray, problem: Problem, slope: FloatArray) -> float:
    """Log-likelihood of a scalar problem at theta; fills its derivatives (p,), unless `slope` is empty.

    The filter's recursions are differentiated backward (the adjoint method), from the last row to the first: one pass,
    however many parameters there are. Both are NaN where a predictive variance is not positive.
    """
    rows, error2, inflate, group = problem.rows, problem.error2, problem.inflate, problem.group
    n = len(problem.step)
    work = np.empty((7, n))
    keep, seen, spread, gain, inverse, states, pulls = work[0], work[1], work[2], work[3], work[4], work[5], work[6]
    power, rate, observed = known_before(theta, problem, keep, seen, inverse)
    logs, top, bottom, state, squares = 0.0, power, 1.0, 0.0, 0.0
    # as `gains`, and the states along with them: of two sums that wait for themselves the processor does one meanwhile
    for t in range(n):
        noise = inverse[t]
        top, after = go_on(keep[t], seen[t], noise, power, top, bottom)
        one = 1.0 / after
        taught = seen[t] * top * one
        certain = bottom * one if error2[t] < np.inf else 0.0
        spread[t] = top / bottom
        gain[t] = taught
        inverse[t] = certain
        state *= keep[t]
        states[t] = state
        left = rows[t, 0] - seen[t] * state
        state = (1.0 - seen[t] * taught) * state + taught * rows[t, 0]
        pulls[t] = left * certain
        squares += left * pulls[t]
        top *= noise
        bottom = after
        if not 1e-100 < bottom < 1e100:
            if not bottom > 0:
                return np.nan
            logs += math.log(bottom)
            top /= bottom
            bottom = 1.0
    logs += math.log(bottom)
    if len(slope) > 0:
        parameter, source = parameters(theta, problem), problem.source
        factor = len(problem.kind)
        # by the factors on the quoted variances and by the variances added, of each group
        by_group = np.empty((2, parameter.shape[1]))
        zero(by_group)
        # by the state and its variance after the row, by the walk's variance, by its rate
        of_state, of_spread, of_power, of_rate = 0.0, 0.0, 0.0, 0.0
        for t in range(n - 1, -1, -1):
            h, pull, rest = seen[t], pulls[t], 1.0 - seen[t] * gain[t]
            wider = inverse[t] - pull * pull
            by_noise = wider + gain[t] * (gain[t] * of_spread - pull * of_state)
            of_spread = rest * (rest * of_spread + h * pull * of_state) + h * h * wider
            of_state = rest * of_state - 2.0 * h * pull
            if error2[t] < np.inf:
                by_group[0, group[t]] += by_noise * inflate[t] * error2[t]
                by_group[1, group[t]] += by_noise * inflate[t]
            of_rate += problem.step[t] * (of_state * states[t] + 2.0 * of_spread * (spread[t] - power))
            of_state *= keep[t]
            square = keep[t] * keep[t]
            of_power += of_spread * (1.0 - square)
            of_spread *= square
        for q in range(len(slope)):
            slope[q] = 0.0
        # theta holds logarithms
        if factor == 1 and source[0, 0] >= 0:
            slope[source[0, 0]] -= power * (of_power + of_spread)
        if factor == 1 and source[0, 1] >= 0:
            slope[source[0, 1]] += 0.5 * rate * of_rate
        for i in range(2):
            for j in range(parameter.shape[1]):
                if source[factor + i, j] >= 0:
                    slope[source[factor + i, j]] -= parameter[factor + i, j] * by_group[i, j]
    return -0.5 * (observed * math.log(2 * math.pi) + logs + squares)
