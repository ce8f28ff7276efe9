"""How well stars are classified: split by star, several seeds, beside a random forest on the same stars.

``python -m tests.bench.classify CACHE`` judges; CACHE was made by ``python -m tests.bench.training_set``. MiniRocket is
not among the installed packages and is not compared with.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.classifier import Classification, Classifier, ClassifierOptions
from models.inputs import Inputs, inputs_of
from pipeline.features import FOLDED
from pipeline.period import PeriodResult
from pipeline.split import share
from pipeline.star import Star
from tests.bench.training_set import Labelled, prepared, stars_of

#: Classes that are judged, where not simply those of ten stars or more.
CLASSES = {"asas_acvs": ("DSCT", "EA", "EB", "EW", "M", "RRAB", "RRC"), "eros": ("DCEP", "E", "M", "RR")}

#: Stars of a seed's test part.
TEST_SHARE = 0.25


def judged(labels: NDArray[np.str_], name: str) -> NDArray[np.bool_]:
    """(n,) which stars of a set have a class that is judged."""
    counts = Counter(str(label) for label in labels)
    classes = CLASSES.get(name) or tuple(label for label, count in counts.items() if label and count >= 10)
    return np.isin(labels, classes)


def at_reference(labelled: Labelled) -> Star:
    """The star with its reference period in place of Swope's, where it has one."""
    if not np.isfinite(labelled.period):
        return labelled.star
    return replace(labelled.star, period=PeriodResult(period=labelled.period, t0=0.0))


def forest_features(inputs: Inputs) -> NDArray[np.float32]:
    """Features of the `light-curve` library plus period: the opponent's table."""
    period = inputs.folded[:, :1, FOLDED.index("log_period")]
    return np.nan_to_num(np.concatenate([inputs.plain, period, inputs.survey], axis=1), nan=-9.0)


def balanced_accuracy(truth: NDArray[np.str_], said: NDArray[np.str_]) -> float:
    """Mean recall over the classes."""
    return float(np.mean([np.mean(said[truth == name] == name) for name in np.unique(truth)]))


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error of the highest probability, in even bins (Guo et al. 2017, eq. 3)."""
    cell = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [
        abs(probability[cell == k].mean() - right[cell == k].mean()) * (cell == k).mean()
        for k in range(bins)
        if (cell == k).any()
    ]
    return float(sum(gaps))


def judge(result: Classification, truth: NDArray[np.str_]) -> dict[str, float]:
    """Accuracy, balanced accuracy, calibration error, and error with and without the doubtful twentieth."""
    said = np.array([result.best(i) or "" for i in range(len(result))])
    best = np.nan_to_num(result.probabilities.max(axis=1))
    right = said == truth
    kept = best >= np.quantile(best, 0.05)
    return {
        "accuracy": float(right.mean()),
        "balanced": balanced_accuracy(truth, said),
        "ece": calibration_error(best, right),
        "error_95": float(1.0 - right[kept].mean()),
    }


def turn_effect(classifier: Classifier, inputs: Inputs, stars: Sequence[Star]) -> float:
    """Largest change of a probability when folds are turned by random phases: as tensors, and as stars' epochs."""
    rng = np.random.default_rng(0)
    first = classifier.classify_inputs(inputs).probabilities
    index = (np.arange(inputs.folds.shape[2]) + rng.integers(0, 64, (len(inputs), 3, 1))) % inputs.folds.shape[2]
    turned = replace(inputs, folds=np.take_along_axis(inputs.folds, index[..., None], axis=2))
    moved = [
        replace(star, period=replace(star.period, t0=star.period.t0 + rng.random() * star.period.period))
        for star in stars
    ]
    changes = [classifier.classify_inputs(other).probabilities - first for other in (turned, inputs_of(moved))]
    return float(np.nanmax(np.abs(changes)))


def run(cache: Path, name: str, kind: str, seeds: int, options: ClassifierOptions) -> dict[str, object]:
    """Train and judge on one set with several splits; returns means over the seeds."""
    from sklearn.ensemble import RandomForestClassifier

    whole = prepared(cache, name)
    among = judged(whole.labels, name)
    stars = [star for star, used in zip(stars_of(cache, name), among, strict=True) if used]
    given = [at_reference(star) if kind == "reference" else star.star for star in stars]
    inputs = inputs_of(given) if kind == "reference" else whole.inputs.rows(among)
    names = [star.curve.object_id for star in given]
    labels = whole.labels[among]
    period = np.array([star.period.period for star in given])
    reference = whole.reference[among]
    found: list[dict[str, float]] = []
    recalls: list[dict[str, float]] = []
    for seed in range(seeds):
        test = np.array([share(one, f"classify{seed}") < TEST_SHARE for one in names])
        learn = np.flatnonzero(~test)
        begin = time.perf_counter()
        classifier = Classifier.fit_inputs(
            inputs.rows(learn),
            [names[i] for i in learn],
            period[learn],
            [str(label) for label in labels[learn]],
            replace(options, seed=seed + 1),
            None,
            reference[learn],
        )
        seconds = time.perf_counter() - begin
        begin = time.perf_counter()
        result = classifier.classify_inputs(inputs.rows(test))
        rate = test.sum() / (time.perf_counter() - begin)
        forest = RandomForestClassifier(300, random_state=seed, n_jobs=1)
        table = forest_features(inputs)
        said = forest.fit(table[learn], labels[learn]).predict(table[test])
        truth = labels[test]
        own = np.array([result.best(i) or "" for i in range(len(result))])
        known = np.isfinite(reference[test])
        settled = period[test] * result.period_factor
        few = np.flatnonzero(test)[:200]
        found.append(
            judge(result, truth)
            | {
                "forest_accuracy": float((said == truth).mean()),
                "forest_balanced": balanced_accuracy(truth, said),
                "period_right": _share_right(period[test], reference[test], known),
                "period_settled": _share_right(settled, reference[test], known),
                "turn": turn_effect(classifier, inputs.rows(few), [given[i] for i in few]),
                "train_s": seconds,
                "stars_per_s": float(rate),
            }
        )
        recalls.append({str(c): float(np.mean(own[truth == c] == c)) for c in np.unique(truth)})
    mean = {key: float(np.nanmean([one[key] for one in found])) for key in found[0]}
    mean["turn"] = max(one["turn"] for one in found)
    recall = {c: round(float(np.mean([one[c] for one in recalls if c in one])), 3) for c in recalls[0]}
    return {
        "bench": "classify",
        "set": name,
        "periods": kind,
        "stars": len(stars),
        "seeds": seeds,
        **mean,
        "recall": recall,
    }


def _share_right(period: NDArray[np.float64], reference: NDArray[np.float64], known: NDArray[np.bool_]) -> float:
    return float(np.mean(np.abs(period[known] / reference[known] - 1.0) < 0.01)) if known.any() else float("nan")


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder of the prepared stars")
    parser.add_argument("--sets", nargs="+", default=["asas_acvs", "eros", "debosscher", "asas_training"])
    parser.add_argument("--periods", nargs="+", choices=("swope", "reference"), default=["swope"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=ClassifierOptions().epochs)
    args = parser.parse_args()
    lines = []
    print("set            periods    acc   bal | forest acc  bal | ECE    err@95 | period right settled | turn train s")
    for name in args.sets:
        for kind in args.periods:
            if kind == "reference" and not np.isfinite(prepared(args.cache, name).reference).any():
                continue
            options = ClassifierOptions(survey=True, members=args.members, epochs=args.epochs)
            one = run(args.cache, name, kind, args.seeds, options)
            lines.append(one)
            print(
                f"{name:14s} {kind:9s} {one['accuracy']:.3f} {one['balanced']:.3f} | {one['forest_accuracy']:10.3f} "
                f"{one['forest_balanced']:.3f}| {one['ece']:.3f}  {one['error_95']:.3f} | {one['period_right']:12.3f} "
                f"{one['period_settled']:.3f}   | {one['turn']:.0e} {one['train_s']:6.0f}"
            )
            print("   recall", json.dumps(one["recall"]))
    for one in lines:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
