"""What a night costs, and how often it cries wolf: the last points of real stars, fed in as nights.

    python -m tests.bench.nightly [STARS] [NIGHTS] [POINTS]

Stars of ASAS (default 1,000) are fitted to all but their last NIGHTS times POINTS (10 times 5) points, as a run would
do it, period and all; the nights then score the rest, each going on from the one before. A night's p-value should be
below p for a share p of the stars; variable stars that change, and rotten points, are among them.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.models import load_model
from flows.night import FORECASTING, POINTS, STARS, score_night
from flows.options import RunOptions
from flows.record import RECORD
from flows.state import STATE, kept_of, state_table, write_state
from pipeline.lightcurve import LightCurve
from pipeline.period import find_period
from pipeline.star import Star
from tests.bench.statespace_data import curves


def main(arguments: list[str]) -> None:
    """Print a line a measurement, then what the last night says."""
    n_stars, nights, new = (int(word) for word in (*arguments, *("1000", "10", "5")[len(arguments) :]))
    last = nights * new
    whole = [curve.good for curve in curves("asas_acvs/light_curves.parquet", n_stars) if len(curve.good) > 30 + last]
    spent: dict[str, list[float]] = defaultdict(list)
    pvalues: dict[str, list[float]] = defaultdict(list)
    sigmas: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        since = Path(folder) / "run"
        cost = a_run([curve.where(np.arange(len(curve) - last)) for curve in whole], since)
        size = (since / STATE).stat().st_size / len(whole)
        for night in range(nights):
            source, out = Path(folder) / "tonight.parquet", Path(folder) / f"night{night}"
            tonight(whole, last - night * new, new, source)
            record = score_night([str(source)], since, out)
            for phase, seconds in record.timings.items():
                spent[phase].append(1e3 * seconds / len(whole))
            stars, points = pq.read_table(out / STARS).to_pandas(), pq.read_table(out / POINTS).to_pandas()
            for detector in FORECASTING:
                pvalues[detector] += stars[f"{detector}_pvalue"].dropna().tolist()
                sigmas[detector] += points[points.detector == detector].innovation.dropna().abs().tolist()
            pvalues["both"] += stars["night_pvalue"].dropna().tolist()
            since = out
    cost = {phase: round(1e3 * seconds / len(whole), 2) for phase, seconds in cost.items()}
    mean = {phase: round(float(np.median(values)), 2) for phase, values in spent.items()}
    print(json.dumps({"stars": len(whole), "points_a_night": new, "run_ms_a_star": cost, "night_ms_a_star": mean}))
    print(json.dumps({"statespace_times_cheaper": round(cost["statespace"] / mean["statespace"], 1)}))
    print(json.dumps({"state_kB_a_star": round(size / 1e3, 2)}))
    for detector, values in pvalues.items():
        p, z = np.array(values), np.array(sigmas.get(detector, []))
        shares = {str(level): round(float(np.mean(p <= level)), 5) for level in (0.1, 0.01, 0.001, 0.0001)}
        beyond = {str(k): round(float(np.mean(z > k)), 5) for k in (2, 3, 5)} if len(z) else {}
        print(json.dumps({"detector": detector, "nights": len(p), "below": shares, "points_beyond_sigma": beyond}))
    print(record.summary(out))


def a_run(first: list[LightCurve], folder: Path) -> dict[str, float]:
    """Leave in the folder what `swope run` leaves to go on from; returns seconds by phase."""
    statespace = load_model("statespace", None)
    statespace.forecast([Star(first[0], find_period(first[0]))])  # compiled
    clock = [time.perf_counter()]
    stars = [Star(curve, find_period(curve)) for curve in first]
    clock.append(time.perf_counter())
    statespace.forecast(stars)
    statespace.score(stars)
    statespace.describe(stars)
    clock.append(time.perf_counter())
    kept = [kept_of(star, statespace) for star in stars]
    clock.append(time.perf_counter())
    folder.mkdir()
    write_state(folder / STATE, [state_table([star.curve for star in stars], kept)], RunOptions())
    (folder / RECORD).write_text("{}")
    clock.append(time.perf_counter())
    return dict(zip(("period", "statespace", "record", "writing"), np.diff(clock).tolist(), strict=True))


def tonight(whole: list[LightCurve], before_end: int, new: int, path: Path) -> None:
    """Some points of each star as nested Parquet, in the set's own columns."""
    rows = [curve.where(np.arange(len(curve) - before_end, len(curve) - before_end + new)) for curve in whole]
    table = {
        "object_id": [curve.object_id for curve in rows],
        "band": [curve.bands[0] for curve in rows],
        "time": [curve.time for curve in rows],
        "mag": [curve.value for curve in rows],
        "mag_err": [curve.error for curve in rows],
    }
    pq.write_table(pa.table(table), path)


if __name__ == "__main__":
    main(sys.argv[1:])
