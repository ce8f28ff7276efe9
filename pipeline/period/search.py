"""From a cleaned light curve to its period."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.median import median
from swope.pipeline.period.grid import Grid, grid_for
from swope.pipeline.period.judge import Candidates, look_closely
from swope.pipeline.period.nominate import ALIASES, FEW_POINTS, nominate
from swope.pipeline.period.options import PeriodOptions
from swope.pipeline.period.refine import Refined, epoch, refine
from swope.pipeline.period.result import PeriodFlag, PeriodResult
from swope.pipeline.period.rule import probabilities
from swope.pipeline.period.sample import Sample, prepare
from swope.pipeline.period.significance import FEW_CYCLES, false_alarm, few_cycles
from swope.pipeline.period.spectrum import Spectrum, periodogram
from swope.pipeline.period.templates import known, likeliest, points_of, weighed
from swope.pipeline.period.transit import Transit, find_transits, is_dense

#: A runner-up with this share of the winner's probability earns the winner a flag.
DOUBT = 0.15

#: Values that stand out lead a search astray where no fold explains them: where the best one leaves more than this
#: share of the variance, values beyond so many robust sigmas are drawn in, and the search begins anew, if they are this
#: many and this share of all. Chosen on 900 stars of ASAS and 1,000 of Catalina South, drawn at random.
UNEXPLAINED = 0.65
DRAWN_IN = 5.0
LEAST_DRAWN_IN = 3, 0.01

#: A smooth model of a few cycles that leaves less than this share of a dense curve's variance has its period, whatever
#: dips there are.
EXPLAINED = 0.4


@dataclass(frozen=True, eq=False)
class Search:
    """All that a search found, for those who want more than the answer.

    Attributes
    ----------
    sample : the points.
    grid, spectrum : the one-term periodogram.
    candidates : what was looked at closely, the most probable first.
    probability : (m,) of the candidates, given that one of them is right.
    """

    sample: Sample
    grid: Grid
    spectrum: Spectrum
    candidates: Candidates
    probability: FloatArray


def find_period(curve: LightCurve, options: PeriodOptions = PeriodOptions()) -> PeriodResult:  # noqa: B008
    """The period of one star, never raising for a bad star: the result says why there is none.

    The one-term periodogram nominates, folds decide (`judge`), a learned rule chooses between harmonics and aliases
    (`rule`), and the choice is fitted with shapes of its own in every band (`refine`). Dense photometry is searched
    for transits as well.

    Parameters
    ----------
    curve : a cleaned light curve (`swope.pipeline.clean.clean`); its good rows are used.
    options : limits of the search.
    """
    found = search(curve, options)
    if isinstance(found, str):
        return PeriodResult(reason=found)
    found = _undeceived(found, curve.good, options)
    sample, candidates = found.sample, found.candidates
    best = refine(sample, float(candidates.frequency[0]), found.grid.lowest)
    transits: tuple[Transit, ...] = ()
    periodic = candidates.looks.noise[0] < EXPLAINED and sample.span * best.frequency >= FEW_CYCLES
    if is_dense(sample.time) and not periodic:
        transits = find_transits(curve, 1, options.min_period, options.max_period)
    runners_up = 1.0 / candidates.frequency[1:5]
    if transits:
        return _of_transit(transits[0], best, runners_up, sample.span)
    chance = false_alarm(sample, found.spectrum, found.grid, candidates)
    few = few_cycles(sample, best)
    return PeriodResult(
        period=1.0 / best.frequency,
        period_err=best.frequency_err / best.frequency**2,
        fap=math.nan if few else chance.slow,
        noise_fap=chance.noise,
        flag="few_cycles" if few else _flag(found),
        others=tuple(float(p) for p in runners_up),
        t0=epoch(best, sample),
        terms=best.terms,
    )


def search(curve: LightCurve, options: PeriodOptions = PeriodOptions()) -> Search | str:  # noqa: B008
    """Everything up to the choice, or the reason why there is no period.

    Parameters
    ----------
    curve : a cleaned light curve.
    options : limits of the search.
    """
    good = curve.good
    if len(good) < options.min_points:
        return f"{len(good)} good points; {options.min_points} are needed"
    sample = prepare(good)
    if sample is None:
        return "no band varies"
    if len(sample.time) < options.min_points:
        return f"{len(sample.time)} good points in bands that vary; {options.min_points} are needed"
    try:
        grid = grid_for(sample.time, options)
    except ValueError as problem:
        return str(problem)
    spectrum = periodogram(sample.time, sample.value, sample.weight, grid)
    nominees = nominate(spectrum.power, grid, sample.span, len(sample.time))
    if nominees.size == 0:
        return f"no peak between {1 / grid.highest:.4g} d and {1 / grid.lowest:.4g} d"
    # what a fold looks like is not seen of few points, but whether it is that of an RR Lyrae star
    points = points_of(good) if len(sample.time) < FEW_POINTS else None
    likely = None if points is None else likeliest(points, grid, spectrum.power, known("first"))
    candidates = look_closely(sample, grid, nominees, likely)
    probability = probabilities(candidates, sample)
    if points is not None:
        best = float(candidates.evidence.max())
        probability = weighed(points, candidates.frequency, probability, best, known("close"))
    order = np.argsort(-probability, kind="stable")
    return Search(sample, grid, spectrum, candidates.at(order), probability[order])


def _undeceived(found: Search, good: LightCurve, options: PeriodOptions) -> Search:
    """What a search finds that no outlying values lead astray, where these did so; else what was found.

    A period and its double or half are told apart by how deep what stands out is: between these nothing changes.
    """
    if not found.candidates.looks.noise[0] > UNEXPLAINED or is_dense(found.sample.time):
        return found
    tame = _drawn_in(good)
    again = None if tame is None else search(tame, options)
    if again is None or isinstance(again, str) or again.candidates.looks.noise[0] >= found.candidates.looks.noise[0]:
        return found
    old, new = found.candidates.frequency[0], again.candidates.frequency[0]
    known = any(abs(new - factor * old) < max(0.5 / found.sample.span, 0.005 * new) for factor in (0.5, 1.0, 2.0))
    return found if known else again


def _drawn_in(good: LightCurve) -> LightCurve | None:
    """The curve with no value beyond `DRAWN_IN` robust sigmas of its band; None where too few were to matter."""
    value = good.value.copy()
    for band in range(len(good.bands)):
        rows = good.band == band
        if rows.any():
            middle = median(value[rows])
            reach = DRAWN_IN * 1.4826 * median(np.abs(value[rows] - middle))
            value[rows] = np.clip(value[rows], middle - reach, middle + reach)
    least, share = LEAST_DRAWN_IN
    few = np.count_nonzero(value != good.value) < max(least, share * len(value))
    return None if few else replace(good, value=value)


def _flag(found: Search) -> PeriodFlag | None:
    """What the first candidate may be instead, if a runner-up is nearly as probable."""
    frequency = found.candidates.frequency
    span = found.sample.span
    for f, probability in zip(frequency[1:], found.probability[1:], strict=True):
        if probability < DOUBT * found.probability[0]:
            break
        if abs(2.0 * f - frequency[0]) < 0.5 / span:
            return "half"
        if abs(0.5 * f - frequency[0]) < 0.5 / span:
            return "double"
        distance = np.abs(f - frequency[0])
        mirrored = f + frequency[0]
        if any(min(abs(distance - alias), abs(mirrored - alias)) < 1.0 / span for alias in ALIASES):
            return "alias"
    return None


def _of_transit(transit: Transit, best: Refined, runners_up: FloatArray, span: float) -> PeriodResult:
    """A transiting planet's period on top, the periodogram's choice first among the others."""
    # a box's place is known to a fraction of its length over its signal-to-noise ratio
    error = transit.duration / transit.snr / max(1.0, span / transit.period)
    chance = math.erfc(transit.snr / math.sqrt(2.0))
    few = span < FEW_CYCLES * transit.period or transit.transits < FEW_CYCLES
    return PeriodResult(
        period=transit.period,
        period_err=error,
        fap=math.nan if few else chance,
        noise_fap=chance,
        flag="few_cycles" if few else None,
        others=(1.0 / best.frequency, *(float(p) for p in runners_up[:3])),
        t0=transit.t0,
        terms=0,
    )
