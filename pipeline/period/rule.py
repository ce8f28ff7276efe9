"""Which candidate an astronomer would call the period: a conditional logit on how well and how each one folds.

Every candidate of a star gets a score, a weighted sum of the features below; the probabilities of the candidates are
the softmax of their scores (McFadden 1974). The evidence alone does not know that a contact binary's two minima are
one cycle, that three cycles of a Mira fit any curve better than one, or that periods near a day are mostly nights.
The weights were learned on stars whose periods people had settled, of ASAS, Catalina, EROS, EROS-2 and Stripe 82
(`python -m tests.bench.periods_rule` fits and prints them; a fifth of the stars, `swope.pipeline.split.held_out`, was
kept apart). Where there are few points the evidence of a fold means less, and some features count otherwise, by further
weights that were learned on thinned stars of the same sets (`--few`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.period.judge import Candidates
from swope.pipeline.period.nominate import FEW_POINTS
from swope.pipeline.period.sample import Sample
from swope.pipeline.period.weights import FEW_WEIGHTS, WEIGHTS

#: Periods (log10 days) at the corners of the piecewise linear preference for periods, and of the one for periods of
#: folds that are the same twice over.
CORNERS = (-1.2, -0.9, -0.6, -0.45, -0.3, -0.15, 0.0, 0.3, 0.7, 1.3, 2.0, 2.6)
TWICE_CORNERS = (-0.9, -0.7, -0.6, -0.5, -0.4, -0.25, 0.0, 0.5, 1.5, 2.5)

#: The same for how much size and shape of a fold that is not the same twice over should count.
ONCE_CORNERS = (-0.95, -0.75, -0.6, -0.5, -0.4, -0.3, -0.15, 0.1, 0.6)

#: Magnitudes below which no labelled star taught the rule. Spots and pulsations far outnumber binaries there, so that a
#: fold that is the same twice over is taken for two cycles, by this many units of score.
LEAST_AMPLITUDE = 0.05
TWO_CYCLES = 100.0

#: Contact binaries of ordinary stars have periods above some 0.22 d (Rucinski 1992, AJ 103, 960): a fold of a shorter
#: period than this that is the same twice over is two cycles too. In days.
SHORTEST_BINARY = 0.2

#: Nor has anybody seen two unlike minima return who has seen fewer cycles than this.
FEWEST_CYCLES = 2.0

#: One eclipse of a binary hides light of the one star, the other eclipse light of the other, so that both together hide
#: all of it at most: where they hide more than this share, by so many standard errors, it is one eclipse seen twice.
#: Above 1, for stars that are not round are brightest between the eclipses; those whose eclipses last longer than this
#: share of the period, and pulsators, are far from round.
MOST_HIDDEN, HIDDEN_FOR_SURE, ROUND = 1.1, 3.0, 0.11

#: Names of features of which the weights say how common stars of such periods are.
_OF_POPULATIONS = re.compile(r"period_|size_period|once_\d|long_|short_|twice_\d")


def features(found: Candidates, sample: Sample) -> dict[str, FloatArray]:
    """What the rule looks at, each (m,) over the candidates.

    Parameters
    ----------
    found : m candidates.
    sample : the star's points.
    """
    f, ev = found.frequency, found.evidence
    n, span = len(sample.time), sample.span
    look = found.looks
    sine, smooth, sharp, box = ev.T
    best, half, double = ev.max(axis=1), found.halved.max(axis=1), found.doubled.max(axis=1)
    period = -np.log10(f)
    cycles = np.log10(np.maximum(span * f, 1e-3))
    whole = f - np.maximum(1.0, np.rint(f))
    depth = np.maximum(look.depth, 0.0) * sample.unit
    clear = np.sqrt(n * look.variance / look.noise) / 5.0
    skew, rise = look.skewness, look.rise
    base = {
        # how far behind the best explanation of all, and behind the best sinusoid
        "behind": -np.log1p((best.max() - best) / 2.0),
        "behind_root": -(best.max() - best) / np.sqrt(n),
        "behind_sine": -np.log1p((sine.max() - sine) / 2.0),
        "behind_own": -np.log1p((found.own.max() - found.own) / 2.0),
        "behind_own_root": -(found.own.max() - found.own) / np.sqrt(n),
        "noise": np.log(look.noise / look.noise.min()),
        # what the harmonics bring: over half the period, at twice the period
        "over_half": _squeeze(best - half),
        "double_over": _squeeze(double - best),
        "over_half_box": _squeeze(box - found.halved[:, 3]),
        "double_over_box": _squeeze(found.doubled[:, 3] - box),
        # which shape prior
        "over_sine": _squeeze(best - sine),
        "sharp": _squeeze(sharp - smooth),
        "box": _squeeze(box - np.maximum(smooth, sharp)),
        # the fold itself
        "skew": skew,
        "skew_sign": np.tanh(2.0 * skew),
        "odd": look.odd,
        "mirror": np.sqrt(np.maximum(look.mirror, 0.0)),
        "unequal": look.unequal,
        "second": look.second,
        # its deepest dip and the one half a cycle later
        "width": look.width,
        "depth": np.minimum(depth, 2.0),
        "deep": 1.0 / (1.0 + np.exp((0.75 - depth) / 0.08)),
        "ratio": look.ratio,
        "contrast": _squeeze(3.0 * look.contrast),
        # that two unlike eclipses should come out as equal as this, for the errors
        "same": -0.5 * np.minimum(look.contrast**2, 16.0) - np.log(np.maximum(look.blur, 1e-3)),
        "crowded": np.log10(np.maximum(look.width, 0.01)) + 2.0 / 3.0 * period,
        # how it rises and falls, and what it does outside the dips
        "rise": rise,
        "rise_clear": _squeeze(rise * clear),
        "skew_clear": _squeeze(skew * clear),
        "once_round": _squeeze(look.once_round),
        "twice_round": _squeeze(look.twice_round),
        "gap": look.gap,
    }
    columns = dict(base)
    columns["whole_day"] = np.exp(-0.5 * (whole * span / 3.0) ** 2)
    columns["near_day"] = np.exp(-0.5 * (whole / 0.01) ** 2)
    for corner in (1.0, 1.5, 2.0, 2.5):
        columns[f"cycles_below_{10**corner:.0f}"] = np.maximum(0.0, corner - cycles)
    twice = _twice(found)
    # 1 where the period is long
    long = 1.0 / (1.0 + np.exp((1.7 - period) / 0.1))
    for corner, hat in zip(CORNERS, _hats(period, CORNERS), strict=True):
        columns[f"period_{10**corner:.3g}"] = hat
    for corner, hat in zip(TWICE_CORNERS, _hats(period, TWICE_CORNERS), strict=True):
        columns[f"twice_{10**corner:.3g}"] = twice * hat
    size = np.full(len(f), np.log(max(sample.amplitude, 0.01)))
    several = np.full(len(f), float(sample.n_bands > 1))
    extra = {"size": size, "several": several, "chroma": several * sample.chroma}
    for name, value in {**base, **extra}.items():
        columns[f"twice_{name}"] = twice * value
        columns[f"long_{name}"] = long * value
    columns["size_period"] = size * period
    once = (1.0 - twice) * _hats(period, ONCE_CORNERS)
    for corner, hat in zip(ONCE_CORNERS, once, strict=True):
        for name, value in (("size", size), ("skew", skew), ("rise", rise)):
            columns[f"once_{10**corner:.3g}_{name}"] = hat * value
    short = (1.0 - twice) * (period < 0.0)
    for name, value in (
        ("skew", skew),
        ("size", size),
        ("mirror", base["mirror"]),
        ("rise", rise),
        ("rise_clear", base["rise_clear"]),
        ("skew_clear", base["skew_clear"]),
    ):
        columns[f"short_once_{name}"] = short * value
    return columns


def probabilities(found: Candidates, sample: Sample) -> FloatArray:
    """(m,) probability that each candidate is the period, given that one of them is.

    Parameters
    ----------
    found : m candidates.
    sample : the star's points.
    """
    columns = features(found, sample)
    score = _weighted(columns, WEIGHTS)
    if (few := fewness(sample)) > 0.0:
        score += few * _weighted(columns, FEW_WEIGHTS)
    no_binary = (sample.amplitude < LEAST_AMPLITUDE) | (found.frequency * SHORTEST_BINARY > 1.0)
    no_binary |= found.frequency * sample.span < FEWEST_CYCLES
    no_binary |= _hides_too_much(found, sample)
    score -= TWO_CYCLES * _twice(found) * no_binary
    share = np.exp(score - score.max())
    probability: FloatArray = share / share.sum()
    return probability


def fewness(sample: Sample) -> float:
    """How few points there are: what the weights of few points are multiplied by; 0 where there are enough."""
    return max(float(np.log(FEW_POINTS / len(sample.time))), 0.0)


def few_names(names: Iterable[str]) -> list[str]:
    """Which features count otherwise where there are few points: not how common periods and sizes are."""
    return [name for name in names if not _OF_POPULATIONS.match(name)]


def _weighted(columns: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    score: FloatArray = np.array(list(weights.values())) @ np.array([columns[name] for name in weights])
    return score


def _twice(found: Candidates) -> FloatArray:
    """(m,) 1 where a fold is the same twice over, up to small differences."""
    same: FloatArray = 1.0 / (1.0 + np.exp((found.looks.odd - 0.35) / 0.08))
    return same


def _hides_too_much(found: Candidates, sample: Sample) -> BoolArray:
    """(m,) whether the dip of a fold and the one half a cycle later would hide more light than there is."""
    dip = np.maximum(found.looks.depth, 1e-3)
    first, second = (_light(depth * sample.unit) for depth in (dip, found.looks.ratio * dip))
    error = 0.4 * np.log(10.0) * np.maximum(first, second) * found.looks.blur * dip * sample.unit
    hidden = 2.0 - first - second - HIDDEN_FOR_SURE * error
    # of a dip that no point half a cycle later stands against nothing is known
    known = (found.looks.contrast != 0.0) & (found.looks.width < ROUND)
    too_much: BoolArray = (hidden > MOST_HIDDEN) & known
    return too_much


def _light(fainter: FloatArray) -> FloatArray:
    """(m,) share of the light that is left of a star that is fainter by so many magnitudes."""
    left: FloatArray = 10.0 ** (-0.4 * np.clip(fainter, -5.0, 50.0))
    return left


def _hats(x: FloatArray, corners: tuple[float, ...]) -> FloatArray:
    """(len(corners), m) weights of a piecewise linear function's corners at x (m,), level beyond the outermost."""
    place = np.interp(x, corners, np.arange(len(corners)))
    hats: FloatArray = np.maximum(0.0, 1.0 - np.abs(place - np.arange(len(corners))[:, None]))
    return hats


def _squeeze(x: FloatArray) -> FloatArray:
    """Differences of evidence on a logarithmic scale that keeps the sign."""
    squeezed: FloatArray = np.sign(x) * np.log1p(np.abs(x) / 3.0)
    return squeezed
