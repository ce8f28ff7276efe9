"""The states of a recurrent network's cell, laid out so that a picture of them can be read."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.report.detail import CellStates

#: A step of more than this many median steps is a gap, over which nothing is shown.
GAP = 10.0


#: Columns of the picture of the cell's states: about a pixel each.
COLUMNS = 640


def picture_of(time: FloatArray, states: FloatArray) -> CellStates:
    """The states as the report shows them: like units together, in even steps of time.

    Parameters
    ----------
    time : (n,) days, ascending.
    states : (n, units).
    """
    return CellStates(float(time[0]), float(time[-1]), over_time(time, by_main_motion(states), COLUMNS))


def by_main_motion(states: FloatArray) -> FloatArray:
    """(n, units) the states about their means and in units of their spreads, sorted so that like units are neighbours.

    The order is that of the units' parts in the first principal component, in what most of them do together; those
    that speak for it the most come first. A unit that never moves is zero.

    Parameters
    ----------
    states : (n, units).
    """
    away = states - states.mean(axis=0)
    spread = away.std(axis=0)
    alike: FloatArray = away / np.where(spread > 1e-6, spread, np.inf)
    part = np.linalg.svd(alike, full_matrices=False)[2][0]
    # a component has no sign of its own
    part = part * np.sign(part[np.abs(part).argmax()])
    return alike[:, np.argsort(-part, kind="stable")]


def over_time(time: FloatArray, states: FloatArray, columns: int) -> FloatArray:
    """(columns, units) the states in even steps of time: the mean over the rows of each, or those of the row before.

    A cell keeps its states until the next row; where that is more than `GAP` median steps away, there is NaN.

    Parameters
    ----------
    time : (n,) ascending.
    states : (n, units).
    columns : how many, from the first row's time to the last one's.
    """
    edge = np.linspace(time[0], time[-1], columns + 1)
    first = np.searchsorted(time, edge[:-1])
    # the last column holds the last row too
    last = np.append(np.searchsorted(time, edge[1:-1]), len(time)) - 1
    count = np.maximum(last + 1 - first, 0)[:, None]
    total = np.concatenate([np.zeros((1, states.shape[1])), np.cumsum(states, axis=0, dtype=np.float64)])
    shown: FloatArray = np.where(count > 0, (total[last + 1] - total[first]) / np.maximum(count, 1), states[last])
    step = np.diff(time)
    wide = np.append(step > GAP * np.median(step), False) if len(step) else np.zeros(1, dtype=bool)
    shown[wide[last] & (count[:, 0] == 0)] = np.nan
    return shown
