"""How likely noise alone would have given as strong a period."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.median import median
from swope.pipeline.period.grid import Grid
from swope.pipeline.period.judge import Candidates, evidence
from swope.pipeline.period.refine import Refined
from swope.pipeline.period.sample import Sample
from swope.pipeline.period.spectrum import Spectrum

#: Damping times tried, from this many days up to the span, and variances of the walk over the mean white variance.
SHORTEST_TAU = 0.3
TAUS = 7
RATIOS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

#: The coarse and the near look at the walk's parameters use no more points than about this.
COARSE_POINTS = 300
NEAR_POINTS = 900
NEAR = np.array([1.0, 0.5, 0.7, 1.4, 2.0])

#: What the walk explains counts this much against the best fold: a flexible fold of a few cycles follows a walk about
#: as well as the walk does. With this, simulated walks at real cadences are called periodic no more often than noise.
WALK_COUNTS = 1.15

#: Each band after the first counts as so many points less for the best fold. Chosen on simulated noise of 26 points in
#: five bands, one in four of which had a probability below 0.01 when a band cost nothing.
TAKEN_BY_BAND = 3

#: A value beyond so many robust sigmas counts as one at that distance.
OUTLIER = 3.5

#: Fewer cycles than this tell no period from a slow change.
FEW_CYCLES = 3.0

#: Nor do two cycles that carry more than this share of what a fold explains, however many there are.
MOST_OF_TWO = 0.9

#: Slow changes are polynomials of this degree: they follow what has up to three cycles in the span.
SLOW_DEGREE = 6


@dataclass(frozen=True)
class FalseAlarm:
    """Probabilities that a star without a period would show as strong a peak or fold.

    Attributes
    ----------
    noise : where it has noise alone, white and red.
    slow : where it may have slow changes beside.
    """

    noise: float
    slow: float


def false_alarm(sample: Sample, spectrum: Spectrum, grid: Grid, found: Candidates) -> FalseAlarm:
    """Probability that a star without a period, but perhaps with red noise, would show as strong a peak or fold.

    The strongest peak is tested by the likelihood that a sinusoid adds to a damped random walk with a free mean, as a
    single frequency's chance ``exp(-gain)`` (Zechmeister & Kuerster 2009, eq. 24, in the likelihood's terms) times the
    number of independent frequencies of the star's own window; the best fold by its evidence less what the walk
    explains. The smaller of the two probabilities, times two since there were two tries, is the answer. Outliers are
    drawn in first (`without_outliers`): a sharp fold explains a single rotten point very well.

    A damped walk is rough, and a smooth change over the whole span is explained far better by a fold that shows each
    phase but once, at the alias of no frequency at all. So where a polynomial explains more than it costs, the same is
    asked of what it leaves; a fold that explains more than walk and polynomial do counts as well, since a few cycles
    are torn by taking a polynomial away.

    Parameters
    ----------
    sample : n points.
    spectrum, grid : the one-term periodogram.
    found : the candidates.
    """
    calm = without_outliers(sample)
    peak = float(grid.frequency_at(int(np.argmax(spectrum.power))))
    single, fold, beyond_walk = _gains(calm, peak, found.frequency)
    noise = _chance(spectrum.independent, single, beyond_walk)
    steady, slow = without_slow(calm)
    if steady is calm:
        return FalseAlarm(noise, noise)
    its_single, _, its_fold = _gains(steady, peak, found.frequency)
    return FalseAlarm(noise, _chance(spectrum.independent, its_single, its_fold, min(beyond_walk, fold - slow)))


def _gains(sample: Sample, peak: float, folds: FloatArray) -> tuple[float, float, float]:
    """Log likelihood of a sinusoid beside a walk, log evidence of the best of the folds, and this less the walk's.

    A mean and an amplitude of each further band are taken from the points before they are folded.
    """
    walk, sinusoid = red_noise_gain(sample, peak)
    n = len(sample.time)
    free = max(n - TAKEN_BY_BAND * (sample.n_bands - 1), 0)
    fold = float(evidence(sample, folds).max()) * free / n
    return sinusoid * max(n - sample.n_bands - 2, 0) / n, fold, fold - WALK_COUNTS * walk


def _chance(independent: float, *gains: float) -> float:
    """Probability of the largest of these gains at any of so many independent frequencies."""
    expected = len(gains) * independent * math.exp(-max(0.0, *gains))
    return float(-math.expm1(-expected))


def few_cycles(sample: Sample, best: Refined) -> bool:
    """Whether too few cycles carry a period: fewer than `FEW_CYCLES` are in the span, or two explain nearly all.

    What a cycle explains is the weighted sum of its points' squared distances from the median less those from the fold,
    so that a quiet part explains nothing. Cycles begin half a period from where the fold is furthest from the median.

    Parameters
    ----------
    sample : n points.
    best : their fold.
    """
    if sample.span * best.frequency < FEW_CYCLES:
        return True
    middle, bins = median(sample.value), len(best.curve)
    phase = (sample.time * best.frequency) % 1.0
    model = np.interp(phase, np.arange(bins) / bins, best.curve, period=1.0)
    # the curve is about zero, whatever phases the points have
    model += np.mean(sample.weight * (sample.value - model))
    gain = sample.weight * ((sample.value - middle) ** 2 - (sample.value - model) ** 2)
    furthest = float(np.argmax(np.abs(best.curve - middle))) / bins
    cycle = np.floor(sample.time * best.frequency - furthest + 0.5)
    # those with points, which are in order of time, from 0 on
    cycle = np.concatenate([[0], np.cumsum(cycle[1:] != cycle[:-1])])
    share = np.sort(np.maximum(np.bincount(cycle, gain), 0.0))
    return bool(share[-2:].sum() > MOST_OF_TWO * share.sum())


def without_slow(sample: Sample) -> tuple[Sample, float]:
    """What a polynomial leaves, brought back to variance 1, and the log likelihood that it gains, less its price.

    The polynomial has `SLOW_DEGREE`, the price of its terms is that of the Bayesian information criterion. Where it is
    not worth that, the sample itself and 0.
    """
    n = len(sample.time)
    if n < 3 * SLOW_DEGREE:
        return sample, 0.0
    place = 2.0 * sample.time / sample.span - 1.0
    root = np.sqrt(sample.weight)
    basis = np.polynomial.legendre.legvander(place, SLOW_DEGREE)
    series = np.linalg.lstsq(basis * root[:, None], sample.value * root, rcond=1e-8)[0]
    rest = sample.value - basis @ series
    left = float(np.mean(sample.weight * rest**2))
    gain = -0.5 * (n * math.log(max(left, 1e-300)) + SLOW_DEGREE * math.log(n))
    if gain <= 0 or not left > 0:
        return sample, 0.0
    return replace(sample, value=rest / math.sqrt(left)), gain


def without_outliers(sample: Sample) -> Sample:
    """The sample with values beyond `OUTLIER` sigmas drawn in to there, brought back to mean 0 and variance 1.

    A sigma is the normalised median absolute deviation of the values over their errors.
    """
    weight = sample.weight
    root = np.sqrt(weight)
    deviate = root * (sample.value - np.mean(weight * sample.value))
    limit = OUTLIER * 1.4826 * median(np.abs(deviate))
    if not limit > 0:
        return sample
    value = np.clip(deviate, -limit, limit) / root
    value -= np.mean(weight * value)
    return replace(sample, value=value / np.sqrt(np.mean(weight * value**2)))


def red_noise_gain(sample: Sample, frequency: float) -> tuple[float, float]:
    """How much better a damped random walk explains the data than white noise, and a sinusoid than the walk alone.

    Both are differences of maximised log likelihoods; the walk's two parameters are maximised with and without the
    sinusoid, each by itself, so that a strictly periodic star does not count as its own red noise.

    Parameters
    ----------
    sample : n points.
    frequency : cycles a day.
    """
    noise = 1.0 / sample.weight
    taus = np.geomspace(min(SHORTEST_TAU, 0.1 * sample.span), sample.span, TAUS)
    ratios = np.asarray(RATIOS) * median(noise)
    tau, ratio = (grid.ravel() for grid in np.meshgrid(taus, ratios, indexing="ij"))
    coarse = _likelihoods(sample, noise, frequency, tau, ratio, COARSE_POINTS)
    pairs = []
    starts = coarse.argmax(axis=0).tolist()
    for start in dict.fromkeys(starts):
        around = np.meshgrid(tau[start] * NEAR, ratio[start] * NEAR[::2], indexing="ij")
        near_tau, near_ratio = (grid.ravel() for grid in around)
        near = _likelihoods(sample, noise, frequency, near_tau, near_ratio, NEAR_POINTS).argmax(axis=0)
        pairs += [(near_tau[near[k]], near_ratio[near[k]]) for k in range(2) if starts[k] == start]
    # the last is white noise
    last_tau, last_ratio = np.array([*dict.fromkeys(pairs), (1.0, 0.0)]).T.copy()
    final = _likelihoods(sample, noise, frequency, last_tau, last_ratio, None)
    alone, together = final.max(axis=0)
    return float(alone - final[-1, 0]), float(together - alone)


def _likelihoods(
    sample: Sample, noise: FloatArray, frequency: float, tau: FloatArray, ratio: FloatArray, points: int | None
) -> FloatArray:
    """(m, 2) log likelihoods of the walk alone and with the sinusoid, on about so many of the points."""
    from swope.pipeline.period.kernels.walk import red_noise

    out = np.empty((tau.size, 2))
    stride = 1 if points is None else -(-sample.time.size // points)
    red_noise(sample.time, sample.value, noise, frequency, stride, tau, ratio, out)
    return out
