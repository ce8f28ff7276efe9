"""What a night costs, and how often it cries wolf: the last points of real stars, fed in as nights.

    python -m tests.bench.nightly [STARS] [NIGHTS] [POINTS]

Stars of ASAS (default 1,000) are fitted to all but their last NIGHTS times POINTS (10 times 5) points, as a run would
do it, period and all; the nights then score the rest, each going on from the one before. A night's p-value should be
below p for a share p of ordinary stars: white noise at the same times is. Of the real stars, all variable, some change.
Costs are processor time.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.flows.night import POINTS, STARS, forecasting, score_night
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.flows.state import STATE, kept_of, state_table
from swope.models.analysis import assess
from swope.models.detector import Batch
from swope.models.inputs import inputs_of
from swope.models.registry import load_models
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.split import share
from swope.pipeline.star import Star
from tests.bench.statespace_data import curves
from tests.kept_state import leave_chunks


def main(arguments: list[str]) -> None:
    """Print a line a measurement, then what the last night of the real stars says."""
    n_stars, nights, new = (int(word) for word in (*arguments, *("1000", "10", "5")[len(arguments) :]))
    found = [curve.good for curve in curves("asas_acvs/light_curves.parquet", n_stars)]
    whole = [curve for curve in found if len(curve) > 30 + nights * new]
    for name, some in (("white noise", [noise(curve) for curve in whole]), ("asas_acvs", whole)):
        with tempfile.TemporaryDirectory() as folder:
            measured(name, some, nights, new, Path(folder))


def measured(name: str, whole: list[LightCurve], nights: int, new: int, folder: Path) -> None:
    """Print what the nights of some stars cost and say."""
    last = nights * new
    pvalues: dict[str, list[float]] = defaultdict(list)
    sigmas: dict[str, list[float]] = defaultdict(list)
    since = folder / "run"
    cost = a_run([curve.where(np.arange(len(curve) - last)) for curve in whole], since)
    size = sum(path.stat().st_size for path in since.rglob(STATE))
    score_night([str(tonight(whole, last, new, folder))], since, folder / "warm")
    for detectors in (("statespace",), forecasting()):
        start = time.process_time()
        score_night([str(tonight(whole, last, new, folder))], since, folder / "timed", detectors=detectors)
        cost[f"night, {' and '.join(detectors)}"] = time.process_time() - start
    for night in range(nights):
        out = folder / f"night{night}"
        record = score_night([str(tonight(whole, last - night * new, new, folder))], since, out)
        stars, points = pq.read_table(out / STARS).to_pandas(), pq.read_table(out / POINTS).to_pandas()
        for detector in forecasting():
            pvalues[detector] += stars[f"{detector}_pvalue"].dropna().tolist()
            sigmas[detector] += points[points.detector == detector].innovation.dropna().abs().tolist()
        pvalues["both"] += stars["night_pvalue"].dropna().tolist()
        since = out
    per_star = {phase: round(1e3 * seconds / len(whole), 2) for phase, seconds in cost.items()}
    print(json.dumps({"set": name, "stars": len(whole), "points_a_night": new, "ms_a_star": per_star}))
    fitted = cost["statespace"]
    ratio = {"fit and scores": fitted, "with the period": fitted + cost["period"]}
    ratio = {name: round(seconds / cost["night, statespace"], 1) for name, seconds in ratio.items()}
    print(json.dumps({"statespace_times_cheaper_than": ratio, "state_kB_a_star": round(size / 1e3 / len(whole), 2)}))
    for detector, values in pvalues.items():
        p, z = np.array(values), np.array(sigmas.get(detector, []))
        shares = {str(level): round(float(np.mean(p <= level)), 5) for level in (0.1, 0.01, 0.001, 0.0001)}
        beyond = {str(k): round(float(np.mean(z > k)), 5) for k in (2, 3, 5)} if len(z) else {}
        print(json.dumps({"detector": detector, "nights": len(p), "below": shares, "points_beyond_sigma": beyond}))
    print(record.summary(out), flush=True)


def noise(curve: LightCurve) -> LightCurve:
    """A constant star seen when the curve was, with its errors."""
    rng = np.random.default_rng(int(1e6 * share(curve.object_id, "noise")))
    return replace(curve, value=12.0 + np.nan_to_num(curve.error, nan=0.03) * rng.normal(size=len(curve)))


def a_run(first: list[LightCurve], folder: Path) -> dict[str, float]:
    """Leave in the folder what `swope run` leaves to go on from; returns seconds by phase."""
    models = load_models()
    assess([Star(first[0], find_period(first[0]))], models, EventOptions())  # compiled
    clock = [time.process_time()]
    stars = [Star(curve, find_period(curve)) for curve in first]
    clock.append(time.process_time())
    batch = Batch(stars, inputs_of(stars), EventOptions())
    clock.append(time.process_time())
    models.detectors["statespace"].assess(batch)
    clock.append(time.process_time())
    analyses = assess(stars, models, EventOptions())
    clock.append(time.process_time())
    folder.mkdir()
    kept = [kept_of(one) for one in analyses]
    chunks = leave_chunks(folder, [state_table([one.curve for one in analyses], kept)])
    RunRecord("0", {}, [], asdict(RunOptions()), {}, {}, 0, 0, [], chunks, 0, {}).write(folder)
    clock.append(time.process_time())
    return dict(zip(("period", "inputs", "statespace", "all models", "writing"), np.diff(clock).tolist(), strict=True))


def tonight(whole: list[LightCurve], before_end: int, new: int, folder: Path) -> Path:
    """Write some points of each star as nested Parquet, in the set's own columns."""
    rows = [curve.where(np.arange(len(curve) - before_end, len(curve) - before_end + new)) for curve in whole]
    table = {
        "object_id": [curve.object_id for curve in rows],
        "band": [curve.bands[0] for curve in rows],
        "time": [curve.time for curve in rows],
        "mag": [curve.value for curve in rows],
        "mag_err": [curve.error for curve in rows],
    }
    path = folder / "tonight.parquet"
    pq.write_table(pa.table(table), path)
    return path


if __name__ == "__main__":
    main(sys.argv[1:])
