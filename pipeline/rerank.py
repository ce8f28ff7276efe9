"""Rank a catalog anew by what an analyst has said of some of its stars.

How much a star is of interest is a number f: before anything is said, it follows the anomaly rank; what is said of one
star holds for its kin too, the more the nearer they are. In the words of Gaussian processes: f has the anomaly rank as
its mean and a squared-exponential covariance over the places of the stars, and a verdict is a draw with the probability
1 / (1 + exp(-f)) (Rasmussen & Williams 2006, sections 2.7 and 3.4). Far from all that was said, the order is that of
before. Active anomaly discovery on a forest (Das et al. 2017; `coniferest`) answers the same question.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray, FloatArray

#: What the anomaly rank counts: so much log-odds a normal deviate. And how far a verdict moves a star's kin (log-odds),
#: and how near these are (`swope.pipeline.analogues.places`). Set on kinds of stars that the figures are not of.
_SLOPE, _HEIGHT, _REACH = 0.25, 8.0, 2.0

#: Stars that are compared with those judged at a time.
_BLOCK = 65_536

#: Newton's steps, at most; some ten are enough.
_STEPS = 200


def interest(rank: FloatArray, place: FloatArray, judged: NDArray[np.int64], liked: BoolArray) -> FloatArray:
    """How much each star of a catalog is of interest.

    Parameters
    ----------
    rank : (n,) anomaly rank, 1 for the strangest.
    place : (n, k) where each star stands.
    judged : (m,) which stars something was said of, each once.
    liked : (m,) whether that was good.

    Returns
    -------
    (n,) log-odds; without verdicts they fall with the rank.
    """
    from scipy.special import expit, ndtri

    order = np.argsort(np.argsort(rank, kind="stable"), kind="stable")
    before: FloatArray = -_SLOPE * ndtri((order + 0.5) / len(rank))
    if not len(judged):
        return before
    sign = np.where(liked, 1.0, -1.0)
    own = _alike(place[judged], place[judged])
    weight = np.zeros(len(judged))

    def misfit(some: FloatArray) -> float:
        """Minus the logarithm of the posterior, of f = before + own @ some."""
        return float(np.logaddexp(0.0, -sign * (before[judged] + own @ some)).sum() + 0.5 * some @ own @ some)

    # Newton's method on a convex function (Rasmussen & Williams 2006, algorithm 3.1), with halved steps where it jumps
    for _ in range(_STEPS):
        surprise = expit(-sign * (before[judged] + own @ weight))
        curvature = surprise * (1.0 - surprise)
        step = np.linalg.solve(np.eye(len(judged)) + curvature[:, None] * own, sign * surprise - weight)
        size = 1.0
        while size > 1e-6 and misfit(weight + size * step) > misfit(weight):
            size *= 0.5
        weight = weight + size * step
        if float(np.abs(own @ step).max()) * size < 1e-9:
            break
    moved = [_alike(place[i : i + _BLOCK], place[judged]) @ weight for i in range(0, len(place), _BLOCK)]
    return before + np.concatenate(moved)


def _alike(some: FloatArray, others: FloatArray) -> FloatArray:
    """(n, m) prior covariance of the interest in stars at these places (n, k) and (m, k)."""
    # one of the others at a time, so that memory holds n numbers, not n m k
    squares = np.stack([((some - other) ** 2).sum(axis=1) for other in others], axis=1)
    alike: FloatArray = _HEIGHT**2 * np.exp(-0.5 * squares / _REACH**2)
    return alike
