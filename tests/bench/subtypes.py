"""How well the types of one survey are told apart: ``python -m tests.bench.subtypes``.

By ten-fold cross-validation, of classifiers that learnt from that survey alone (with magnitude and colour, which a
survey's own model may use, and Swope's own periods), beside a forest on features of the `light-curve` library; and of
the shipped classifier, on the stars that it never saw. Catalina's stars are weighed twice: as they are, and with as
many contact binaries as the survey has, which share the survey's own classifiers are told then (`Classifier.prior`).
Folds are kept in a folder, so that they may be judged one by one (``--folds 3``) and printed together (``--folds``).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier import Classification, Classifier, ClassifierOptions
from swope.models.classifier.targets import leaf_types
from swope.models.inputs import Inputs
from swope.pipeline.evaluate.classes import CALIBRATION_BINS
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.split import held_out
from tests.bench.classify import fitted, forest_features, splits
from tests.bench.ship_folds import as_labelled
from tests.bench.training_set import Prepared, add_cache, prepared

#: Types that the sets do not part.
WIDER = {"CWA": "CW", "CWB": "CW"}

#: Of the cross-validation.
FOLDS = 10

#: How a survey's own classifiers are trained. Rare types weigh as much as common ones, in the leaves of the trees too,
#: which hold more than one star for that. Chosen on folds 0 to 3 of Catalina's ten; that four times the root of the
#: number of features is tried at a node, by trees alone on folds 1 and 2 of them and on EROS-2's.
OWN = ClassifierOptions(survey=True, members=1, batch=256, learning_rate=4e-3, balance=1.0, leaf=4, tries=4.0)

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


@dataclass(frozen=True, eq=False)
class Answers:
    """What was said of n stars.

    Attributes
    ----------
    said, sure : (n,) types and their probabilities; `sky` and `sky_sure` where the shares of the types are told.
    truth : (n,) labels.
    """

    said: NDArray[np.str_]
    sure: FloatArray
    sky: NDArray[np.str_]
    sky_sure: FloatArray
    truth: NDArray[np.str_]

    @classmethod
    def join(cls, parts: Sequence[Answers]) -> Answers:
        """Those of several folds."""
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))


class OwnForest:
    """A random forest on features of the `light-curve` library, period, magnitude and colour."""

    def __init__(self, learn: Prepared) -> None:
        from sklearn.ensemble import RandomForestClassifier

        self.prior: dict[str, float] = {}
        self._forest = RandomForestClassifier(300, random_state=1, n_jobs=1)
        self._forest.fit(forest_features(learn.inputs), learn.labels)

    def classify_inputs(self, inputs: Inputs) -> Classification:
        """As a classifier answers, without flags."""
        types = tuple(str(name) for name in self._forest.classes_)
        shares = self._forest.predict_proba(forest_features(inputs))
        shares = shares * np.array([self.prior.get(name, 1.0) for name in types])
        n, none = len(inputs), (None,) * len(inputs)
        shares /= shares.sum(axis=1, keepdims=True)
        return Classification(types, shares, none, none, none, np.ones(n), np.zeros(n), np.zeros(n))


def asked(model: Classifier | OwnForest, test: Prepared, prior: Mapping[str, float]) -> Answers:
    """What a classifier says of stars, without and with a prior."""
    found: list[Any] = []
    for told in ({}, prior):
        model.prior = {**told}
        found += as_labelled(model.classify_inputs(test.inputs), test.labels.tolist())
    return Answers(*found, test.labels)


def sky_prior(labels: NDArray[np.str_], name: str) -> dict[str, float]:
    """How much commoner the type whose share of the survey is known is there than among these labels, in odds."""
    label, wanted = SKY.get(name, ("", 0.5))
    share = float((labels == label).mean())
    return {label: wanted / (1.0 - wanted) / (share / (1.0 - share))} if share else {}


def cross_validated(whole: Prepared, name: str, judged: Sequence[int], options: ClassifierOptions, kept: Path) -> None:
    """Keep what own classifiers and forests say of some of ten folds, in a folder."""
    kept.mkdir(parents=True, exist_ok=True)
    tests = splits(whole.names, 1, FOLDS)[0]
    for fold in judged:
        test, learn = whole.rows(tests[fold]), whole.rows(~tests[fold])
        prior = sky_prior(learn.labels, name)
        for who, model in (("own", fitted(learn, options)), ("forest", OwnForest(learn))):
            answers = asked(model, test, prior)
            np.savez(
                kept / f"{name}-{who}-{fold}.npz", **{one.name: getattr(answers, one.name) for one in fields(answers)}
            )


def said_before(name: str, who: str, kept: Path) -> list[Answers]:
    """What was kept of the folds of a set."""
    found = []
    for file in sorted(kept.glob(f"{name}-{who}-*.npz")):
        with np.load(file) as arrays:
            found.append(Answers(*(arrays[one.name] for one in fields(Answers))))
    return found


def shipped(whole: Prepared) -> Answers:
    """What the shipped classifier says of the stars that it never saw; its own prior stays."""
    test = whole.rows(np.array([held_out(str(name)) for name in whole.names]))
    said, sure = as_labelled(Classifier.pretrained().classify_inputs(test.inputs), test.labels.tolist())
    return Answers(said, sure, said, sure, test.labels)


def judged_as(name: str, who: str, folds: int, answers: Answers) -> dict[str, Any]:
    """How good answers are, for stars as they are and with the shares of the sky."""
    truth = answers.truth
    one: dict[str, Any] = {"bench": "subtypes", "set": name, "who": who, "folds": folds, "stars": len(truth)}
    as_is = quality(answers.said, answers.sure, truth, np.ones(len(truth)))
    one["as_they_are"] = {key: round(value, 4) for key, value in as_is.items()}
    if name in SKY:
        in_sky = quality(answers.sky, answers.sky_sure, truth, sky_weights(truth, name))
        one["as_in_the_sky"] = {key: round(value, 4) for key, value in in_sky.items()}
    one["said"] = {
        str(label): dict(Counter(answers.said[truth == label].tolist()).most_common()) for label in set(truth)
    }
    return one


def show(one: dict[str, Any]) -> str:
    """What a person reads of it."""
    lines = [f"{one['set']}, {one['who']}, {one['stars']} stars" + (f", {one['folds']} folds" if one["folds"] else "")]
    for how in ("as_they_are", "as_in_the_sky"):
        if how in one:
            lines.append(f"  {how.replace('_', ' ')}: " + ", ".join(f"{key} {x:.3f}" for key, x in one[how].items()))
    for label, of_it in sorted(one["said"].items()):
        lines.append(f"    {label}: " + ", ".join(f"{word} {count}" for word, count in list(of_it.items())[:6]))
    return "\n".join(lines)


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--sets", nargs="+", default=["catalina_south", "eros2_ogle"])
    words = "of the ten that are judged now (0 to 9; none: those that were kept)"
    parser.add_argument("--folds", type=int, nargs="*", choices=range(FOLDS), default=list(range(FOLDS)), help=words)
    parser.add_argument("--answers", type=Path, default=Path("out/bench/subtypes"), help="folder where folds are kept")
    parser.add_argument("--epochs", type=int, default=24)
    args = parser.parse_args()
    options = replace(OWN, epochs=args.epochs)
    for name in args.sets:
        whole = own_types(args.cache, name, options.copies)
        cross_validated(whole, name, args.folds, options, args.answers)
        found = [judged_as(name, "shipped", 0, shipped(whole))]
        for who in ("own", "forest"):
            if parts := said_before(name, who, args.answers):
                found.append(judged_as(name, who, len(parts), Answers.join(parts)))
        for one in found:
            print(show(one))
            print(json.dumps(one), flush=True)


if __name__ == "__main__":
    main()
