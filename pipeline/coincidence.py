"""Many stars at the same instant: what happens to all of them happened to the instrument, or to the sky."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray, FloatArray

#: Fewer stars than this never are many.
LEAST_STARS = 3

#: Kinds of events that have no moment: where they begin follows from when a survey looked, and so for all its stars.
LASTING = ("trend", "period")


def shared_events(
    star: NDArray[np.int64],
    kind: NDArray[np.object_],
    direction: NDArray[np.object_],
    start: FloatArray,
    peak: FloatArray,
    end: FloatArray,
    rows: NDArray[np.int64],
    span: FloatArray,
) -> BoolArray:
    """Which events of a run happened to many of its stars.

    Parameters
    ----------
    star, kind, direction, start, peak, end : (n,) a number for each event's star, and what `Event` says of it.
    rows, span : (n,) observations of its star, and from the first to the last of them, days.
    """
    lasting = np.isin(kind, LASTING)
    begin, top, last = (np.where(lasting, np.nan, moment) for moment in (start, peak, end))
    return happened_to_many(star, begin, top, last, direction == "brighten", span / np.maximum(rows, 1), span)


def happened_to_many(
    star: NDArray[np.int64],
    start: FloatArray,
    peak: FloatArray,
    end: FloatArray,
    brighter: BoolArray,
    step: FloatArray,
    span: FloatArray,
) -> BoolArray:
    """Which events of a run happened to many stars: began, peaked or, as bad seasons do, lasted with theirs.

    Parameters
    ----------
    star : (n,) a number for each event's star.
    start, peak, end : (n,) times of its event, days; NaN for what has no end.
    brighter : (n,) its direction.
    step, span : (n,) mean distance of its star's observations, and from the first to the last of them, days.
    """
    # a jump is at one moment when it begins, a flare when it peaks
    sudden = many_stars(star, start, brighter, step, span) | many_stars(star, peak, brighter, step, span)
    return sudden | many_stars(star, 0.5 * (start + end), brighter, np.maximum(step, 0.5 * (end - start)), span)


def many_stars(
    star: NDArray[np.int64],
    moment: FloatArray,
    brighter: BoolArray,
    step: FloatArray,
    span: FloatArray,
    chance: float = 1e-3,
) -> BoolArray:
    """Which events of a run share their moment, and their direction, with more stars than chance allows.

    The other events that fall within half a step of an event by chance are Poisson-distributed: each that is less than
    a span away is there with a probability of ``2 step / span``, twice that of a uniform time, since observations
    crowd into seasons. The tail probability of as many *stars* (a star with several events there counts once) is
    multiplied by the number of events.

    Parameters
    ----------
    star : (n,) a number for each event's star.
    moment : (n,) when it happened, days.
    brighter : (n,) its direction.
    step, span : (n,) how near others count, such as the mean distance of its star's observations, and from the first to
        the last of these, days.
    chance : probability that any event of a run without such moments is marked.

    Returns
    -------
    (n,) never true for fewer than `LEAST_STARS` stars; where a time is not finite, false.
    """
    marked = np.zeros(len(star), dtype=bool)
    for direction in (False, True):
        rows = np.flatnonzero((brighter == direction) & np.isfinite(moment) & np.isfinite(step) & (span > 0))
        rows = rows[np.argsort(moment[rows], kind="stable")]
        if len(rows):
            marked[rows] = _crowded(star[rows], moment[rows], step[rows], span[rows], chance / len(star))
    return marked


def _crowded(
    star: NDArray[np.int64], moment: FloatArray, step: FloatArray, span: FloatArray, chance: float
) -> BoolArray:
    """The same for the events of one direction in order of time."""
    # of Poisson's distribution, without the second that scipy.stats takes to import
    from scipy.special import pdtrc

    first = np.searchsorted(moment, moment - 0.5 * step, side="left")
    last = np.searchsorted(moment, moment + 0.5 * step, side="right")
    others = np.zeros(len(star))
    for i in np.flatnonzero(last - first >= LEAST_STARS):
        others[i] = len(np.unique(star[first[i] : last[i]])) - 1
    near = np.searchsorted(moment, moment + span, side="right") - np.searchsorted(moment, moment - span, side="left")
    expected = (near - 1) * np.minimum(2 * step / span, 1.0)
    crowded: BoolArray = (others >= LEAST_STARS - 1) & (pdtrc(others - 1, expected) <= chance)
    return crowded
