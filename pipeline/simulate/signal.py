"""What a simulated star does before any telescope looks at it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from swope.pipeline.lightcurve import FloatArray

#: Change of magnitude at (n,) times and (n,) wavelengths, against the star's mean or quiet light; positive is fainter.
Change = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Scene:
    """When a star is watched, and how closely.

    Attributes
    ----------
    start, stop : first and last possible observation, Julian dates.
    noise : typical one-sigma noise of one observation, in magnitudes: a survey lists what it could see.
    """

    start: float
    stop: float
    noise: float


@dataclass(frozen=True)
class Event:
    """Something that happened once.

    Attributes
    ----------
    kind : "flare", "outburst", "supernova", "microlensing", "fading", "dip", ...
    start, peak, end : Julian dates.
    """

    kind: str
    start: float
    peak: float
    end: float


@dataclass(frozen=True, eq=False)
class Signal:
    """A star's true behaviour.

    Attributes
    ----------
    class_ : VSX name.
    temperature : effective, in kelvin; sets the mean colours.
    change : magnitude changes at given times (Julian dates) and wavelengths (micrometres); for stochastic stars a
        pure function of all the times together.
    period : days; NaN where there is none.
    t0 : epoch, Julian date: minimum light of eclipsing stars, maximum light of the others; NaN where there is none.
    events : what happened once.
    steady : whether the change at one time does not depend on the other times asked for (so that an exposure may be
        averaged over sub-exposures).
    """

    class_: str
    temperature: float
    change: Change
    period: float = math.nan
    t0: float = math.nan
    events: tuple[Event, ...] = ()
    steady: bool = True
