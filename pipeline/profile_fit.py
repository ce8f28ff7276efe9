"""Profiles of events, compiled: their values, and the fit of one on a straight line by robust least squares.

The fit is Levenberg's and Marquardt's (Nielsen 1999, IMM-REP-1999-05: the damping follows how well the last step was
foretold), within bounds: a number that a step, or its slope, drives out of its range is held at the range's end, and
the step found again for the others. Rows far off are pulled towards less and less, by the loss 2 (sqrt(1 + z^2) - 1)
of their distance z (Triggs+2000, Bundle Adjustment, section 4.3).
"""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.event_profiles import (
    DECAY,
    DECLINE,
    FLARE,
    FLARE_SIDES,
    HALF,
    LEAST_SIDES,
    LENS,
    MOST_LOST,
    SOFT,
    TRAPEZOID,
)
from swope.pipeline.lightcurve import FloatArray

#: Standard deviations across a bell's full width at half its height; a flare's width in its template's unit.
_BELL, _FLARE = 2.0 * math.sqrt(2.0 * HALF), sum(FLARE_SIDES)

#: A profile's time may move by so many of the event's widths, and its height by so many times the largest deviation.
_NEAR, _HIGHEST = 3.0, 20.0

#: How far within its bounds a fit begins; the step by which slopes are taken; where the damping is beyond hope.
_WITHIN, _MOVE, _STUCK = 1e-4, 1e-7, 1e12

#: Steps of a fit at most; it ends where a step that was well foretold gains less than this share.
_MOST_STEPS, _ENOUGH = 200, 1e-10

#: A step moves no number of a profile further: from afar slopes tell little.
_LONGEST = 0.5

#: Rows further off than so many sigmas are pulled towards less and less: an event within the event.
_FAR = 3.0


@compiled()
def profile(family: int, time: FloatArray, numbers: FloatArray, count: int, out: FloatArray) -> None:
    """Fill the values (n,) of a profile of height 1 at some times.

    Parameters
    ----------
    numbers, count : so many of these, the first, are the profile's (`swope.pipeline.event_profiles`).
    """
    width = math.exp(numbers[1])
    other = math.exp(numbers[2]) if count > 2 else 0.0
    plateau = math.exp(numbers[3]) if count > 3 else 0.0
    lost = numbers[4] if count > 4 else 0.0
    sides = numbers[2] * width if family == TRAPEZOID else 1.0
    least = other * other
    # what a lens adds to the light at closest approach
    most = (least + 2.0) / math.sqrt(least * (least + 4.0)) - 1.0 if family == LENS else 1.0
    for i in range(len(time)):
        since = time[i] - numbers[0]
        value = 0.0
        if family == TRAPEZOID:
            value = min(max(0.5 + (0.5 * width - abs(since)) / sides, 0.0), 1.0)
        elif family == SOFT:
            value = math.exp(-HALF * min(2.0 * abs(since) / width, 10.0) ** other)
        elif family == LENS:
            square = least + (since / width) ** 2
            value = ((square + 2.0) / math.sqrt(square * (square + 4.0)) - 1.0) / most
        elif family == FLARE:
            # a quartic rise and a double exponential decay (Davenport+2014, eqs. 1 and 4)
            x = since / width * _FLARE
            if x >= 0.0:
                value = 0.6890 * math.exp(-1.600 * x) + 0.3030 * math.exp(-0.2783 * x)
            elif x >= -1.0:
                value = 1.0 + x * (1.941 + x * (-0.175 + x * (-2.246 - 1.125 * x)))
        elif family in (DECAY, DECLINE):
            if since < 0.0:
                value = max(1.0 + since / width, 0.0)
            elif family == DECAY:
                value = math.exp(-max(since - plateau, 0.0) / other)
            elif since < plateau:
                value = 1.0 - lost * since / plateau
            else:
                value = max((1.0 - lost) * (1.0 - (since - plateau) / other), 0.0)
        else:
            value = math.exp(-0.5 * (since * _BELL / width) ** 2)
        out[i] = value


@compiled()
def _solve(matrix: FloatArray, right: FloatArray, count: int, factor: FloatArray, out: FloatArray) -> None:
    """Solve a symmetric system of so many rows by Cholesky's factor; its lower half is read, `factor` is to work in.

    Where it is singular, it is solved as one that is not quite.
    """
    for i in range(count):
        for j in range(i + 1):
            entry = matrix[i, j]
            for a in range(j):
                entry -= factor[i, a] * factor[j, a]
            if j < i:
                factor[i, j] = entry / factor[j, j]
            else:
                factor[i, i] = math.sqrt(max(entry, 1e-14 * max(matrix[i, i], 1e-14)))
        total = right[i]
        for a in range(i):
            total -= factor[i, a] * out[a]
        out[i] = total / factor[i, i]
    for i in range(count - 1, -1, -1):
        for a in range(i + 1, count):
            out[i] -= factor[a, i] * out[a]
        out[i] /= factor[i, i]


@compiled()
def _left(
    family: int,
    time: FloatArray,
    deviation: FloatArray,
    sigma: FloatArray,
    numbers: FloatArray,
    values: FloatArray,
    left: FloatArray,
) -> float:
    """Fill the profile (n,), and what it and its line leave (n,), in sigma; returns half the sum of their losses."""
    k = len(numbers) - 3
    profile(family, time, numbers, k, values)
    height, level, slope = numbers[k], numbers[k + 1], numbers[k + 2]
    cost = 0.0
    for i in range(len(time)):
        left[i] = (deviation[i] - height * values[i] - level - slope * time[i]) / sigma[i]
        cost += math.sqrt(1.0 + (left[i] / _FAR) ** 2) - 1.0
    return _FAR * _FAR * cost


@compiled()
def _curvature(
    family: int,
    time: FloatArray,
    sigma: FloatArray,
    numbers: FloatArray,
    high: FloatArray,
    values: FloatArray,
    left: FloatArray,
    trial: FloatArray,
    moved: FloatArray,
    jacobian: FloatArray,
    slope: FloatArray,
    matrix: FloatArray,
) -> None:
    """Fill the cost's slope (p,) and curvature (p, p; lower half), and the Jacobian (n, p) that has this for square.

    Parameters
    ----------
    values, left : (n,) as `_left` fills them at `numbers` (p,).
    trial, moved : (p,), (n,) to work in.
    """
    p = len(numbers)
    k = p - 3
    for j in range(p):
        slope[j] = 0.0
        for a in range(j + 1):
            matrix[j, a] = 0.0
    for j in range(k):
        for a in range(k):
            trial[a] = numbers[a]
        width = _MOVE if numbers[j] + _MOVE <= high[j] else -_MOVE
        trial[j] += width
        profile(family, time, trial, k, moved)
        for i in range(len(time)):
            jacobian[i, j] = numbers[k] * (values[i] - moved[i]) / (width * sigma[i])
    for i in range(len(time)):
        jacobian[i, k] = -values[i] / sigma[i]
        jacobian[i, k + 1] = -1.0 / sigma[i]
        jacobian[i, k + 2] = -time[i] / sigma[i]
        # how much less than a square's the slope and, squared, the curvature of the loss are
        less = 1.0 / math.sqrt(1.0 + (left[i] / _FAR) ** 2)
        bent = math.sqrt(less * less * less)
        for j in range(p):
            slope[j] += jacobian[i, j] * less * left[i]
            jacobian[i, j] *= bent
        for j in range(p):
            for a in range(j + 1):
                matrix[j, a] += jacobian[i, j] * jacobian[i, a]


@compiled()
def _step(
    matrix: FloatArray,
    damping: FloatArray,
    slope: FloatArray,
    numbers: FloatArray,
    low: FloatArray,
    high: FloatArray,
    held: FloatArray,
    damped: FloatArray,
    factor: FloatArray,
    right: FloatArray,
    step: FloatArray,
) -> float:
    """Fill the step (p,) within the bounds; returns by how much less the cost should be after it.

    Parameters
    ----------
    damping : (p,) what is added to the curvature's diagonal.
    held, damped, factor, right : (p,), (p, p), (p, p), (p,) to work in.
    """
    p = len(step)
    for j in range(p):
        outward = (numbers[j] <= low[j] and slope[j] > 0.0) or (numbers[j] >= high[j] and slope[j] < 0.0)
        held[j] = 1.0 if outward else 0.0
        step[j] = 0.0
    again = True
    while again:
        again = False
        for i in range(p):
            right[i] = step[i] if held[i] > 0.0 else -slope[i]
            for j in range(i + 1):
                damped[i, j] = 0.0 if held[i] + held[j] > 0.0 else matrix[i, j]
            damped[i, i] = 1.0 if held[i] > 0.0 else matrix[i, i] + damping[i]
        for i in range(p):
            for j in range(i):
                if held[j] > held[i]:
                    right[i] -= matrix[i, j] * step[j]
                elif held[i] > held[j]:
                    right[j] -= matrix[i, j] * step[i]
        _solve(damped, right, p, factor, step)
        longest = _LONGEST
        for j in range(p - 3):
            longest = max(longest, abs(step[j]) * (1.0 - held[j]))
        for j in range(p):
            if held[j] == 0.0:
                step[j] *= _LONGEST / longest
                inside = min(max(step[j], low[j] - numbers[j]), high[j] - numbers[j])
                if inside != step[j]:
                    step[j], held[j], again = inside, 1.0, True
    foretold = 0.0
    for j in range(p):
        foretold -= step[j] * (slope[j] + 0.5 * matrix[j, j] * step[j])
        for a in range(j):
            foretold -= step[j] * matrix[j, a] * step[a]
    return foretold


@compiled()
def fit_profile(
    family: int,
    time: FloatArray,
    deviation: FloatArray,
    sigma: FloatArray,
    start: FloatArray,
    reach: FloatArray,
    numbers: FloatArray,
    jacobian: FloatArray,
) -> float:
    """Fit a profile on a straight line, from a start.

    Parameters
    ----------
    time, deviation, sigma : (n,) in units of the event's own width and height.
    start : (k,) own numbers to begin from.
    reach : (k - 1,) how far each but the first may move.
    numbers : (k + 3,) filled: the profile's own, its height, the line's level and its slope.
    jacobian : (n, k + 3) filled: what is left of each row by each number, in sigma, scaled so that its square is the
        curvature of the cost.

    Returns
    -------
    Half the sum of the losses; NaN where there is none to be had.
    """
    n, p = jacobian.shape
    k = p - 3
    values, moved, left = np.empty(n), np.empty(n), np.empty(n)
    low, high, trial, size, damping = np.empty(p), np.empty(p), np.empty(p), np.empty(p), np.empty(p)
    slope, held, right, step = np.empty(p), np.empty(p), np.empty(p), np.empty(p)
    matrix, damped, factor = np.empty((p, p)), np.empty((p, p)), np.empty((p, p))
    for j in range(p):
        away = _HIGHEST if j >= k else _NEAR if j == 0 else reach[j - 1]
        middle = start[j] if j < k else 0.0
        low[j] = 0.0 if j == k else middle - away
        high[j] = middle + away
        # what is a share stays one
        if family == TRAPEZOID and j == 2:
            low[j], high[j] = LEAST_SIDES, 1.0
        elif family == DECLINE and j == 4:
            low[j], high[j] = 0.0, MOST_LOST
        # as high as the largest deviation, on no line
        numbers[j] = 1.0 if j == k else min(max(middle, low[j] + _WITHIN), high[j] - _WITHIN)
        size[j] = 1e-12
    cost = _left(family, time, deviation, sigma, numbers, values, left)
    damped_by, grow, moves, ends = 0.1, 2.0, True, False
    for _ in range(_MOST_STEPS):
        if moves:
            _curvature(family, time, sigma, numbers, high, values, left, trial, moved, jacobian, slope, matrix)
        if ends or damped_by > _STUCK:
            break
        for j in range(p):
            size[j] = max(size[j], matrix[j, j])
            damping[j] = damped_by * size[j]
        foretold = _step(matrix, damping, slope, numbers, low, high, held, damped, factor, right, step)
        if not foretold > 1e-3 * _ENOUGH * cost:
            break
        for j in range(p):
            trial[j] = min(max(numbers[j] + step[j], low[j]), high[j])
        found = _left(family, time, deviation, sigma, trial, values, left)
        ratio = (cost - found) / foretold
        moves = ratio > 1e-4
        if moves:
            ends = cost - found < _ENOUGH * cost and ratio > 0.25
            cost = found
            for j in range(p):
                numbers[j] = trial[j]
            damped_by *= max(1.0 / 3.0, 1.0 - (2.0 * ratio - 1.0) ** 3)
            grow = 2.0
        else:
            damped_by *= grow
            grow *= 2.0
    return cost
