"""How likely noise alone would have given as strong a period."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.median import median
from swope.pipeline.period.grid import Grid
from swope.pipeline.period.judge import Candidates, evidence
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

#: A value beyond so many robust sigmas counts as one at that distance.
OUTLIER = 3.5


def false_alarm(sample: Sample, spectrum: Spectrum, grid: Grid, found: Candidates) -> float:
    """Probability that a star without a period, but perhaps with red noise, would show as strong a peak or fold.

    The strongest peak is tested by the likelihood that a sinusoid adds to a damped random walk with a free mean, as a
    single frequency's chance ``exp(-gain)`` (Zechmeister & Kuerster 2009, eq. 24, in the likelihood's terms) times the
    number of independent frequencies of the star's own window; the best fold by its evidence less what the walk
    explains. The smaller of the two probabilities, times two since there were two tries, is the answer. Outliers are
    drawn in first (`without_outliers`): a sharp fold explains a single rotten point very well.

    Parameters
    ----------
    sample : n points.
    spectrum, grid : the one-term periodogram.
    found : the candidates.
    """
    calm = without_outliers(sample)
    peak = float(grid.frequency_at(int(np.argmax(spectrum.power))))
    walk, sinusoid = red_noise_gain(calm, peak)
    n = len(sample.time)
    single = -sinusoid * (n - sample.n_bands - 2) / n
    fold = float(evidence(calm, found.frequency).max()) - WALK_COUNTS * walk
    strongest = min(single, -fold)
    expected = 2.0 * spectrum.independent * math.exp(min(0.0, strongest))
    return float(-math.expm1(-expected))


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
