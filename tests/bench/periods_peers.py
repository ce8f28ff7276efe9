"""Swope's periods beside those of cuperiod, star by star: `python -m tests.bench.periods_peers [--stars N] [--sets S]`.

For each set a random choice of stars with known periods is searched by Swope and by each of cuperiod's general methods
(``pip install 'cuperiod[fast]'``), between the same limits, several bands together. Strictly right is as in
`tests.bench.periods`; leniently, twice the period and half of it count too. A line of JSON a set.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from tqdm import tqdm

from swope.pipeline.period import PeriodOptions, find_period
from swope.pipeline.period.grid import grid_for
from tests.bench.periods_data import ECLIPSING, Known, asas, catalina, eros, eros2, right, s82

METHODS = ("GLS", "MHAOV", "PDM", "CE", "SuperSmoother")

SETS: dict[str, Callable[[int | None], Iterator[Known]]] = {
    "s82": s82,
    "eros": eros,
    "asas": lambda number: (star for star in asas(number) if star.class_name in ECLIPSING),
    "catalina": catalina,
    "eros2": eros2,
}


def answers(star: Known, methods: tuple[str, ...]) -> dict[str, float] | None:
    """The period of one star by each of the methods and by Swope; None where there are too few points for a grid."""
    found = find_period(star.curve)
    good = star.curve.good
    try:
        grid = grid_for(good.time, PeriodOptions())
    except ValueError:
        return None
    return {"swope": found.period, **{name: _by_cuperiod(star, name, grid.lowest, grid.highest) for name in methods}}


def _by_cuperiod(star: Known, method: str, lowest: float, highest: float) -> float:
    import cuperiod

    good = star.curve.good
    error = good.error if np.isfinite(good.error).all() else np.full(len(good), np.nanstd(good.value))
    bands = {
        str(good.bands[band]) or "value": cuperiod.LightCurve(
            *(x[good.band == band] for x in (good.time, good.value, error))
        )
        for band in np.unique(good.band)
    }
    data: Any = cuperiod.MultiBandLightCurve.from_light_curves(bands) if len(bands) > 1 else next(iter(bands.values()))
    settings = getattr(cuperiod, f"{method}Settings")(minimum_frequency=lowest, maximum_frequency=highest)
    try:
        return float(cuperiod.periodogram(data, method, backend="cpu", settings=settings).best_period())
    except cuperiod.CuPeriodError:
        return float("nan")


def judge(name: str, stars: list[Known], methods: tuple[str, ...], workers: int) -> None:
    """Print the shares that are right of each method, for a set and for its classes."""
    stars = [star for star in stars if np.isfinite(star.period)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        work = pool.map(partial(answers, methods=methods), stars, chunksize=2)
        made = list(tqdm(work, total=len(stars), unit="star", disable=None, file=sys.stderr))
    table: dict[str, dict[str, Any]] = {}
    for kind in ("all", *sorted({star.class_name for star in stars})):
        ours = [
            (star, one)
            for star, one in zip(stars, made, strict=True)
            if one is not None and kind in ("all", star.class_name)
        ]
        table[kind] = {"n": len(ours)}
        for method in ("swope", *methods):
            hits = np.array([_hits(star, one[method]) for star, one in ours]).reshape(-1, 3)
            strict, lenient = float(hits[:, 0].mean()), float(hits.any(axis=1).mean())
            table[kind][method] = {"strict": round(strict, 4), "lenient": round(lenient, 4)}
    print(
        f"\n{name}: share right, strictly / with half and double\n  {'':12s}      n "
        + " ".join(f"{m:>14s}" for m in ("swope", *methods))
    )
    for kind, row in table.items():
        cells = (f"{row[m]['strict']:.3f} / {row[m]['lenient']:.3f}" for m in ("swope", *methods))
        print(f"  {kind:12s} {row['n']:6d} " + " ".join(f"{cell:>14s}" for cell in cells))
    print(json.dumps({"bench": "periods_peers", "set": name, "table": table}), flush=True)


def _hits(star: Known, period: float) -> list[bool]:
    span = float(np.ptp(star.curve.good.time))
    return [bool(np.isfinite(period) and right(period * factor, star.period, span)) for factor in (1.0, 2.0, 0.5)]


def main() -> None:
    """Judge the chosen sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--stars", type=int, default=150, help="of each set, at random")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    for name in asked.sets.split(","):
        judge(name, list(SETS[name](asked.stars)), tuple(asked.methods.split(",")), asked.workers)


if __name__ == "__main__":
    main()
