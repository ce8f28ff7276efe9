"""The events of a fitted star against its whole curve, of which none tells another again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from swope.models.statespace.ordinary import OrdinaryEvents
from swope.models.statespace.outbursts import find_outbursts
from swope.models.statespace.slow import Slow, covered, find_slow
from swope.models.statespace.star import StarFit
from swope.pipeline.events import Event, EventFlag, EventOptions, edges, event_of, in_sight, visits
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray


def whole_curve_events(
    fitted: StarFit,
    forecast: Forecast,
    options: EventOptions,
    ordinary: OrdinaryEvents,
    kept: IntArray | None = None,
) -> list[Event]:
    """Outbursts, pulses, shifts, trends and changed periods of a star, of which none tells another again.

    They are what appears to be an event; those with a p-value above that of the options are none, and yet may hide
    others.

    Parameters
    ----------
    fitted, forecast : of the same star.
    options : what counts as an event.
    ordinary : what they are held against.
    kept : (m,) which rows of the forecast were fitted; all of them by default.
    """
    index = np.arange(len(forecast.time), dtype=np.int32) if kept is None else kept
    time = forecast.time[index]
    visit = visits(time)
    outbursts, others = _both(fitted, forecast.innovation[index], options.pvalue)
    judged = ordinary.judged([*outbursts, *others], time)
    outbursts, others = judged[: len(outbursts)], judged[len(outbursts) :]
    bright = covered((slow for slow in outbursts if slow.pvalue <= options.pvalue), len(time))
    found = [slow for slow in others if not _told_better(slow, bright, time)]
    sure = [slow for slow in found if slow.pvalue <= options.pvalue]
    taken = covered(filter(_brightens, sure), len(time))
    found += [slow for slow in outbursts if not taken[slow.first : slow.last + 1].any()]
    after, before = (edge[index] for edge in edges(forecast.time, options))
    events = []
    for slow in found:
        flag: EventFlag | None = None
        if slow.kind in ("pulse", "shift") and after[slow.first]:
            flag = "segment_start"
        elif slow.kind == "pulse" and before[slow.last]:
            flag = "gap_edge"
        elif visit[slow.first] == visit[slow.last]:
            flag = "single_visit"
        rows = index[slow.first : slow.last + 1]
        largest = slow.effect[np.argmax(np.abs(slow.effect))]
        bands = "+".join(forecast.bands)
        events.append(event_of(forecast, rows, bool(largest > 0), slow.pvalue, bands, slow.kind, flag))
    return events


def appearing(fitted: StarFit, forecast: Forecast) -> list[Slow]:
    """What appears to be an event of a star against its whole curve, told twice or not."""
    outbursts, others = _both(fitted, forecast.innovation, EventOptions().pvalue)
    return [*outbursts, *others]


def _both(fitted: StarFit, innovation: FloatArray, pvalue: float) -> tuple[Sequence[Slow], Sequence[Slow]]:
    """Outbursts, and what is slow."""
    return find_outbursts(fitted, innovation, pvalue), find_slow(fitted, pvalue)


def _brightens(slow: Slow) -> bool:
    return slow.kind == "pulse" and bool(slow.effect.sum() > 0)


def _told_better(slow: Slow, bright: BoolArray, time: FloatArray) -> bool:
    """Whether outbursts tell a brightening, or a level shift, better.

    They do where the star was out of sight for most of the brightening, and where one side of the shift is outburst.

    Parameters
    ----------
    bright, time : (n,) which rows are in outburst, and when they are.
    """
    if slow.kind == "shift":
        higher = slice(slow.first, None) if slow.effect.sum() > 0 else slice(None, slow.first)
        return bool(np.mean(bright[higher]) > 0.5)
    broken = len(in_sight(time, visits(time), slow.first, slow.last)) > 1
    return _brightens(slow) and broken and bool(bright[slow.first : slow.last + 1].any())
