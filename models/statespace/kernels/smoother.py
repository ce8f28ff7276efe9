"""A pass back through the rows: what all rows say of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from swope.models.statespace.kernels.gains import gains, is_single
from swope.models.statespace.kernels.motion import advance, parameters, start, zero
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


class Solved(NamedTuple):
    """What all rows say against each row, and against a level shift there; see `Backward`."""

    solved: FloatArray
    diagonal: FloatArray
    step_sum: FloatArray
    step_norm: FloatArray


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


@compiled()
def _there(
    theta: FloatArray,
    problem: Problem,
    states: FloatArray,
    spreads: FloatArray,
    moves: FloatArray,
    gains: FloatArray,
    lefts: FloatArray,
    variances: FloatArray,
) -> None:
    """Filter forward, and keep everything for the way back; all arrays but theta are filled.

    Parameters
    ----------
    states, spreads : (n, m, k + 1), (n, m, m) of the states before each row is seen.
    moves : (n, m, m) how the states move to each row from the one before.
    gains, lefts, variances : (n, m), (n, k + 1), (n,) how much each row teaches the states, what of each column and of
        the data was not forecast, and the forecast's variance; not filled where a row is not observed.
    """
    parameter = parameters(theta, problem)
    factor = len(problem.kind)
    added = factor + 1
    rows, observe, error2, step, kind = problem.rows, problem.observe, problem.error2, problem.step, problem.kind
    n, columns = rows.shape
    m = observe.shape[1]
    state, spread, move, unused = np.zeros((m, columns)), np.zeros((m, m)), np.zeros((m, m)), np.zeros((m, m))
    start(kind, parameter, spread)
    for t in range(n):
        zero(move)
        for i in range(m):
            move[i, i] = 1.0
        if step[t] > 0:
            advance(step[t], kind, parameter, state, spread)
            advance(step[t], kind, parameter, move, unused)
        for i in range(m):
            for j in range(columns):
                states[t, i, j] = state[i, j]
            for j in range(m):
                spreads[t, i, j] = spread[i, j]
                moves[t, i, j] = move[i, j]
        if error2[t] == np.inf:
            continue
        group = problem.group[t]
        variance = (error2[t] * parameter[factor, group] + parameter[added, group]) * problem.inflate[t]
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


@compiled()
def _carried(move: FloatArray, values: FloatArray, work: FloatArray) -> None:
    """Multiply values (m, c) in place by the transpose of a move (m, m); `work` is (m,)."""
    m, columns = values.shape
    for j in range(columns):
        for i in range(m):
            work[i] = 0.0
            for a in range(m):
                work[i] += move[a, i] * values[a, j]
        for i in range(m):
            values[i, j] = work[i]


@compiled()
def _back(
    problem: Problem,
    states: FloatArray,
    spreads: FloatArray,
    moves: FloatArray,
    gains: FloatArray,
    lefts: FloatArray,
    variances: FloatArray,
    solved: FloatArray,
    diagonal: FloatArray,
    step_sum: FloatArray,
    step_norm: FloatArray,
    signal: FloatArray,
    signal_variance: FloatArray,
) -> None:
    """The way back, from what `_there` kept; the last six arrays, zeros, are filled (see `Backward`)."""
    observe, error2 = problem.observe, problem.error2
    n, columns = lefts.shape
    m = observe.shape[1]
    # adjoints of the states (m, columns), of the level shift (columns,), and their covariances
    back, back2, turned = np.zeros((m, columns)), np.zeros((m, m)), np.zeros((m, m))
    level, level2, cross = np.zeros(columns), 0.0, np.zeros((m, 1))
    swept, inside, work = np.zeros(m), np.zeros(m), np.zeros(m)
    for t in range(n - 1, -1, -1):
        if t < n - 1 and m:
            move = moves[t + 1]
            _carried(move, back, work)
            _carried(move, cross, work)
            _carried(move, back2, work)
            for i in range(m):
                for j in range(m):
                    turned[i, j] = back2[j, i]
            _carried(move, turned, work)
            for i in range(m):
                for j in range(m):
                    back2[i, j] = turned[j, i]
        if error2[t] < np.inf:
            inner, lean, across = 0.0, 0.0, 0.0
            for i in range(m):
                swept[i] = 0.0
                for j in range(m):
                    swept[i] += back2[i, j] * gains[t, j]
                inner += gains[t, i] * swept[i]
                lean += gains[t, i] * cross[i, 0]
            diagonal[t] = 1.0 / variances[t] + inner
            for j in range(columns):
                total = lefts[t, j] / variances[t]
                for i in range(m):
                    total -= gains[t, i] * back[i, j]
                solved[t, j] = total
                level[j] += total
                for i in range(m):
                    back[i, j] += observe[t, i] * total
            level2 += diagonal[t] - 2 * lean
            for i in range(m):
                cross[i, 0] -= swept[i]
                across += gains[t, i] * cross[i, 0]
            for i in range(m):
                cross[i, 0] += observe[t, i] * (1.0 / variances[t] - across)
                for j in range(m):
                    back2[i, j] += (
                        observe[t, i] * observe[t, j] * diagonal[t]
                        - observe[t, i] * swept[j]
                        - swept[i] * observe[t, j]
                    )
        step_norm[t] = level2
        for j in range(columns):
            step_sum[t, j] = level[j]
        for i in range(m):
            inside[i] = 0.0
            for j in range(m):
                inside[i] += spreads[t, i, j] * observe[t, j]
        for i in range(m):
            signal_variance[t] += observe[t, i] * inside[i]
            for j in range(columns):
                signal[t, j] += observe[t, i] * states[t, i, j] + inside[i] * back[i, j]
            for j in range(m):
                signal_variance[t] -= inside[i] * back2[i, j] * inside[j]


def backward(theta: FloatArray, problem: Problem) -> Backward:
    """Filter forward, then backward (de Jong 1989, JASA 84, 1085; de Jong & Penzer 1998, JASA 93, 796). O(n)."""
    n, columns = problem.rows.shape
    m = problem.observe.shape[1]
    kept = (
        np.empty((n, m, columns)),
        np.empty((n, m, m)),
        np.empty((n, m, m)),
        np.zeros((n, m)),
        np.zeros((n, columns)),
        np.zeros(n),
    )
    _there(theta, problem, *kept)
    found = Backward(
        solved=np.zeros((n, columns)),
        diagonal=np.zeros(n),
        step_sum=np.zeros((n, columns)),
        step_norm=np.zeros(n),
        signal=np.zeros((n, columns)),
        signal_variance=np.zeros(n),
    )
    _back(problem, *kept, *found)
    return found


@compiled()
def _solve_single(
    theta: FloatArray,
    problem: Problem,
    solved: FloatArray,
    diagonal: FloatArray,
    step_sum: FloatArray,
    step_norm: FloatArray,
) -> None:
    """As `_there` and `_back`, for no block or one damped random walk and without its states, many times as fast."""
    learnt = gains(theta, problem)
    keep, seen, gain, inverse = learnt.keep, learnt.seen, learnt.gain, learnt.inverse
    n, columns = problem.rows.shape
    state, back, level = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for t in range(n):
        for j in range(columns):
            before = keep[t] * state[j]
            left = problem.rows[t, j] - seen[t] * before
            state[j] = before + gain[t] * left
            solved[t, j] = left * inverse[t]
    # of the state's adjoint: its covariance, that with the level shift's, and the level shift's own
    back2, cross, level2 = 0.0, 0.0, 0.0
    for t in range(n - 1, -1, -1):
        h, g = seen[t], gain[t]
        swept = back2 * g
        diagonal[t] = inverse[t] + g * swept
        level2 += diagonal[t] - 2.0 * g * cross
        cross -= swept
        cross += h * (inverse[t] - g * cross)
        back2 += h * (h * diagonal[t] - 2.0 * swept)
        step_norm[t] = level2
        cross *= keep[t]
        back2 *= keep[t] * keep[t]
        for j in range(columns):
            total = solved[t, j] - g * back[j]
            solved[t, j] = total
            level[j] += total
            step_sum[t, j] = level[j]
            back[j] = keep[t] * (back[j] + h * total)


def solve(theta: FloatArray, problem: Problem) -> Solved:
    """As `backward`, without the states."""
    if not is_single(problem):
        return Solved(*backward(theta, problem)[:4])
    n, columns = problem.rows.shape
    found = Solved(np.empty((n, columns)), np.empty(n), np.empty((n, columns)), np.empty(n))
    _solve_single(theta, problem, *found)
    return found
