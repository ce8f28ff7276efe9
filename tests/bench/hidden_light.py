"""Reference periods that physics excludes: two eclipses a period that hide more light than two stars have.

Of two stars one eclipse hides light of the one and the other eclipse light of the other, so that both together hide all
of it at most. A detached binary whose minima are alike and deeper than 0.75 mag each is seen at twice its period.
"""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.features import brightness
from swope.pipeline.lightcurve import FloatArray, LightCurve

#: Cycles over which an eclipse is averaged; how far from half a cycle the second may be; what counts as outside both.
WIDTH, ASIDE, OUTSIDE = 0.02, 0.04, 0.12

#: An eclipse of fewer points has no depth.
LEAST_POINTS = 4

#: A reference is impossible where the eclipses hide more than all light by so many standard errors.
SURE = 3.0


def hidden_light(curve: LightCurve, period: float) -> tuple[float, float]:
    """Share of the light that both eclipses of a period hide together, and its standard error.

    Parameters
    ----------
    curve : cleaned.
    period : days.

    Returns
    -------
    NaN where there are not two eclipses of points enough.
    """
    bright = brightness(curve)
    if len(bright) == 0 or not period > 0:
        return math.nan, math.nan
    phase = bright.time / period % 1.0
    first = _deepest(phase, bright.value, np.arange(0.0, 1.0, WIDTH / 4))
    if first is None:
        return math.nan, math.nan
    second = _deepest(phase, bright.value, first + 0.5 + np.arange(-ASIDE, ASIDE + WIDTH / 8, WIDTH / 4))
    outside = np.minimum(_apart(phase, first), _apart(phase, first + 0.5)) > OUTSIDE
    if second is None or outside.sum() < LEAST_POINTS:
        return math.nan, math.nan
    level = float(np.median(bright.value[outside]))
    share, variance = 0.0, 0.0
    for middle in (first, second):
        value = bright.value[_apart(phase, middle) <= WIDTH / 2]
        left = 10.0 ** (0.4 * (float(np.median(value)) - level))
        # of a median (Kendall & Stuart 1977, eq. 10.29)
        error = 1.2533 * float(value.std(ddof=1)) / math.sqrt(len(value))
        share += 1.0 - left
        variance += (0.4 * math.log(10.0) * left * error) ** 2
    return share, math.sqrt(variance)


def impossible(curve: LightCurve, period: float) -> bool:
    """Whether both eclipses of a period would hide more light than there is."""
    share, error = hidden_light(curve, period)
    return bool(share - SURE * error > 1.0)


def _apart(phase: FloatArray, middle: float) -> FloatArray:
    """(n,) distance of phases from one, in cycles."""
    return np.asarray(np.abs((phase - middle + 0.5) % 1.0 - 0.5))


def _deepest(phase: FloatArray, value: FloatArray, middles: FloatArray) -> float | None:
    """The middle about which the median is faintest; None where none has points enough."""
    found: tuple[float, float] | None = None
    for middle in middles.tolist():
        inside = value[_apart(phase, middle) <= WIDTH / 2]
        if len(inside) >= LEAST_POINTS and (found is None or float(np.median(inside)) < found[0]):
            found = float(np.median(inside)), middle
    return None if found is None else found[1]
