"""How likely noise alone would have given as strong a period."""

from __future__ import annotations

import math

import numpy as np

from pipeline.period.grid import Grid
from pipeline.period.judge import Candidates
from pipeline.period.sample import Sample
from pipeline.period.spectrum import Spectrum

#: Damping times tried, from this many days up to the span, and variances of the walk over the mean white variance.
SHORTEST_TAU = 0.3
TAUS = 7
RATIOS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

#: The first, coarse look at the walk's parameters uses no more points than this.
COARSE_POINTS = 1000

#: How much likelier than a sinusoid's, in white noise, a given evidence of the richer shapes is; measured likewise.
RICHNESS = 1.0


def false_alarm(sample: Sample, spectrum: Spectrum, grid: Grid, found: Candidates) -> float:
    """Probability that a star without a period, but perhaps with red noise, would show as strong a peak or fold.

    The strongest peak is tested by the likelihood that a sinusoid adds to a damped random walk with a free mean, as a
    single frequency's chance ``exp(-gain)`` (Zechmeister & Kuerster 2009, eq. 24, in the likelihood's terms) times the
    number of independent frequencies of the star's own window; the best fold by its evidence less what the walk
    explains. The smaller of the two counts, twice.

    Parameters
    ----------
    sample : n points.
    spectrum, grid : the one-term periodogram.
    found : the candidates.
    """
    peak = float(grid.frequency_at(int(np.argmax(spectrum.power))))
    walk, sinusoid = red_noise_gain(sample, peak)
    n = len(sample.time)
    single = -sinusoid * (n - sample.n_bands - 2) / n
    fold = RICHNESS * (float(found.evidence.max()) - walk)
    strongest = min(single, -fold)
    expected = 2.0 * spectrum.independent * math.exp(min(0.0, strongest))
    return float(-math.expm1(-expected))


def red_noise_gain(sample: Sample, frequency: float) -> tuple[float, float]:
    """How much better a damped random walk explains the data than white noise, and a sinusoid than the walk alone.

    Both are differences of maximised log likelihoods; the walk's two parameters are maximised with and without the
    sinusoid, each by itself, so that a strictly periodic star does not count as its own red noise.

    Parameters
    ----------
    sample : n points.
    frequency : cycles a day.
    """
    from pipeline.period import kernels

    noise = 1.0 / sample.weight
    taus = np.geomspace(min(SHORTEST_TAU, 0.1 * sample.span), sample.span, TAUS)
    ratios = np.asarray(RATIOS) * float(np.median(noise))
    tau, ratio = (grid.ravel() for grid in np.meshgrid(taus, ratios))
    tau, ratio = np.append(tau, 1.0), np.append(ratio, 0.0)
    out = np.empty((tau.size, 2))
    stride = -(-sample.time.size // COARSE_POINTS)
    kernels.red_noise(sample.time, sample.value, noise, frequency, stride, tau, ratio, out)
    best = []
    for column in range(2):
        start = int(out[:, column].argmax())
        factor = np.array([1.0, 0.5, 0.7, 1.4, 2.0])
        tau_near, ratio_near = (g.ravel() for g in np.meshgrid(tau[start] * factor, ratio[start] * factor[::2]))
        tau_near, ratio_near = np.append(tau_near, 1.0), np.append(ratio_near, 0.0)
        near = np.empty((tau_near.size, 2))
        kernels.red_noise(sample.time, sample.value, noise, frequency, 1, tau_near, ratio_near, near)
        best.append(float(near[:, column].max()))
        white = float(near[-1, 0])
    return best[0] - white, best[1] - best[0]
