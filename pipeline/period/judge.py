"""The rich model: how well the fold at each nominated frequency is explained, and what it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.median import median
from swope.pipeline.period.grid import Grid
from swope.pipeline.period.looks import Looks, looks
from swope.pipeline.period.nominate import times_more
from swope.pipeline.period.sample import Sample

#: Harmonics of the rich model and bins of phase that it is computed in: for the first look, and for the close one.
FIRST_LOOK = (5, 64)
CLOSE_LOOK = (8, 128)

#: The first look, and the search for the best frequency, use no more points than about this.
FIRST_POINTS = 500
FINE_POINTS = 1000

#: Prior variance of harmonic k goes as k to the minus this: a smooth shape and a sharp one. A sinusoid stands before.
DECAYS = (3.0, 1.0)

#: Offsets, in 1/span, at which a nominee of the better half is tried as well, and of two finer rounds for those kept.
ASIDE: FloatArray = np.array([-0.07, 0.07])
FINE: tuple[FloatArray, ...] = (np.array([-0.028, 0.028]), np.array([-0.01, 0.01]))

#: How many separate nominees are kept (more of few points), of how many the harmonics are tried as well, and which.
KEPT = 10
MULTIPLIED = ((0.5, 6), (2.0, 6), (1.0 / 3.0, 2), (3.0, 2))


@dataclass(frozen=True, eq=False)
class Candidates:
    """Frequencies that were looked at closely.

    Attributes
    ----------
    frequency : (m,) cycles a day.
    evidence : (m, 4) log evidence of a sinusoid, a smooth shape, a sharp shape and one or two dips.
    halved : (m, 4) the same at twice the frequency (half the period).
    doubled : (m, 4) the same at half the frequency (twice the period).
    own : (m,) log evidence when every band has a shape and a noise of its own, added over the bands.
    looks : (m,) each, what the fold looks like.
    """

    frequency: FloatArray
    evidence: FloatArray
    halved: FloatArray
    doubled: FloatArray
    own: FloatArray
    looks: Looks

    def at(self, rows: NDArray[np.int64]) -> Candidates:
        """These candidates, in this order."""
        return Candidates(
            self.frequency[rows],
            self.evidence[rows],
            self.halved[rows],
            self.doubled[rows],
            self.own[rows],
            Looks(*(column[rows] for column in self.looks)),
        )


@lru_cache(maxsize=2)
def _tables(terms: int, bins: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Cosines and sines of the phase bins' centres, (2 terms + 1, bins) each, and the priors, (3, terms)."""
    angle = 2.0 * np.pi * (np.arange(bins) + 0.5) / bins
    order = np.arange(2 * terms + 1)[:, None]
    k = np.arange(1, terms + 1, dtype=np.float64)
    priors = [np.where(k == 1, 1.0, 0.0)]
    for decay in DECAYS:
        share = k**-decay
        priors.append(share / share.sum())
    return np.cos(order * angle), np.sin(order * angle), np.stack(priors)


def evidence(sample: Sample, frequency: FloatArray, look: tuple[int, int] = CLOSE_LOOK, stride: int = 1) -> FloatArray:
    """Log evidence of a sinusoid, a smooth shape, a sharp shape and dips at each frequency, against no variation.

    Parameters
    ----------
    sample : n points.
    frequency : (m,) cycles a day.
    look : harmonics and phase bins.
    stride : every so many points are used.

    Returns
    -------
    (m, 4)
    """
    from swope.pipeline.period.kernels import evidence as kernel

    cosine, sine, priors = _tables(*look)
    flat = np.ascontiguousarray(frequency, dtype=np.float64)
    out = np.empty((flat.size, len(priors) + 1))
    kernel.evidence(
        np.ascontiguousarray(sample.time[::stride]),
        np.ascontiguousarray(sample.band[::stride]),
        np.ascontiguousarray(sample.value[::stride]),
        np.ascontiguousarray(sample.weight[::stride]),
        sample.n_bands,
        flat,
        cosine,
        sine,
        priors,
        out,
    )
    return out


def look_closely(sample: Sample, grid: Grid, nominees: FloatArray, certain: FloatArray | None = None) -> Candidates:
    """Judge the nominees, keep the best, try their harmonics, and refine all of these in frequency.

    Parameters
    ----------
    sample : n points.
    grid : the limits of the search.
    nominees : (m,) cycles a day, m >= 1.
    certain : cycles a day of candidates beside the best of the nominees, whatever their folds are like.

    Returns
    -------
    The candidates, highest evidence first.
    """
    span = sample.span
    stride = -(-len(sample.time) // FIRST_POINTS)
    score = evidence(sample, nominees, FIRST_LOOK, stride).max(axis=1)
    aside = _moved(grid, nominees[score >= median(score)], ASIDE / span).ravel()
    frequency = np.concatenate([nominees, aside])
    score = np.concatenate([score, evidence(sample, aside, FIRST_LOOK, stride).max(axis=1)])
    frequency = frequency[np.argsort(-score, kind="stable")]
    kept = frequency[separate(frequency, 0.5 / span, round(KEPT * times_more(len(sample.time))))]
    more = [kept] + [kept[:most] * factor for factor, most in MULTIPLIED]
    wanted = np.concatenate(more if certain is None else [*more, certain])
    wanted = wanted[(wanted >= grid.lowest * (1 - 1e-9)) & (wanted <= grid.highest * (1 + 1e-9))]
    wanted = wanted[separate(wanted, 0.1 / span, wanted.size)]
    stride = -(-len(sample.time) // FINE_POINTS)
    found = evidence(sample, wanted, CLOSE_LOOK, stride)
    for offsets in FINE:
        wanted, found = _best_of(sample, wanted, found, _moved(grid, wanted, offsets / span), stride)
    order = np.argsort(-found.max(axis=1), kind="stable")
    order = order[separate(wanted[order], 0.1 / span, wanted.size)]
    wanted, found = wanted[order], found[order]
    if stride > 1:
        found = evidence(sample, wanted)
    multiples = evidence(sample, np.concatenate([2.0 * wanted, 0.5 * wanted])).reshape(2, wanted.size, -1)
    _, _, priors = _tables(*CLOSE_LOOK)
    return Candidates(
        wanted,
        found,
        halved=multiples[0],
        doubled=multiples[1],
        own=own_evidence(sample, wanted, found),
        looks=looks(sample, wanted, priors[1], CLOSE_LOOK[1]),
    )


def own_evidence(sample: Sample, frequency: FloatArray, merged: FloatArray) -> FloatArray:
    """Log evidence of the best smooth shape of every band by itself, added over the bands.

    Parameters
    ----------
    sample : n points.
    frequency : (m,) cycles a day.
    merged : (m, 4) evidence of the merged bands, which is the answer where there is one band.

    Returns
    -------
    (m,)
    """
    total: FloatArray = merged[:, :3].max(axis=1)
    if sample.n_bands == 1:
        return total
    total = np.zeros(len(frequency))
    for band in range(sample.n_bands):
        total += evidence(sample.only(band), frequency)[:, :3].max(axis=1)
    return total


def _moved(grid: Grid, frequency: FloatArray, offsets: FloatArray) -> FloatArray:
    """(m, offsets) each frequency moved by each offset, within the grid."""
    moved: FloatArray = np.clip(frequency[:, None] + offsets, grid.lowest, grid.highest)
    return moved


def _best_of(
    sample: Sample, frequency: FloatArray, found: FloatArray, moved: FloatArray, stride: int
) -> tuple[FloatArray, FloatArray]:
    """Of each frequency (m,), of evidence (m, 4), and those it was moved to (m, offsets), the best; its evidence."""
    tried = evidence(sample, moved.ravel(), CLOSE_LOOK, stride).reshape(*moved.shape, -1)
    tried = np.concatenate([found[:, None], tried], axis=1)
    best = tried.max(axis=2).argmax(axis=1)
    rows = np.arange(len(frequency))
    return np.concatenate([frequency[:, None], moved], axis=1)[rows, best], tried[rows, best]


def separate(frequency: FloatArray, apart: float, most: int) -> NDArray[np.int64]:
    """Places of the first frequencies, in their order, that are at least so far apart from one another."""
    places: list[int] = []
    kept: list[float] = []
    for place, f in enumerate(frequency.tolist()):
        if all(abs(f - other) >= apart for other in kept):
            kept.append(f)
            places.append(place)
            if len(places) == most:
                break
    return np.asarray(places, dtype=np.int64)
