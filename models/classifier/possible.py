"""Which types a period leaves possible: a class and the period that stands beside it are one answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swope.models.inputs import FACTORS, Inputs
from swope.pipeline.features import FOLDED
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.vsx import TYPES, period_range

#: The share of a type's probability that another period than the found one has to have. Chosen on stars of the training
#: sets, judged by classifiers that never saw their survey (ASAS, Catalina South, EROS): at a half these spoilt more
#: periods than they mended.
MUCH_LIKELIER = 0.7

#: The same where the search was in doubt between the two. Chosen on half of the stars of ASAS and Catalina South that
#: are kept apart (by `swope.pipeline.split.share`, "doubted").
LIKELIER = 0.5

_LOG_PERIOD = FOLDED.index("log_period")


def possible_pairs(inputs: Inputs, types: Sequence[str]) -> BoolArray:
    """The pairs of candidate period and type that the types' definitions allow.

    Parameters
    ----------
    inputs : n stars.
    types : names of the columns; a name of the user's own has any period.

    Returns
    -------
    (n, candidates, len(types)); all of them for a star without a period, and where none would be left.
    """
    low, high = np.array([period_range(name) if name in TYPES else (0.0, np.inf) for name in types]).T
    period: NDArray[np.float64] = 10.0 ** inputs.folded[:, :, _LOG_PERIOD, None].astype(np.float64)
    # of no period nothing is known: NaN is outside nothing
    possible = ~((period < low) | (period > high))
    possible[~possible.any(axis=(1, 2))] = True
    return np.asarray(possible)


def period_factor(share: FloatArray, doubted: BoolArray) -> FloatArray:
    """What to multiply found periods by, now that the type is known.

    The found period stays where the type may have it, unless another is much likelier than all the rest together.

    Parameters
    ----------
    share : (n, candidates) probability of the star's type at each of them; 0 where it may not have it.
    doubted : (n, candidates) whether the search nearly took that one.

    Returns
    -------
    (n,) one of `FACTORS`.
    """
    likely = share.argmax(axis=1)
    least = np.where(np.take_along_axis(doubted, likely[:, None], axis=1)[:, 0], LIKELIER, MUCH_LIKELIER)
    moved = (share.max(axis=1) > least * share.sum(axis=1)) | (share[:, 0] == 0.0)
    return np.where(moved, np.array(FACTORS)[likely], 1.0)
