"""What the rows say of many templates at once: their scalar products with a model's columns, and the best box."""

from __future__ import annotations

import math

import numpy as np

from swope.models.statespace.kernels.gains import gains
from swope.models.statespace.kernels.motion import zero
from swope.models.statespace.problem import Problem
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

#: Rows whose innovations are gathered before their products are summed.
_GATHERED = 4


@compiled()
def _single_products(
    theta: FloatArray,
    problem: Problem,
    templates: FloatArray,
    near: FloatArray,
    begin: int,
    inner: FloatArray,
    norm: FloatArray,
) -> None:
    """Fill `inner` (k + 1, k + 1 + t + s) and `norm` (t + s,), as `products` gives them."""
    learnt = gains(theta, problem)
    keep, seen, gain, inverse = learnt.keep, learnt.seen, learnt.gain, learnt.inverse
    own, more, local = problem.rows.shape[1], templates.shape[1], near.shape[1]
    long = own + more
    state, white = np.zeros(long + local), np.empty((_GATHERED, long + local))
    zero(inner)
    for j in range(more + local):
        norm[j] = 0.0
    n, end = len(keep), begin + len(near)
    for start in range(0, n, _GATHERED):
        zero(white)
        last = 0
        for t in range(start, min(start + _GATHERED, n)):
            row, mine, others = white[t - start], problem.rows[t], templates[t]
            inside = begin <= t < end
            columns = long + local if inside else long
            for j in range(own):
                row[j] = mine[j]
            for j in range(more):
                row[own + j] = others[j]
            if inside:
                some = near[t - begin]
                for j in range(local):
                    row[long + j] = some[j]
            h, g, kept, root = seen[t], gain[t], keep[t], math.sqrt(inverse[t])
            for j in range(columns):
                before = kept * state[j]
                left = row[j] - h * before
                state[j] = before + g * left
                row[j] = left * root
            last = columns if columns > last else last
        first, second, third, fourth = white[0], white[1], white[2], white[3]
        for i in range(own):
            one, two, three, four, line = first[i], second[i], third[i], fourth[i], inner[i]
            for j in range(last):
                line[j] += (one * first[j] + two * second[j]) + (three * third[j] + four * fourth[j])
        for t in range(_GATHERED):
            for j in range(last - own):
                norm[j] += white[t, own + j] * white[t, own + j]


def products(
    theta: FloatArray, problem: Problem, templates: FloatArray, near: FloatArray, begin: int
) -> tuple[FloatArray, FloatArray]:
    """Scalar products of a model's k columns, and of the data, with these and with templates, all whitened.

    Parameters
    ----------
    problem : one that `is_single`.
    templates : (n, t) over all rows.
    near : (m, s) more of them, over the rows from `begin` on. Before these they are zero; they are not held against the
        rows after.

    Returns
    -------
    (k + 1, k + 1 + t + s) the products, the data after the columns; (t + s,) each template's with itself.
    """
    own, more = problem.rows.shape[1], templates.shape[1] + near.shape[1]
    inner, norm = np.empty((own, own + more)), np.empty(more)
    whole, local = np.ascontiguousarray(templates), np.ascontiguousarray(near)
    _single_products(theta, problem, whole, local, begin, inner, norm)
    return inner, norm


@compiled()
def best_box(residual: FloatArray, weight: FloatArray, shortest: int) -> tuple[int, int, float]:
    """The box of the highest score, as if rows were independent: its first and last row, and the score.

    A box covers at most half of the rows, and neither the first nor the last: that would be a level shift.

    Parameters
    ----------
    residual, weight : (n,) the inverse covariance times the residuals, and its diagonal.
    shortest : rows of the shortest box.
    """
    n = len(residual)
    total, mass, gain = np.zeros(n + 1), np.zeros(n + 1), np.empty(n + 1)
    for t in range(n):
        total[t + 1] = total[t] + residual[t]
        mass[t + 1] = mass[t] + weight[t]
    first, last, best = 0, 0, 0.0
    width = shortest
    while width <= n // 2:
        places = n - width + 1
        end_total, end_mass = total[width:], mass[width:]
        for i in range(places):
            inside, excess = end_mass[i] - mass[i], end_total[i] - total[i]
            room = inside * (1.0 - inside / mass[n])
            gain[i] = excess * excess / (room if room > 1e-300 else 1e-300)
        for i in range(1, places - 1):
            if gain[i] > best:
                first, last, best = i, i + width - 1, gain[i]
        width = width * 4 // 3 + (1 if width < 6 else 0)
    return first, last, math.sqrt(best)
