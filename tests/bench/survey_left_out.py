"""What a user with a survey of his own gets: trained without a survey, judged on it, for each survey in turn.

``python -m tests.bench.survey_left_out`` judges on the stars that `swope.pipeline.split.held_out` keeps apart, so that
choices may be made with ``--tune``, which judges on the others. Beside it stand a random forest on features of the
`light-curve` library that learnt from the same stars, and what both say of the same stars when they know the survey.
Sets that one instrument made are left out together. The stars judged are of types that the other surveys teach; which
share of them gets a `class_flag` is said of each star alone, and in a run of all stars of the set. Of a survey that is
left out no star was learnt from, and of a small set a few of those kept apart may decide: so the balanced accuracy on
all of its stars is told as well.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier import Classification, ClassifierOptions
from swope.models.classifier.targets import allowed_types, leaf_types
from swope.models.inputs import Inputs
from swope.pipeline.split import held_out, share
from swope.pipeline.unfamiliar import UNCERTAIN, unfamiliar
from tests.bench.classify import fitted, forest_features, judge
from tests.bench.ship_folds import SHIPPED, as_labelled, gathered, to_learn_from
from tests.bench.training_set import SETS, Prepared, add_cache

#: Sets by the instrument that made them.
SURVEYS: dict[str, tuple[str, ...]] = {
    "ASAS": ("asas_acvs", "asas_training"),
    "Hipparcos, OGLE": ("debosscher", "ogle_cepheids", "ogle_quasars", "ogle_lenses"),
    "EROS": ("eros", "eros2_ogle"),
    "SDSS": ("s82_rrlyrae",),
    "Catalina": ("catalina_south", "crts", "qso", "standards"),
}

#: A type is judged where so many of its stars are, and a set where two types are.
LEAST_JUDGED = 10

#: Those that know nothing of a survey that is left out.
UNSEEING = ("left_out", "forest")

#: Shares of stars with a flag.
FLAGGED = ("flagged", "flagged_in_run")

HEAD = (
    f"{'':29s} | left out: accuracy, balanced, ECE, flagged alone and in a run; forest | in survey"
    " | left out, on all stars: balanced; forest\n"
    f"{'set':15s} {'stars':>6s} {'types':>5s}"
)


def capped(stars: Prepared, sets: NDArray[np.str_], most: int) -> NDArray[np.bool_]:
    """(n,) at most so many stars of a set and label, the same ones every time; all where `most` is 0."""
    if not most:
        return np.ones(len(stars), dtype=bool)
    counts = Counter(zip(sets.tolist(), stars.labels.tolist(), strict=True))
    chance = [most / counts[key] for key in zip(sets.tolist(), stars.labels.tolist(), strict=True)]
    return np.array([share(str(name), "capped") < p for name, p in zip(stars.names, chance, strict=True)])


def judged(test: Prepared, types: Sequence[str]) -> NDArray[np.bool_]:
    """(n,) the stars whose label may be one of the types, where enough of its stars are judged."""
    counts = Counter(test.labels.tolist())
    words = {label for label, n in counts.items() if n >= LEAST_JUDGED and allowed_types(str(label), types).any()}
    return np.isin(test.labels, sorted(words))


def scored(result: Classification, test: Prepared) -> dict[str, Any]:
    """Quality of what was said of stars, and the share of each label that was right."""
    said, sure = as_labelled(result, [str(label) for label in test.labels])
    recall = {str(label): round(float((said == label)[test.labels == label].mean()), 3) for label in set(test.labels)}
    return {key: round(value, 4) for key, value in judge(said, sure, test.labels).items()} | {"recall": recall}


def flagged(result: Classification, rows: NDArray[np.int64]) -> dict[str, float]:
    """Which share of some stars has a flag, each by itself and in the run of all."""
    uncertain = np.array([flag == UNCERTAIN for flag in result.flag])
    strange = (result.unlikeness > 1.0, unfamiliar(result.unlikeness))
    return {name: round(float((uncertain | one)[rows].mean()), 4) for name, one in zip(FLAGGED, strange, strict=True)}


class Forest:
    """A random forest of 300 trees on features of the `light-curve` library and the period."""

    def __init__(self, learn: Prepared, seed: int) -> None:
        from sklearn.ensemble import RandomForestClassifier

        told = np.isin(learn.labels, leaf_types(learn.labels.tolist()))
        self._forest = RandomForestClassifier(300, random_state=seed, n_jobs=1)
        self._forest.fit(forest_features(learn.inputs.rows(told), survey=False), learn.labels[told])

    def classify_inputs(self, inputs: Inputs) -> Classification:
        """As a classifier answers, without flags."""
        n, shares = len(inputs), self._forest.predict_proba(forest_features(inputs, survey=False))
        types = tuple(str(name) for name in self._forest.classes_)
        return Classification(
            types, shares, (None,) * n, (None,) * n, (None,) * n, np.ones(n), np.zeros(n), np.zeros(n)
        )


def figures(
    cache: Path, surveys: Sequence[str], teachers: Sequence[str], most: int, tune: bool, options: ClassifierOptions
) -> list[dict[str, Any]]:
    """Judge on each set what the other surveys teach.

    Parameters
    ----------
    surveys : that are left out, each in its turn.
    teachers : sets that are learnt from.
    most : stars of a set and label that are learnt from, at most; 0 for all.
    tune : judge on stars that may be chosen by.
    """
    stars, names, _ = gathered(cache, options.copies)
    sets = np.array(names)
    apart = np.array([held_out(str(name)) for name in stars.names])
    taught = ~apart & np.isin(sets, teachers) & capped(stars, sets, most)
    whole = to_learn_from(cache, stars, taught)
    knowing = {"in_survey": fitted(whole, options), "forest_in_survey": Forest(whole, options.seed)}
    found = []
    for survey in surveys:
        its = SURVEYS[survey]
        learn = to_learn_from(cache, stars, taught & ~np.isin(sets, its))
        classifier = fitted(learn, options)
        asked = {"left_out": classifier, "forest": Forest(learn, options.seed)} | knowing
        for name in its:
            run, side = stars.rows(sets == name), (~apart if tune else apart)[sets == name]
            rows = np.flatnonzero(side)
            rows = rows[judged(run.rows(rows), classifier.types)]
            test = run.rows(rows)
            if len(set(test.labels)) < 2:
                continue
            one: dict[str, Any] = {"bench": "survey_left_out", "survey": survey, "set": name, "tune": tune}
            one |= {"stars": len(test), "types": len(set(test.labels))}
            one |= {who: scored(model.classify_inputs(test.inputs), test) for who, model in asked.items()}
            for who, model in (("left_out", classifier), ("in_survey", knowing["in_survey"])):
                one[who] |= flagged(model.classify_inputs(run.inputs), rows)
            whole = run.rows(judged(run, classifier.types))
            said = {who: scored(asked[who].classify_inputs(whole.inputs), whole) for who in UNSEEING}
            one["whole"] = {"stars": len(whole)} | said
            found.append(one)
            print(row(one), flush=True)
    return found


def row(one: dict[str, Any]) -> str:
    """A set, as a person reads it."""
    parts = [
        " ".join(f"{one[mine][key]:.3f}   " for key in ("accuracy", "balanced", "ece", *FLAGGED))
        + f"{one[theirs]['balanced']:.3f}"
        for mine, theirs in (("left_out", "forest"), ("in_survey", "forest_in_survey"))
    ]
    whole = one["whole"]
    parts.append("   ".join([f"{whole['stars']:6d}", *(f"{whole[who]['balanced']:.3f}" for who in UNSEEING)]))
    return f"{one['set']:15s} {one['stars']:6d} {one['types']:5d} | " + " | ".join(parts)


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--surveys", nargs="+", choices=SURVEYS, default=list(SURVEYS), metavar="SURVEY")
    parser.add_argument("--learn-from", nargs="+", choices=SETS, default=list(SETS), metavar="SET")
    parser.add_argument(
        "--most", type=int, default=600, help="stars of a set and label, at most (0: all; default: 600)"
    )
    parser.add_argument("--tune", action="store_true", help="judge on stars that choices may be made by")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="add the lines of JSON to it, for the card of ship_folds"
    )
    args = parser.parse_args()
    print(HEAD)
    options = replace(SHIPPED, epochs=args.epochs)
    found = figures(args.cache, args.surveys, args.learn_from, args.most, args.tune, options)
    for who in ("left_out", "forest", "in_survey", "forest_in_survey"):
        keys = ("accuracy", "balanced", "ece", *(FLAGGED if FLAGGED[0] in found[0][who] else ()))
        mean = {key: np.mean([one[who][key] for one in found]) for key in keys}
        print(f"mean of {who}: " + ", ".join(f"{key} {value:.3f}" for key, value in mean.items()))
    lines = "".join(json.dumps(one) + "\n" for one in found)
    print(lines, end="")
    if args.keep:
        with args.keep.open("a") as kept:
            kept.write(lines)


if __name__ == "__main__":
    main()
