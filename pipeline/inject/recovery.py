"""Whether what was laid into a star is among the events that were found in it, and was not there before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from swope.pipeline.events import Event
from swope.pipeline.inject.lay import Laid
from swope.pipeline.inject.shapes import SHAPES

Outcome = Literal["recovered", "missed", "occupied"]

#: The time of an event is widened on each side by this share of its length.
_WIDER = 0.5

#: So much of a found event has to lie in that time: a trend over years does not tell of one night.
_INSIDE = 1.0 / 3.0


#: What lasts is told of within so many mean steps.
_STEPS = 5.0


@dataclass(frozen=True)
class Recovery:
    """What became of an event that was laid.

    Attributes
    ----------
    outcome : "recovered"; "missed"; "occupied", where the star had an event of its own there that nothing new was told
        from, so that the trial says nothing.
    events : those that tell of it, the surest first; it is recovered once, however many they are.
    """

    outcome: Outcome
    events: tuple[Event, ...]


def recovery(laid: Laid, before: Sequence[Event], after: Sequence[Event]) -> Recovery:
    """Look for an event that was laid.

    Parameters
    ----------
    laid : the star with it.
    before, after : events of the star without and with it.
    """
    if not laid.rows:
        return Recovery("missed", ())
    there = [event for event in before if tells(event, laid)]
    new = [event for event in after if tells(event, laid) and not any(_same(event, old) for old in there)]
    if new:
        return Recovery("recovered", tuple(sorted(new, key=lambda event: (event.pvalue, event.t_start))))
    return Recovery("occupied" if there else "missed", ())


def tells(event: Event, laid: Laid) -> bool:
    """Whether an event may be the one that was laid: in its direction, and for a good part in its time.

    What lasts to the end of the curve has to begin when it did, or while it grew, or with the first row that shows it.
    """
    if event.direction != laid.injection.direction:
        return False
    time = laid.curve.good.time
    step = float(time[-1] - time[0]) / max(len(time) - 1, 1)
    if SHAPES[laid.injection.shape].lasts:
        grows = 0.0 if math.isnan(laid.injection.duration) else laid.injection.duration
        begun = laid.injection.time
        return begun - _STEPS * step <= event.t_start <= max(begun + grows, laid.start) + _STEPS * step
    wider = max(step, _WIDER * (laid.end - laid.start))
    shared = min(event.t_end, laid.end + wider) - max(event.t_start, laid.start - wider)
    return shared >= _INSIDE * (event.t_end - event.t_start) and shared >= 0


def _same(one: Event, other: Event) -> bool:
    """Whether two events of one direction share more than half of the time that they take together."""
    shared = min(one.t_end, other.t_end) - max(one.t_start, other.t_start)
    together = max(one.t_end, other.t_end) - min(one.t_start, other.t_start)
    return shared >= 0 and bool(shared >= 0.5 * together or np.isclose(together, 0.0))
