"""The profiles that an event may have: families of curves of height 1, and how wide each is.

A dip with straight sides (as eclipses have) or soft ones (transits, occultations by dust), a flare (the template of
Davenport+2014, ApJ 797, 122, or a sudden rise that decays), an outburst (a rise, a plateau, and a decay or a straight
decline), the light curve of a point lens (Paczynski 1986, ApJ 304, 1), and a bell for what comes and goes slowly. Their
values are compiled (`swope.pipeline.profile_fit`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from swope.pipeline.lightcurve import FloatArray

Shape = Literal["flare", "dip", "lens", "outburst", "step", "slow"]

#: The families. Of each the first number is a time and the second the logarithm of one: centre and width at half depth
#: (trapezoid, soft, bell), peak and width at half height (flare), peak and rise (decay, decline), closest approach and
#: Einstein time (lens). Then, of a trapezoid, which share of the half width the sides are; of a decay, logs of it and,
#: if there is one, of the plateau before it; of a decline, logs of the straight decline and of the plateau, and
#: what share of the height is lost on this; of a lens, the log of the least distance in Einstein radii; of a soft dip,
#: the log of the power, 2 that of a bell, the more the flatter.
TRAPEZOID, SOFT, BELL, FLARE, DECAY, DECLINE, LENS = range(7)

#: ln 2: an exponential falls to its half in so many of its times.
HALF = math.log(2.0)

#: Half widths of a flare's template before and after its peak, in its own unit.
FLARE_SIDES = (0.2709, 0.6422)

#: No more than this share of an outburst's height is lost on its plateau, so that its half height lies below it.
MOST_LOST = 0.45

#: Newton's method finds a flare's sides in so many steps.
_STEPS = 12

#: A trapezoid's sides take at least this share of its half width.
LEAST_SIDES = 1e-3


@dataclass(frozen=True)
class Profile:
    """A family as it is tried.

    Attributes
    ----------
    family : which; `swope.pipeline.profile_fit.profile` gives its values.
    sides : how wide it is before and after its peak, days, at a share of its height.
    start : the numbers from which a fit begins, for an event of width 1 about time 0.
    reach : how far each of the others but the first may move from there.
    """

    shape: Shape
    family: int
    sides: Callable[[FloatArray, float], tuple[float, float]]
    start: tuple[tuple[float, ...], ...]
    reach: tuple[float, ...]


def magnified(square: float) -> float:
    """Magnification at a squared distance in Einstein radii (Paczynski 1986, eq. 5)."""
    return (square + 2.0) / math.sqrt(square * (square + 4.0))


def _lens_sides(numbers: FloatArray, share: float) -> tuple[float, float]:
    least = math.exp(numbers[2])
    light = 1.0 + share * (magnified(least * least) - 1.0)
    # the distance at which a star is so much magnified: eq. 5 turned round
    square = 2.0 * light / math.sqrt(light * light - 1.0) - 2.0
    side = math.exp(numbers[1]) * math.sqrt(max(square - least * least, 0.0))
    return side, side


def _decay_sides(numbers: FloatArray, share: float) -> tuple[float, float]:
    plateau = math.exp(numbers[3]) if len(numbers) > 3 else 0.0
    return (1.0 - share) * math.exp(numbers[1]), plateau - math.log(share) * math.exp(numbers[2])


def _flare_sides(numbers: FloatArray, share: float) -> tuple[float, float]:
    # the template's two parts turned round, by Newton's method from its half
    before, after = FLARE_SIDES
    for _ in range(_STEPS):
        x = -before
        value = 1.0 + x * (1.941 + x * (-0.175 + x * (-2.246 - 1.125 * x)))
        before += (value - share) / (1.941 + x * (-0.35 + x * (-6.738 - 4.5 * x)))
        quick, slow = 0.6890 * math.exp(-1.600 * after), 0.3030 * math.exp(-0.2783 * after)
        after += (quick + slow - share) / (1.600 * quick + 0.2783 * slow)
    unit = math.exp(numbers[1]) / sum(FLARE_SIDES)
    return before * unit, after * unit


def _decline_sides(numbers: FloatArray, share: float) -> tuple[float, float]:
    rise, fall, plateau = (math.exp(number) for number in numbers[1:4])
    left = 1.0 - float(numbers[4])
    after = plateau + fall * (1.0 - share / left) if share < left else plateau * (1.0 - share) / (1.0 - left)
    return (1.0 - share) * rise, after


def _bell_sides(numbers: FloatArray, share: float) -> tuple[float, float]:
    side = 0.5 * math.exp(numbers[1]) * math.sqrt(-math.log(share) / HALF)
    return side, side


def _trapezoid_sides(numbers: FloatArray, share: float) -> tuple[float, float]:
    side = 0.5 * math.exp(numbers[1]) * (1.0 + float(numbers[2]) * (1.0 - 2.0 * share))
    return side, side


def _soft_sides(numbers: FloatArray, share: float) -> tuple[float, float]:
    side = 0.5 * math.exp(numbers[1]) * (-math.log(share) / HALF) ** math.exp(-float(numbers[2]))
    return side, side


#: e-foldings that a width may be off at the start of a fit.
_WIDE = 5.0

BRIGHTENINGS = (
    Profile("flare", FLARE, _flare_sides, ((-0.2, -0.7), (0.0, -1.2)), (_WIDE,)),
    Profile("flare", DECAY, _decay_sides, tuple((at, -1.2, 0.0) for at in (-0.4, -0.2, 0.0)), (_WIDE, _WIDE)),
    Profile(
        "outburst", DECAY, _decay_sides, ((-0.4, -1.6, -1.6, -0.2), (0.0, -0.7, -0.7, -1.6)), (_WIDE, _WIDE, _WIDE)
    ),
    Profile(
        "outburst",
        DECLINE,
        _decline_sides,
        ((-0.3, -1.6, -0.7, -0.7, 0.1), (0.0, -0.7, -0.7, -1.6, 0.1)),
        (_WIDE, _WIDE, _WIDE, 1.0),
    ),
    Profile("lens", LENS, _lens_sides, ((0.0, 0.0, -1.2), (0.0, -0.7, 0.0)), (_WIDE, 2.5)),
    Profile("slow", BELL, _bell_sides, ((0.0, 0.0),), (_WIDE,)),
)
FADES = (
    Profile("dip", TRAPEZOID, _trapezoid_sides, ((0.0, 0.0, 0.5), (0.0, 0.0, 0.1), (0.0, 0.3, 0.5)), (_WIDE, 1.0)),
    Profile("dip", SOFT, _soft_sides, ((0.0, 0.0, 1.4),), (_WIDE, 1.4)),
    Profile("slow", BELL, _bell_sides, ((0.0, 0.0),), (_WIDE,)),
)
