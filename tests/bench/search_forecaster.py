"""Random search for the forecaster's settings: ``python -m tests.bench.search_forecaster --trials N --seed S``.

Split by star: those that `swope.pipeline.split.held_out` keeps apart are never looked at; of the others a fixed quarter
judges and the rest is learnt from. Trial 0 is the settings as they are. The same seed gives the same trials, and trial
i is the same however many there are. With ``--cells`` the trials are the three recurrent cells, all else the same.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from swope.models.forecaster import Forecaster, ForecasterOptions
from swope.models.forecaster.forecaster import EVERY, HORIZONS
from swope.models.forecaster.network import Cell
from swope.models.forecaster.sequence import Questions, ahead_of
from swope.models.forecaster.steps import Steps
from swope.pipeline.lightcurve import BoolArray
from swope.pipeline.split import share
from swope.pipeline.star import Star
from tests.bench.forecast_data import Known
from tests.bench.forecast_train import training_stars
from tests.bench.random_search import between, drawn, one_of, power_of_ten, shown

#: Stars that judge the trials.
JUDGE_SHARE = 0.25

#: What is searched.
SPACE = {
    "units": one_of(24, 32, 48, 64, 96),
    "dropout": between(0.0, 0.2),
    "window": one_of(64, 128, 256),
    "batch": one_of(32, 64, 128),
    "learning_rate": power_of_ten(-3.3, -2.2),
    "weight_decay": power_of_ten(-5.0, -2.0),
    "ahead": between(0.0, 0.3),
    "varied": between(0.0, 0.6),
}

#: Columns of `row`: CRPS and negative log density in the units of the steps.
HEAD = "trial  CRPS one ahead   NLPD one  ahead CPU s | cell units drop window batch    rate   decay ahead varied"


def run(learn: Sequence[Known], judges: Sequence[Known], options: ForecasterOptions) -> dict[str, Any]:
    """One trial: skill one step and several steps ahead on the judging stars, and the CPU seconds of the training."""
    begin = time.process_time()
    forecaster = Forecaster.fit([one.star for one in learn], options)
    seconds = time.process_time() - begin
    stars = [one.star for one in judges]
    asked = [_asked(star) for star in stars]
    skills = [_skill(*one) for one in forecaster.predictive(stars, asked) if one is not None]
    means = np.nanmean(np.array(skills), axis=0).tolist()
    return dict(zip(("crps", "crps_ahead", "nlpd", "nlpd_ahead"), means, strict=True)) | {"seconds": seconds}


def _asked(star: Star) -> Questions:
    good = star.curve.good
    return Questions.of_rows(good, *ahead_of(len(good), HORIZONS, EVERY))


def _skill(steps: Steps, mixture: Any) -> tuple[float, float, float, float]:
    """CRPS in the steps' own units, in which the star's noise and scale are divided out, and negative log density."""

    def mean(of: Any, rows: BoolArray) -> float:
        return float(np.mean(of(mixture.where(rows), steps.target[rows]))) if rows.any() else float("nan")

    parts = (steps.next, steps.ahead)
    crps = [mean(lambda one, target: one.crps(target), rows) for rows in parts]
    nlpd = [mean(lambda one, target: -one.log_density(target), rows) for rows in parts]
    return crps[0], crps[1], nlpd[0], nlpd[1]


def main() -> None:
    """Draw, train, judge; the best last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--most", type=int, default=60, help="stars of a class of each set, at most")
    parser.add_argument("--cells", action="store_true", help="compare the recurrent cells instead")
    args = parser.parse_args()
    base = ForecasterOptions(epochs=args.epochs, seed=args.seed)
    known = training_stars(args.most)
    # a star's walk goes where the star goes
    judging = [share(one.object_id.removesuffix(" walk"), "search") < JUDGE_SHARE for one in known]
    learn = [one for one, apart in zip(known, judging, strict=True) if not apart]
    judges = [one for one, apart in zip(known, judging, strict=True) if apart]
    print(f"{len(learn)} stars to learn from, {len(judges)} judge\n{HEAD}", flush=True)
    cells: tuple[Cell, ...] = get_args(Cell)
    trials = (
        [replace(base, cell=cell) for cell in cells]
        if args.cells
        else [drawn(base, SPACE, args.seed, trial) for trial in range(args.trials)]
    )
    lines: list[dict[str, Any]] = []
    for trial, options in enumerate(trials):
        one = run(learn, judges, options)
        lines.append(
            {"bench": "search_forecaster", "trial": trial}
            | one
            | {"options": {"cell": options.cell} | shown(options, SPACE)}
        )
        print(row(trial, one, options), flush=True)
    best = min(lines, key=lambda line: line["nlpd"] + line["nlpd_ahead"])
    print(f"trial {best['trial']} is best: {best['options']}")
    for line in lines:
        print(json.dumps(line))


def row(trial: int, one: dict[str, Any], options: ForecasterOptions) -> str:
    """A trial, as a person reads it."""
    return (
        f"{trial:5d} {one['crps']:9.4f} {one['crps_ahead']:6.4f} {one['nlpd']:8.4f} {one['nlpd_ahead']:6.4f} "
        f"{one['seconds']:5.0f} | {options.cell:4s} {options.units:5d} {options.dropout:4.2f} {options.window:6d} "
        f"{options.batch:5d} {options.learning_rate:7.1e} {options.weight_decay:7.1e} {options.ahead:5.2f} "
        f"{options.varied:6.2f}"
    )


if __name__ == "__main__":
    main()
