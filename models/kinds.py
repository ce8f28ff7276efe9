"""How seldom known kinds of stars are where a star is, in the space that tells them apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray

Array32 = NDArray[np.float32]

#: Share of a round covariance that is mixed into the covariance within the kinds (Ledoit & Wolf 2004), and into that of
#: their means: what is strange may be so along axes that tell no two known kinds apart, but are narrow in all of them.
_ROUND_WITHIN, _ROUND_BETWEEN = 0.1, 0.1

#: Stars' worth of the covariance common to all kinds in the covariance of each.
_COMMON = 20.0

#: Rounds in which the centres of groups are moved.
_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class KnownKinds:
    """Kinds of stars along their discriminant axes, in units of the scatter within a kind.

    The axes are those of linear discriminant analysis (Fisher 1936, Rao 1948). A Gaussian stands for each kind; the
    distance to the nearest kind finds what a classifier never saw (Lee et al. 2018, NeurIPS 31).

    Attributes
    ----------
    centre : (d,) and turn (d, e): from a point to its place, ``(point - centre) @ turn``.
    weight : (k,) shares of the kinds; they sum to 1.
    mean : (k, e) their centres.
    whiten : (k, e, e) ``(place - mean) @ whiten`` is white in a kind.
    """

    centre: Array32
    turn: Array32
    weight: Array32
    mean: Array32
    whiten: Array32

    @classmethod
    def of(cls, points: NDArray[np.floating], kind: NDArray[np.int64], axes: int) -> KnownKinds:
        """Learn kinds of stars.

        Parameters
        ----------
        points : (n, d).
        kind : (n,) from 0; each number up to the largest has a star.
        axes : that are kept, at most.
        """
        centre = points.mean(axis=0, dtype=np.float64)
        away = points - centre
        mean, within = _within(away, kind)
        share = np.bincount(kind) / len(kind)
        between = _rounded((share[:, None] * mean).T @ mean, _ROUND_BETWEEN)
        # C = L L', so L^-1 x is white within the kinds; eigh sorts upwards
        white = np.linalg.inv(np.linalg.cholesky(_rounded(within, _ROUND_WITHIN)))
        turn = white.T @ np.linalg.eigh(white @ between @ white.T)[1][:, ::-1][:, :axes]
        places = away @ turn
        mean, common = _within(places, kind)
        whiten = []
        for k in range(len(mean)):
            own = places[kind == k] - mean[k]
            covariance = (own.T @ own + _COMMON * _rounded(common, 0.0)) / (len(own) + _COMMON)
            whiten.append(np.linalg.inv(np.linalg.cholesky(covariance)).T)
        kept = (centre, turn, share, mean, np.stack(whiten))
        # in the order in which they are read back: sums in another one round differently
        return cls(*(np.ascontiguousarray(one, dtype=np.float32) for one in kept))

    def places(self, points: NDArray[np.floating]) -> FloatArray:
        """(n, e) where points (n, d) lie along the axes."""
        turn = self.turn.astype(np.float64)
        # a row at a time: a matrix product would round differently with other company
        there = [((point - self.centre)[:, None] * turn).sum(axis=0) for point in points]
        return np.array(there, dtype=np.float64).reshape(len(points), turn.shape[1])

    def rarity(self, places: FloatArray) -> FloatArray:
        """(n,) how seldom known stars are at places (n, e): the logarithm of 1 + r.

        The density of known stars is exp(-r) of what it would be at the centre of all kinds at once: noise, which
        widens all distances by a factor, adds to it, and may be regressed out.
        """
        whiten = self.whiten.astype(np.float64)
        known = np.log(self.weight) + np.log(np.abs(np.linalg.det(whiten)))
        highest = np.logaddexp.reduce(known)
        rare = np.empty(len(places))
        for row, place in enumerate(places):
            white = ((place - self.mean)[:, :, None] * whiten).sum(axis=1)
            rare[row] = highest - np.logaddexp.reduce(known - 0.5 * (white**2).sum(axis=1))
        return np.log(1.0 + rare)


def grouped(points: NDArray[np.floating], groups: int, seed: int) -> NDArray[np.int64]:
    """(n,) groups that stand for kinds where none are known: by k-means (Lloyd 1982).

    Parameters
    ----------
    points : (n, d).
    groups : at most so many.
    seed : of the first centres, drawn far from one another (Arthur & Vassilvitskii 2007).
    """
    rng = np.random.default_rng(seed)
    centres = points[rng.integers(len(points), size=1)].astype(np.float64)
    for _ in range(groups - 1):
        cumulative = np.cumsum(_squares(points, centres).min(axis=1))
        place = int(np.searchsorted(cumulative, rng.random() * cumulative[-1]))
        centres = np.concatenate([centres, points[min(place, len(points) - 1)][None]])
    for _ in range(_ROUNDS):
        near = _squares(points, centres).argmin(axis=1)
        centres = np.stack([points[near == k].mean(axis=0) for k in np.unique(near)])
    return np.unique(_squares(points, centres).argmin(axis=1), return_inverse=True)[1]


def _squares(points: NDArray[np.floating], centres: FloatArray) -> FloatArray:
    return np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def _within(places: FloatArray, kind: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Means (k, e) of the kinds, and the covariance (e, e) about them."""
    mean = np.stack([places[kind == k].mean(axis=0) for k in range(int(kind.max()) + 1)])
    away = places - mean[kind]
    return mean, away.T @ away / len(places)


def _rounded(covariance: FloatArray, share: float) -> FloatArray:
    size = len(covariance)
    # the last keeps it positive where no star differs from its kind
    rounded: FloatArray = (1.0 - share) * covariance + (share * np.trace(covariance) / size + 1e-6) * np.eye(size)
    return rounded
