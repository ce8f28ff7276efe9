"""How empty the space around a point is, compared with how empty it is around its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array32 = NDArray[np.float32]

#: Share of the usual distance that is added to every neighbourhood's own, so that repeated stars make no infinities.
_SOFT = 0.3

#: The usual distance, at least: most known points may be one and the same.
_LEAST_REACH = 1e-3


@dataclass(frozen=True, eq=False)
class LocalDensity:
    """Known points, whitened, with the distance of each to its own neighbours.

    A star of a rare but known kind lives in a thin neighbourhood and is no outlier; a star between two dense kinds is
    one, however near (Breunig et al. 2000, the local outlier factor).

    Attributes
    ----------
    centre : (d,) and turn (d, e): from a point to the whitened space, ``(point - centre) @ turn``.
    memory : (m, e) known points in that space.
    reach : (m,) mean distance of each to its nearest neighbours.
    neighbours : how many count as near.
    """

    centre: Array32
    turn: Array32
    memory: Array32
    reach: Array32
    neighbours: int

    @classmethod
    def of(cls, points: NDArray[np.floating], memory: int, neighbours: int, axes: int, seed: int) -> LocalDensity:
        """Remember points.

        Parameters
        ----------
        points : (n, d).
        memory : at most so many are kept, drawn at random.
        neighbours : how many count as near.
        axes : principal axes that are kept, at most; each is scaled to variance 1.
        seed : of the draw.
        """
        centre = points.mean(axis=0)
        _, size, axis = np.linalg.svd(points - centre, full_matrices=False)
        size = size / np.sqrt(len(points))
        kept = (np.arange(len(size)) < axes) & (size > 1e-3 * size[0])
        turn = (axis[kept] / size[kept, None]).T
        chosen = np.sort(np.random.default_rng(seed).permutation(len(points))[:memory])
        places = ((points[chosen] - centre) @ turn).astype(np.float32)
        neighbours = min(neighbours, len(places) - 1)
        bare = cls(
            centre.astype(np.float32),
            turn.astype(np.float32),
            places,
            np.ones(len(places), dtype=np.float32),
            neighbours,
        )
        distances, _ = nearest_of(places, places, neighbours + 1)
        # the nearest known point of a known point is itself
        reach = distances[:, 1:].mean(axis=1)
        return cls(bare.centre, bare.turn, places, reach.astype(np.float32), neighbours)

    def emptiness(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n,) logarithm of each point's distance to its neighbours over theirs to their own.

        Parameters
        ----------
        points : (n, d).
        """
        # a row at a time: a matrix product would round differently with other company
        turned = [((point - self.centre)[:, None] * self.turn).sum(axis=0) for point in points]
        places = np.array(turned, dtype=np.float32).reshape(len(points), self.turn.shape[1])
        distance, index = nearest_of(self.memory, places, self.neighbours)
        usual = np.maximum(self.reach[index].mean(axis=1) + _SOFT * np.median(self.reach), _LEAST_REACH)
        return np.asarray(np.log(distance.mean(axis=1) / usual + 1e-3), dtype=np.float64)


def nearest_of(memory: Array32, places: Array32, k: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distances (n, k) of places (n, e) to the nearest points (m, e), m >= k, in their order, and which they are."""
    from swope.models.autoencoder.nearest import nearest

    found = [nearest(memory, place, k) for place in places]
    distances = np.array([distance for distance, _ in found], dtype=np.float64).reshape(-1, k)
    return distances, np.array([index for _, index in found], dtype=np.int64).reshape(-1, k)
