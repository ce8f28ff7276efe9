"""How well stars are classified: split by star, several seeds, beside a random forest and MiniRocket on the same split.

``python -m tests.bench.classify`` judges with Swope's own periods and with the reference periods, on a quarter of the
stars; the smaller sets by cross-validation too, as published results on them were.
``--transfer`` asks instead what the simulator alone teaches of real stars.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier import Classification, Classifier, ClassifierOptions
from swope.models.classifier.classifier import _network, _tensors
from swope.models.inputs import FACTORS, Inputs, inputs_of
from swope.models.keras_backend import CALL_SIZES
from swope.pipeline.evaluate import expected_calibration_error
from swope.pipeline.features import FOLDED
from swope.pipeline.split import share
from swope.pipeline.star import Star
from swope.pipeline.vsx import family
from tests.bench.minirocket import MiniRocket, ridge_of
from tests.bench.training_set import Prepared, add_cache, at_reference, prepared, stars_of

#: Classes that are judged, where not simply those of ten stars or more.
CLASSES = {"asas_acvs": ("DSCT", "EA", "EB", "EW", "M", "RRAB", "RRC"), "eros": ("DCEP", "E", "M", "RR")}

#: Stars of a seed's test part.
TEST_SHARE = 0.25

#: Sets on which results were published, and folds of the cross-validation that gave them (Richards et al. 2011, 2012).
FOLDS = {"debosscher": 10, "asas_training": 10}

#: Two periods within this share of each other are the same.
SAME_PERIOD = 0.01

#: Stars whose folds are turned, and rows whose classification is timed.
FEW, TIMED = 200, 2048


def judged(labels: NDArray[np.str_], name: str) -> NDArray[np.bool_]:
    """(n,) which stars of a set have a class that is judged."""
    counts = Counter(str(label) for label in labels)
    classes = CLASSES.get(name) or tuple(label for label, count in counts.items() if label and count >= 10)
    return np.isin(labels, classes)


def forest_features(inputs: Inputs, survey: bool = True) -> NDArray[np.float32]:
    """Features of the `light-curve` library plus period, and magnitude and colour where wanted: the forest's table."""
    period = inputs.folded[:, :1, FOLDED.index("log_period")]
    columns: NDArray[np.float32] = np.concatenate([inputs.plain, period, *([inputs.survey] if survey else [])], axis=1)
    return np.nan_to_num(columns, nan=-9.0)


def rocket_features(inputs: Inputs) -> NDArray[np.float32]:
    """Period and amplitude, both as logarithms: what MiniRocket is given beside the folds."""
    columns = [FOLDED.index(name) for name in ("log_period", "log_amplitude_1")]
    return np.nan_to_num(inputs.folded[:, 0, columns], nan=-9.0)


def opponents(
    inputs: Inputs,
    labels: NDArray[np.str_],
    test: NDArray[np.bool_],
    seed: int,
    features: int,
    survey: bool = True,
) -> dict[str, tuple[NDArray[np.str_], float]]:
    """What the others say of the stars of the test part, and the CPU seconds they took to learn and say it.

    Parameters
    ----------
    inputs, labels, test : n stars; those not of the test part are learnt from.
    features : of MiniRocket.
    survey : whether the forest is shown magnitude and colour.
    """
    from sklearn.ensemble import RandomForestClassifier

    found = {}
    begin = time.process_time()
    table = forest_features(inputs, survey)
    forest = RandomForestClassifier(300, random_state=seed, n_jobs=1).fit(table[~test], labels[~test])
    found["forest"] = (forest.predict(table[test]), time.process_time() - begin)
    begin = time.process_time()
    folds = inputs.folds[:, 0, :, 0]
    shares = MiniRocket.of(folds[~test], features, seed).transform(folds)
    transform = time.process_time() - begin
    for name, columns in (
        ("MiniRocket", shares),
        ("MiniRocket + P, A", np.concatenate([shares, rocket_features(inputs)], axis=1)),
    ):
        begin = time.process_time()
        said = ridge_of(columns[~test], labels[~test]).predict(columns[test])
        found[name] = (said, transform + time.process_time() - begin)
    return found


def balanced_accuracy(truth: NDArray[np.str_], said: NDArray[np.str_]) -> float:
    """Mean recall over the classes."""
    return float(np.mean(list(recalls(truth, said).values())))


def recalls(truth: NDArray[np.str_], said: NDArray[np.str_]) -> dict[str, float]:
    """Share of each class that is called so."""
    return {str(name): float(np.mean(said[truth == name] == name)) for name in np.unique(truth)}


def best_types(result: Classification) -> NDArray[np.str_]:
    """(n,) the likeliest type of each star, "" where there is no answer."""
    return np.array([result.best(i) or "" for i in range(len(result))])


def likeliest(result: Classification) -> NDArray[np.float64]:
    """(n,) probability of the likeliest type, 0 where there is no answer."""
    return np.nan_to_num(result.probabilities.max(axis=1))


def judge(said: NDArray[np.str_], best: NDArray[np.float64], truth: NDArray[np.str_]) -> dict[str, float]:
    """Accuracy, balanced accuracy, calibration error, and the error without the doubtful twentieth.

    Parameters
    ----------
    said, best : (n,) of `best_types` and `likeliest`.
    truth : (n,) labels.
    """
    right = said == truth
    kept = best >= np.quantile(best, 0.05)
    return {
        "accuracy": float(right.mean()),
        "balanced": balanced_accuracy(truth, said),
        "ece": expected_calibration_error(best, right),
        "error_95": float(1.0 - right[kept].mean()),
    }


def agreement(
    said: NDArray[np.str_],
    truth: NDArray[np.str_],
    found: NDArray[np.float64],
    settled: NDArray[np.float64],
    reference: NDArray[np.float64],
) -> dict[str, float]:
    """How often the settled period is the one that goes with the type that was said.

    An eclipsing binary has two minima in its period, a pulsating star one: a star with the light curve of an EW of
    period P has to be an EW at P or an RRC at P / 2. Judged are stars for which the period that goes with the type
    is one of the candidates, so that it could be settled.

    Parameters
    ----------
    said, truth : (n,) types; "" where there is no answer.
    found, settled, reference : (n,) days; NaN where there is none.

    Returns
    -------
    "all" and each type that was said, with its share; NaN under "all" where no star can be judged.
    """
    twice = np.array([float(_double(a)) - float(_double(b)) for a, b in zip(said, truth, strict=True)])
    meant = reference * 2.0**twice
    open_to = (said != "") & np.any([_same(found * factor, meant) for factor in FACTORS], axis=0)
    agrees = _same(settled, meant)
    shares = {"all": float(agrees[open_to].mean()) if open_to.any() else float("nan")}
    return shares | {str(name): float(agrees[open_to & (said == name)].mean()) for name in np.unique(said[open_to])}


def _double(name: str) -> bool:
    return family(name) == "eclipsing" or name == "ELL"


def _same(period: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.abs(period / other - 1.0) < SAME_PERIOD


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


def rates(classifier: Classifier, inputs: Inputs, repeats: int = 5) -> dict[str, float]:
    """Stars a second: the classifier's whole answer, and Keras alone on the same network.

    Keras is given tensors that are ready and whole batches, once with the network that the classifier answers with and
    once with the same weights in float32. Each is the best of several repeats, turn and turn about.
    """
    rows = np.arange(TIMED) % len(inputs)
    inputs = inputs.rows(rows)
    tensors = _tensors(inputs, classifier._scaling, classifier.options)
    batches = [[tensor[i : i + CALL_SIZES[-1]] for tensor in tensors] for i in range(0, TIMED, CALL_SIZES[-1])]
    single = [_network(classifier.options, len(classifier.types)) for _ in classifier.networks]
    for network, double in zip(single, classifier.networks, strict=True):
        network.set_weights(double.get_weights())

    def bare(networks: Sequence[Any]) -> None:
        for batch in batches:
            for network in networks:
                network.predict_on_batch(batch)

    asked: dict[str, Callable[[], object]] = {
        "whole": lambda: classifier.classify_inputs(inputs),
        "bare": lambda: bare(classifier.networks),
        "bare_single": lambda: bare(single),
    }
    best = dict.fromkeys(asked, np.inf)
    for _ in range(repeats):
        for name, call in asked.items():
            begin = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - begin)
    return {name: TIMED / seconds for name, seconds in best.items()}


def splits(names: NDArray[np.str_], seeds: int, folds: int) -> list[list[NDArray[np.bool_]]]:
    """Who is judged, in each of several rounds: a quarter, or each star once (cross-validation).

    Parameters
    ----------
    names : (n,) of the stars.
    seeds : rounds; each draws anew.
    folds : of the cross-validation; 0 for a quarter.

    Returns
    -------
    For each round (n,) masks of stars that are judged by what the others teach, and then counted together.
    """
    if not folds:
        return [
            [np.array([share(str(name), f"classify{seed}") < TEST_SHARE for name in names])] for seed in range(seeds)
        ]
    rounds = []
    for seed in range(seeds):
        fold = np.array([int(folds * share(str(name), f"folds{seed}")) for name in names])
        rounds.append([fold == k for k in range(folds)])
    return rounds


def run(
    whole: Prepared,
    stars: Sequence[Star],
    rounds: Sequence[Sequence[NDArray[np.bool_]]],
    options: ClassifierOptions,
    rocket: int,
    left_out: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Train and judge on one set with several splits.

    Parameters
    ----------
    whole : n stars of the judged classes.
    stars : some of them, by whatever order, whose folds are turned.
    rounds : of `splits`.
    rocket : features of MiniRocket.
    left_out : (n,) stars that are learnt from, but not judged.

    Returns
    -------
    Means over the rounds; of `turn` the largest.
    """
    who: dict[str, list[dict[str, float]]] = {}
    recall: dict[str, list[dict[str, float]]] = {}
    rest: list[dict[str, float]] = []
    agreed: list[dict[str, float]] = []
    for seed, tests in enumerate(rounds):
        answers: list[dict[str, tuple[NDArray[np.str_], float]]] = []
        best, settled, kept, stated = [], [], [], []
        for test in tests:
            begin = time.process_time()
            classifier = fitted(whole.rows(~test), replace(options, seed=seed + 1))
            seconds = time.process_time() - begin
            asked = whole.rows(test)
            result = classifier.classify_inputs(asked.inputs)
            own = {"network": (best_types(result), seconds)}
            answers.append(own | opponents(whole.inputs, whole.labels, test, seed, rocket))
            best.append(likeliest(result))
            settled.append(asked.period * result.period_factor)
            kept.append(np.array([flag is None for flag in result.flag]))
            stated.append(classifier.abstention.risk)
        rows = np.concatenate([np.flatnonzero(test) for test in tests])
        counted = np.ones(len(rows), dtype=bool) if left_out is None else ~left_out[rows]
        asked = whole.rows(rows[counted])
        truth = asked.labels
        for name in answers[0]:
            types = np.concatenate([answer[name][0] for answer in answers])[counted]
            score = {
                "accuracy": float((types == truth).mean()),
                "balanced": balanced_accuracy(truth, types),
                "seconds": float(np.mean([answer[name][1] for answer in answers])),
            }
            who.setdefault(name, []).append(score)
            recall.setdefault(name, []).append(recalls(truth, types))
        said = np.concatenate([answer["network"][0] for answer in answers])[counted]
        quality = judge(said, np.concatenate(best)[counted], truth)
        period = np.concatenate(settled)[counted]
        unflagged = np.concatenate(kept)[counted]
        known = np.isfinite(asked.reference)
        agreed.append(agreement(said, truth, asked.period, period, asked.reference))
        speed = rates(classifier, asked.inputs)
        rest.append(
            {
                "ece": quality["ece"],
                "error": 1.0 - quality["accuracy"],
                "error_95": quality["error_95"],
                "flagged": float((~unflagged).mean()),
                "error_unflagged": float((said != truth)[unflagged].mean()),
                "risk_stated": float(np.mean(stated)),
                "period_right": _share(_same(asked.period, asked.reference)[known]),
                "period_settled": _share(_same(period, asked.reference)[known]),
                "turn": turn_effect(classifier, inputs_of(stars), stars),
                "stars_per_s": speed["whole"],
                "predict_share": speed["whole"] / speed["bare"],
                "predict_share_float32": speed["whole"] / speed["bare_single"],
            }
        )
    return {
        "stars": len(whole),
        "rounds": len(rounds),
        "folds": len(rounds[0]),
        "who": {name: _mean(scores) for name, scores in who.items()},
        **_mean(rest),
        "turn": max(one["turn"] for one in rest),
        "agree": _mean(agreed),
        "recall": {name: _mean(scores) for name, scores in recall.items()},
        "accuracy_by_round": {name: [round(s["accuracy"], 4) for s in scores] for name, scores in who.items()},
        "balanced_by_round": {name: [round(s["balanced"], 4) for s in scores] for name, scores in who.items()},
    }


def fitted(learn: Prepared, options: ClassifierOptions, progress: Callable[[str], None] | None = None) -> Classifier:
    """A classifier that learnt from prepared stars."""
    return Classifier.fit_inputs(learn.labelled, options, progress)


def _share(right: NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else float("nan")


def _mean(found: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean of each entry over the splits that have it."""
    names = dict.fromkeys(name for one in found for name in one)
    return {name: round(float(np.mean([one[name] for one in found if name in one])), 6) for name in names}


def table(one: dict[str, Any]) -> str:
    """What a person reads of a run."""
    how = f"cross-validation in {one['folds']} folds" if one["folds"] > 1 else "a quarter judged"
    lines = [
        f"{one['set']}, {one['periods']} periods, {one['stars']} stars, {how}, {one['rounds']} times",
        f"  {'':18s} accuracy balanced   CPU s | recall of " + " ".join(f"{c:>8s}" for c in one["recall"]["network"]),
    ]
    for name, score in one["who"].items():
        lines.append(
            f"  {name:18s} {score['accuracy']:8.3f} {score['balanced']:8.3f} {score['seconds']:7.0f} |           "
            + " ".join(f"{value:8.3f}" for value in one["recall"][name].values())
        )
    gain = 1.0 - one["error_95"] / one["error"] if one["error"] else 0.0
    agree = ", ".join(f"{name} {value:.3f}" for name, value in one["agree"].items())
    lines.append(
        f"  ECE {one['ece']:.3f}; error {one['error']:.3f}, of the surer 95 % {one['error_95']:.3f}, {gain:.0%} less"
    )
    lines.append(
        f"  class_flag on {one['flagged']:.3f}; error of the others {one['error_unflagged']:.3f}, "
        f"stated {one['risk_stated']:.3f}"
    )
    if np.isfinite(one["period_right"]):
        lines.append(
            f"  period right as found {one['period_right']:.3f}, as settled {one['period_settled']:.3f}; "
            f"period and class agree: {agree}"
        )
    lines += [
        f"  a turned fold changes a probability by at most {one['turn']:.0e}",
        f"  {one['stars_per_s']:.0f} stars a second, {one['predict_share']:.2f} of bare Keras "
        f"({one['predict_share_float32']:.2f} of the same in float32)",
    ]
    return "\n".join(lines)


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--sets", nargs="+", default=["asas_acvs", "eros", "debosscher", "asas_training"])
    parser.add_argument("--periods", nargs="+", choices=("swope", "reference"), default=["swope", "reference"])
    parser.add_argument("--seeds", type=int, default=5)
    words = "only cross-validation in so many folds, or (0) only quarters (default: quarters, and what was published)"
    parser.add_argument("--folds", type=int, metavar="K", help=words)
    parser.add_argument("--members", type=int, default=0, help="networks (0: more where stars are few)")
    parser.add_argument("--epochs", type=int, default=ClassifierOptions().epochs)
    parser.add_argument(
        "--copies", type=int, default=ClassifierOptions().copies, help="thinned copies of a star of a rare type"
    )
    parser.add_argument("--trees", type=int, default=ClassifierOptions().trees)
    parser.add_argument("--leaf", type=int, default=ClassifierOptions().leaf)
    parser.add_argument("--rocket", type=int, default=10_000, metavar="N", help="features of MiniRocket")
    parser.add_argument("--stars", type=int, default=0, help="judge on about so many stars of a set (0: all)")
    parser.add_argument("--without", type=Path, metavar="FILE", help="names of stars that are not judged, a line each")
    parser.add_argument("--transfer", action="store_true", help="what the simulator teaches of asas_acvs")
    parser.add_argument("--simulated", type=int, default=300, help="with --transfer: simulated stars a class")
    parser.add_argument("--labels", type=int, default=20, help="with --transfer: real labels a class")
    parser.add_argument("--keep", type=Path, help="with --transfer: folder for the simulated stars (default: CACHE)")
    parser.add_argument("--workers", type=int, default=1, help="with --transfer: processes that search periods")
    args = parser.parse_args()
    if args.transfer:
        from tests.bench import transfer

        real = prepared(args.cache, "asas_acvs")
        among = judged(real.labels, "asas_acvs") & few(real.names, args.stars)
        stars = [one.star for one, used in zip(stars_of(args.cache, "asas_acvs"), among, strict=True) if used]
        real = real.rows(among)
        source = transfer.simulated(args.keep or args.cache, CLASSES["asas_acvs"], args.simulated, args.workers)
        how = ClassifierOptions(members=args.members, epochs=args.epochs)
        transfer.show([transfer.run(real, stars, source, args.labels, seed, how) for seed in range(args.seeds)])
        return
    options = ClassifierOptions(survey=True, members=args.members, epochs=args.epochs, trees=args.trees, leaf=args.leaf)
    lines = []
    for name in args.sets:
        for kind in args.periods:
            reference = kind == "reference"
            if reference and not np.isfinite(prepared(args.cache, name).reference).any():
                print(f"{name}: no reference periods")
                continue
            whole = prepared(args.cache, name, reference, args.copies)
            among = judged(whole.labels, name) & few(whole.names, args.stars)
            first = [star for star, used in zip(stars_of(args.cache, name), among, strict=True) if used][:FEW]
            turned = [(at_reference(star) if reference else star).star for star in first]
            chosen = whole.rows(among)
            left_out = np.isin(chosen.names, args.without.read_text().split()) if args.without else None
            for folds in dict.fromkeys((0, FOLDS.get(name, 0)) if args.folds is None else (args.folds,)):
                one = {"bench": "classify", "set": name, "periods": kind}
                rounds = splits(chosen.names, args.seeds, folds)
                one |= run(chosen, turned, rounds, options, args.rocket, left_out)
                lines.append(one)
                print(table(one), flush=True)
    for one in lines:
        print(json.dumps(one))


def few(names: NDArray[np.str_], stars: int) -> NDArray[np.bool_]:
    """(n,) about so many of the stars, the same ones every time; all where none are asked for."""
    wanted = stars / max(len(names), 1) if stars else 1.0
    return np.array([share(str(name), "subset") < wanted for name in names])


if __name__ == "__main__":
    main()
