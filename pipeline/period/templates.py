"""How RR Lyrae stars look, as evidence where points are too few to show what a fold looks like.

Of a star with some 26 points over five bands no fold is seen well enough to be told from another. But RR Lyrae stars
are alike: what is free of one is its period, its phase, its levels, and little of its shape and amplitude. Curves of
Stripe 82 in ugriz, averaged over stars of much the same period and shape, stand for them (as in Sesar et al. 2010, ApJ
708, 717; `python -m tests.bench.rr_lyrae` learns and writes them), interpolated to other bands. The curve's phase, its
scale, the levels of the bands and the scale of the errors are averaged over.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from swope.pipeline.lightcurve import FloatArray, IntArray, LightCurve
from swope.pipeline.period.grid import Grid
from swope.pipeline.period.judge import separate
from swope.pipeline.photometry import brightening, errors_or, typical_error
from swope.pipeline.simulate.light import WAVELENGTH

Look = Literal["first", "close"]

#: What is known of the curves.
FILE = Path(__file__).with_name("rr_lyrae.csv")

#: Standard deviation of a star's amplitude about its curve's, as a share.
SCALE = 0.15

#: Magnitudes by which a star is off its curve, beside its errors; and degrees of freedom of the errors' scale.
OFF, FREEDOM = 0.04, 6.0

#: No RR Lyrae star is so many magnitudes off its median: values beyond are drawn in.
MOST = 3.0

#: Wavelength in micrometres of a band of which nothing is known.
ELSE = WAVELENGTH["V"]

#: Phases of the first look, which compares with fewer curves, and of the close one.
PHASES = {"first": 24, "close": 64}

#: Periods in days between which there are RR Lyrae stars.
SHORTEST, LONGEST = 0.2, 1.2

#: Frequencies of the most power that get a first look, how many of them become candidates, and how many candidates
#: are looked at closely.
LOOKED_AT, KEPT, CLOSELY = 4000, 20, 10

#: Log-odds that a star is an RR Lyrae star: this much for each unit of log evidence beyond that of the best fold of any
#: shape, times the share of points that are on a night of their own; for each of log-odds of the most probable
#: candidate by its fold; and for each of the logarithm of that share, as points of one night tell of one phase only,
#: and anything can be drawn through a few. `python -m tests.bench.rr_lyrae --belief` learns them.
OF_EVIDENCE, OF_FOLD, OF_NIGHTS = 0.258, -0.361, 6.82

#: Points of a band that are nearer in time than this, in days, are of one night.
NIGHT = 0.5

#: Candidates nearer than this, in 1/span, are one.
APART = 0.3

#: Offsets in 1/span at which the kept frequencies are tried, one round after the other.
FINE: tuple[FloatArray, ...] = (np.array([-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15]), np.array([-0.025, 0.0, 0.025]))


@dataclass(frozen=True, eq=False)
class Templates:
    """Curves of k groups of stars.

    Attributes
    ----------
    series : (k, bands, 2 terms) magnitudes, cosines and sines of each harmonic; brighter is up.
    wavelength : (bands,) micrometres, ascending.
    share : (k,) of all stars.
    log_period, spread : (k,) mean and standard deviation of the logarithm of the periods in days.
    """

    series: FloatArray
    wavelength: FloatArray
    share: FloatArray
    log_period: FloatArray
    spread: FloatArray

    def twice(self, wavelength: FloatArray, bins: int) -> FloatArray:
        """(k, wavelengths, 2 bins) two cycles of the curves at other wavelengths."""
        place = np.interp(wavelength, self.wavelength, np.arange(len(self.wavelength)))
        low = np.minimum(place.astype(np.int64), len(self.wavelength) - 2)
        part = (place - low)[:, None]
        series = (1.0 - part) * self.series[:, low] + part * self.series[:, low + 1]
        angle = 2.0 * np.pi * np.outer(np.arange(1, series.shape[2] // 2 + 1), (np.arange(bins) + 0.5) / bins)
        cycle = series @ np.concatenate([np.cos(angle), np.sin(angle)])
        return np.ascontiguousarray(np.concatenate([cycle, cycle], axis=2))


@dataclass(frozen=True, eq=False)
class Points:
    """A star's points, its bands one after the other.

    Attributes
    ----------
    time : (n,) days.
    band : (n,) ascending.
    value, weight : (n,) magnitudes brighter than the band's mean, and inverse variances.
    wavelength : (bands,) micrometres.
    span : days.
    nights : share of the points that are the first of a night in their band.
    """

    time: FloatArray
    band: IntArray
    value: FloatArray
    weight: FloatArray
    wavelength: FloatArray
    span: float
    nights: float


@lru_cache(maxsize=2)
def known(look: Look) -> Templates:
    """The curves that Swope comes with for one of the looks."""
    with FILE.open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["look"] == look]
    names = [name for name in rows[0] if name.startswith(("cos", "sin"))]
    wavelength = sorted({WAVELENGTH[row["band"]] for row in rows})
    series = np.array([[float(row[name]) for name in names] for row in rows])
    first = rows[:: len(wavelength)]
    return Templates(
        series.reshape(len(first), len(wavelength), len(names)),
        np.array(wavelength),
        *(np.array([float(row[name]) for row in first]) for name in ("share", "log_period", "spread")),
    )


def points_of(good: LightCurve) -> Points:
    """The good rows of a light curve, as they are compared with curves."""
    parts = []
    for band in range(len(good.bands)):
        rows = np.flatnonzero(good.band == band)
        if len(rows):
            value, error = brightening(good.value[rows], good.error[rows], good.kind)
            weight = 1.0 / (errors_or(error, typical_error(error, value), 0.0) ** 2 + OFF**2)
            value = np.clip(value, -MOST, MOST)
            value -= np.sum(weight * value) / np.sum(weight)
            parts.append((good.time[rows], value, weight, good.bands[band]))
    time, value, weight = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return Points(
        time - float(time.min()),
        np.repeat(np.arange(len(parts), dtype=np.int32), [len(part[0]) for part in parts]),
        value,
        weight,
        np.array([wavelength_of(part[3]) for part in parts]),
        float(np.ptp(time)),
        sum(1 + int(np.count_nonzero(np.diff(part[0]) > NIGHT)) for part in parts) / len(time),
    )


def wavelength_of(band: str) -> float:
    """Micrometres of a band, by its name or the last letter of it (zg, sdss_r); `ELSE` where that says nothing."""
    return WAVELENGTH.get(band, WAVELENGTH.get(band[-1:], ELSE))


def evidence(points: Points, frequency: FloatArray, curves: Templates, bins: int) -> FloatArray:
    """Log evidence of an RR Lyrae star at each frequency, against a star that does not vary.

    Parameters
    ----------
    points : of the star.
    frequency : (m,) cycles a day.
    curves : what such stars look like.
    bins : phases.

    Returns
    -------
    (m,) averaged over curves, phases, amplitudes and levels; with the density of the logarithm of the period.
    """
    from swope.pipeline.period.kernels import templates as kernel

    flat = np.ascontiguousarray(frequency, dtype=np.float64)
    out = np.empty((flat.size, len(curves.share)))
    twice = curves.twice(points.wavelength, bins)
    kernel.templates(points.time, points.band, points.value, points.weight, flat, twice, 1.0 / SCALE**2, FREEDOM, out)
    deviate = (-np.log(flat)[:, None] - curves.log_period) / curves.spread
    out += np.log(curves.share / curves.spread / np.sqrt(2.0 * np.pi)) - 0.5 * deviate**2
    highest = out.max(axis=1)
    total: FloatArray = highest + np.log(np.exp(out - highest[:, None]).sum(axis=1))
    return total


def likeliest(points: Points, grid: Grid, power: FloatArray, curves: Templates) -> FloatArray:
    """Frequencies of the grid at which a star is most like an RR Lyrae star, the likeliest first.

    Parameters
    ----------
    points : of the star.
    grid, power : (grid.size,) its one-term periodogram.
    curves : what such stars look like.

    Returns
    -------
    (m,) cycles a day, at least `APART` apart.
    """
    # the same steps of the grid, whatever part of it is searched
    first = max(0, int(np.ceil(1.0 / (LONGEST * grid.step))) - grid.first)
    last = min(grid.size, int(1.0 / (SHORTEST * grid.step)) + 1 - grid.first)
    if first >= last:
        return np.empty(0)
    some = np.arange(first, last)
    if len(some) > LOOKED_AT:
        some = some[np.argpartition(-power[some], LOOKED_AT)[:LOOKED_AT]]
    frequency = (grid.first + np.sort(some)).astype(np.float64) * grid.step
    score = evidence(points, frequency, curves, PHASES["first"])
    frequency = frequency[np.argsort(-score, kind="stable")]
    kept: FloatArray = frequency[separate(frequency, APART / points.span, KEPT)]
    return kept


def refined(points: Points, frequency: FloatArray, curves: Templates) -> tuple[FloatArray, FloatArray]:
    """Each frequency (m,) moved to where it is likeliest nearby, and its log evidence (m,)."""
    for offsets in FINE:
        moved = frequency[:, None] + offsets / points.span
        score = evidence(points, moved.ravel(), curves, PHASES["close"]).reshape(moved.shape)
        best = score.argmax(axis=1)[:, None]
        frequency, found = (np.take_along_axis(table, best, axis=1)[:, 0] for table in (moved, score))
    return frequency, found


@dataclass(frozen=True, eq=False)
class Believed:
    """What candidates are as periods of an RR Lyrae star.

    Attributes
    ----------
    rows : (k,) which of the candidates these are.
    share : (k,) how probable each is, given that the star is one.
    signs : (3,) what speaks for that: see `OF_EVIDENCE`, `OF_FOLD` and `OF_NIGHTS`.
    """

    rows: IntArray
    share: FloatArray
    signs: FloatArray


def believed(
    points: Points, frequency: FloatArray, probability: FloatArray, fold: float, curves: Templates
) -> Believed | None:
    """How far a star is an RR Lyrae star, and of which period; None where no candidate is the period of one.

    Parameters
    ----------
    points : of the star.
    frequency, probability : (m,) candidates in cycles a day, and how probable their folds make them.
    fold : log evidence of the best fold of any shape.
    curves : what RR Lyrae stars look like.
    """
    within = np.flatnonzero((frequency * SHORTEST < 1.0) & (frequency * LONGEST > 1.0))
    if not len(within):
        return None
    first = evidence(points, frequency[within], curves, PHASES["close"])
    within = within[np.argsort(-first, kind="stable")]
    within = within[separate(frequency[within], APART / points.span, CLOSELY)]
    _, found = refined(points, frequency[within], curves)
    share = np.exp(found - found.max())
    total = float(found.max() + np.log(share.sum()))
    surest = float(np.clip(probability.max(), 1e-3, 1.0 - 1e-3))
    signs = np.array([points.nights * (total - fold), np.log(surest / (1.0 - surest)), np.log(points.nights)])
    return Believed(within.astype(np.int32), share / share.sum(), signs)


def weighed(
    points: Points, frequency: FloatArray, probability: FloatArray, fold: float, curves: Templates
) -> FloatArray:
    """Probabilities of candidates, given that the star may be an RR Lyrae star; parameters as of `believed`."""
    found = believed(points, frequency, probability, fold, curves)
    if found is None:
        return probability
    odds = float(found.signs @ (OF_EVIDENCE, OF_FOLD, OF_NIGHTS))
    belief = 1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0)))
    mixed: FloatArray = (1.0 - belief) * probability
    mixed[found.rows] += belief * found.share
    return mixed
