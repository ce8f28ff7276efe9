"""Whether a kind of star that was never seen is found strange: each class in turn is left out of training.

``python -m tests.bench.outliers CACHE``; CACHE was made by ``python -m tests.bench.training_set``. Beside Swope: an
isolation forest on the features, and the doubt of a random forest (one minus its highest probability).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.autoencoder import Autoencoder, AutoencoderOptions
from models.classifier import Classifier, ClassifierOptions
from models.scores import empirical_pvalue
from pipeline.features import FOLDED
from pipeline.split import share
from tests.bench.training_set import prepared

#: Classes that are left out, where not simply those of thirty stars or more.
CLASSES = {"asas_acvs": ("ACV", "DSCT", "EA", "EB", "EW", "M", "RRAB", "RRC")}

#: Ordinary stars of a seed's test part.
TEST_SHARE = 0.25


def area(strange: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the receiver operating characteristic: how often a strange star scores above an ordinary one."""
    order = np.argsort(np.argsort(score, kind="stable"), kind="stable") + 1.0
    n = int(strange.sum())
    return float((order[strange].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))


def first_fifty(strange: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Share of strange stars among the fifty that score highest."""
    return float(strange[np.argsort(-score, kind="stable")[:50]].mean())


def run(cache: Path, name: str, seed: int, epochs: int, stars: int) -> dict[str, object]:
    """Leave out each class of a set once."""
    from sklearn.ensemble import IsolationForest, RandomForestClassifier

    whole = prepared(cache, name)
    counts = Counter(str(label) for label in whole.labels)
    classes = CLASSES.get(name) or tuple(sorted(c for c, count in counts.items() if c and count >= 30))
    known = np.isin(whole.labels, CLASSES.get(name, tuple(c for c in counts if c)))
    if stars:
        wanted = stars / max(int(known.sum()), 1)
        known &= np.array([share(str(one), "subset") < wanted for one in whole.names])
    whole = whole.rows(known)
    test = np.array([share(str(one), f"outliers{seed}") < TEST_SHARE for one in whole.names])
    period = whole.inputs.folded[:, :1, FOLDED.index("log_period")]
    table = np.nan_to_num(np.concatenate([whole.inputs.plain, period], axis=1), nan=-9.0)
    found: dict[str, dict[str, float]] = {}
    for left in classes:
        strange = whole.labels == left
        learn = np.flatnonzero(~test & ~strange)
        judged = np.flatnonzero(test | strange)
        seen = whole.rows(learn)
        names = [str(one) for one in seen.names]
        labels = [str(label) for label in seen.labels]
        autoencoder = Autoencoder.fit_inputs(seen.inputs, names, AutoencoderOptions(epochs=epochs, seed=seed + 1))
        options = ClassifierOptions(epochs=epochs, seed=seed + 1)
        classifier = Classifier.fit_inputs(seen.inputs, names, seen.period, labels, options, None, seen.reference)
        asked = whole.inputs.rows(judged)
        score = autoencoder.score_inputs(asked).score
        doubt = 1.0 - classifier.classify_inputs(asked).probabilities.max(axis=1)
        forest = RandomForestClassifier(300, random_state=seed).fit(table[learn], labels)
        isolated = -IsolationForest(random_state=seed).fit(table[learn]).score_samples(table[judged])
        # two scores on one scale: their p-values among all stars judged
        together = -sum(np.log(empirical_pvalue(one, one)) for one in (score, doubt))
        scores = {
            "autoencoder": score,
            "doubt": doubt,
            "together": np.asarray(together),
            "forest doubt": 1.0 - forest.predict_proba(table[judged]).max(axis=1),
            "isolation forest": isolated,
        }
        truth = strange[judged]
        found[left] = {kind: area(truth, np.nan_to_num(one, nan=-np.inf)) for kind, one in scores.items()}
        found[left]["first 50"] = first_fifty(truth, np.nan_to_num(np.asarray(together), nan=-np.inf))
        print(f"  {name} without {left:8s}", {kind: round(value, 2) for kind, value in found[left].items()}, flush=True)
    mean = {
        kind: round(float(np.mean([one[kind] for one in found.values()])), 3) for kind in next(iter(found.values()))
    }
    return {"bench": "outliers", "set": name, "seed": seed, "mean": mean, "classes": found}


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder of the prepared stars")
    parser.add_argument("--sets", nargs="+", default=["asas_acvs", "debosscher"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--stars", type=int, default=0, help="judge on about so many stars of a set (0: all)")
    args = parser.parse_args()
    lines = [run(args.cache, name, seed, args.epochs, args.stars) for name in args.sets for seed in range(args.seeds)]
    for one in lines:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
