"""What each row teaches a filter of a single state: that follows from the parameters, whatever the data are."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from swope.models.statespace.kernels.motion import parameters
from swope.models.statespace.problem import DAMPED, Problem
from swope.pipeline.compiled import both, compiled
from swope.pipeline.lightcurve import FloatArray


class Gains(NamedTuple):
    """The data's part left out, the filter of no state or of one damped random walk.

    Attributes
    ----------
    power, rate : the walk's variance, and minus one over its damping time; 0 without one.
    keep : (n,) share of the state that lasts from the row before.
    seen : (n,) how a row sees the state; 0 where it is not observed.
    spread : (n,) the state's variance before the row is seen.
    gain : (n,) how much the row teaches the state; 0 where it is not observed.
    inverse : (n,) one over the variance of the row's forecast; 0 where it is not observed.
    logs : sum of the logarithms of these variances; NaN where one is not positive.
    observed : number of observed rows.
    """

    power: float
    rate: float
    keep: FloatArray
    seen: FloatArray
    spread: FloatArray
    gain: FloatArray
    inverse: FloatArray
    logs: float
    observed: int


@both
def is_single(problem: Problem) -> bool:
    """Whether a problem has no block or one damped random walk."""
    blocks = len(problem.kind)
    return blocks == 0 or bool(blocks == 1 and problem.kind[0] == DAMPED)


@compiled(fast={"contract"})
def decay(step: FloatArray, rate: float, keep: FloatArray) -> None:
    """Fill `keep` (n,) with exp(rate * step), rate * step <= 0, to the last bit but one.

    Two to a whole power times a Taylor series: several rows at a time, which the library's function does not do.
    """
    bits = np.empty(len(step), dtype=np.int64)
    for t in range(len(step)):
        x = rate * step[t]
        x = x if x > -700.0 else -700.0
        whole = np.rint(x * 1.4426950408889634)
        # a double's exponent, from which 1023 is taken away, begins at bit 52
        bits[t] = (np.int64(whole) + 1023) << 52
        # the natural logarithm of 2 in two parts, so that its product with a whole number is exact
        x = x - whole * 0.6931471803691238 - whole * 1.9082149292705877e-10
        series = 1.0 / 6227020800.0
        series = series * x + 1.0 / 479001600.0
        series = series * x + 1.0 / 39916800.0
        series = series * x + 1.0 / 3628800.0
        series = series * x + 1.0 / 362880.0
        series = series * x + 1.0 / 40320.0
        series = series * x + 1.0 / 5040.0
        series = series * x + 1.0 / 720.0
        series = series * x + 1.0 / 120.0
        series = series * x + 1.0 / 24.0
        series = series * x + 1.0 / 6.0
        series = series * x + 0.5
        keep[t] = (series * x + 1.0) * x + 1.0
    power = bits.view(np.float64)
    for t in range(len(step)):
        keep[t] *= power[t]


@compiled(fast={"contract"})
def known_before(
    theta: FloatArray, problem: Problem, keep: FloatArray, seen: FloatArray, noise: FloatArray
) -> tuple[float, float, int]:
    """What is known of the rows of a problem that `is_single` before any is filtered, at theta (p,).

    Parameters
    ----------
    keep, seen, noise : (n,) filled: the first two as of `Gains`; the variance of the row's noise, 1 where it is not
        observed.

    Returns
    -------
    `power`, `rate` and `observed` of `Gains`.
    """
    parameter = parameters(theta, problem)
    factor = len(problem.kind)
    error2, inflate, group = problem.error2, problem.inflate, problem.group
    walking = factor == 1
    power, rate, observed, groups = 0.0, 0.0, 0, 0
    if walking:
        power, rate = parameter[0, 0] ** 2, -1.0 / parameter[0, 1]
    decay(problem.step, rate, keep)
    for t in range(len(keep)):
        seen[t] = problem.observe[t, 0] if walking and error2[t] < np.inf else 0.0
        observed += 1 if error2[t] < np.inf else 0
        groups |= group[t]
    if groups == 0:
        # nearly always; numbers that are not looked up are worked out several at a time
        times, added = parameter[factor, 0], parameter[factor + 1, 0]
        for t in range(len(keep)):
            of_row = (error2[t] * times + added) * inflate[t]
            noise[t] = of_row if error2[t] < np.inf else 1.0
    else:
        for t in range(len(keep)):
            of_row = (error2[t] * parameter[factor, group[t]] + parameter[factor + 1, group[t]]) * inflate[t]
            noise[t] = of_row if error2[t] < np.inf else 1.0
    return power, rate, observed


@compiled(fast={"contract"})
def go_on(keep: float, seen: float, noise: float, power: float, top: float, bottom: float) -> tuple[float, float]:
    """The state's variance before a row is seen, and that of the row's forecast, both times `bottom`.

    The variance goes on as a fraction: numerator and denominator obey a linear recursion (Kailath, Sayed & Hassibi
    2000, Linear Estimation, section 14.8), so that no row waits for the division of the one before. What the
    denominator grows by from row to row is the variance of the forecast.

    Parameters
    ----------
    keep, seen, noise : of the row (`known_before`).
    top, bottom : the fraction after the row before.
    """
    square = keep * keep
    top = power * (1.0 - square) * bottom + square * top
    return top, noise * bottom + seen * seen * top


@compiled(fast={"contract"})
def gains(theta: FloatArray, problem: Problem) -> Gains:
    """The gains of a problem that `is_single`, at theta (p,)."""
    n = len(problem.step)
    work = np.empty((5, n))
    keep, seen, spread, gain, inverse = work[0], work[1], work[2], work[3], work[4]
    power, rate, observed = known_before(theta, problem, keep, seen, inverse)
    logs, top, bottom = 0.0, power, 1.0
    for t in range(n):
        noise = inverse[t]
        top, after = go_on(keep[t], seen[t], noise, power, top, bottom)
        one = 1.0 / after
        spread[t] = top / bottom
        gain[t] = seen[t] * top * one
        inverse[t] = bottom * one if problem.error2[t] < np.inf else 0.0
        top *= noise
        bottom = after
        if not 1e-100 < bottom < 1e100:
            if not bottom > 0:
                return Gains(power, rate, keep, seen, spread, gain, inverse, np.nan, 0)
            logs += math.log(bottom)
            top /= bottom
            bottom = 1.0
    return Gains(power, rate, keep, seen, spread, gain, inverse, logs + math.log(bottom), observed)
