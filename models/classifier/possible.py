"""Which types a period leaves possible: a class and the period that stands beside it are one answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swope.models.inputs import Inputs
from swope.pipeline.features import FOLDED
from swope.pipeline.lightcurve import BoolArray
from swope.pipeline.vsx import TYPES, period_range

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
