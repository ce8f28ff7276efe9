"""What the report needs of the stars that it draws, in a table: written when they are analysed, read when drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import CHUNK_SCHEMA, Chunk, FloatArray, LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.period.table import PERIOD_SCHEMA, period_of, period_row
from swope.pipeline.report.detail import CellStates, ClassPhases, SeenFold, StarDetail

_FLOATS = pa.list_(pa.float64())

_FORECAST = pa.struct(
    [
        ("detector", pa.string()),
        ("bands", pa.list_(pa.string())),
        ("band", pa.list_(pa.int32())),
        ("mean", _FLOATS),
        ("sigma", _FLOATS),
    ]
)

#: A row a star: its light curve, and what was made of it. Its row of the catalog and its events stand there.
KEPT_SCHEMA = pa.schema(
    [
        *CHUNK_SCHEMA,
        pa.field("period", pa.struct(list(PERIOD_SCHEMA)), nullable=False),
        pa.field("forecasts", pa.list_(_FORECAST), nullable=False),
        pa.field("seen", pa.struct([(name, _FLOATS) for name in ("phase", "value", "sigma", "model")])),
        pa.field("phases", pa.struct([("phase", _FLOATS), ("weight", _FLOATS)])),
        pa.field(
            "cells",
            pa.struct([("start", pa.float64()), ("end", pa.float64()), ("units", pa.int32()), ("states", _FLOATS)]),
        ),
    ]
)


@dataclass(frozen=True, eq=False)
class KeptStar:
    """A star as it was kept; the fields are those of `StarDetail`."""

    curve: LightCurve
    period: PeriodResult
    forecasts: tuple[Forecast, ...]
    seen: SeenFold | None
    phases: ClassPhases | None
    cells: CellStates | None

    def detail(self, row: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> StarDetail:
        """With the star's row and events, as the catalog has them."""
        return StarDetail(
            self.curve, self.period, self.forecasts, events, row, seen=self.seen, phases=self.phases, cells=self.cells
        )


def kept_table(details: Sequence[StarDetail]) -> pa.Table:
    """A row a star."""
    made = Chunk.of([detail.curve for detail in details]).table
    columns = {
        "period": [period_row(detail.period) for detail in details],
        "forecasts": [[_forecast_row(one) for one in detail.forecasts] for detail in details],
        "seen": [None if detail.seen is None else _lists(vars(detail.seen)) for detail in details],
        "phases": [None if detail.phases is None else _lists(vars(detail.phases)) for detail in details],
        "cells": [None if detail.cells is None else _cells_row(detail.cells) for detail in details],
    }
    arrays = [pa.array(values, KEPT_SCHEMA.field(name).type) for name, values in columns.items()]
    return pa.table([*made.columns, *arrays], schema=KEPT_SCHEMA)


def kept_of(table: pa.Table) -> list[KeptStar]:
    """The stars of some rows of `kept_table`."""
    curves = Chunk(table.select(CHUNK_SCHEMA.names).cast(CHUNK_SCHEMA))
    rest = table.select(["period", "forecasts", "seen", "phases", "cells"]).to_pylist()
    return [
        KeptStar(
            curve=curve,
            period=period_of(row["period"]),
            forecasts=tuple(_forecast_of(curve, one) for one in row["forecasts"]),
            seen=None if row["seen"] is None else SeenFold(**_arrays(row["seen"])),
            phases=None if row["phases"] is None else ClassPhases(**_arrays(row["phases"])),
            cells=None if row["cells"] is None else _cells_of(row["cells"]),
        )
        for curve, row in zip(curves, rest, strict=True)
    ]


def _forecast_row(forecast: Forecast) -> dict[str, Any]:
    return {
        "detector": forecast.detector,
        "bands": list(forecast.bands),
        **_lists({"band": forecast.band, "mean": forecast.mean, "sigma": forecast.sigma}),
    }


def _forecast_of(curve: LightCurve, row: Mapping[str, Any]) -> Forecast:
    good = curve.good
    return Forecast(
        object_id=curve.object_id,
        detector=row["detector"],
        time=good.time,
        band=np.array(row["band"], dtype=np.int32),
        bands=tuple(row["bands"]),
        value=good.value,
        sign=curve.sign,
        **_arrays({"mean": row["mean"], "sigma": row["sigma"]}),
    )


def _cells_row(cells: CellStates) -> dict[str, Any]:
    units = cells.states.shape[1]
    return {"start": cells.start, "end": cells.end, "units": units, "states": cells.states.ravel().tolist()}


def _cells_of(row: Mapping[str, Any]) -> CellStates:
    return CellStates(row["start"], row["end"], np.array(row["states"], dtype=float).reshape(-1, row["units"]))


def _lists(arrays: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: array.tolist() for name, array in arrays.items()}


def _arrays(lists: Mapping[str, list[float]]) -> dict[str, FloatArray]:
    return {name: np.array(values, dtype=np.float64) for name, values in lists.items()}
