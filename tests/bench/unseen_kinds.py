"""Whether kinds of stars that the classifier never saw get a `class_flag`: groups of kinds are left out of training.

``python -m tests.bench.unseen_kinds`` trains without each group, in fewer passes than what is shipped, and says which
share of the real stars of each kind that was left out gets a flag, and which share of the others: stars that
`swope.pipeline.split.held_out` keeps apart, of the kinds that were learnt. The signs that a star is unfamiliar were
chosen by the first group (``tuned``); the second, and the kinds that nothing was ever taught of (types too rare, and
stars of high proper motion, comets and carbon stars among Catalina's transients), had no part in that.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier import Classifier, ClassifierOptions
from swope.models.inputs import Inputs
from swope.pipeline.features import LEAST_POINTS
from swope.pipeline.labels import read_labels
from swope.pipeline.split import held_out
from tests.bench.classify import fitted
from tests.bench.ship_folds import SHIPPED, gathered, to_learn_from
from tests.bench.survey_left_out import capped
from tests.bench.training_set import SETS, Prepared, add_cache, prepared
from tests.real_data import REAL_DATA

#: Labels that are left out together, of which real stars are there.
GROUPS: dict[str, tuple[str, ...]] = {
    "tuned": ("CV", "Microlens", "DSCT", "ACV", "RV", "WR", "CWA", "CWB", "CW", "SPB"),
    "reported": ("SN", "AGN", "UV", "YSO", "RCB", "BCEP", "GDOR", "ACYG", "ROT", "ACEP"),
}

#: Words of Catalina's transients that stand for no type that is ever taught.
NEVER_TAUGHT = ("HPM", "Comet", "Carbon")

#: Stars of a kind that are judged, at most.
MOST_JUDGED = 400


def never_taught(cache: Path) -> dict[str, Inputs]:
    """Stars of kinds that no classifier here is taught."""
    _, _, rare = gathered(cache)
    transients = prepared(cache, "crts")
    rows = read_labels(REAL_DATA / SETS["crts"][1])
    chosen = {name for name, word in zip(rows["object_id"], rows["class_source"], strict=True) if word in NEVER_TAUGHT}
    strange = transients.rows(np.array([str(name) in chosen for name in transients.names]))
    by_type = {str(label): rare.rows(rare.labels == label).inputs for label in np.unique(rare.labels)}
    return by_type | {"HPM and other transients": strange.inputs}


def flagged(classifier: Classifier, inputs: Inputs) -> NDArray[np.bool_]:
    """(n,) whether a star has a class_flag; those with points enough."""
    enough = inputs.points >= LEAST_POINTS
    return np.array([flag is not None for flag in classifier.classify_inputs(inputs.rows(enough)).flag], dtype=bool)


def without(
    cache: Path, left: Sequence[str], most: int, options: ClassifierOptions
) -> tuple[Classifier, Prepared, NDArray[np.str_], NDArray[np.bool_]]:
    """A classifier that never saw these labels; all stars, the set of each, and which are to be judged by."""
    stars, names, _ = gathered(cache, options.copies)
    sets, unseen = np.array(names), np.isin(stars.labels, left)
    apart = np.array([held_out(str(name)) for name in stars.names])
    classifier = fitted(to_learn_from(cache, stars, ~apart & ~unseen & capped(stars, sets, most)), options)
    return classifier, stars, sets, apart & ~unseen


def run(cache: Path, group: str, most: int, options: ClassifierOptions) -> dict[str, Any]:
    """Leave out one group, and say which shares get a flag."""
    classifier, stars, sets, others = without(cache, GROUPS[group], most, options)
    kinds: dict[str, tuple[int, float]] = {}
    for label in GROUPS[group]:
        rows = np.flatnonzero((stars.labels == label) & (sets != "simulated"))[:MOST_JUDGED]
        has = flagged(classifier, stars.inputs.rows(rows))
        kinds[label] = len(has), round(float(has.mean()), 3)
    for kind, inputs in never_taught(cache).items():
        has = flagged(classifier, inputs)
        kinds[kind] = len(has), round(float(has.mean()), 3)
    known = {}
    for name in dict.fromkeys(sets.tolist()):
        has = flagged(classifier, stars.inputs.rows(np.flatnonzero(others & (sets == name))))
        if len(has):
            known[name] = len(has), round(float(has.mean()), 3)
    return {"bench": "unseen_kinds", "group": group, "unseen": kinds, "others": known}


def show(one: dict[str, Any]) -> str:
    """What a person reads of a run."""
    left, never = (
        {kind: found for kind, found in one["unseen"].items() if (kind in GROUPS[one["group"]]) == inside}
        for inside in (True, False)
    )
    real = {name: found for name, found in one["others"].items() if name != "simulated"}
    lines = [f"{one['group']}: share with a class_flag"]
    for words, found in (("left out", left), ("never taught", never), ("of known kinds", real)):
        stars, all_of = sum(n for n, _ in found.values()), sum(n * share for n, share in found.values())
        mean = float(np.mean([share for _, share in found.values()]))
        each = ", ".join(f"{kind} {share:.2f} of {n}" for kind, (n, share) in found.items())
        lines.append(f"  {words}: {all_of / stars:.3f} of {stars} stars, mean {mean:.3f}: {each}")
    return "\n".join(lines)


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--most", type=int, default=0, help="stars of a set and label, at most (0: all)")
    parser.add_argument("--epochs", type=int, default=8)
    args = parser.parse_args()
    found = [run(args.cache, group, args.most, replace(SHIPPED, epochs=args.epochs)) for group in args.groups]
    for one in found:
        print(show(one))
    for one in found:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
