"""How well the types of one survey are told apart: ``python -m tests.bench.subtypes``.

By cross-validation, of classifiers that learnt from that survey alone (with magnitude and colour, which a survey's own
model may use, and Swope's own periods), beside a forest on features of the `light-curve` library; and of the shipped
classifier, on the stars that it never saw. Catalina's stars are weighed twice: as they are, and with as many contact
binaries as the survey has.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier import Classification, Classifier, ClassifierOptions
from swope.models.classifier.targets import leaf_types
from swope.pipeline.evaluate.classes import CALIBRATION_BINS
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.split import held_out
from tests.bench.classify import fitted, forest_features, splits
from tests.bench.ship_folds import as_labelled
from tests.bench.training_set import Prepared, add_cache, prepared

#: Types that the sets do not part.
WIDER = {"CWA": "CW", "CWB": "CW"}

#: Share of a type in the survey, where the set was drawn to other shares (Drake et al. 2017: the held out part has it).
SKY = {"catalina_south": ("EB|EW", 0.73)}


def own_types(cache: Path, name: str, copies: int) -> Prepared:
    """The stars of a set whose type is certain, by types that ten or more of them have."""
    whole = prepared(cache, name, copies=copies)
    whole = replace(whole, labels=np.array([WIDER.get(str(label), str(label)) for label in whole.labels]))
    counts = Counter(whole.labels.tolist())
    types = leaf_types([label for label, n in counts.items() if label and n >= 10])
    return whole.rows(np.isin(whole.labels, types))


def sky_weights(labels: NDArray[np.str_], name: str) -> FloatArray:
    """(n,) weights of stars that give one type its share of the survey, and leave the others in proportion."""
    label, wanted = SKY.get(name, ("", 0.0))
    of_it = labels == label
    if not of_it.any():
        return np.ones(len(labels))
    return np.where(of_it, wanted / of_it.mean(), (1.0 - wanted) / (1.0 - of_it.mean()))


def quality(said: NDArray[np.str_], sure: FloatArray, truth: NDArray[np.str_], weight: FloatArray) -> dict[str, float]:
    """Accuracy, mean recall and mean precision over the types, and the calibration error, of weighted stars."""
    right = said == truth
    recall = [float(right[truth == name].mean()) for name in np.unique(truth)]
    precision = [
        float(np.average(right[said == name], weights=weight[said == name])) if (said == name).any() else 0.0
        for name in np.unique(truth)
    ]
    place = np.clip(np.ceil(sure * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    gap = np.bincount(place, weight * (sure - right), minlength=CALIBRATION_BINS)
    return {
        "accuracy": float(np.average(right, weights=weight)),
        "recall": float(np.mean(recall)),
        "precision": float(np.mean(precision)),
        "ece": float(np.abs(gap).sum() / weight.sum()),
    }


def cross_validated(whole: Prepared, folds: int, options: ClassifierOptions) -> dict[str, tuple[Any, Any]]:
    """What own classifiers and forests say of each star, in the order of the stars: types and probabilities."""
    from sklearn.ensemble import RandomForestClassifier

    table = forest_features(whole.inputs)
    answers = {who: (np.empty(len(whole), dtype=object), np.zeros(len(whole))) for who in ("own", "forest")}
    for test in splits(whole.names, 1, folds)[0]:
        asked = whole.rows(test)
        said, sure = as_labelled(
            fitted(whole.rows(~test), options).classify_inputs(asked.inputs), asked.labels.tolist()
        )
        answers["own"][0][test], answers["own"][1][test] = said, sure
        forest = RandomForestClassifier(300, random_state=1, n_jobs=1).fit(table[~test], whole.labels[~test])
        shares = forest.predict_proba(table[test])
        answers["forest"][0][test], answers["forest"][1][test] = (
            forest.classes_[shares.argmax(axis=1)],
            shares.max(axis=1),
        )
    return {who: (said.astype(str), sure) for who, (said, sure) in answers.items()}


def shipped(whole: Prepared) -> tuple[Classification, Prepared]:
    """What the shipped classifier says of the stars that it never saw."""
    test = whole.rows(np.array([held_out(str(name)) for name in whole.names]))
    return Classifier.pretrained().classify_inputs(test.inputs), test


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--sets", nargs="+", default=["catalina_south", "eros2_ogle"])
    parser.add_argument("--folds", type=int, default=10, help="of the cross-validation; 0 for the shipped model alone")
    parser.add_argument("--epochs", type=int, default=ClassifierOptions().epochs)
    parser.add_argument("--batch", type=int, default=ClassifierOptions().batch)
    args = parser.parse_args()
    options = ClassifierOptions(survey=True, epochs=args.epochs, batch=args.batch, members=1)
    for name in args.sets:
        whole = own_types(args.cache, name, options.copies)
        result, test = shipped(whole)
        answers = {"shipped": (*as_labelled(result, test.labels.tolist()), test.labels)}
        if args.folds:
            crossed = cross_validated(whole, args.folds, options)
            answers |= {who: (said, sure, whole.labels) for who, (said, sure) in crossed.items()}
        for who, (said, sure, truth) in answers.items():
            one: dict[str, Any] = {"bench": "subtypes", "set": name, "who": who, "stars": len(truth)}
            one["folds"] = 0 if who == "shipped" else args.folds
            one["as_they_are"] = quality(said, sure, truth, np.ones(len(truth)))
            if name in SKY:
                one["as_in_the_sky"] = quality(said, sure, truth, sky_weights(truth, name))
            print(f"{name}, {who}, {len(truth)} stars")
            for how in ("as_they_are", "as_in_the_sky"):
                if how in one:
                    one[how] = {key: round(value, 4) for key, value in one[how].items()}
                    print(f"  {how.replace('_', ' ')}: " + ", ".join(f"{key} {x:.3f}" for key, x in one[how].items()))
            one["said"] = {
                str(label): dict(Counter(said[truth == label].tolist()).most_common()) for label in set(truth)
            }
            for label, of_it in sorted(one["said"].items()):
                print(f"    {label}: " + ", ".join(f"{word} {count}" for word, count in list(of_it.items())[:6]))
            print(json.dumps(one), flush=True)


if __name__ == "__main__":
    main()
