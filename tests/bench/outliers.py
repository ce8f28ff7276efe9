"""Whether a kind of star that was never seen is found strange: each class in turn is left out of training.

``python -m tests.bench.outliers``. Swope's scores, each alone and together, stand beside simple ones on the same stars:
the doubt of a random forest (one minus its highest probability), an isolation forest on features, and the errors with
which principal components and a plain dense autoencoder reconstruct the folds. Some were told the classes of the stars
they learnt from, as in ``swope train``: the table marks them. No score was told anything of the class that is left out.
With ``--keep FOLDER`` what the simple ones say is kept there, and read back as long as stars and split are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.autoencoder import Autoencoder, AutoencoderOptions
from swope.models.autoencoder.autoencoder import PARTS, _follows, _nuisance
from swope.models.classifier import ClassifierOptions
from swope.models.inputs import Inputs
from swope.models.keras_backend import keras
from swope.pipeline.rank import joined, novelty
from swope.pipeline.split import share
from tests.bench.classify import few, fitted, forest_features
from tests.bench.training_set import Prepared, add_cache, prepared

Scores = dict[str, NDArray[np.float64]]

#: Classes that are left out, where not simply those of thirty stars or more.
CLASSES = {"asas_acvs": ("ACV", "DSCT", "EA", "EB", "EW", "M", "RRAB", "RRC")}

#: Scores that were told the classes of the stars they learnt from.
TOLD = ("autoencoder", "doubt", "autoencoder, doubt", "forest doubt", "autoencoder, forest doubt")

#: Ordinary stars of a seed's test part.
TEST_SHARE = 0.25

#: Numbers through which the simple reconstructions of a fold pass.
NARROW = 8


def area(strange: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the receiver operating characteristic: how often a strange star scores above an ordinary one.

    Parameters
    ----------
    strange, score : (n,); equal scores count as half, NaN is the least strange.
    """
    score = np.nan_to_num(score, nan=-np.inf)
    ordinary = np.sort(score[~strange])
    below = np.searchsorted(ordinary, score[strange], side="left")
    up_to = np.searchsorted(ordinary, score[strange], side="right")
    return float((below + up_to).mean() / (2 * len(ordinary)))


def first_fifty(strange: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Share of strange stars among the fifty that score highest."""
    return float(strange[np.argsort(-np.nan_to_num(score, nan=-np.inf), kind="stable")[:50]].mean())


def own_scores(
    learn: Prepared, asked: Inputs, epochs: int, seed: int
) -> tuple[Scores, dict[str, float], NDArray[np.bool_]]:
    """What Swope says of stars after learning from others, the CPU seconds of the two trainings, and who has a flag."""
    begin = time.process_time()
    names = [str(one) for one in learn.names]
    labels = [str(label) for label in learn.labels]
    autoencoder = Autoencoder.fit_inputs(
        learn.inputs, names, AutoencoderOptions(epochs=epochs, seed=seed + 1), labels=labels
    )
    parts = autoencoder._parts(asked) - _follows(_nuisance(asked), autoencoder._arrays["null/regression"])
    alone = dict(zip(PARTS, parts.T, strict=True))
    whole = autoencoder.score_inputs(asked).score
    middle = time.process_time()
    classifier = fitted(learn, ClassifierOptions(members=1, epochs=epochs, seed=seed + 1))
    result = classifier.classify_inputs(asked)
    doubt = result.doubt
    scores = {
        "reconstruction": alone["fold"],
        "latent": alone["latent"],
        "reconstruction, latent": joined((alone["fold"], alone["latent"]), (1.0, 1.0)),
        "autoencoder": whole,
        "doubt": doubt,
        "autoencoder, doubt": novelty(whole, doubt),
    }
    flagged = np.array([flag is not None for flag in result.flag])
    return scores, {"autoencoder": middle - begin, "doubt": time.process_time() - middle}, flagged


def simple_scores(learn: Prepared, asked: Inputs, seed: int) -> tuple[Scores, dict[str, float]]:
    """What simple methods say of stars after learning from others, and the CPU seconds that each took."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest, RandomForestClassifier

    known, table = (forest_features(inputs, survey=False) for inputs in (learn.inputs, asked))
    folds, others = learn.inputs.folds[:, 0, :, 0], asked.folds[:, 0, :, 0]

    def forest_doubt() -> NDArray[np.float64]:
        forest = RandomForestClassifier(300, random_state=seed, n_jobs=1).fit(known, learn.labels)
        return np.asarray(1.0 - forest.predict_proba(table).max(axis=1))

    def isolation() -> NDArray[np.float64]:
        return np.asarray(-IsolationForest(random_state=seed).fit(known).score_samples(table))

    def components() -> NDArray[np.float64]:
        found = PCA(min(NARROW, *folds.shape), random_state=seed).fit(folds)
        return misfit(others, found.inverse_transform(found.transform(others)))

    ways: dict[str, Callable[[], NDArray[np.float64]]] = {
        "forest doubt": forest_doubt,
        "isolation forest": isolation,
        "principal components": components,
        "dense autoencoder": lambda: misfit(others, dense_reconstruction(folds, others, seed)),
    }
    scores, seconds = {}, {}
    for name, way in ways.items():
        begin = time.process_time()
        scores[name] = way()
        seconds[name] = time.process_time() - begin
    return scores, seconds


def misfit(folds: NDArray[np.float32], model: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) mean square over the bins, each bin alike: no errors are asked for."""
    return np.asarray(((folds - model) ** 2).mean(axis=1), dtype=np.float64)


def dense_reconstruction(
    folds: NDArray[np.float32], others: NDArray[np.float32], seed: int, epochs: int = 40
) -> NDArray[np.float32]:
    """(n, bins) others, through a plain dense autoencoder that learnt folds."""
    k = keras()
    k.utils.set_random_seed(seed)
    dense = k.layers.Dense
    bins = folds.shape[1]
    network = k.Sequential(
        [
            k.Input((bins,)),
            dense(32, activation="relu"),
            dense(NARROW, activation="relu"),
            dense(32, activation="relu"),
            dense(bins),
        ]
    )
    network.compile(optimizer=k.optimizers.Adam(1e-3), loss="mse", jit_compile=False)
    network.fit(folds, folds, batch_size=128, epochs=epochs, verbose=0)
    return np.asarray(network.predict(others, batch_size=512, verbose=0))


def kept_scores(folder: Path | None, learn: Prepared, asked: Inputs, seed: int) -> tuple[Scores, dict[str, float]]:
    """`simple_scores`, read from the folder where the same stars were judged before."""
    if folder is None:
        return simple_scores(learn, asked, seed)
    digest = hashlib.sha256(f"{seed} {NARROW}".encode())
    digest.update("\n".join(learn.labels).encode())
    for inputs in (learn.inputs, asked):
        for field in fields(Inputs):
            digest.update(getattr(inputs, field.name).tobytes())
    file = folder / f"outliers-{digest.hexdigest()[:16]}.npz"
    if not file.exists():
        scores, seconds = simple_scores(learn, asked, seed)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(file, names=list(scores), scores=np.stack(list(scores.values())), seconds=list(seconds.values()))
    with np.load(file) as kept:
        names = [str(name) for name in kept["names"]]
        return dict(zip(names, kept["scores"], strict=True)), dict(zip(names, kept["seconds"].tolist(), strict=True))


def run(
    cache: Path, name: str, seed: int, epochs: int, stars: int, keep: Path | None, only: Sequence[str] = ()
) -> dict[str, Any]:
    """Leave out each class of a set once.

    Returns
    -------
    Under "area" and "first 50" for each class that was left out what each score reaches; under "flagged" the shares of
    its stars and of the others that got a class_flag; under "seconds" the sums of CPU seconds.
    """
    whole = prepared(cache, name)
    counts = Counter(str(label) for label in whole.labels)
    classes = CLASSES.get(name) or tuple(sorted(c for c, count in counts.items() if c and count >= 30))
    known = np.isin(whole.labels, CLASSES.get(name, tuple(c for c in counts if c)))
    whole = whole.rows(known)
    whole = whole.rows(few(whole.names, stars))
    test = np.array([share(str(one), f"outliers{seed}") < TEST_SHARE for one in whole.names])
    areas: dict[str, dict[str, float]] = {}
    firsts: dict[str, dict[str, float]] = {}
    flags: dict[str, tuple[float, float]] = {}
    seconds: Counter[str] = Counter()
    for left in only or classes:
        strange = whole.labels == left
        learn, judged = whole.rows(~test & ~strange), np.flatnonzero(test | strange)
        asked = whole.inputs.rows(judged)
        own, own_seconds, flagged = own_scores(learn, asked, epochs, seed)
        simple, simple_seconds = kept_scores(keep, learn, asked, seed)
        scores = own | simple | {"autoencoder, forest doubt": novelty(own["autoencoder"], simple["forest doubt"])}
        seconds.update(own_seconds)
        seconds.update(simple_seconds)
        truth = strange[judged]
        areas[left] = {kind: area(truth, score) for kind, score in scores.items()}
        flags[left] = float(flagged[truth].mean()), float(flagged[~truth].mean())
        firsts[left] = {kind: first_fifty(truth, score) for kind, score in scores.items()}
        print(f"  {name} without {left:8s}", {kind: round(a, 2) for kind, a in areas[left].items()}, flush=True)
    return {
        "bench": "outliers",
        "set": name,
        "seed": seed,
        "stars": len(whole),
        "area": areas,
        "first 50": firsts,
        "flagged": flags,
        "seconds": {kind: round(value, 1) for kind, value in seconds.items()},
    }


def table(name: str, runs: Sequence[dict[str, Any]]) -> str:
    """What a person reads of the runs on a set: means over the seeds."""
    classes = list(runs[0]["area"])
    lines = [
        f"{name}, {runs[0]['stars']} stars, {len(runs)} seeds: area under the ROC curve, class left out "
        "(*: told the other classes)",
        f"  {'':26s}{''.join(f'{c:>8s}' for c in classes)} |    mean   least first 50 | CPU s a seed",
    ]
    for kind in runs[0]["area"][classes[0]]:
        each = [float(np.mean([run["area"][c][kind] for run in runs])) for c in classes]
        fifty = float(np.mean([run["first 50"][c][kind] for run in runs for c in classes]))
        spent = float(np.mean([run["seconds"][kind] for run in runs])) if kind in runs[0]["seconds"] else None
        row = "".join(f"{value:8.3f}" for value in each)
        cost = "" if spent is None else f"{spent:.0f}"
        told = kind + "*" if kind in TOLD else kind
        lines.append(f"  {told:26s}{row} |{np.mean(each):8.3f}{min(each):8.3f}{fifty:9.3f} | {cost}")
    for place, whose in enumerate(("class_flag, of these", "class_flag, of the others")):
        each = [float(np.mean([run["flagged"][c][place] for run in runs])) for c in classes]
        lines.append(f"  {whose:26s}{''.join(f'{value:8.3f}' for value in each)} |{np.mean(each):8.3f}")
    return "\n".join(lines)


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--sets", nargs="+", default=["asas_acvs", "debosscher"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--stars", type=int, default=0, help="judge on about so many stars of a set (0: all)")
    parser.add_argument("--keep", type=Path, help="folder for what the simple methods say")
    parser.add_argument("--leave", nargs="+", default=[], metavar="CLASS", help="leave out these classes only")
    args = parser.parse_args()
    lines = []
    for name in args.sets:
        runs = [
            run(args.cache, name, seed, args.epochs, args.stars, args.keep, args.leave) for seed in range(args.seeds)
        ]
        print(table(name, runs), flush=True)
        lines += runs
    for one in lines:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
