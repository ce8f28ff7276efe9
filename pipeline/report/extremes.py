"""Axes that show the bulk of the points, the extremes marked at their edges; and the stretch around an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The bulk of the points lies between these percentiles; an axis reaches as far beyond them as they are apart.
_BULK = (1.0, 99.0)

#: Rows before and after an event that its panel shows.
_AROUND = 15

#: An event that lasts longer than this share of the light curve needs no panel of its own.
_LONG = 0.3

#: Up to this share of the rows may lie in events without deciding how far an axis reaches.
_FEW = 0.05

#: Events that have no moment (`swope.pipeline.catalog.store`), and so nothing to look at closely.
_LASTING = ("trend", "period")


def bulk(value: FloatArray, band: NDArray[np.int32]) -> FloatArray:
    """The values that decide how far an axis reaches: all of them, but for extremes far from the bulk of their band.

    Parameters
    ----------
    value : (n,).
    band : (n,) index of each value's band.

    Examples
    --------
    >>> wave = np.sin(np.arange(200.0))
    >>> float(bulk(np.append(wave, 50.0), np.zeros(201, dtype=np.int32)).max()) < 1.01
    True
    """
    finite = np.isfinite(value)
    kept = finite.copy()
    for one in np.unique(band[finite]):
        rows = finite & (band == one)
        ordered = np.sort(value[rows])
        low, high = np.interp(np.multiply(_BULK, (len(ordered) - 1) / 100), np.arange(len(ordered)), ordered)
        # of a curve that is flat but for a few points, all is shown
        if high > low:
            kept &= ~rows | ((value >= 2 * low - high) & (value <= 2 * high - low))
    return value[kept]


def calm(time: FloatArray, events: Sequence[Mapping[str, Any]]) -> BoolArray:
    """(n,) rows that are not in or beside a short event: they decide how far an axis reaches.

    Beside is as long before and after as the event lasts. Where more than a few rows are, all of them count: then the
    events are what the curve is about.

    Parameters
    ----------
    time : (n,) days.
    events : rows of events.parquet.
    """
    kept: BoolArray = np.ones(len(time), dtype=bool)
    for event in events:
        if event.get("kind") not in _LASTING and event.get("t_start") is not None:
            length = _end(event) - event["t_start"]
            kept &= (time < event["t_start"] - length) | (time > _end(event) + length)
    few = np.count_nonzero(~kept) <= _FEW * len(time)
    return kept if few else np.ones(len(time), dtype=bool)


def mark_beyond(axes: Axes, x: FloatArray, value: FloatArray, low: float, high: float, labelled: bool = True) -> None:
    """Arrows at the edges of an axis for the points beyond it; the axis has its limits and direction already."""
    above, below = value > high, value < low
    if not (above | below).any():
        return
    upside_down = axes.yaxis_inverted()
    label = f"beyond the axis ({int((above | below).sum())})" if labelled else None
    for rows, top in ((above, not upside_down), (below, upside_down)):
        if rows.any():
            axes.plot(
                x[rows],
                np.full(int(rows.sum()), 0.975 if top else 0.025),
                "^" if top else "v",
                color="#AA0000",
                ms=5,
                mew=0,
                alpha=0.8,
                transform=axes.get_xaxis_transform(),
                zorder=6,
                label=label,
            )
            label = None


def event_rows(time: FloatArray, events: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], BoolArray] | None:
    """The surest event that is short, and the rows in and around it; None where there is none.

    Parameters
    ----------
    time : (n,) of the usable rows, ascending.
    events : rows of events.parquet.
    """
    if len(time) < 2:
        return None
    span = float(time[-1] - time[0])
    short = [
        event
        for event in events
        if event.get("kind") not in _LASTING
        and event.get("t_start") is not None
        and _end(event) - event["t_start"] <= _LONG * span
    ]
    if not short:
        return None
    event = min(short, key=lambda one: (_or(one.get("pvalue"), 1.0), -_or(one.get("snr"), 0.0), one["t_start"]))
    first, last = np.searchsorted(time, [event["t_start"], _end(event)], side="left")
    # a season before or after would make the event a line
    reach = max(3 * (_end(event) - event["t_start"]), 2 * _AROUND * float(np.median(np.diff(time))))
    row = np.arange(len(time))
    near = (time >= event["t_start"] - reach) & (time <= _end(event) + reach)
    around: BoolArray = near & (row >= first - _AROUND) & (row <= last + _AROUND)
    return (event, around) if around.any() else None


def _end(event: Mapping[str, Any]) -> float:
    return float(_or(event.get("t_end"), event["t_start"]))


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
