"""How seldom known points are where a point is: a mixture of Gaussians over the principal axes of normal scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.lightcurve import FloatArray

Array32 = NDArray[np.float32]

#: Quantiles that a column's distribution is kept by, and how far beyond them a value may count, in sigma.
_KNOTS, _FURTHEST = 129, 3.7

#: Added to the variance along each axis, whose own is 1: no component shrinks to a few stars.
_FLOOR = 0.05

#: Points a component must have on average.
_LEAST = 30

_ROUNDS, _GAIN = 60, 1e-3


@dataclass(frozen=True, eq=False)
class MixtureDensity:
    """The density of known points.

    Attributes
    ----------
    knots : (q, d) quantiles of each column, at even steps: they turn a value into its normal score.
    turn : (d, e) from normal scores to the principal axes, each of variance 1.
    weight : (m,) shares of the components; they sum to 1.
    mean : (m, e) their centres.
    whiten : (m, e, e) ``(place - mean) @ whiten`` is white in a component.
    """

    knots: Array32
    turn: Array32
    weight: Array32
    mean: Array32
    whiten: Array32

    @classmethod
    def of(cls, points: NDArray[np.floating], components: int, axes: int, seed: int) -> MixtureDensity:
        """Learn the density by expectation maximisation (Dempster et al. 1977).

        Parameters
        ----------
        points : (n, d).
        components : at most so many; fewer where they had less than some thirty points each.
        axes : principal axes that are kept, at most.
        seed : of the first centres, drawn far from one another (Arthur & Vassilvitskii 2007).
        """
        knots = np.quantile(points, np.linspace(0.0, 1.0, _KNOTS), axis=0).astype(np.float32)
        scores = _normal_scores(points, knots)
        _, size, axis = np.linalg.svd(scores, full_matrices=False)
        size = size / np.sqrt(len(points))
        kept = (np.arange(len(size)) < axes) & (size > 1e-3 * size[0])
        turn = (axis[kept] / size[kept, None]).T
        places = scores @ turn
        weight, mean, covariance = _fitted(places, int(np.clip(len(points) // _LEAST, 1, components)), seed)
        # C = L L', so (x - m) L'^-1 is white
        whiten = np.linalg.inv(np.linalg.cholesky(covariance)).transpose(0, 2, 1)
        return cls(knots, *(one.astype(np.float32) for one in (turn, weight, mean, whiten)))

    def rarity(self, points: NDArray[np.floating]) -> FloatArray:
        """(n,) minus the natural logarithm of the density at points (n, d), less a constant."""
        scores = _normal_scores(points, self.knots)
        turn, whiten = self.turn.astype(np.float64), self.whiten.astype(np.float64)
        known = np.log(self.weight) + np.log(np.abs(np.linalg.det(whiten)))
        rarity = np.empty(len(points))
        for row, score in enumerate(scores):
            # a row at a time: a matrix product would round differently with other company
            away = (score[:, None] * turn).sum(axis=0) - self.mean
            white = (away[:, :, None] * whiten).sum(axis=1)
            rarity[row] = -np.logaddexp.reduce(known - 0.5 * (white**2).sum(axis=1))
        return rarity


def _normal_scores(points: NDArray[np.floating], knots: Array32) -> FloatArray:
    """(n, d) the normal deviates at which a Gaussian has the shares that known points have below each value."""
    from scipy.special import ndtri

    scores = np.empty(points.shape)
    share = np.linspace(0.0, 1.0, len(knots))
    for column, (value, knot) in enumerate(zip(points.T, knots.T, strict=True)):
        different, first, count = np.unique(knot, return_index=True, return_counts=True)
        # where many known values are the same, the middle of their shares
        below = np.interp(value, different, share[first], left=0.0, right=1.0)
        up_to = np.interp(value, different, share[first + count - 1], left=0.0, right=1.0)
        scores[:, column] = np.clip(ndtri(0.5 * (below + up_to)), -_FURTHEST, _FURTHEST)
    return scores


def _fitted(places: FloatArray, components: int, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights (m,), means (m, e) and covariances (m, e, e) of the mixture of largest likelihood that is found."""
    n, e = places.shape
    near = ((places[:, None, :] - _centres(places, components, seed)) ** 2).sum(axis=2).argmin(axis=1)
    belongs = np.eye(components)[near]
    before = -np.inf
    for _ in range(_ROUNDS):
        size = belongs.sum(axis=0) + 1e-9
        mean = (belongs.T @ places) / size[:, None]
        covariance = np.empty((components, e, e))
        for k in range(components):
            away = places - mean[k]
            covariance[k] = (belongs[:, k, None] * away).T @ away / size[k] + _FLOOR * np.eye(e)
        whiten = np.linalg.inv(np.linalg.cholesky(covariance)).transpose(0, 2, 1)
        log = np.empty((n, components))
        for k in range(components):
            white = (places - mean[k]) @ whiten[k]
            log[:, k] = np.log(size[k] / n) + np.linalg.slogdet(whiten[k])[1] - 0.5 * (white**2).sum(axis=1)
        total = np.logaddexp.reduce(log, axis=1)
        belongs = np.exp(log - total[:, None])
        if total.mean() - before < _GAIN:
            break
        before = total.mean()
    return size / n, mean, covariance


def _centres(places: FloatArray, count: int, seed: int) -> FloatArray:
    """(count, e) places far from one another, moved to the means of what is nearest to each."""
    rng = np.random.default_rng(seed)
    chosen = [places[int(rng.integers(len(places)))]]
    squares = ((places - chosen[0]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        cumulative = np.cumsum(squares)
        place = int(np.searchsorted(cumulative, rng.random() * cumulative[-1]))
        chosen.append(places[min(place, len(places) - 1)])
        squares = np.minimum(squares, ((places - chosen[-1]) ** 2).sum(axis=1))
    centres = np.array(chosen)
    for _ in range(10):
        near = ((places[:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1)
        for k in range(count):
            if (near == k).any():
                centres[k] = places[near == k].mean(axis=0)
    return centres
