"""The shape of an event: profiles fitted to what a star did beyond the expected, and what they say of it.

Profiles (`swope.pipeline.event_profiles`) are fitted to the deviations by least squares, on a straight line that is
free, and weighed against one another by the Bayesian information criterion (Schwarz 1978). Depth and duration are
averages over the profiles, with errors that hold how far these disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from swope.pipeline.event_profiles import BRIGHTENINGS, FADES, Profile, Shape
from swope.pipeline.lightcurve import FloatArray, IntArray

#: The step of a number by which a width's slope is taken.
_STEP = 1e-4


@dataclass(frozen=True)
class ShapeFit:
    """What the best profile says of an event.

    Attributes
    ----------
    shape : its name.
    probability : its share among the profiles tried, by their BIC.
    depth, depth_err : height or depth, positive, in the unit of the deviations.
    duration, duration_err : days, the full width at half the depth; in magnitudes, if they are asked for.
    peak : time of the extreme.
    asymmetry : of the two sides at half depth, from -1 (all before the peak) to 1 (all after it).
    model : (n,) the profile at all rows, with the sign of the deviations.
    profile : its values, of height 1, so many days (k,) after its peak.
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
    profile: Callable[[FloatArray], FloatArray]


def fit_shape(
    time: FloatArray,
    deviation: FloatArray,
    sigma: FloatArray,
    near: IntArray,
    rows: int,
    brightens: bool,
    peak: float,
    width: float,
    magnitudes: bool = False,
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
    magnitudes : whether the deviations are shares of a flux, of whose depth half is meant in magnitudes.

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
        for profile in (BRIGHTENINGS if brightens else FADES)
        if rows > len(profile.reach) + 2 and (fitted := _least(profile, since, held, error)) is not None
    ]
    if not fits:
        return None
    criteria = np.array([2.0 * one.cost + len(one.numbers) * math.log(len(near)) for _, one in fits])
    shares = np.exp(-0.5 * (criteria - criteria.min()))
    shares /= shares.sum()
    unit = abs(height) if magnitudes else 0.0
    told = [_told(profile, one, since, unit) for profile, one in fits]
    profile, fitted = fits[int(np.argmax(shares))]
    depth, depth_err = _averaged(shares, [one.depth for one in told])
    duration, duration_err = _averaged(shares, [one.duration for one in told])
    best = told[int(np.argmax(shares))]

    def values(days: FloatArray) -> FloatArray:
        return _values(profile, days / width + best.peak, fitted.numbers[:-3])

    return ShapeFit(
        shape=profile.shape,
        probability=float(shares.max()),
        depth=depth * abs(height),
        depth_err=depth_err * abs(height),
        duration=duration * width,
        duration_err=duration_err * width,
        peak=peak + best.peak * width,
        asymmetry=best.asymmetry,
        model=height * fitted.numbers[-3] * _values(profile, everywhere, fitted.numbers[:-3]),
        profile=values,
    )


def _averaged(shares: FloatArray, numbers: list[tuple[float, float]]) -> tuple[float, float]:
    """A number and its error over profiles with these shares (Hoeting+1999, Statistical Science 14, 382, eqs. 4, 5)."""
    value, error = np.array(numbers).T
    mean = float(shares @ value)
    return mean, math.sqrt(float(shares @ (error**2 + (value - mean) ** 2)))


def _least(profile: Profile, time: FloatArray, deviation: FloatArray, sigma: FloatArray) -> _Least | None:
    """The least squares of a profile on a straight line, from its best start; None where there are none."""
    from swope.pipeline.profile_fit import fit_profile

    reach, ends = np.array(profile.reach), []
    for start in profile.start:
        numbers, jacobian = np.empty(len(start) + 3), np.empty((len(time), len(start) + 3))
        cost = fit_profile(profile.family, time, deviation, sigma, np.array(start), reach, numbers, jacobian)
        ends += [_Least(cost, numbers, jacobian)] if math.isfinite(cost) else []
    return min(ends, key=lambda end: end.cost, default=None)


def _values(profile: Profile, time: FloatArray, own: FloatArray) -> FloatArray:
    """(n,) a profile at some times."""
    from swope.pipeline import profile_fit

    out = np.empty(len(time))
    profile_fit.profile(profile.family, time, own, len(own), out)
    return out


class _Least(NamedTuple):
    """A fit: half the sum of its losses; the numbers (k + 3,) of the profile, its height, the line's level and slope;
    and the slopes (n, k + 3) of what is left, as `fit_profile` fills them.
    """

    cost: float
    numbers: FloatArray
    jacobian: FloatArray


class _Told(NamedTuple):
    """What one profile says, in the event's own units: numbers with their errors, the peak, the asymmetry."""

    depth: tuple[float, float]
    duration: tuple[float, float]
    peak: float
    asymmetry: float


def _told(profile: Profile, fitted: _Least, time: FloatArray, unit: float) -> _Told:
    """What a fit says; half its height is meant in magnitudes where `unit`, its share of the flux, is not 0."""
    numbers, covariance = fitted.numbers, np.linalg.pinv(fitted.jacobian.T @ fitted.jacobian)
    own, height, at = numbers[:-3], float(numbers[-3]), float(numbers[0])
    before, after = profile.sides(own, _half(height * unit))
    slope = np.zeros(len(numbers))
    # of all of the profile's numbers but its place, and of its height
    for i in range(1, len(own) + 1):
        moved = numbers.copy()
        moved[i] += _STEP
        slope[i] = (sum(profile.sides(moved[:-3], _half(float(moved[-3]) * unit))) - before - after) / _STEP
    # an edge between two rows is anywhere between them, which a fit's curvature does not know
    unseen = [_between(profile, own, time, edge) for edge in (at - before, at + after)]
    beside = at + _gap(time, at + 1e-9)
    missed = height * (1.0 - float(_values(profile, np.array([beside]), own)[0]))
    return _Told(
        depth=(height, math.sqrt(max(float(covariance[-3, -3]), 0.0) + missed**2 / 12.0)),
        duration=(
            before + after,
            math.sqrt(max(float(slope @ covariance @ slope), 0.0) + sum(gap**2 for gap in unseen) / 12.0),
        ),
        peak=at,
        asymmetry=(after - before) / (before + after),
    )


def _half(height: float) -> float:
    """Which share of a height, itself a share of the flux, is half of it in magnitudes; a half where it is small."""
    return 1.0 / (1.0 + math.sqrt(1.0 + height))


def _gap(time: FloatArray, moment: float) -> float:
    """Between the rows on either side of a moment."""
    i = min(max(int(np.searchsorted(time, moment)), 1), len(time) - 1)
    return float(time[i] - time[i - 1])


def _between(profile: Profile, numbers: FloatArray, time: FloatArray, edge: float) -> float:
    """How much of the time between the rows about an edge cannot be told: all of it where the profile jumps there."""
    i = min(max(int(np.searchsorted(time, edge)), 1), len(time) - 1)
    beside = _values(profile, time[i - 1 : i + 1], numbers)
    return float(abs(beside[1] - beside[0]) * (time[i] - time[i - 1]))
