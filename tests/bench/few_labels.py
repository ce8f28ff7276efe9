"""What a few labels of a survey teach: ``python -m tests.bench.few_labels``.

OGLE's types RRab, RRc, F and 1O of `eros2_ogle`, at Swope's own periods; judged on the stars that
`swope.pipeline.split.held_out` keeps apart, which the shipped classifier never saw. It goes on from there with so many
labels a type (`swope train classifier --start shipped`), beside what it says without any, and beside a random forest
on features of the `light-curve` library, with magnitude and colour, that has the same labels and nothing else. Of what
it says of all its types the calibration error and the share of stars with a flag are told too.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from swope.models.classifier import Classification, Classifier
from swope.pipeline.split import held_out
from tests.bench.classify import balanced_accuracy, forest_features, judge
from tests.bench.training_set import Prepared, add_cache, prepared
from tests.bench.transfer import labelled_few
from tests.real_data import REAL_DATA

#: OGLE's subtypes, and what VSX calls them.
TYPES = {"RRab": "RRAB", "RRc": "RRC", "F": "DCEP", "1O": "DCEPS"}

COUNTS = (4, 16, 160)


def of_types(cache: Path) -> Prepared:
    """The stars of the four subtypes, by their VSX type. (Others bear these types as well: OGLE's RRe is an RRC.)"""
    stars = prepared(cache, "eros2_ogle")
    table = pd.read_csv(REAL_DATA / "eros2_ogle" / "labels.csv", dtype=str).set_index("object_id")["class"]
    subtypes = [table.get(str(name).split("/")[-1], "") for name in stars.names]
    labels = np.array([TYPES.get(subtype, "") for subtype in subtypes])
    return replace(stars, labels=labels).rows(labels != "")


def quality(result: Classification, labels: NDArray[np.str_]) -> dict[str, float]:
    """Mean recall of the four types, of all types and of the four alone, and how honest the former is."""
    types, best = np.array(result.types), result.probabilities.argmax(axis=1)
    four = np.flatnonzero(np.isin(types, list(TYPES.values())))
    of_four = types[four[result.probabilities[:, four].argmax(axis=1)]]
    return {
        "every": balanced_accuracy(labels, types[best]),
        "four": balanced_accuracy(labels, of_four),
        "ece": judge(types[best], result.probabilities.max(axis=1), labels)["ece"],
        "flagged": float(np.mean([flag is not None for flag in result.flag])),
    }


def learnt(stars: Prepared, start: Classifier) -> Classifier:
    """The start, gone on with these stars."""
    return Classifier.fit_inputs(stars.labelled, start=start)


def forest(stars: Prepared, test: Prepared, seed: int) -> NDArray[np.str_]:
    """What a random forest says that has these stars' labels alone."""
    from sklearn.ensemble import RandomForestClassifier

    trees = RandomForestClassifier(300, random_state=seed, n_jobs=1)
    trees.fit(forest_features(stars.inputs, survey=True), stars.labels)
    return np.asarray(trees.predict(forest_features(test.inputs, survey=True)))


def main() -> None:
    """Learn, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--seeds", type=int, default=4, help="draws of the labelled stars (default: 4)")
    args = parser.parse_args()
    stars, start = of_types(args.cache), Classifier.pretrained()
    apart = np.array([held_out(str(name)) for name in stars.names])
    test, known = stars.rows(apart), stars.rows(~apart)
    print(f"{len(test)} stars judged; mean recall of the four types")
    print("labels a type  shipped, of all its types  of the four  calibration error  flagged  forest")
    show(0, {key: [value] for key, value in quality(start.classify_inputs(test.inputs), test.labels).items()})
    for count in COUNTS:
        found: dict[str, list[float]] = defaultdict(list)
        for seed in range(args.seeds):
            few = known.rows(labelled_few(known.names, known.labels, count, seed))
            for key, value in quality(learnt(few, start).classify_inputs(test.inputs), test.labels).items():
                found[key].append(value)
            found["forest"].append(balanced_accuracy(test.labels, forest(few, test, seed)))
        show(count, found)
        print(json.dumps({"bench": "few_labels", "labels": count, "stars": len(test), **found}))


def show(count: int, found: Mapping[str, Sequence[float]]) -> None:
    """Print a line: so many labels a type, and the means over the draws."""
    every, four, ece, flagged = (float(np.mean(found[key])) for key in ("every", "four", "ece", "flagged"))
    trees = f"{np.mean(found['forest']):7.3f}" if "forest" in found else ""
    print(f"{count:13d} {every:26.3f} {four:12.3f} {ece:18.3f} {flagged:8.3f} {trees}", flush=True)


if __name__ == "__main__":
    main()
