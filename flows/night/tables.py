"""A night's tables in the making."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from swope.flows.night.star import NightStar
from swope.pipeline.catalog import events_table, night_points_table, night_stars_table, write_parquet
from swope.pipeline.catalog.schema import STATUSES
from swope.pipeline.column import DetectorColumns
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray, LightCurve

POINTS = "points.parquet"
STARS = "stars.parquet"
EVENTS = "events.parquet"

#: A star whose night has a p-value below this is counted as surprising.
SURPRISING = 0.01


@dataclass(frozen=True)
class NightTables:
    """What a night has found so far.

    Attributes
    ----------
    detectors : at work.
    stars, events : rows.
    points : tables, a batch of stars each.
    """

    detectors: Sequence[DetectorColumns]
    stars: list[dict[str, Any]] = field(default_factory=list)
    points: list[pa.Table] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def add(self, *stars: NightStar) -> None:
        """Take in some stars."""
        self.stars.extend(
            star.columns if star.fresh is None else {**star.columns, "said": _said(star, star.fresh)} for star in stars
        )
        self.events.extend(
            {**asdict(event), "source": star.columns["source"]} for star in stars for event in star.events
        )
        columns: dict[str, list[Any]] = defaultdict(list)
        for star in stars:
            if star.fresh is None:
                continue
            for forecast in star.forecasts:
                for name, values in _points(star, star.fresh, forecast).items():
                    columns[name].extend(values)
        self.points.append(night_points_table(columns))

    def counts(self) -> dict[str, int]:
        """Stars by status, and ``n_in``, their sum."""
        by_status = Counter(row["status"] for row in self.stars)
        return {"n_in": len(self.stars), **{f"n_{status}": by_status[status] for status in STATUSES}}

    def total(self, name: str) -> int:
        """Sum of one of the counts over the stars."""
        return int(sum(row[name] for row in self.stars))

    def pvalues(self) -> FloatArray:
        """(n,) of the stars that have one."""
        found: FloatArray = np.array([row.get("night_pvalue", np.nan) for row in self.stars], dtype=float)
        judged: FloatArray = found[np.isfinite(found)]
        return judged

    def strangest(self, top: int, dull: Collection[str] = ()) -> list[dict[str, Any]]:
        """The stars with the smallest p-values, each with what happened.

        Parameters
        ----------
        top : how many.
        dull : names of stars that an analyst has had enough of; they come after all others.
        """

        def order(row: dict[str, Any]) -> tuple[bool, float, str]:
            return row["object_id"] in dull, row["night_pvalue"], row["object_id"]

        judged = [row for row in self.stars if np.isfinite(row.get("night_pvalue", np.nan))]
        judged = sorted(judged, key=order)[:top]
        return [{name: row[name] for name in ("object_id", "night_pvalue", "said")} for row in judged]

    def write(self, out: Path) -> None:
        """Write the tables, sorted."""
        points = pa.concat_tables([night_points_table({}), *self.points])
        write_parquet(_sorted(points, "object_id", "source", "time", "band", "detector"), out / POINTS)
        events = events_table(_by_column(self.events))
        write_parquet(
            _sorted(events, "object_id", "source", "t_start", "detector", "band", "t_peak", "t_end"), out / EVENTS
        )
        stars = night_stars_table(_by_column(self.stars), self.detectors)
        write_parquet(_sorted(stars, "object_id", "source"), out / STARS)


def _points(star: NightStar, fresh: LightCurve, forecast: Forecast) -> dict[str, list[Any]]:
    """A star's rows of points.parquet by one detector."""
    new = slice(len(forecast.time) - len(fresh), None)
    known = np.isfinite(forecast.mean[new])
    return {
        "object_id": [forecast.object_id] * len(fresh),
        "source": [star.columns["source"]] * len(fresh),
        "detector": [forecast.detector] * len(fresh),
        "band": [fresh.bands[b] for b in fresh.band],
        "time": fresh.time.tolist(),
        "value": fresh.value.tolist(),
        "error": fresh.error.tolist(),
        "mean": forecast.mean[new].tolist(),
        "sigma": np.where(known, forecast.sigma[new], np.nan).tolist(),
        "innovation": forecast.innovation[new].tolist(),
        "night_pvalue": [star.columns[f"{forecast.detector}_pvalue"]] * len(fresh),
    }


def _said(star: NightStar, fresh: LightCurve) -> str:
    """The point that strayed furthest tonight, in words."""
    best, words = 0.0, "nothing could be forecast"
    for forecast in star.forecasts:
        z = np.nan_to_num(forecast.innovation[len(forecast.time) - len(fresh) :])
        i = int(np.argmax(np.abs(z)))
        if abs(z[i]) > best:
            best = abs(float(z[i]))
            way = "brighter" if z[i] > 0 else "fainter"
            band = f" in {fresh.bands[fresh.band[i]]}" if fresh.bands[fresh.band[i]] else ""
            words = f"{best:.1f} sigma {way}{band} at {fresh.time[i]:.5f} ({forecast.detector})"
    return f"{words}; {len(fresh)} new points, {len(star.events)} events"


def _sorted(table: pa.Table, *names: str) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in names])


def _by_column(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
