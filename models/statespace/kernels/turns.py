"""The search for the parameters and the columns' coefficients of the largest likelihood, in turn.

It is Python between the compiled functions: it calls few, and compiled with all of them in it took seconds more.
"""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.kernels.likelihood import Evidence, evidence_of, log_likelihood
from swope.models.statespace.kernels.search import maximise
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

#: At most so many turns; so many of them begin at the best of all candidates.
_TURNS, _OPEN = 8, 2


def _without_columns(
    theta: FloatArray, problem: Problem, normal: FloatArray, coefficient: FloatArray, alone: Problem
) -> float:
    """Log-likelihood of theta; fills the columns' coefficients (k,), and the rows of the problem less these columns.

    The coefficients are zeros where the model is degenerate; normal (k + 1, k + 1) is to work in.
    """
    value = log_likelihood(theta, problem, normal)
    _leave(normal, math.isfinite(value), problem.rows, coefficient, alone.rows)
    return value


@compiled()
def _leave(normal: FloatArray, finite: bool, rows: FloatArray, coefficient: FloatArray, left: FloatArray) -> None:
    """Fill the coefficients (k,) and what they leave (n, 1) of the rows (n, k + 1); zeros where not finite."""
    k = len(coefficient)
    for i in range(k - 1, -1, -1):
        coefficient[i] = 0.0
        if not finite:
            continue
        total = normal[k, i]
        for j in range(i + 1, k):
            total -= normal[j, i] * coefficient[j]
        coefficient[i] = total / normal[i, i]
    for t in range(len(rows)):
        value = rows[t, k]
        for j in range(k):
            value -= rows[t, j] * coefficient[j]
        left[t, 0] = value


def in_turn(
    candidates: FloatArray,
    low: FloatArray,
    high: FloatArray,
    problem: Problem,
    alone: Problem,
    metric: FloatArray,
    iterations: int,
) -> tuple[FloatArray, float, bool, int, Evidence]:
    """Maximise over theta and over the columns' coefficients in turn, from the best of the candidates.

    Parameters
    ----------
    candidates : (c, p) where to begin.
    problem : whose columns' coefficients are maximised, not integrated out.
    alone : the same without its columns; its rows (n, 1) are written to.
    low, high, metric, iterations : as of `maximise`.

    Returns
    -------
    As of `maximise`, the log-likelihood without the prior where the problem has columns; and the evidence at theta.
    """
    columns = problem.rows.shape[1]
    k = columns - 1
    theta, converged, steps = candidates[0].copy(), False, 0
    normal, coefficient = np.empty((columns, columns)), np.empty(k)
    now = _without_columns(theta, problem, normal, coefficient, alone)
    for turn in range(_TURNS):
        if turn > 0:
            candidates = np.vstack([theta, candidates]) if turn < _OPEN and len(candidates) > 1 else theta[None]
        theta, found, converged, more = maximise(candidates, low, high, alone, metric, iterations)
        steps += more
        before = now
        now = _without_columns(theta, problem, normal, coefficient, alone)
        if k == 0 or abs(now - before) < 1e-3 * max(1.0, 1e-3 * abs(now)):
            break
    return theta, now if k else found, converged, steps, evidence_of(now, normal)
