"""Train the forecaster that Swope ships: ``python -m tests.bench.forecast_train OUT``.

It learns from real stars of all the sets that are not held out (`swope.pipeline.split`), at their reference periods, at
periods that the pipeline found, at wrong ones and at none, from damped random walks at the same stars' times, and from
a simulated survey. Noise, gaps, thinning and questions ahead of time are `Forecaster.fit`'s.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from pathlib import Path
from typing import get_args

import numpy as np

from swope.models.forecaster import Forecaster, ForecasterOptions
from swope.models.forecaster.network import COMPONENTS, Cell
from swope.models.forecaster.steps import FAMILIES
from swope.pipeline.clean import clean
from swope.pipeline.period import PeriodResult
from swope.pipeline.simulate import SurveyOptions, simulate_stars
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_data import (
    SETS,
    Known,
    few_of_each,
    known_stars,
    searched_before,
    thinned,
    with_searched_periods,
)
from tests.bench.forecast_simple import damped_walk

#: Stars of a class of each set, at most.
MOST = 500

#: Stars of a class of each set from among which those that calibrate are taken, at most.
CALIBRATING = 800

#: Of the stars at their reference period, the shares that are folded at half, at twice, at a wrong one, or not at all.
HALF, DOUBLE, WRONG, NONE = 0.15, 0.08, 0.06, 0.10

#: Share of the stars that come a second time as a damped random walk.
WALKS = 0.5

CELLS: dict[Cell, str] = {"lstm": "An LSTM", "gru": "A GRU", "rnn": "A simple recurrent network"}

#: The simulated stars, of another seed than the sample survey's; and their rows, at most.
SIMULATED, SIMULATED_ROWS = SurveyOptions(stars=400, seed=413), 800


def training_stars(most: int) -> list[Known]:
    """The stars to learn from, with their variations."""
    stars: list[Known] = []
    for survey in SETS:
        known = few_of_each(known_stars(survey, lambda name: not held_out(name)), most)
        found = searched_before(known)
        stars += [_varied(one, two) for one, two in zip(known, found, strict=True)]
    stars += simulated()
    extra: list[Known] = []
    for one in stars:
        rng = np.random.default_rng(int(share(one.object_id, "variation") * 2**53))
        good = one.star.curve.good
        if share(one.object_id, "walk") < WALKS and np.isfinite(good.error).all() and len(good) > 20:
            sigma = float(np.median(good.error) * 10 ** rng.uniform(-0.3, 1.3))
            walk = damped_walk(one.star, sigma, float(10 ** rng.uniform(0.0, 3.3)), rng)
            extra.append(Known(walk, one.survey, "walk", math.nan))
    return stars + extra


def calibration_stars(most: int, options: ForecasterOptions) -> list[Known]:
    """Real stars that a training leaves out, at the periods that the pipeline finds."""
    stars: list[Known] = []
    for survey in SETS:
        known = few_of_each(known_stars(survey, lambda name: not held_out(name)), most)
        left = [one for one in known if share(one.object_id, "forecaster") < options.calibration_share]
        stars += with_searched_periods(left)
    return stars


def simulated() -> list[Known]:
    """The simulated stars at their true periods, and at others."""
    known = []
    for one in simulate_stars(SIMULATED):
        curve = clean(thinned(one.curve, SIMULATED_ROWS))
        star = Star(curve, PeriodResult(reason="simulated without"))
        known.append(_varied(Known(star, "simulated", one.label.class_, one.label.period).at(one.label.period), None))
    return known


def _varied(known: Known, found: Known | None) -> Known:
    """The star at one of the periods under which it may come."""
    if not math.isfinite(known.period) or (found is not None and share(known.object_id, "found") < 0.5):
        return found if found is not None else known
    draw = share(known.object_id, "period")
    for chance, factor in ((HALF, 0.5), (DOUBLE, 2.0), (WRONG, 1.2345), (NONE, math.nan)):
        if draw < chance:
            return known.at(factor * known.period)
        draw -= chance
    return known


def say(bench: str, forecaster: Forecaster, stars: int, begin: float) -> None:
    """Print what came of a forecaster as one JSON line, and how long it took since `begin` (`time.perf_counter`)."""
    print(
        json.dumps(
            {
                "bench": bench,
                "stars": stars,
                "seconds": round(time.perf_counter() - begin),
                "model_id": forecaster.model_id,
                "widening": forecaster.calibration.widening.tolist(),
            }
        )
    )


def main() -> None:
    """Train, and save with a card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--units", type=int, default=48)
    parser.add_argument("--cell", choices=get_args(Cell), default="lstm")
    parser.add_argument("--most", type=int, default=MOST, help="stars of a class of each set, at most")
    parser.add_argument("--start", type=Path, help="forecaster to go on from")
    parser.add_argument("--rate", type=float, default=ForecasterOptions().learning_rate, help="first learning rate")
    args = parser.parse_args()
    begin = time.perf_counter()
    known = training_stars(args.most)
    counts = Counter(f"{one.survey} {one.label}" for one in known)
    print(f"{len(known)} stars read in {time.perf_counter() - begin:.0f} s", flush=True)
    options = ForecasterOptions(cell=args.cell, epochs=args.epochs, units=args.units, learning_rate=args.rate)
    start = Forecaster.load(args.start) if args.start else None

    def progress(line: str) -> None:
        print(f"{time.perf_counter() - begin:.0f} s: {line}", flush=True)

    # what is honest is said by real stars alone, as the pipeline would have them
    apart = calibration_stars(CALIBRATING, options)
    fitted = Forecaster.fit([one.star for one in known], options, progress, start)
    forecaster = fitted.calibrated([one.star for one in apart])
    forecaster.card = card(forecaster, counts, len(apart), start)
    forecaster.save(args.out)
    say("forecast_train", forecaster, len(known), begin)


def card(forecaster: Forecaster, counts: Counter[str], apart: int, start: Forecaster | None) -> str:
    """The model card, to which the benchmark's table is to be added."""
    before = f"It went on from the weights of {start.model_id}, made on the same side of the split." if start else ""
    options = forecaster.options
    rows = "\n".join(f"| {name} | {count} |" for name, count in sorted(counts.items()))
    return f"""# Forecaster

{CELLS[options.cell]} of {options.units} units that weighs, shifts and widens the forecasts of {len(FAMILIES)} simple
causal forecasters, one step ahead and further, for unevenly sampled light curves of any kind and unit; a mixture of
{COMPONENTS} Gaussians a row, its widths and the distribution of its innovations calibrated on stars it did not learn
from.

## Data

Real stars outside the held-out fifth of each set (`pipeline.split`), {100 * options.calibration_share:.0f} per cent of
them not learnt from; {apart} of these, at the periods that Swope finds, are the calibration. The others are folded at
their reference period, at the one the pipeline found, at half, twice or a wrong one, or not at all. Beside them: damped
random walks at real times, simulated stars, and {100 * options.varied:.0f} per cent of the stars again, thinned,
with gaps, or with noise added. Of the rows {100 * options.ahead:.0f} per cent ask for a later one too, up to
{options.furthest} rows on. {before}

| set and class | stars |
|---|---|
{rows}

## Limits

- The period is found in the whole curve; all else that a forecast rests on came before it. Periods with a false-alarm
  probability above one in a thousand, or with fewer than three cycles, are not used.
- The first five rows of a star, and the first two of a band, are not forecast.
- Among the stars it learned from, and that say what is ordinary, are transients and other oddities of the surveys.
- A survey whose cadence or errors are unlike these (minutes-long space photometry, above all) needs fine-tuning before
  its p-values can be believed.
- A star's p-value is against the calibration's stars, of these surveys and classes: most of them ordinary, not all.
"""


if __name__ == "__main__":
    main()
