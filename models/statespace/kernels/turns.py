"""The search for the parameters and the columns' coefficients of the largest likelihood, in turn.

It is Python between the compiled functions: it calls few, and compiled with all of them in it took seconds more.
"""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.kernels.likelihood import log_likelihood
from swope.models.statespace.kernels.search import maximise
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

#: At most so many turns; so many of them begin at the best of all candidates.
_TURNS, _OPEN = 8, 2


@compiled()
def _coefficients(value: float, normal: FloatArray, coefficient: FloatArray) -> None:
    """Fill the columns' coefficients (k,) from what `log_likelihood` left; zeros where the model is degenerate."""
    k = len(coefficient)
    for i in range(k - 1, -1, -1):
        coefficient[i] = 0.0
        if not math.isfinite(value):
            continue
        total = normal[k, i]
        for j in range(i + 1, k):
            total -= normal[j, i] * coefficient[j]
        coefficient[i] = total / normal[i, i]


@compiled()
def _without(coefficient: FloatArray, problem: Problem, alone: Problem) -> None:
    """Set the rows of a problem to those of one with columns (k,) less these."""
    k = len(coefficient)
    for t in range(len(problem.rows)):
        left = problem.rows[t, k]
        for j in range(k):
            left -= problem.rows[t, j] * coefficient[j]
        alone.rows[t, 0] = left


def in_turn(
    candidates: FloatArray,
    low: FloatArray,
    high: FloatArray,
    problem: Problem,
    alone: Problem,
    metric: FloatArray,
    iterations: int,
) -> tuple[FloatArray, float, bool, int]:
    """Maximise over theta and over the columns' coefficients in turn, from the best of the candidates.

    Parameters
    ----------
    candidates : (c, p) where to begin.
    problem : whose columns' coefficients are maximised, not integrated out.
    alone : the same without its columns; its rows (n, 1) are written to.
    low, high, metric, iterations : as of `maximise`.

    Returns
    -------
    As of `maximise`; the log-likelihood is without the prior where the problem has columns.
    """
    columns = problem.rows.shape[1]
    k = columns - 1
    theta, converged, steps = candidates[0].copy(), False, 0
    normal, scalar, coefficient = np.empty((columns, columns)), np.empty((1, 1)), np.empty(k)
    now = log_likelihood(theta, problem, normal)
    _coefficients(now, normal, coefficient)
    for turn in range(_TURNS):
        _without(coefficient, problem, alone)
        if turn < _OPEN and len(candidates) > 1:
            best = -np.inf if turn == 0 else log_likelihood(theta, alone, scalar)
            for c in range(len(candidates)):
                found = log_likelihood(candidates[c], alone, scalar)
                if found > best:
                    best, theta = found, candidates[c]
        theta, found, converged, more = maximise(theta, low, high, alone, metric, iterations)
        steps += more
        if k == 0:
            return theta, found, converged, steps
        before = now
        now = log_likelihood(theta, problem, normal)
        _coefficients(now, normal, coefficient)
        if abs(now - before) < 1e-3 * max(1.0, 1e-3 * abs(now)):
            break
    return theta, now, converged, steps
