"""Which stars of a run are unlike all types that the classifier learnt."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray

#: The words of ``class_flag``: no type is likely enough; or one is, but the star is unlike those of all types.
UNCERTAIN, UNFAMILIAR = "uncertain", "unfamiliar"

#: Stars of known types are unfamiliar in one of twenty cases. Where more than twice as many of a run's stars are, it is
#: the survey that is unlike those that the classifier learnt from, and these stars are the run's strangest.
MOST_OF_A_RUN = 0.1

#: Fewer stars do not say what is usual among them.
LEAST_STARS = 100


def unfamiliar(unlikeness: FloatArray) -> BoolArray:
    """(n,) which stars of a run are unfamiliar.

    Parameters
    ----------
    unlikeness : (n,) the column ``class_unlikeness``: above 1 where a single star is; NaN where nothing is known.
    """
    known = unlikeness[np.isfinite(unlikeness)]
    limit = 1.0
    if len(known) >= LEAST_STARS:
        limit = max(limit, float(np.quantile(known, 1.0 - MOST_OF_A_RUN)))
    found: BoolArray = unlikeness > limit
    return found
