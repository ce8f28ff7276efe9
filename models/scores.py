"""What a detector answers for the stars it was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.reason import Reason

#: A null of so many scores or more is followed beyond its largest: by the mean excess of its upper 2 per cent, at least
#: so many, and no further than to this share of its least p-value.
LEAST_TAIL, TAIL, FEWEST, FURTHEST = 100, 0.02, 10, 1e-4


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
    """P-value of each score against the scores of ordinary stars, also beyond the largest of these.

    That is `counted_pvalue` up to there; then it goes on as an exponential of the scores' own scale (Pickands 1975,
    Ann. Stat. 3, 119, with shape 0), so that the strangest of a large catalog can be told apart.

    Parameters
    ----------
    score : (n,) larger is stranger; NaN stays NaN.
    null : (m,) scores of stars known to be ordinary, m >= 1; with fewer than `LEAST_TAIL` there is no tail.

    Returns
    -------
    (n,) in (0, 1].

    Raises
    ------
    ValueError
        When there is nothing to compare with.
    """
    counted = counted_pvalue(score, null)
    ordered = np.sort(null[np.isfinite(null)])
    if ordered.size < LEAST_TAIL:
        return counted
    upper = ordered[-max(FEWEST, int(TAIL * ordered.size)) :]
    scale = float(np.mean(upper - upper[0]))
    beyond = np.maximum(score - ordered[-1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.maximum(np.exp(-beyond / scale), FURTHEST)
    return counted * np.where(beyond > 0, share, 1.0)


def counted_pvalue(score: FloatArray, null: FloatArray) -> FloatArray:
    """Share of ordinary stars that score as high, each score counted as one: (1 + number as high) / (1 + size of null).

    Parameters
    ----------
    score : (n,) larger is stranger; NaN stays NaN.
    null : (m,) scores of stars known to be ordinary, m >= 1.

    Returns
    -------
    (n,) in [1 / (m + 1), 1]. Davison & Hinkley 1997, eq. 4.11: never zero, so that it can be combined.

    Raises
    ------
    ValueError
        When there is nothing to compare with.
    """
    ordered = np.sort(null[np.isfinite(null)])
    if ordered.size == 0:
        raise ValueError("a null needs at least one finite score")
    higher = ordered.size - np.searchsorted(ordered, score, side="left")
    return np.where(~np.isnan(score), (1.0 + higher) / (1.0 + ordered.size), np.nan)
