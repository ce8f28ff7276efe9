"""What the classifier and the autoencoder see of a star: folds at the likely periods, its course, plain features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.features import (
    FOLDED,
    LEAST_POINTS,
    PLAIN,
    REST,
    SEARCH,
    STRUCTURE,
    SURVEY,
    brightness,
    errors_of,
    fold_features,
    fourier_series,
    plain_features,
    rest_features,
    search_features,
    structure_features,
    survey_features,
)
from swope.pipeline.lightcurve import FloatArray, IntArray, LightCurve
from swope.pipeline.median import median, quantiles
from swope.pipeline.period import PeriodFlag
from swope.pipeline.resample import resample
from swope.pipeline.star import Star

Array32 = NDArray[np.float32]

#: The star's true period may be its found one times one of these.
FACTORS = (1.0, 2.0, 0.5)

#: What a search in doubt flags its period as, by the factor that would mend it.
DOUBTED: dict[float, PeriodFlag] = {2.0: "half", 0.5: "double"}

#: Phase bins of a fold, and steps of time of a course.
BINS = 64

#: What each bin holds: value in units of the star's width, its sigma, and how many points made it.
CHANNELS = ("value", "sigma", "coverage")


@dataclass(frozen=True, eq=False)
class Inputs:
    """Tensors of n stars. All of a row belongs to one star, and depends on nothing but that star.

    Attributes
    ----------
    folds : (n, len(FACTORS), BINS, len(CHANNELS)); zeros where there is no period.
    course : (n, BINS, len(CHANNELS)) the curve as it was observed, in even steps of time: for stars without a period,
        and for those that change slowly beside it.
    folded : (n, len(FACTORS), len(FOLDED)) shape features at each candidate period; NaN where there is none.
    plain : (n, len(PLAIN)) features without a period.
    rest : (n, len(STRUCTURE) + len(REST)) structure in time, and what the fold at the found period leaves; NaN where
        there is none.
    search : (n, len(SEARCH)) what the period search found beside the period; NaN where there is nothing.
    survey : (n, len(SURVEY)) magnitude, colour and distance from the galactic plane.
    doubted : (n, len(FACTORS)) whether the search doubts that its period is not this multiple of it.
    found : (n,) whether there is a period.
    points : (n,) good rows.
    """

    folds: Array32
    course: Array32
    folded: Array32
    plain: Array32
    rest: Array32
    search: Array32
    survey: Array32
    doubted: NDArray[np.bool_]
    found: NDArray[np.bool_]
    points: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.found)

    def rows(self, index: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Inputs:
        """The stars at these rows."""
        return Inputs(*(getattr(self, field.name)[index] for field in fields(self)))

    def with_rows(self, index: Sequence[int], other: Inputs) -> Inputs:
        """The same with the stars of `other` in these rows."""
        out = [getattr(self, field.name).copy() for field in fields(self)]
        for array, field in zip(out, fields(self), strict=True):
            array[index] = getattr(other, field.name)
        return Inputs(*out)

    @classmethod
    def join(cls, parts: Sequence[Inputs]) -> Inputs:
        """Several sets of stars, one after the other."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


def inputs_of(stars: Sequence[Star]) -> Inputs:
    """Fold and measure stars.

    The phase zero of each fold follows from the data (the maximum of the first harmonic), not from `PeriodResult.t0`.
    """
    n = len(stars)
    folds = np.zeros((n, len(FACTORS), BINS, len(CHANNELS)), dtype=np.float32)
    course = np.zeros((n, BINS, len(CHANNELS)), dtype=np.float32)
    folded = np.full((n, len(FACTORS), len(FOLDED)), np.nan, dtype=np.float32)
    plain = np.full((n, len(PLAIN)), np.nan, dtype=np.float32)
    rest = np.full((n, len(STRUCTURE) + len(REST)), np.nan, dtype=np.float32)
    search = np.full((n, len(SEARCH)), np.nan, dtype=np.float32)
    survey = np.full((n, len(SURVEY)), np.nan, dtype=np.float32)
    doubted = np.zeros((n, len(FACTORS)), dtype=bool)
    found = np.zeros(n, dtype=bool)
    points = np.zeros(n, dtype=np.int32)
    for i, star in enumerate(stars):
        points[i] = len(star.curve.good)
        if points[i] < LEAST_POINTS:
            continue
        bright = brightness(star.curve)
        course[i] = course_tensor(bright)
        plain[i] = plain_features(bright)
        rest[i, : len(STRUCTURE)] = structure_features(bright)
        survey[i] = survey_features(star.curve)
        found[i] = star.period.found and float(np.ptp(bright.value)) > 0
        if found[i]:
            rest[i, len(STRUCTURE) :] = rest_features(bright, star.period.period)
            search[i] = search_features(star.period)
            doubted[i] = [factor in DOUBTED and DOUBTED[factor] == star.period.flag for factor in FACTORS]
            for j, factor in enumerate(FACTORS):
                folded[i, j] = fold_features(bright, star.period.period * factor)
                folds[i, j] = fold_tensor(bright, star.period.period * factor)
    return Inputs(folds, course, folded, plain, rest, search, survey, doubted, found, points)


def refolded(inputs: Inputs, stars: Sequence[Star]) -> Inputs:
    """Inputs of stars as far as the first fold tells them, at other periods.

    Folds at multiples, what a fold leaves and what the search found are not made: zeros, NaN and False, as where there
    is no period.

    Parameters
    ----------
    inputs : of n stars.
    stars : n stars, of the same curves with other periods; those of one curve best one after the other.
    """
    folds, doubted = np.zeros_like(inputs.folds), np.zeros_like(inputs.doubted)
    folded, rest, search = (np.full_like(one, np.nan) for one in (inputs.folded, inputs.rest, inputs.search))
    rest[:, : len(STRUCTURE)] = inputs.rest[:, : len(STRUCTURE)]
    found = np.zeros_like(inputs.found)
    last: tuple[LightCurve, LightCurve] | None = None
    for i, star in enumerate(stars):
        if inputs.points[i] < LEAST_POINTS or not star.period.found:
            continue
        if last is None or last[0] is not star.curve:
            last = star.curve, brightness(star.curve)
        bright = last[1]
        found[i] = float(np.ptp(bright.value)) > 0
        if found[i]:
            folded[i, 0] = fold_features(bright, star.period.period)
            folds[i, 0] = fold_tensor(bright, star.period.period)
    return replace(inputs, folds=folds, folded=folded, rest=rest, search=search, doubted=doubted, found=found)


def fold_tensor(bright: LightCurve, period: float, bins: int = BINS) -> FloatArray:
    """One fold as a network sees it.

    Parameters
    ----------
    bright : of `swope.pipeline.features.brightness`, in time order.
    period : days.

    Returns
    -------
    (bins, len(CHANNELS)): the weighted mean of each bin about the middle and in units of the width of the whole curve,
    interpolated around the circle where a bin is empty; log2 of its standard error in those units; log2 of 1 + its
    number of points over the mean number.

    Raises
    ------
    ValueError
        When there are fewer than `LEAST_POINTS` values, or all are alike.
    """
    from swope.pipeline import shape

    value = bright.value
    weight = errors_of(bright) ** -2.0
    # a few points with tiny errors must not speak for all
    weight = np.minimum(weight, 9.0 * median(weight))
    found = fourier_series(bright, period)
    if found is None:
        raise ValueError(f"no fold of {len(value)} values: {LEAST_POINTS} are needed, and they must not be all alike")
    cycles, terms, _ = found
    phase = (cycles - np.arctan2(terms[1, 0], terms[0, 0]) / (2 * np.pi)) % 1.0
    mean, total, count, inflation = shape.binned(phase, value, weight, bins)
    return _channels(bright, mean, inflation / np.sqrt(np.maximum(total, 1e-12)), count)


def course_tensor(bright: LightCurve, bins: int = BINS) -> FloatArray:
    """A light curve that is not folded, as a network sees it: in even steps from its first point to its last.

    Parameters
    ----------
    bright : of `swope.pipeline.features.brightness`, in time order.

    Returns
    -------
    (bins, len(CHANNELS)): as of `fold_tensor`; where no point is, the value lies between the neighbours', and its
    error is as large as errors get.
    """
    span = float(np.ptp(bright.time))
    if not span > 0:
        return np.zeros((bins, len(CHANNELS)))
    grid = resample(replace(bright, error=errors_of(bright)), span / (bins - 1))
    place = np.arange(bins)
    there = grid.observed
    mean = np.interp(place, place[there], grid.value[there])
    return _channels(bright, mean, np.where(there, grid.sigma, np.inf), grid.coverage)


def _channels(bright: LightCurve, mean: FloatArray, sigma: FloatArray, count: FloatArray | IntArray) -> FloatArray:
    """(bins, len(CHANNELS)) of the bins' means, errors and numbers of points.

    Parameters
    ----------
    bright : the whole curve, whose middle and width are the unit.
    mean, sigma, count : (bins,).
    """
    middle, width = _unit(bright)
    return np.stack(
        [
            np.clip((mean - middle) / width, -3.0, 3.0),
            log_sigma(np.log2(np.clip(sigma / width, 2.0**-8, 1.0))),
            np.log2(1.0 + count / count.mean()),
        ],
        axis=1,
    )


# of a star its course and each of its folds ask for it
@lru_cache(maxsize=1)
def _unit(bright: LightCurve) -> tuple[float, float]:
    """Middle and width, from the 5th to the 95th percentile, of a curve's values."""
    low, middle, high = quantiles(bright.value, (0.05, 0.5, 0.95))
    return middle, max(high - low, 1e-6)


def log_sigma(log2: FloatArray) -> FloatArray:
    """A binary logarithm of errors as the channel of `fold_tensor` holds it: of the size of the other channels."""
    return log2 / 4.0


def sigma_of(folds: Array32) -> Array32:
    """(..., bins) standard errors of the bins of folds, in units of the width of each curve."""
    sigma: Array32 = 2.0 ** (4.0 * folds[..., 1])
    return sigma
