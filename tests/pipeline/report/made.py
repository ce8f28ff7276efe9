"""A finished run and its strangest stars, made of nothing but a seed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from swope.pipeline.catalog import count_statuses, events_table, merge, objects_table, write_parquet
from swope.pipeline.clean import clean
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import Clock, LightCurve, Mask
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.report.detail import StarDetail
from tests.pipeline.catalog.rows import DETECTORS, columns, event_rows, object_rows


def make_run(folder, rows: list[dict[str, Any]], events: list[dict[str, Any]] = (), record: bool = True):
    """Write a run's tables and run.json."""
    parts = folder / "parts"
    write_parquet(objects_table(columns(rows), DETECTORS), parts / "objects.parquet")
    write_parquet(events_table(columns(list(events))), parts / "events.parquet")
    merge([parts / "objects.parquet"], [parts / "events.parquet"], folder)
    if record:
        said = {
            "version": "0.1.0",
            "sources": ["light_curves/*.csv"],
            "config": {"clock": None, "chunk_size": 512},
            "models": {"classifier": "classifier-0123456789ab"},
            "counts": count_statuses(folder / "objects.parquet"),
            "inputs": [{"digest": "0" * 64, "files": ["a.csv"]}] * 9,
            "timings": {"plan": 0.1, "chunks": 12.0},
        }
        (folder / "run.json").write_text(json.dumps(said))
    return folder


def make_curve(name: str, n: int = 120, seed: int = 0, bands=("g", "r"), kind="mag") -> LightCurve:
    """A sine with noise, a few masked rows and one lone point."""
    rng = np.random.default_rng(seed)
    time = 2455000.5 + np.sort(rng.uniform(0, 300, n))
    band = rng.choice(list(bands), n)
    value = 14 + 0.4 * np.sin(2 * np.pi * time / 0.7) + rng.normal(0, 0.05, n) + 0.3 * (band == bands[0])
    mask = np.where(rng.uniform(size=n) < 0.05, int(Mask.QUALITY), 0).astype(np.int32)
    unit = "mag" if kind == "mag" else "electron / s"
    return clean(
        LightCurve.of(
            name,
            time,
            value,
            np.full(n, 0.05),
            band,
            kind=kind,
            unit=unit,
            mask=mask,
            clock=Clock("mjd", "utc", "heliocentric"),
            ra=291.0,
            dec=-3.5,
        )
    )


def make_forecast(curve: LightCurve, detector: str = "statespace") -> Forecast:
    """The mean of the points before, in each band."""
    good = curve.good
    mean, sigma = np.full(len(good), np.nan), np.full(len(good), np.nan)
    for band in range(len(good.bands)):
        rows = np.flatnonzero(good.band == band)
        for count, row in enumerate(rows):
            if count >= 5:
                mean[row], sigma[row] = good.value[rows[:count]].mean(), good.value[rows[:count]].std() + 1e-3
    return Forecast(curve.object_id, detector, good.time, good.band, good.bands, good.value, mean, sigma, curve.sign)


def make_details(run_dir, top: int = 3) -> list[StarDetail]:
    """The strangest stars of a made run, with made light curves."""
    rows = pq.read_table(run_dir / "objects.parquet").to_pylist()
    events = pq.read_table(run_dir / "events.parquet").to_pylist()
    ranked = sorted((row for row in rows if row["anomaly_rank"]), key=lambda row: row["anomaly_rank"])[:top]
    details = []
    for row in ranked:
        curve = make_curve(row["object_id"], seed=row["anomaly_rank"])
        found = PeriodResult(period=0.7, period_err=1e-4, fap=1e-9, others=(0.35, 1.4), t0=2455000.5)
        own = [event for event in events if (event["object_id"], event["source"]) == (row["object_id"], row["source"])]
        details.append(StarDetail(curve, found, [make_forecast(curve)], own, row))
    return details


def usual_run(folder, n: int = 60, seed: int = 0):
    """A run with stars of every status, and events."""
    rows = object_rows(n, seed)
    return make_run(folder, rows, event_rows(rows, seed))
