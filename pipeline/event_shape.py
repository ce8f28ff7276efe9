"""The shape of an event: profiles fitted to what a star did beyond the expected, and what they say of it.

Profiles are fitted to the deviations by least squares, on a straight line that is free, and weighed against one another
by the Bayesian information criterion (Schwarz 1978): a dip with straight sides (as eclipses have) or soft ones
(transits, occultations by dust), a flare (the template of Davenport+2014, ApJ 797, 122, or a sudden rise that decays),
an outburst (a rise, a plateau, and a decay or a straight decline), the light curve of a point lens (Paczynski 1986, ApJ
304, 1), and a bell for what comes and goes slowly. Depth and duration are averages over the profiles, with errors that
hold how far these disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from swope.pipeline.lightcurve import FloatArray, IntArray
from swope.pipeline.simulate.bursts import flare_shape

Shape = Literal["flare", "dip", "lens", "outburst", "step", "slow"]

#: ln 2: an exponential falls to its half in so many of its times.
_HALF = math.log(2.0)

#: Half widths of `flare_shape` before and after its peak, in its own unit.
_FLARE_SIDES = (0.2709, 0.6422)

#: No more than this share of an outburst's height is lost on its plateau, so that its half height lies below it.
_MOST_LOST = 0.45

#: Standard deviations across a bell's full width at half its height.
_BELL = 2.0 * math.sqrt(2.0 * _HALF)

#: Steps of a fit, and the step of a number by which a width's slope is taken.
_MOST_STEPS, _STEP = 60, 1e-4

#: Rows further off than so many sigmas are pulled towards less and less: an event within the event.
_FAR = 3.0


@dataclass(frozen=True)
class ShapeFit:
    """What the best profile says of an event.

    Attributes
    ----------
    shape : its name.
    probability : its share among the profiles tried, by their BIC.
    depth, depth_err : height or depth, positive, in the unit of the deviations.
    duration, duration_err : days, the full width at half the depth.
    peak : time of the extreme.
    asymmetry : of the two sides at half depth, from -1 (all before the peak) to 1 (all after it).
    model : (n,) the profile at all rows, with the sign of the deviations.
    """

    shape: Shape
    probability: float
    depth: float
    depth_err: float
    duration: float
    duration_err: float
    peak: float
    asymmetry: float
    model: FloatArray


@dataclass(frozen=True)
class _Profile:
    """A family of profiles of height 1.

    Attributes
    ----------
    value : the profile at some times, for its numbers; the first is a time.
    width : of its two sides at half its height, days.
    start : the numbers from which a fit begins, for an event of width 1 about time 0.
    reach : how far each of the others may move from there.
    """

    shape: Shape
    value: Callable[[FloatArray, FloatArray], FloatArray]
    width: Callable[[FloatArray], tuple[float, float]]
    start: tuple[tuple[float, ...], ...]
    reach: tuple[float, ...]


def _trapezoid(time: FloatArray, numbers: FloatArray) -> FloatArray:
    """Numbers: centre; log of the width at half depth; how much of the half width the sides are, 0 to 1."""
    centre, width, side = numbers[0], math.exp(numbers[1]), min(max(abs(float(numbers[2])), 1e-3), 1.0)
    out: FloatArray = np.clip(0.5 + (0.5 * width - np.abs(time - centre)) / (side * width), 0.0, 1.0)
    return out


def _decay(time: FloatArray, numbers: FloatArray) -> FloatArray:
    """Numbers: time of the peak; logs of the rise, of the decay and, if there is one, of the plateau between them."""
    rise, decay = math.exp(numbers[1]), math.exp(numbers[2])
    plateau = math.exp(numbers[3]) if len(numbers) > 3 else 0.0
    since = time - numbers[0]
    out: FloatArray = np.where(
        since < 0.0,
        np.maximum(1.0 + since / rise, 0.0),
        np.exp(-np.maximum(since - plateau, 0.0) / decay),
    )
    return out


def _lens(time: FloatArray, numbers: FloatArray) -> FloatArray:
    """Numbers: time of closest approach; logs of the Einstein time and of the least distance in Einstein radii."""
    least = math.exp(numbers[2])
    square = least * least + ((time - numbers[0]) / math.exp(numbers[1])) ** 2
    out: FloatArray = (_magnified(square) - 1.0) / (float(_magnified(np.array(least * least))) - 1.0)
    return out


def _magnified(square: FloatArray) -> FloatArray:
    """Magnification at a squared distance in Einstein radii (Paczynski 1986, eq. 5)."""
    out: FloatArray = (square + 2.0) / np.sqrt(square * (square + 4.0))
    return out


def _flare(time: FloatArray, numbers: FloatArray) -> FloatArray:
    """Numbers: time of the peak; log of the width at half height."""
    return flare_shape((time - numbers[0]) / math.exp(numbers[1]) * sum(_FLARE_SIDES))


def _decline(time: FloatArray, numbers: FloatArray) -> FloatArray:
    """Numbers: time of the peak; logs of the rise, of the straight decline, and of the plateau between them; and what
    share of the height is lost on the plateau.
    """
    rise, fall, plateau = (math.exp(number) for number in numbers[1:4])
    lost = _lost(numbers)
    out: FloatArray = np.interp(time - numbers[0], [-rise, 0.0, plateau, plateau + fall], [0.0, 1.0, 1.0 - lost, 0.0])
    return out


def _lost(numbers: FloatArray) -> float:
    return min(abs(float(numbers[4])), _MOST_LOST)


def _soft(time: FloatArray, numbers: FloatArray) -> FloatArray:
    """Numbers: centre; log of the width at half depth; log of the power, 2 that of a bell, the more the flatter."""
    far = np.minimum(np.abs(time - numbers[0]) * 2.0 / math.exp(numbers[1]), 10.0)
    out: FloatArray = np.exp(-_HALF * far ** math.exp(numbers[2]))
    return out


def _bell(time: FloatArray, numbers: FloatArray) -> FloatArray:
    """Numbers: centre; log of the width at half height."""
    out: FloatArray = np.exp(-0.5 * ((time - numbers[0]) * _BELL / math.exp(numbers[1])) ** 2)
    return out


def _lens_width(numbers: FloatArray) -> tuple[float, float]:
    least = math.exp(numbers[2])
    half = 0.5 * (float(_magnified(np.array(least * least))) + 1.0)
    # the distance at which a star is so much magnified: eq. 5 turned round
    square = 2.0 * half / math.sqrt(half * half - 1.0) - 2.0
    side = math.exp(numbers[1]) * math.sqrt(max(square - least * least, 0.0))
    return side, side


def _decay_width(numbers: FloatArray) -> tuple[float, float]:
    plateau = math.exp(numbers[3]) if len(numbers) > 3 else 0.0
    return 0.5 * math.exp(numbers[1]), plateau + _HALF * math.exp(numbers[2])


def _flare_width(numbers: FloatArray) -> tuple[float, float]:
    before, after = (math.exp(numbers[1]) * side / sum(_FLARE_SIDES) for side in _FLARE_SIDES)
    return before, after


def _decline_width(numbers: FloatArray) -> tuple[float, float]:
    rise, fall, plateau = (math.exp(number) for number in numbers[1:4])
    return 0.5 * rise, plateau + fall * (1.0 - 0.5 / (1.0 - _lost(numbers)))


def _even(numbers: FloatArray) -> tuple[float, float]:
    return 0.5 * math.exp(numbers[1]), 0.5 * math.exp(numbers[1])


#: e-foldings that a width may be off at the start of a fit.
_WIDE = 5.0

_BRIGHTENINGS = (
    _Profile("flare", _flare, _flare_width, ((-0.2, -0.7), (0.0, -1.2)), (_WIDE,)),
    _Profile("flare", _decay, _decay_width, tuple((at, -1.2, 0.0) for at in (-0.4, -0.2, 0.0)), (_WIDE, _WIDE)),
    _Profile(
        "outburst", _decay, _decay_width, ((-0.4, -1.6, -1.6, -0.2), (0.0, -0.7, -0.7, -1.6)), (_WIDE, _WIDE, _WIDE)
    ),
    _Profile(
        "outburst",
        _decline,
        _decline_width,
        ((-0.3, -1.6, -0.7, -0.7, 0.1), (0.0, -0.7, -0.7, -1.6, 0.1)),
        (_WIDE, _WIDE, _WIDE, 1.0),
    ),
    _Profile("lens", _lens, _lens_width, ((0.0, 0.0, -1.2), (0.0, -0.7, 0.0)), (_WIDE, 2.5)),
    _Profile("slow", _bell, _even, ((0.0, 0.0),), (_WIDE,)),
)
_FADES = (
    _Profile("dip", _trapezoid, _even, ((0.0, 0.0, 0.5), (0.0, 0.0, 0.1), (0.0, 0.3, 0.5)), (_WIDE, 1.0)),
    _Profile("dip", _soft, _even, ((0.0, 0.0, 1.4),), (_WIDE, 1.4)),
    _Profile("slow", _bell, _even, ((0.0, 0.0),), (_WIDE,)),
)

#: A profile's time may move by so many of the event's widths, and its height by so many times the largest deviation.
_NEAR, _HIGHEST = 3.0, 20.0


def fit_shape(
    time: FloatArray,
    deviation: FloatArray,
    sigma: FloatArray,
    near: IntArray,
    rows: int,
    brightens: bool,
    peak: float,
    width: float,
) -> ShapeFit | None:
    """Fit the profiles to an event with what lies around it.

    Parameters
    ----------
    time : (n,) days, ascending.
    near : (k,) rows that are fitted: the event, and rows beside it that were quiet.
    rows : how many of them are the event's: a profile with as many numbers is not tried.
    deviation, sigma : (n,) what the star did beyond the expected, positive where brighter; one sigma of it.
    brightens : the direction.
    peak, width : where the event is about, and how long; days.

    Returns
    -------
    The best profile; None where the rows are too few for any, or no fit ends.
    """
    sign = 1.0 if brightens else -1.0
    height = sign * max(float(np.max(sign * deviation[near])), 1e-12)
    # in the event's own units: every profile then begins alike
    everywhere = (time - peak) / width
    since, held, error = everywhere[near], deviation[near] / height, sigma[near] / abs(height)
    fits = [
        (profile, fitted)
        for profile in (_BRIGHTENINGS if brightens else _FADES)
        if rows > len(profile.reach) + 2 and (fitted := _least(profile, since, held, error)) is not None
    ]
    if not fits:
        return None
    criteria = np.array([2.0 * one.cost + len(one.x) * math.log(len(near)) for _, one in fits])
    shares = np.exp(-0.5 * (criteria - criteria.min()))
    shares /= shares.sum()
    told = [_told(profile, np.asarray(one.x), np.asarray(one.jac), since) for profile, one in fits]
    profile, fitted = fits[int(np.argmax(shares))]
    depth, depth_err = _averaged(shares, [one.depth for one in told])
    duration, duration_err = _averaged(shares, [one.duration for one in told])
    best = told[int(np.argmax(shares))]
    return ShapeFit(
        shape=profile.shape,
        probability=float(shares.max()),
        depth=depth * abs(height),
        depth_err=depth_err * abs(height),
        duration=duration * width,
        duration_err=duration_err * width,
        peak=peak + best.peak * width,
        asymmetry=best.asymmetry,
        model=height * fitted.x[-3] * profile.value(everywhere, fitted.x[:-3]),
    )


def _averaged(shares: FloatArray, numbers: list[tuple[float, float]]) -> tuple[float, float]:
    """A number and its error over profiles with these shares (Hoeting+1999, Statistical Science 14, 382, eqs. 4, 5)."""
    value, error = np.array(numbers).T
    mean = float(shares @ value)
    return mean, math.sqrt(float(shares @ (error**2 + (value - mean) ** 2)))


def _least(profile: _Profile, time: FloatArray, deviation: FloatArray, sigma: FloatArray) -> Any:
    """The least squares of a profile on a straight line, from its best start, as SciPy gives them; None: no end.

    Numbers: those of the profile, its height, the line's level and its slope.
    """
    from scipy.optimize import least_squares

    def left(numbers: FloatArray) -> FloatArray:
        out: FloatArray = (deviation - numbers[-3:] @ _columns(profile, time, numbers[:-3])) / sigma
        return out

    begun = [_begun(profile, time, deviation, sigma, np.array(start)) for start in profile.start]
    start, _ = min(begun, key=lambda one: one[1])
    reach = np.array([_NEAR, *profile.reach])
    low = np.array([*(start[:-3] - reach), 0.0, -_HIGHEST, -_HIGHEST])
    high = np.array([*(start[:-3] + reach), _HIGHEST, _HIGHEST, _HIGHEST])
    found = least_squares(
        left,
        np.clip(start, low + _STEP, high - _STEP),
        bounds=(low, high),
        x_scale="jac",
        max_nfev=_MOST_STEPS,
        loss="soft_l1",
        f_scale=_FAR,
    )
    return found if np.isfinite(found.cost) else None


def _columns(profile: _Profile, time: FloatArray, own: FloatArray) -> FloatArray:
    """(3, n) the profile, and a straight line."""
    return np.stack([profile.value(time, own), np.ones(len(time)), time])


def _begun(
    profile: _Profile, time: FloatArray, deviation: FloatArray, sigma: FloatArray, own: FloatArray
) -> tuple[FloatArray, float]:
    """Where a fit begins: numbers of a profile with the best height and line for them; and what these leave."""
    columns = _columns(profile, time, own) / sigma
    linear = np.linalg.lstsq(columns.T, deviation / sigma, rcond=None)[0]
    linear[0] = max(linear[0], _STEP)
    return np.concatenate([own, linear]), float(np.sum((deviation / sigma - linear @ columns) ** 2))


class _Told(NamedTuple):
    """What one profile says, in the event's own units: numbers with their errors, the peak, the asymmetry."""

    depth: tuple[float, float]
    duration: tuple[float, float]
    peak: float
    asymmetry: float


def _told(profile: _Profile, numbers: FloatArray, jacobian: FloatArray, time: FloatArray) -> _Told:
    covariance = np.linalg.pinv(jacobian.T @ jacobian)
    own, height, at = numbers[:-3], float(numbers[-3]), float(numbers[0])
    before, after = profile.width(own)
    slope = np.zeros(len(numbers))
    for i in range(1, len(own)):
        moved = own.copy()
        moved[i] += _STEP
        slope[i] = (sum(profile.width(moved)) - before - after) / _STEP
    # an edge between two rows is anywhere between them, which a fit's curvature does not know
    unseen = [_between(profile, own, time, edge) for edge in (at - before, at + after)]
    beside = at + _gap(time, at + 1e-9)
    missed = height * (1.0 - float(profile.value(np.array([beside]), own)[0]))
    return _Told(
        depth=(height, math.sqrt(max(float(covariance[-3, -3]), 0.0) + missed**2 / 12.0)),
        duration=(
            before + after,
            math.sqrt(max(float(slope @ covariance @ slope), 0.0) + sum(gap**2 for gap in unseen) / 12.0),
        ),
        peak=at,
        asymmetry=(after - before) / (before + after),
    )


def _gap(time: FloatArray, moment: float) -> float:
    """Between the rows on either side of a moment."""
    i = min(max(int(np.searchsorted(time, moment)), 1), len(time) - 1)
    return float(time[i] - time[i - 1])


def _between(profile: _Profile, numbers: FloatArray, time: FloatArray, edge: float) -> float:
    """How much of the time between the rows about an edge cannot be told: all of it where the profile jumps there."""
    i = min(max(int(np.searchsorted(time, edge)), 1), len(time) - 1)
    beside = profile.value(time[i - 1 : i + 1], numbers)
    return float(abs(beside[1] - beside[0]) * (time[i] - time[i - 1]))
