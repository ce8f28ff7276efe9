"""Learn the weights of `pipeline.period.rule` from stars with known periods: `python -m tests.bench.periods_rule`.

A conditional logit over each star's candidates (McFadden 1974), with a ridge, and a small chance that the reference
itself is wrong. A fifth of the stars (`swope.pipeline.split.held_out`) is not learned from, and judged apart.

``--few`` learns what is added to these weights where there are few points, on stars thinned to 20 to 70 of them.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.period.options import PeriodOptions
from swope.pipeline.period.rule import features, few_names, fewness
from swope.pipeline.period.search import Search, search
from swope.pipeline.period.weights import WEIGHTS
from swope.pipeline.split import held_out
from tests.bench.periods_data import ECLIPSING, Known, asas, catalina, eros, eros2, right, s82, with_fitted_period

#: Share of references that are taken to be wrong, and the chance of any one candidate then.
WRONG, ANY = 0.03, 0.05

RIDGE = 1.0

#: How often a class of `asas` counts, and a star of the other sets. A pulsator at twice its period is the worse
#: mistake, and the eclipsing stars are in the majority; the stars with several bands are few, those of Catalina many.
#: Chosen on two halves of what is learned from.
EMPHASIS = {"DSCT": 4.0, "RRC": 2.0, "M": 2.0}
OTHERS = {"catalina": 0.5, "s82": 3.0, "s82-limits": 3.0, "s82-thin": 3.0}

#: What is learned from: Stripe 82 blind, from 0.2 to 1.2 d, and so with a fifth of the points.
SETS: dict[str, Callable[[int | None], Iterator[Known]]] = {
    "asas": asas,
    "catalina": catalina,
    "eros": eros,
    "eros2": eros2,
    "s82": s82,
    "s82-limits": s82,
    "s82-thin": lambda number: s82(number, keep=0.2, seed=1000),
}

#: The ridge of what is added where there are few points. Chosen on two halves of what is learned from.
FEW_RIDGE = 10.0

#: Points that thinned stars keep, and how many stars of a set are thinned.
THINNED = (20, 70)
THINNED_STARS = 500


def thinned(stars: Iterator[Known], seed: int) -> Iterator[Known]:
    """The stars with few of their points."""
    for place, star in enumerate(stars):
        rng, good = np.random.default_rng([seed, place]), star.curve.good
        keep = np.zeros(len(good), dtype=bool)
        keep[rng.permutation(len(good))[: int(rng.integers(*THINNED))]] = True
        yield replace(star, curve=good.where(keep))


#: The same of few points; where the period of a star is fitted, it is before the star is thinned.
FEW_SETS: dict[str, Callable[[int | None], Iterator[Known]]] = {
    "asas": lambda number: thinned((with_fitted_period(star) for star in asas(number)), 3),
    "catalina": lambda number: thinned(catalina(number), 1),
    "eros": lambda number: thinned(eros(number), 4),
    "eros2": lambda number: thinned(eros2(number), 2),
    "s82": lambda number: s82(number, epochs=30, seed=6000),
    "s82-limits": lambda number: s82(number, epochs=26, seed=5000),
    "s82-thin": lambda number: s82(number, epochs=45, seed=7000),
}


@dataclass(frozen=True, eq=False)
class Case:
    """One star's candidates: features, which are right, which are at half and at twice the reference; a score before.

    `few` says how few points the star has (`swope.pipeline.period.rule.fewness`).
    """

    set_name: str
    class_name: str
    apart: bool
    features: FloatArray
    right: BoolArray
    half: BoolArray
    double: BoolArray
    few: float
    before: FloatArray


def case_of(star: Known, found: Search, set_name: str) -> Case:
    """The star's case, for learning or judging."""
    period = 1.0 / found.candidates.frequency
    span = found.sample.span
    columns = features(found.candidates, found.sample)
    marks = [np.array([right(p * factor, star.period, span) for p in period]) for factor in (1.0, 2.0, 0.5)]
    return Case(
        set_name,
        star.class_name,
        held_out(star.curve.object_id),
        np.stack(list(columns.values()), axis=1),
        *marks,
        fewness(found.sample),
        np.zeros(len(period)),
    )


def of_few(case: Case, names: list[str]) -> Case:
    """The case with what counts otherwise where there are few points, beside the score that all stars have."""
    own, common = ([names.index(name) for name in some] for some in (few_names(names), WEIGHTS))
    before = case.features[:, common] @ np.array(list(WEIGHTS.values()))
    return replace(case, features=case.few * case.features[:, own], before=before)


def cases(
    sets: list[str],
    number: int | None,
    stars_of: Mapping[str, Callable[[int | None], Iterator[Known]]] = SETS,
) -> Iterator[Case]:
    """The cases of some of the sets."""
    limits = PeriodOptions(min_period=0.2, max_period=1.2)
    for name in sets:
        for bare in stars_of[name](number):
            star = with_fitted_period(bare)
            if np.isfinite(star.period):
                found = search(star.curve, limits if name in ("s82-limits", "s82-thin") else PeriodOptions())
                if not isinstance(found, str):
                    yield case_of(star, found, name)


def learn(training: list[Case], ridge: float = RIDGE) -> FloatArray:
    """Weights of the features: penalised maximum likelihood."""
    training = [case for case in training if case.right.any()]
    table = np.concatenate([case.features for case in training])
    deviation = table.std(axis=0) + 1e-9
    table = table / deviation
    before = np.concatenate([case.before for case in training])
    hit = np.concatenate([case.right for case in training]).astype(np.float64)
    sizes = [len(case.right) for case in training]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(sizes)), sizes)
    counts = np.array([OTHERS.get(case.set_name, EMPHASIS.get(case.class_name, 1.0)) for case in training])

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        score = table @ weights + before
        share = np.exp(score - np.maximum.reduceat(score, starts)[owner])
        share /= np.add.reduceat(share, starts)[owner]
        good = np.add.reduceat(share * hit, starts)
        mixed = (1.0 - WRONG) * good + WRONG * ANY
        slope = table.T @ ((counts * (1.0 - WRONG) / mixed)[owner] * share * (hit - good[owner]))
        return float(-np.sum(counts * np.log(mixed)) + ridge * weights @ weights), -slope + 2.0 * ridge * weights

    found = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    weights: FloatArray = found.x / deviation
    return weights


def report(judged: list[Case], weights: FloatArray, title: str) -> None:
    """Print shares right on top, among five, among all candidates, and at half and double."""
    rows = defaultdict(list)
    for case in judged:
        order = np.argsort(-(case.features @ weights + case.before), kind="stable")
        top = order[0]
        row = [case.right[top], case.right[order[:5]].any(), case.right.any(), case.half[top], case.double[top]]
        rows[case.set_name, case.class_name].append(row)
        rows[case.set_name, "all eclipsing" if case.class_name in ECLIPSING else "all others"].append(row)
    print(f"{title:34s}      n    top   five    any   half double")
    for (set_name, class_name), values in sorted(rows.items()):
        means = "  ".join(f"{mean:.3f}" for mean in np.mean(values, axis=0))
        print(f"  {set_name:12s} {class_name:18s} {len(values):6d}  {means}")


def print_weights(named: str, names: list[str], weights: FloatArray) -> None:
    """Print a table of the module `swope.pipeline.period.weights`."""
    print(f"{named}: dict[str, float] = {{")
    for name, weight in zip(names, weights, strict=True):
        print(f'    "{name}": {weight:.4g},')
    print("}")


def main() -> None:
    """Learn, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--stars", type=int, default=None, help="at most so many of each set (--few: default 500)")
    parser.add_argument("--few", action="store_true", help="learn what is added where there are few points")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    some = next(s82(1))
    example = search(some.curve)
    if isinstance(example, str):
        raise SystemExit(example)
    names, sets = list(features(example.candidates, example.sample)), arguments.sets.split(",")
    if arguments.few:
        number = arguments.stars or THINNED_STARS
        found = [of_few(case, names) for case in cases(sets, number, FEW_SETS)]
        names = few_names(names)
    else:
        found = list(cases(sets, arguments.stars))
    print(f"{len(found)} stars in {time.perf_counter() - begin:.0f} s")
    training, apart = [case for case in found if not case.apart], [case for case in found if case.apart]
    weights = learn(training, FEW_RIDGE if arguments.few else RIDGE)
    report(training, weights, "learned from")
    report(apart, weights, "kept apart")
    if arguments.few:
        report(apart, np.zeros(len(names)), "kept apart, without")
    print_weights("FEW_WEIGHTS" if arguments.few else "WEIGHTS", names, weights)


if __name__ == "__main__":
    main()
