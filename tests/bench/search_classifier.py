"""Random search for the classifier's settings: ``python -m tests.bench.search_classifier --trials N --seed S``.

Split by star: those that `swope.pipeline.split.held_out` keeps
apart are never looked at; of the others a fixed quarter judges and the rest is learnt from. Trial 0 is the settings as
they are. The same seed gives the same trials, and trial i is the same however many there are.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from swope.models.classifier import ClassifierOptions
from swope.pipeline.split import held_out, share
from tests.bench.classify import best_types, few, fitted, judge, judged, likeliest
from tests.bench.random_search import between, drawn, one_of, power_of_ten, shown
from tests.bench.training_set import Prepared, add_cache, prepared

#: Stars that judge the trials.
JUDGE_SHARE = 0.25

#: What is searched.
SPACE = {
    "filters": one_of((8, 16, 24), (16, 24, 32), (24, 32, 48), (16, 24, 32, 32), (32, 48, 64)),
    "hidden": one_of(48, 64, 96, 128, 192),
    "dropout": between(0.0, 0.4),
    "batch": one_of(64, 128, 256),
    "learning_rate": power_of_ten(-3.3, -2.0),
    "weight_decay": power_of_ten(-5.0, -1.5),
    "balance": between(0.0, 1.0),
}

#: Columns of `row`.
HEAD = (
    "trial set               acc    bal   ECE  log loss CPU s | "
    "filters          hidden drop  batch    rate   decay balance"
)


def parts(cache: Path, name: str, stars: int) -> tuple[Prepared, Prepared]:
    """Stars of a set to learn from and to judge by, those kept apart left out."""
    whole = prepared(cache, name)
    apart = np.array([held_out(str(one)) for one in whole.names])
    whole = whole.rows(judged(whole.labels, name) & ~apart)
    whole = whole.rows(few(whole.names, stars))
    judges = np.array([share(str(one), "search") < JUDGE_SHARE for one in whole.names])
    return whole.rows(~judges), whole.rows(judges)


def run(learn: Prepared, judges: Prepared, options: ClassifierOptions) -> dict[str, Any]:
    """One trial on one set: what `tests.bench.classify` judges, the log loss, and the CPU seconds."""
    begin = time.process_time()
    classifier = fitted(learn, options)
    seconds = time.process_time() - begin
    result = classifier.classify_inputs(judges.inputs)
    # a class that none of the stars learnt from has gets no column
    columns = dict(zip(result.types, result.probabilities.T, strict=True))
    given = [columns[str(c)][i] if str(c) in columns else 0.0 for i, c in enumerate(judges.labels)]
    surprise = float(-np.log(np.maximum(np.nan_to_num(given), 1e-9)).mean())
    return judge(best_types(result), likeliest(result), judges.labels) | {"log_loss": surprise, "seconds": seconds}


def main() -> None:
    """Draw, train, judge; the best of each set last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", nargs="+", default=["asas_acvs", "debosscher"])
    parser.add_argument("--epochs", type=int, default=ClassifierOptions().epochs)
    parser.add_argument("--stars", type=int, default=0, help="about so many stars of a set (0: all)")
    args = parser.parse_args()
    base = ClassifierOptions(survey=True, epochs=args.epochs, seed=args.seed)
    whole = {name: parts(args.cache, name, args.stars) for name in args.sets}
    lines = []
    print(HEAD)
    for trial in range(args.trials):
        options = drawn(base, SPACE, args.seed, trial)
        for name, (learn, judges) in whole.items():
            one = run(learn, judges, options)
            lines.append(
                {"bench": "search_classifier", "set": name, "trial": trial} | one | {"options": shown(options, SPACE)}
            )
            print(row(trial, name, one, options), flush=True)
    for name in whole:
        best = max((line for line in lines if line["set"] == name), key=lambda line: line["balanced"])
        print(f"{name}: trial {best['trial']} is best, balanced accuracy {best['balanced']:.3f}: {best['options']}")
    for line in lines:
        print(json.dumps(line))


def row(trial: int, name: str, one: dict[str, Any], options: ClassifierOptions) -> str:
    """A trial on a set, as a person reads it."""
    filters = "-".join(str(n) for n in options.filters)
    return (
        f"{trial:5d} {name:14s} {one['accuracy']:6.3f} {one['balanced']:6.3f} {one['ece']:5.3f} {one['log_loss']:9.3f} "
        f"{one['seconds']:5.0f} | {filters:16s} {options.hidden:6d} {options.dropout:4.2f} {options.batch:6d} "
        f"{options.learning_rate:7.1e} {options.weight_decay:7.1e} {options.balance:7.2f}"
    )


if __name__ == "__main__":
    main()
