"""What a few labels of a survey teach: ``python -m tests.bench.few_labels``.

OGLE's types RRab, RRc, F and 1O of `eros2_ogle`, at Swope's own periods; judged on the stars that
`swope.pipeline.split.held_out` keeps apart, which the shipped classifier never saw. It goes on from there with so many
labels a type (`swope train classifier --start shipped`), beside what it says without any, and beside a random forest
on features of the `light-curve` library, with magnitude and colour, that has the same labels and nothing else.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from swope.models.classifier import Classification, Classifier
from swope.pipeline.split import held_out
from tests.bench.classify import balanced_accuracy, forest_features
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


def named(result: Classification) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """The likeliest type of each star; and the likeliest of the four."""
    types = np.array(result.types)
    four = np.flatnonzero(np.isin(types, list(TYPES.values())))
    return types[result.probabilities.argmax(axis=1)], types[four[result.probabilities[:, four].argmax(axis=1)]]


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
    every, four = named(start.classify_inputs(test.inputs))
    print(f"{len(test)} stars judged; mean recall of the four types")
    print("labels a type  shipped, of all its types  of the four  forest")
    print(f"{0:13d} {balanced_accuracy(test.labels, every):26.3f} {balanced_accuracy(test.labels, four):12.3f}")
    for count in COUNTS:
        found: dict[str, list[float]] = {"every": [], "four": [], "forest": []}
        for seed in range(args.seeds):
            few = known.rows(labelled_few(known.names, known.labels, count, seed))
            every, four = named(learnt(few, start).classify_inputs(test.inputs))
            for way, said in (("every", every), ("four", four), ("forest", forest(few, test, seed))):
                found[way].append(balanced_accuracy(test.labels, said))
        mean = {way: float(np.mean(recall)) for way, recall in found.items()}
        print(f"{count:13d} {mean['every']:26.3f} {mean['four']:12.3f} {mean['forest']:7.3f}", flush=True)
        print(json.dumps({"bench": "few_labels", "labels": count, "stars": len(test), **found}))


if __name__ == "__main__":
    main()
