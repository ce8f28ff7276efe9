"""One-step forecasts: each row from all before it."""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.kernels.motion import advance, parameters, start, zero
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled()
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
    parameter = parameters(theta, problem)
    factor = len(problem.kind)
    added = factor + 1
    n, columns = problem.rows.shape
    k = columns - 1
    m = problem.observe.shape[1]
    gain = np.zeros(m)
    left = np.zeros(columns)
    reach = np.zeros(k)
    if first:
        zero(state)
        start(problem.kind, parameter, spread)
    for t in range(n):
        dt = problem.step[t]
        if dt > 0:
            advance(dt, problem.kind, parameter, state, spread)
        group = problem.group[t]
        seen = math.isfinite(problem.error2[t])
        own = 0.0
        if seen:
            own = (problem.error2[t] * parameter[factor, group] + parameter[added, group]) * problem.inflate[t]
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
