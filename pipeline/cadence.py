"""How a survey looks: what else may have happened between two looks, and what else confirms one."""

from __future__ import annotations

from typing import Literal

import numpy as np

from swope.pipeline.events import visits
from swope.pipeline.lightcurve import FloatArray, IntArray

#: *unbroken*: for days without a night's break, from orbit; *repeated*: several exposures a visit; *single*: one.
Cadence = Literal["unbroken", "repeated", "single"]
CADENCES: tuple[Cadence, ...] = ("unbroken", "repeated", "single")

#: No telescope on the ground looks at a star for so many days without a break of so many.
_DAYS, _BREAK = 2.0, 0.25

#: So many exposures of a band in a visit, in the mean, are several.
_SEVERAL = 2.0


def cadence(time: FloatArray, band: IntArray) -> Cadence:
    """How a light curve was observed.

    Parameters
    ----------
    time : (n,) ascending, days.
    band : (n,) of each row.
    """
    if not len(time):
        return "single"
    stretch = np.concatenate([[0], np.cumsum(np.diff(time) > _BREAK)])
    first, last = (np.searchsorted(stretch, np.arange(stretch[-1] + 1), side=side) for side in ("left", "right"))
    long = time[last - 1] - time[first] >= _DAYS
    if np.sum((last - first)[long]) > 0.5 * len(time):
        return "unbroken"
    looks = len(np.unique(visits(time).astype(np.int64) * (int(band.max()) + 1) + band))
    return "repeated" if len(time) >= _SEVERAL * looks else "single"
