"""What the simulator teaches of real stars: without a single real label, and with a few labels a class.

Part of ``python -m tests.bench.classify --transfer``. Stars are simulated as ASAS would see them and given
Swope's own periods; the real ones are those that `tests.bench.classify` judges. Magnitudes and colours are not used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier import Classifier, ClassifierOptions
from swope.models.classifier.thinned import thinned
from swope.models.inputs import Inputs
from swope.pipeline.clean import clean
from swope.pipeline.features import LEAST_POINTS
from swope.pipeline.simulate import SurveyOptions, simulate_stars
from swope.pipeline.split import share
from swope.pipeline.star import Star
from tests.bench.classify import TEST_SHARE, balanced_accuracy, best_types, fitted, judge, likeliest, opponents, recalls
from tests.bench.training_set import Labelled, Prepared, periods_of, store, stored

#: Seed of the simulated stars; another than those of the sample survey and of the training set.
SEED = 734


def simulated(folder: Path, classes: Sequence[str], per_class: int, workers: int) -> Prepared:
    """Simulated stars of a survey like ASAS, so many a class; kept in the folder for the next time."""
    file = folder / f"transfer-{'-'.join(classes)}-{per_class}-{SEED}.npz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        stars = [
            star
            for i, name in enumerate(classes)
            for star in simulate_stars(SurveyOptions(per_class, SEED + i, ("asas",), (name,)))
        ]
        curves = [replace(clean(star.curve), object_id=f"{star.label.class_} {i}") for i, star in enumerate(stars)]
        found = periods_of(curves, workers)
        labelled = [
            Labelled("simulated", Star(curve, period), star.label.class_, star.label.period)
            for curve, period, star in zip(curves, found, stars, strict=True)
        ]
        store(file, [one for one in labelled if len(one.star.curve.good) >= LEAST_POINTS])
    return stored(file)


def labelled_few(names: NDArray[np.str_], labels: NDArray[np.str_], count: int, seed: int) -> NDArray[np.bool_]:
    """(n,) the stars whose labels may be seen: so many of each class."""
    order = np.array([share(str(name), f"few{seed}") for name in names])
    chosen = np.zeros(len(names), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen[rows[np.argsort(order[rows])[:count]]] = True
    return chosen


def repeated(stars: Prepared, times: int) -> Prepared:
    """The same stars several times over, so that they weigh as much as many others."""
    return Prepared.join([stars] * times)


def run(
    real: Prepared, stars: Sequence[Star], source: Prepared, count: int, seed: int, options: ClassifierOptions
) -> dict[str, Any]:
    """Judge each way to learn on the same real stars.

    Parameters
    ----------
    real, stars : stars of the judged classes, with Swope's own periods.
    source : simulated stars of the same classes.
    count : real labels of each class that may be seen.

    Returns
    -------
    For each way "balanced", "accuracy", "ece" (of networks) and "seconds" of CPU.
    """
    options = replace(options, survey=False, seed=seed + 1)
    test = np.array([share(str(name), f"classify{seed}") < TEST_SHARE for name in real.names])
    asked = real.rows(test)
    known = np.flatnonzero(~test)[labelled_few(real.names[~test], real.labels[~test], count, seed)]
    own = real.rows(known)
    own = replace(own, copies=thinned([stars[i] for i in known], own.labels.tolist(), options.copies))
    both = Prepared.join([source, repeated(own, max(1, len(source) // (2 * len(own))))])
    small = replace(options, batch=32)
    found: dict[str, dict[str, Any]] = {}

    def note(name: str, classifier: Classifier, seconds: float) -> None:
        result = classifier.classify_inputs(asked.inputs)
        said = best_types(result)
        quality = judge(said, likeliest(result), asked.labels)
        found[name] = quality | {"seconds": seconds, "recall": recalls(asked.labels, said)}

    begin = time.process_time()
    first = fitted(source, options)
    note("simulator", first, time.process_time() - begin)
    begin = time.process_time()
    tuned = Classifier.fit_inputs(own.labelled, start=first)
    note("simulator, fine-tuned", tuned, time.process_time() - begin)
    for name, learn, how in (("simulator and real", both, options), ("real", own, small)):
        begin = time.process_time()
        note(name, fitted(learn, how), time.process_time() - begin)
    for name, learn in (("simulator", source), ("simulator and real", both), ("real", own)):
        inputs = Inputs.join([learn.inputs, asked.inputs])
        labels = np.concatenate([learn.labels, asked.labels])
        others = opponents(inputs, labels, np.arange(len(labels)) >= len(learn), seed, 2520, survey=False)
        for who, (said, seconds) in others.items():
            found[f"{who}: {name}"] = {
                "accuracy": float((said == asked.labels).mean()),
                "balanced": balanced_accuracy(asked.labels, said),
                "seconds": seconds,
                "recall": recalls(asked.labels, said),
            }
    return {"bench": "transfer", "seed": seed, "simulated": len(source), "labels": len(own), "ways": found}


def show(runs: Sequence[dict[str, Any]]) -> None:
    """Print the means over the seeds, and a JSON line a seed."""
    classes = list(next(iter(runs[0]["ways"].values()))["recall"])
    print(f"learnt from {runs[0]['simulated']} simulated stars, {runs[0]['labels']} real labels, {len(runs)} seeds")
    print(f"  {'':38s}balanced accuracy   ECE   CPU s | recall of {' '.join(f'{c:>6s}' for c in classes)}")
    for name in runs[0]["ways"]:
        scores = [one["ways"][name] for one in runs]
        balanced, accuracy, ece, seconds = (
            float(np.mean([score.get(key, np.nan) for score in scores]))
            for key in ("balanced", "accuracy", "ece", "seconds")
        )
        each = " ".join(f"{np.mean([score['recall'][c] for score in scores]):6.3f}" for c in classes)
        calibrated = f"{ece:.3f}" if np.isfinite(ece) else ""
        print(f"  {name:38s}{balanced:8.3f} {accuracy:8.3f} {calibrated:>5s} {seconds:7.0f} |           {each}")
    for one in runs:
        print(json.dumps(one))
