"""Which stars of a catalog are alike: where each stands among the others, and who is near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray

#: What a star of quite another class is away, in standard deviations of a latent axis.
CLASS_WEIGHT = 7.0


def places(latent: NDArray[np.float32], probability: FloatArray) -> FloatArray:
    """Where stars stand among each other: by what a network makes of their shape, and by their likely classes.

    Parameters
    ----------
    latent : (n, k) latent vectors; each axis is scaled to the catalog's standard deviation.
    probability : (n, c) of each class; two stars differ in them by their Hellinger distance, from 0 to 1.

    Returns
    -------
    (n, k + c); distances are Euclidean, in standard deviations.
    """
    spread = latent.std(axis=0, dtype=np.float64)
    # an axis on which all stars agree says nothing
    axes = latent.astype(np.float64) / np.where(spread > 0, spread, np.inf)
    classes = np.sqrt(np.clip(np.nan_to_num(probability), 0.0, 1.0) / 2.0)
    return np.column_stack([axes, CLASS_WEIGHT * classes])


def nearest(place: FloatArray, star: int, n: int) -> tuple[NDArray[np.int64], FloatArray]:
    """The n stars nearest to one, itself left out, in order, and their distances; the first of equals first.

    Parameters
    ----------
    place : (m, k) of `places`.
    star : which of them.

    Examples
    --------
    >>> place = np.array([[0.0], [5.0], [1.0], [-2.0]])
    >>> nearest(place, 0, 2)
    (array([2, 3]), array([1., 2.]))
    """
    distance = np.sqrt(((place - place[star]) ** 2).sum(axis=1))
    others = np.delete(np.arange(len(place)), star)
    order = others[np.argsort(distance[others], kind="stable")][:n]
    return order, distance[order]
