"""What the likeliest events of ordinary stars look like: what an event of another star is held against."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from swope.models.statespace.slow import Slow
from swope.pipeline.events import PointNull, best_runs
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray

Habit = Literal["period", "shift", "trend", "lasting", "visit", "pair"]

#: What stars that are ordinary of their kind, and surveys, do, so that it is no rare event: contact binaries change
#: their periods, and spots, or the light-time of a companion, look the same; spots and calibration change levels from
#: season to season, for good or ("lasting" pulses) for a while; whole visits are off, alone and in pairs.
HABITS: tuple[Habit, ...] = ("period", "shift", "trend", "lasting", "visit", "pair")

#: A pulse is confirmed where all visits but the one that tells most of it go as far by chance less often than this.
_CONFIRMED = 1e-3


def _ideal() -> dict[Habit, PointNull]:
    return {habit: PointNull() for habit in HABITS}


@dataclass(frozen=True)
class OrdinaryEvents:
    """How likely the likeliest events of ordinary stars look.

    Attributes
    ----------
    point : the strangest single points.
    habits : the likeliest event of each of `HABITS`.
    """

    point: PointNull = field(default_factory=PointNull)
    habits: dict[Habit, PointNull] = field(default_factory=_ideal)

    def judged(self, slow: Slow) -> Slow:
        """The event with the p-value that it has among ordinary stars.

        A pulse that passes is as likely as that a visit is as rotten as its most telling one, and that the others go as
        far by chance; unless it is less likely by itself.
        """
        habit = _habit(slow)
        among = 10.0 ** -float(self.habits[habit].decades(_decades(slow))[0])
        return replace(slow, pvalue=max(slow.pvalue, among * slow.rest) if habit == "visit" else among)


def _decades(slow: Slow) -> FloatArray:
    """(1,) minus the decimal logarithm of the p-value that is held against ordinary stars."""
    return np.array([-math.log10(max(slow.alone if _habit(slow) == "visit" else slow.pvalue, 1e-300))])


def _habit(slow: Slow) -> Habit:
    if slow.kind != "pulse":
        return slow.kind
    return "lasting" if slow.lasts else "visit"


def habit_decades(found: Iterable[Slow], forecast: Forecast) -> FloatArray:
    """(habits,) minus the decimal logarithm of the p-value of the likeliest event of each of `HABITS`; 0: none.

    Parameters
    ----------
    found : the events of a star against its whole curve; those that visits confirm are no example of what one visit
        shows.
    forecast : of the same star.
    """
    best = dict.fromkeys(HABITS, 0.0)
    for slow in found:
        habit = _habit(slow)
        if habit != "visit" or slow.rest > _CONFIRMED:
            best[habit] = max(best[habit], float(_decades(slow)[0]))
    best["pair"] = best_runs(forecast)[1]
    return np.array(list(best.values()))
