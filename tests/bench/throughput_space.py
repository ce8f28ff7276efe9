"""Space photometry: curves of TESS by the second, and a sector by extrapolation."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from swope.pipeline.lightcurve import LightCurve
from tests.bench.ingest import missions
from tests.bench.throughput_data import repeated, tess, write_curves
from tests.bench.throughput_runs import staged

#: Points of a curve at two minutes' cadence, and of one of the Quick-Look Pipeline's.
TESS, QLP = 20_000, 10_000

#: A sector of the Quick-Look Pipeline, on a large machine.
SECTOR, CORES = 1_000_000, 64


def space(stars: int) -> None:
    """Print the rates of so many curves of each length, then the time of a sector, then that of the mission's files."""
    whole = tess()
    for points in (TESS, QLP):
        taken = _seconds(repeated(whole, points), stars)
        each = sum(taken.values()) / stars
        print(f"\n{stars} TESS curves of {points} points, one process: {1 / each:.2f} stars/s a core")
        for name, seconds in taken.items():
            print(f"  {name:12s} {1000 * seconds / stars:8.1f} ms")
        figures = {"stars": stars, "points": points, "seconds": taken, "stars_a_second_a_core": 1 / each}
        print(json.dumps({"bench": "throughput", "part": "tess", **figures}), flush=True)
    hours = SECTOR * each / CORES / 3600
    print(f"a sector of {SECTOR:,} curves of {QLP:,} points on {CORES} cores, by extrapolation: {hours:.1f} hours")
    print(json.dumps({"bench": "throughput", "part": "sector", "hours": hours}))
    read = missions()
    print(f"missions' files against lightkurve.read: {read['ratio_median']} times, least {read['ratio_least']} (10)")
    print(json.dumps(read))


def _seconds(curve: LightCurve, stars: int) -> dict[str, float]:
    """Seconds of processor time by stage of so many copies of a curve, each with noise of its own."""
    rng = np.random.default_rng(0)
    scale = float(np.nanmedian(curve.error))
    copies = [
        replace(curve, object_id=f"{curve.object_id}-{i}", value=curve.value + rng.normal(0.0, 0.1 * scale, len(curve)))
        for i in range(stars + 1)
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        staged(write_curves(folder / "first.parquet", copies[:1]), folder / "first")
        return staged(write_curves(folder / "curves.parquet", copies[1:]), folder / "out")
