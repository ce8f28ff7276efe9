"""Learn what RR Lyrae stars look like in ugriz, from Stripe 82: ``python -m tests.bench.rr_lyrae [--write]``.

Every star that `swope.pipeline.split.held_out` does not keep apart is folded with its catalogue period, and its bands
are fitted by Fourier series; the curves are turned to a common phase and grouped by shape, size and period. What is
written, `swope.pipeline.period.templates.FILE`, are the groups' means.

``--belief`` learns what speaks for an RR Lyrae star, by the likelihood of the right periods of stars thinned to 20 to
70 points, and by the transients of CRTS, which are none. Curves that some of these stars were learnt by are used: of
Stripe 82 the belief is a little too strong, and it is one set of seven.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period.grid import grid_for
from swope.pipeline.period.judge import look_closely
from swope.pipeline.period.nominate import FEW_POINTS, nominate
from swope.pipeline.period.options import PeriodOptions
from swope.pipeline.period.rule import probabilities
from swope.pipeline.period.sample import prepare
from swope.pipeline.period.spectrum import periodogram
from swope.pipeline.period.templates import (
    FILE,
    Look,
    Templates,
    believed,
    known,
    likeliest,
    points_of,
    wavelength_of,
)
from swope.pipeline.split import held_out
from tests.bench.periods import LIMITS
from tests.bench.periods_data import Known, right, s82
from tests.bench.periods_rule import ANY, FEW_SETS, WRONG
from tests.bench.training_set import add_cache, stars_of

BANDS = tuple("ugriz")

#: Groups of each class, for each look of the search. Chosen on stars thinned to 26 observations that were in the one
#: half of all, with curves learnt on the other.
GROUPS: dict[Look, dict[str, int]] = {"first": {"RRab": 3, "RRc": 1}, "close": {"RRab": 20, "RRc": 6}}

#: Harmonics, and the ridge of harmonic k times k cubed.
TERMS, RIDGE = 6, 15.0

#: Magnitudes of error beside the given ones; a band with fewer points tells of no curve.
SOFT, LEAST = 0.02, 25

#: A group of few stars has the spread of log periods of so many more.
SPREAD, MORE = 0.04, 3.0

PHASES = 64


@dataclass(frozen=True, eq=False)
class Folded:
    """What a star looks like: (bands, 2 terms) cosines and sines, brighter up; its class and period."""

    series: FloatArray
    class_name: str
    period: float


def harmonics(angle: FloatArray) -> FloatArray:
    """(n, 2 terms) cosines and sines of the harmonics at angles (n,)."""
    many = np.outer(angle, np.arange(1, TERMS + 1))
    return np.concatenate([np.cos(many), np.sin(many)], axis=1)


def folded(star: Known) -> Folded | None:
    """The star's curves in the five bands; None where one has too few points."""
    good, found = star.curve.good, []
    penalty = RIDGE * np.concatenate([[0.0], np.tile(np.arange(1.0, TERMS + 1) ** 3, 2)])
    for name in BANDS:
        rows = good.band == (good.bands.index(name) if name in good.bands else -1)
        if rows.sum() < LEAST:
            return None
        waves = harmonics(2.0 * np.pi * (good.time[rows] / star.period % 1.0))
        basis = np.concatenate([np.ones((len(waves), 1)), waves], axis=1)
        value, usual = -good.value[rows], 1.0 / (good.error[rows] ** 2 + SOFT**2)
        weight = usual
        for _ in range(4):
            heavy = basis * weight[:, None]
            series = np.linalg.solve(heavy.T @ basis + np.diag(penalty), heavy.T @ value)
            left = np.abs(value - basis @ series)
            weight = usual * (left < 4.0 * max(1.4826 * float(np.median(left)), 0.03))
        found.append(series[1:])
    return Folded(np.array(found), star.class_name, star.period)


def turned(series: FloatArray, shift: FloatArray) -> FloatArray:
    """Curves (n, bands, 2 terms) that come earlier by so many cycles (n,)."""
    angle = 2.0 * np.pi * shift[:, None, None] * np.arange(1, TERMS + 1)
    cosine, sine = series[..., :TERMS], series[..., TERMS:]
    return np.concatenate(
        [cosine * np.cos(angle) + sine * np.sin(angle), sine * np.cos(angle) - cosine * np.sin(angle)], axis=2
    )


def aligned(series: FloatArray) -> FloatArray:
    """The curves of a class, turned until each agrees best with their mean; first by the maximum of g and r."""
    shifts = np.arange(PHASES) / PHASES
    basis = harmonics(2.0 * np.pi * shifts)
    series = turned(series, shifts[np.argmax((series[:, 1] + series[:, 2]) @ basis.T, axis=1)])
    for _ in range(5):
        mean = series.mean(axis=0)
        # one curve times the mean, turned the other way by each shift
        products = np.stack(
            [np.sum(series * turned(mean[None], np.array([-shift])), axis=(1, 2)) for shift in shifts], axis=1
        )
        series = turned(series, shifts[np.argmax(products, axis=1)])
    return series


def grouped(place: FloatArray, groups: int, rounds: int = 50) -> NDArray[np.int64]:
    """(n,) which of so many groups each place (n, k) belongs to, by k-means."""
    centre = place[np.random.default_rng(0).permutation(len(place))[:groups]]
    for _ in range(rounds):
        nearest = ((place[:, None] - centre) ** 2).sum(axis=2).argmin(axis=1)
        centre = np.array(
            [place[nearest == k].mean(axis=0) if (nearest == k).any() else centre[k] for k in range(len(centre))]
        )
    return nearest


def learnt(stars: Iterable[Known]) -> dict[Look, Templates]:
    """What the stars look like."""
    every = [one for star in stars if (one := folded(star)) is not None]
    return {look: in_groups(every, groups) for look, groups in GROUPS.items()}


def in_groups(every: Sequence[Folded], groups: dict[str, int]) -> Templates:
    """The means of so many groups of each class."""
    rows = []
    for name, number in groups.items():
        own = [one for one in every if one.class_name == name]
        series = aligned(np.array([one.series for one in own]))
        log_period = np.log([one.period for one in own])
        # a magnitude of rms difference in all bands counts as a factor e of period
        place = np.concatenate([series.reshape(len(own), -1) / np.sqrt(2.0 * len(BANDS)), log_period[:, None]], axis=1)
        nearest = grouped(place, number)
        for k in np.unique(nearest):
            those = nearest == k
            count = those.sum()
            spread = np.sqrt((log_period[those].var() * count + SPREAD**2 * MORE) / (count + MORE))
            rows.append((series[those].mean(axis=0), count / len(every), log_period[those].mean(), spread))
    series, share, middle, spread = (np.array(column) for column in zip(*rows, strict=True))
    return Templates(series, np.array([wavelength_of(band) for band in BANDS]), share, middle, spread)


@dataclass(frozen=True, eq=False)
class Judged:
    """A star's signs of `swope.pipeline.period.templates.believed`, and what the right periods have of probability.

    `by_curve` is what they have if it is an RR Lyrae star, `by_fold` else; 0 and 1 of a star that is none.
    """

    set_name: str
    apart: bool
    signs: FloatArray
    by_curve: float
    by_fold: float


def judged(curve: LightCurve, set_name: str, period: float, options: PeriodOptions) -> Judged | None:
    """One star; None where templates have no say. A period of NaN says that it is no RR Lyrae star."""
    good = curve.good
    sample = prepare(good)
    if sample is None or not options.min_points <= len(sample.time) < FEW_POINTS:
        return None
    grid, points = grid_for(sample.time, options), points_of(good)
    spectrum = periodogram(sample.time, sample.value, sample.weight, grid)
    nominees = nominate(spectrum.power, grid, sample.span, len(sample.time))
    found = look_closely(sample, grid, nominees, likeliest(points, grid, spectrum.power, known("first")))
    share = probabilities(found, sample)
    believes = believed(points, found.frequency, share, float(found.evidence.max()), known("close"))
    if believes is None:
        return None
    hit = np.array([right(1.0 / f, period, sample.span) for f in found.frequency])
    by_curve, by_fold = believes.share @ hit[believes.rows], share @ hit
    if not np.isfinite(period):
        by_curve, by_fold = 0.0, 1.0
    return Judged(set_name, held_out(curve.object_id), believes.signs, float(by_curve), float(by_fold))


def all_judged(cache: Path, number: int) -> Iterator[Judged]:
    """So many stars of each set, as `judged`."""
    for name, stars in FEW_SETS.items():
        options = LIMITS if name == "s82-limits" else PeriodOptions()
        for star in stars(number):
            if np.isfinite(star.period) and (one := judged(star.curve, name, star.period, options)):
                yield one
    for star in stars_of(cache, "crts"):
        if one := judged(star.star.curve, "crts", np.nan, PeriodOptions()):
            yield one


def belief(stars: Sequence[Judged]) -> FloatArray:
    """(3,) log-odds of an RR Lyrae star for each unit of its signs."""
    signs = np.array([one.signs for one in stars])
    by_curve, by_fold = (np.array([getattr(one, name) for one in stars]) for name in ("by_curve", "by_fold"))
    # Stripe 82's stars are in three sets
    counts = np.array([1.0 / 3.0 if one.set_name.startswith("s82") else 1.0 for one in stars])

    def loss(weights: FloatArray) -> float:
        share = expit(signs @ weights)
        mixed = share * by_curve + (1.0 - share) * by_fold
        return float(-np.sum(counts * np.log((1.0 - WRONG) * mixed + WRONG * ANY)) + 0.01 * weights @ weights)

    found: FloatArray = minimize(loss, np.zeros(signs.shape[1]), method="BFGS").x
    return found


def print_belief(stars: Sequence[Judged]) -> None:
    """Learn on the stars that are not held out, and print how it does on the others."""
    weights = belief([one for one in stars if not one.apart])
    print("OF_EVIDENCE, OF_FOLD, OF_NIGHTS =", ", ".join(f"{x:.3g}" for x in weights))
    print("kept apart     stars  belief  probability of the right periods  without")
    for name in dict.fromkeys(one.set_name for one in stars):
        own = [one for one in stars if one.set_name == name and one.apart]
        share = np.array([expit(one.signs @ weights) for one in own])
        without = np.array([one.by_fold for one in own])
        mixed = share * [one.by_curve for one in own] + (1.0 - share) * without
        print(f"{name:12s} {len(own):7d} {share.mean():7.3f} {mixed.mean():33.3f} {without.mean():8.3f}")


def write(found: Mapping[Look, Templates], file: TextIO) -> None:
    """A row a band of a curve."""
    table = csv.writer(file, lineterminator="\n")
    waves = [f"{wave}{k}" for wave in ("cos", "sin") for k in range(1, TERMS + 1)]
    table.writerow(["look", "share", "log_period", "spread", "band", *waves])
    for look, curves in found.items():
        for series, *of_group in zip(curves.series, curves.share, curves.log_period, curves.spread, strict=True):
            for band, row in zip(BANDS, series, strict=True):
                table.writerow([look, *(f"{x:.4f}" for x in of_group), band, *(f"{x:.4f}" for x in row)])


def main() -> None:
    """Learn, and print or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into the package, not to the screen")
    parser.add_argument("--belief", action="store_true", help="learn what speaks for an RR Lyrae star")
    parser.add_argument("--stars", type=int, default=400, help="so many of each set for --belief (default: 400)")
    add_cache(parser)
    args = parser.parse_args()
    if args.belief:
        print_belief(list(all_judged(args.cache, args.stars)))
        return
    found = learnt(star for star in s82() if not held_out(star.curve.object_id))
    if args.write:
        with FILE.open("w", newline="") as file:
            write(found, file)
    else:
        write(found, sys.stdout)


if __name__ == "__main__":
    main()
