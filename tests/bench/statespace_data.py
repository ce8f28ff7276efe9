"""Stars for the state-space benchmarks: real ones through the pipeline's own reader, and simulated at real times."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult, find_period
from swope.pipeline.split import share
from swope.pipeline.star import Star
from tests.real_data import REAL_DATA

#: Zw 229-15, an active galaxy.
AGN = "KIC 6932990"

NO_PERIOD = PeriodResult(reason="not searched")


def curves(name: str, limit: int | None = None) -> list[LightCurve]:
    """Cleaned curves of a real set, at most `limit`, chosen by name and so always the same."""
    with tempfile.TemporaryDirectory() as scratch:
        options = IngestOptions()
        planned = plan([str(REAL_DATA / name)], options, Path(scratch))
        found = [clean(c) for part in planned.parts for c in read(part, options).chunk]
    found.sort(key=lambda c: share(c.object_id, "bench"))
    return found[:limit]


def with_periods(found: list[LightCurve]) -> list[Star]:
    """Stars with the periods that the pipeline finds."""
    return [Star(curve, find_period(curve)) for curve in found]


def damped_walk(time: np.ndarray, tau: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) a damped random walk of unit variance at these times, days."""
    keep = np.exp(-np.diff(time) / tau)
    kick = rng.normal(size=len(time))
    out = np.empty(len(time))
    out[0] = kick[0]
    for i in range(1, len(time)):
        out[i] = keep[i - 1] * out[i - 1] + np.sqrt(1 - keep[i - 1] ** 2) * kick[i]
    return out


def simulated(name: str, time: np.ndarray, value: np.ndarray, error: np.ndarray) -> Star:
    """A star without a period, magnitudes."""
    return Star(clean(LightCurve.of(name, time, value, error)), NO_PERIOD)


def cadences(limit: int) -> list[np.ndarray]:
    """Times, days, of real ASAS stars with 100 points or more."""
    return [c.good.time for c in curves("asas_acvs/light_curves.parquet", 2 * limit) if len(c.good) >= 100][:limit]


def kepler_spans(quiet: bool = True, days: float = 8.0) -> Iterator[Star]:
    """Stretches of Kepler stars, flattened by a parabola: the constant ones, or those that are not.

    Constant: of a star, not of the active galaxy, and a robust scatter of less than three times the quoted error.
    """
    for curve in curves("kepler"):
        good = curve.good
        start = np.floor((good.time - good.time[0]) / days).astype(int)
        for k in range(start.max() + 1):
            part = good.where((start == k) & (good.band == 0))
            if len(part) < 200:
                continue
            t = part.time - part.time.mean()
            level = np.polyval(np.polyfit(t, part.value, 2), t)
            residual = part.value - level
            scatter = 1.4826 * np.median(np.abs(residual)) / np.median(part.error)
            if quiet != (curve.object_id != AGN and scatter < 3):
                continue
            flat = replace(part, object_id=f"{part.object_id} span {k}", value=residual + level.mean())
            yield Star(clean(flat), NO_PERIOD)
