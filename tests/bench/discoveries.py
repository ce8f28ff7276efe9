"""Whether the false-discovery rate that a ranking states is right: ``python -m tests.bench.discoveries``.

Into some ordinary stars of ASAS that no model saw, events of every shape are laid (`swope.pipeline.inject`), with a
signal-to-noise of 30 or more in five rows or more; as many others are given a wave that no kind of star has. All are
analysed and ranked as one catalog, stars with lone points as they would be without these. Of the first stars, and of
those down to a stated false-discovery rate, the share that is untouched is held against the rate that is stated.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from swope.models.analysis import Analysis, AnalysisOptions, analyze_surely
from swope.models.registry import detector_columns, load_models
from swope.pipeline.demote import confirmed, demoted, placed
from swope.pipeline.events import least_pvalue
from swope.pipeline.inject.lay import Limits, drawn, lay
from swope.pipeline.inject.shapes import SHAPES
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.rank import false_discovery_rate, ranking_pvalue
from swope.pipeline.split import share
from tests.bench.coverage import KINDS, curves_of_kind

#: What is drawn from: magnitudes and days.
LIMITS = Limits(depth=(0.2, 3.0), duration=(10.0, 400.0))

LEAST_SNR, LEAST_ROWS = 30.0, 5

#: Lists that are judged: so many stars, and down to such stated rates.
FIRST, RATES = (10, 25, 50, 100), (0.05, 0.1, 0.2, 0.3, 0.5)

#: Stars analysed at a time.
_AT_ONCE = 100


def touched(curve: LightCurve, rng: np.random.Generator) -> LightCurve:
    """The star with an event in it, drawn until it can be seen; after many draws the last one."""
    names = sorted(SHAPES)
    laid = lay(curve, drawn(curve, names[rng.integers(len(names))], LIMITS, rng), rng)
    for _ in range(200):
        if laid.snr >= LEAST_SNR and laid.rows >= LEAST_ROWS:
            break
        laid = lay(curve, drawn(curve, names[rng.integers(len(names))], LIMITS, rng), rng)
    return laid.curve


def odd(curve: LightCurve, rng: np.random.Generator) -> LightCurve:
    """The star with a wave whose period changes by a third and whose strength comes and goes: a shape of no kind."""
    good = curve.good
    place = (curve.time - good.time[0]) / np.ptp(good.time)
    cycles = rng.uniform(8.0, 60.0)
    wave = np.sin(2.0 * np.pi * cycles * (place + 0.17 * place**2)) * np.abs(np.sin(np.pi * rng.uniform(2, 5) * place))
    strength = rng.uniform(0.3, 1.0) + 2.0 * np.std(good.value)
    return replace(curve, value=curve.value + strength * np.where(np.isfinite(wave), wave, 0.0))


def catalog(stars: int, strange: int, seed: int) -> tuple[list[LightCurve], np.ndarray]:
    """The curves, and (n,) which of them were touched: half with an event, half with an odd shape."""
    chosen = list(curves_of_kind(KINDS["ground (ASAS)"], stars, f"discoveries {seed}"))
    chosen = sorted((one for one in chosen if len(one.good) >= 50), key=lambda one: share(one.object_id, "touched"))
    rng = np.random.default_rng(seed)
    changed = [(touched if i % 2 else odd)(one, rng) for i, one in enumerate(chosen[:strange])]
    return [*changed, *chosen[strange:]], np.arange(len(chosen)) < strange


def analysed(curves: Sequence[LightCurve]) -> Iterator[Analysis]:
    """The curves through the whole pipeline."""
    models = load_models()
    for begin in range(0, len(curves), _AT_ONCE):
        yield from analyze_surely(curves[begin : begin + _AT_ONCE], models, AnalysisOptions())


def judged(pvalue: FloatArray, flag: Sequence[str | None], strange: np.ndarray) -> dict[str, Any]:
    """What is stated of the first stars, and what is true."""
    said = false_discovery_rate(placed(pvalue, flag))
    order = np.argsort(np.nan_to_num(demoted(pvalue, flag), nan=2.0), kind="stable")
    first = [
        {"first": n, "stated": float(said[order[n - 1]]), "true": float(1.0 - strange[order[:n]].mean())} for n in FIRST
    ]
    down_to = []
    for rate in RATES:
        inside = said <= rate
        wrong = float(1.0 - strange[inside].mean()) if inside.any() else float("nan")
        down_to.append({"rate": rate, "stars": int(inside.sum()), "true": wrong})
    return {"first": first, "down to": down_to}


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stars", type=int, default=800)
    parser.add_argument("--strange", type=int, default=80, help="how many of them are touched")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    begin = time.perf_counter()
    curves, strange = catalog(args.stars, args.strange, args.seed)
    answers = list(analysed(curves))
    rows, event = [one.row for one in answers], np.array([least_pvalue(one.events) for one in answers])
    columns = detector_columns()
    pvalues = np.array([[row.get(one.pvalue) for one in columns] for row in rows], dtype=np.float64)
    doubt = np.array([row.get("class_doubt") for row in rows], dtype=np.float64)
    own, without = np.array(
        [[row.get("anomaly_pvalue"), row.get("confirmed_pvalue")] for row in rows], dtype=np.float64
    ).T
    ranked = confirmed(ranking_pvalue(pvalues, [one.tells_kinds for one in columns], doubt, event), own, without)
    found = judged(ranked, [row.get("anomaly_flag") for row in rows], strange)
    print(f"{len(rows)} stars, {int(strange.sum())} touched; share of untouched ones in per cent")
    for one in found["first"]:
        print(f"first {one['first']:4d}: stated {100 * one['stated']:5.1f}, true {100 * one['true']:5.1f}")
    for one in found["down to"]:
        print(f"down to {100 * one['rate']:3.0f} %: {one['stars']:4d} stars, true {100 * one['true']:5.1f}")
    seconds = round(time.perf_counter() - begin)
    print(json.dumps({"bench": "discoveries", "stars": len(rows), "seconds": seconds, **found}))


if __name__ == "__main__":
    main()
