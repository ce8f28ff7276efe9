"""One answer in the hierarchy of types: as narrow as its probability allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.vsx import TYPES, lineage

#: Probability that an answer should have.
SURE = 0.9


def surely(types: Sequence[str], probabilities: FloatArray, least: float = SURE) -> tuple[str | None, ...]:
    """The narrowest type, or else family of types, that holds enough of the probability of each star.

    From the likeliest type it goes up: EW, then E, then "eclipsing".

    Parameters
    ----------
    types : VSX names of the columns.
    probabilities : (n, len(types)); rows of NaN have no answer.
    least : probability of the answer.

    Returns
    -------
    n entries: a VSX type, a group of `swope.pipeline.vsx`, or None where even the family is open.
    """
    # a name of the user's own stands by itself
    above = [lineage(name) if name in TYPES else (name,) for name in types]
    inside = {wide: np.array([wide in names for names in above]) for names in above for wide in names}
    found: list[str | None] = []
    for row in probabilities:
        if np.isnan(row).any():
            found.append(None)
            continue
        steps = above[int(row.argmax())]
        found.append(next((wide for wide in steps if row[inside[wide]].sum() >= least), None))
    return tuple(found)
