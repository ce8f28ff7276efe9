"""Which phases made a star's class: what the classifier would say had the star not varied there, or only there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from swope.models.classifier.classifier import Classifier
from swope.models.inputs import Inputs, inputs_of
from swope.pipeline.fold import fold, phase_of
from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve
from swope.pipeline.star import Star

#: Log odds are told apart no finer than those of this probability from certainty.
_SURE = 1e-9


@dataclass(frozen=True, eq=False)
class Saliency:
    """How much each stretch of phases speaks for the class of n stars.

    Attributes
    ----------
    phase : (centres,) middle of each stretch, in [0, 1); phase zero is at the epoch of the star's period.
    weight : (n, centres) in units of the natural logarithm of the odds of the star's type. Above 0: these phases speak
        for the type; below: against it; 0 where there are none. A row is NaN where the star has no period or no type.
    types : n entries: the type that is spoken for, or None.
    """

    phase: FloatArray
    weight: FloatArray
    types: tuple[str | None, ...]


def saliency(classifier: Classifier, stars: Sequence[Star], centres: int = 32, width: float = 0.1) -> Saliency:
    """Occlude stretches of phase around the circle (Zeiler & Fergus 2014, section 4.2), and show them alone.

    Where a star is occluded it keeps its times, errors and noise but does not vary: the mean of its fold is moved to
    its median. The weight of a stretch is the mean of what the log odds lose when it is occluded and of what they gain
    when it alone is not: the second finds an eclipse even where another one says the same. Both are of the light
    curve, before anything is computed, so folds and features at every candidate period follow; no gradients are
    needed, so it is the same on every backend.

    Parameters
    ----------
    classifier : any.
    stars : n; phases are those of `Star.period` as it is given (period and t0).
    centres : stretches around the circle.
    width : of each stretch, in phase, above 0 and below 1.

    Raises
    ------
    ValueError
        When there is no stretch to look at.
    """
    if centres < 1 or not 0.0 < width < 1.0:
        raise ValueError(f"saliency needs one stretch or more of a width between 0 and 1, not {centres} of {width}")
    phase = np.arange(centres) / centres
    answer = classifier.classify(stars)
    best = tuple(answer.best(i) for i in range(len(stars)))
    weight = np.full((len(stars), centres), np.nan)
    asked = [(i, name) for i, name in enumerate(best) if name is not None and stars[i].period.found]
    inside = [_inside(stars[i].curve.good, stars[i], phase, width) for i, _ in asked]
    seen = [inputs_of(_occluded(stars[i], some)) for (i, _), some in zip(asked, inside, strict=True)]
    # all of them in one go: a network answers whole batches
    said = classifier.classify_inputs(Inputs.join([*seen, inputs_of([])])).probabilities
    ends = np.cumsum([0, *map(len, seen)])
    for k, (i, name) in enumerate(asked):
        column = answer.types.index(name)
        odds = _log_odds(said[ends[k] : ends[k + 1], column])
        nothing, without, alone = odds[0], *np.split(odds[1:], 2)
        whole = _log_odds(answer.probabilities[i, column])
        weight[i] = 0.0
        weight[i, inside[k].any(axis=1)] = 0.5 * (whole - without + alone - nothing)
    return Saliency(phase, weight, best)


def _occluded(star: Star, inside: BoolArray) -> list[Star]:
    """The star that does not vary anywhere; in none of the stretches that have rows; and only there; one after another.

    Parameters
    ----------
    inside : (centres, n) which rows lie in each stretch.
    """
    good = star.curve.good
    flat = _flat(good, star)
    seen = inside[inside.any(axis=1)]
    rows = [np.ones(len(good), dtype=bool), *seen, *~seen]
    return [replace(star, curve=replace(good, value=np.where(some, flat, good.value))) for some in rows]


def _flat(good: LightCurve, star: Star) -> FloatArray:
    """(n,) values with the mean of the fold, band by band, moved to the median of the band."""
    folded = fold(good, star.period.period, star.period.t0)
    bins = folded.value.shape[1]
    phase = phase_of(good.time, star.period.period, star.period.t0)
    mean = folded.value[good.band, np.floor(phase * bins + 0.5).astype(int) % bins]
    rows = [good.band == band for band in range(len(good.bands))]
    median = np.array([np.median(good.value[row]) if row.any() else np.nan for row in rows])
    return np.asarray(good.value - mean + median[good.band])


def _inside(good: LightCurve, star: Star, centre: FloatArray, width: float) -> BoolArray:
    """(centres, n) which rows lie in each stretch."""
    phase = phase_of(good.time, star.period.period, star.period.t0)
    away = np.abs((phase - centre[:, None] + 0.5) % 1.0 - 0.5)
    inside: BoolArray = away <= width / 2.0
    return inside


def _log_odds(probability: FloatArray) -> FloatArray:
    safe = np.clip(probability, _SURE, 1.0 - _SURE)
    return np.asarray(np.log(safe / (1.0 - safe)))
