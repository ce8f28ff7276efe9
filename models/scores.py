"""What a detector answers for the stars it was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.reason import Reason


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of n stars by one detector; larger is stranger.

    Attributes
    ----------
    score : (n,) NaN where not computed.
    pvalue : (n,) probability that an ordinary star scores as high, in (0, 1]; NaN where not computed.
    reason : n entries: why there is no score, or None.
    """

    score: FloatArray
    pvalue: FloatArray
    reason: tuple[Reason | None, ...]

    def __post_init__(self) -> None:
        if not len(self.score) == len(self.pvalue) == len(self.reason):
            raise ValueError("score, pvalue and reason differ in length")


def empirical_pvalue(score: FloatArray, null: FloatArray) -> FloatArray:
    """P-value of each score against the scores of ordinary stars: (1 + number as high) / (1 + size of the null).

    Parameters
    ----------
    score : (n,) larger is stranger; NaN stays NaN.
    null : (m,) scores of stars known to be ordinary, m >= 1.

    Returns
    -------
    (n,) in [1 / (m + 1), 1]. Davison & Hinkley 1997, eq. 4.11: never zero, so that it can be combined.
    """
    ordered = np.sort(null[np.isfinite(null)])
    if ordered.size == 0:
        raise ValueError("a null needs at least one finite score")
    higher = ordered.size - np.searchsorted(ordered, score, side="left")
    return np.where(~np.isnan(score), (1.0 + higher) / (1.0 + ordered.size), np.nan)
