"""What is kept of every star from one night to the next: state.parquet.

A chunk of a run has one, and so has a night that others go on from (`swope.flows.night.since`).
A row a star: its usable rows with the state space's forecasts of them, its period, and the state-space filter's record.

The state space goes on from the record, whose size does not depend on the rows (0.4 to 5 kB, compressed, in one band).
The forecaster goes over the rows again. The covariances of its some forty small filters would take 50 kB a star in one
band and 300 kB in five, against 15 kB for the 400 rows of an ASAS star with all that stands beside them; its means over
neighbours in phase need the rows in any case; and the pass costs some 10 ms a star. Its forecasts of new rows are those
of a pass over all rows because they are that pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from swope.models.analysis import Analysis
from swope.pipeline.catalog.store import parquet_writer, replacing
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import CHUNK_SCHEMA, Chunk, FloatArray, LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.period.table import PERIOD_SCHEMA, period_of, period_row

STATE = "state.parquet"

#: What a finished night leaves last, as a run does run.json.
NIGHTLY = "nightly.json"

#: Stars that lie together in a file: of those near one that is wanted, fewer are read with it, and more room is taken.
TOGETHER = 32

STATE_SCHEMA = pa.schema(
    [
        *CHUNK_SCHEMA,
        pa.field("period", pa.struct(list(PERIOD_SCHEMA)), nullable=False),
        pa.field("statespace_record", pa.string()),
        pa.field("statespace_reason", pa.string()),
        pa.field("statespace_mean", pa.list_(pa.float64()), nullable=False),
        pa.field("statespace_sigma", pa.list_(pa.float64()), nullable=False),
    ]
)

#: The detector that goes on from a record of its own; the others go over the rows again.
FOLLOWED = "statespace"


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of a star beside its rows.

    Attributes
    ----------
    period : as the models were given it.
    record : the state-space filter after the last row, as `models.statespace.record_json` writes it; None without one.
    reason : why there is none.
    mean, sigma : (n,) the state space's forecasts of the star's usable rows; NaN where there were none.
    """

    period: PeriodResult
    record: str | None
    reason: str | None
    mean: FloatArray
    sigma: FloatArray

    def forecast(self, curve: LightCurve) -> Forecast:
        """The state space's forecasts beside the rows that they were of."""
        return Forecast(
            object_id=curve.object_id,
            detector=FOLLOWED,
            time=curve.time,
            band=curve.band,
            bands=curve.bands,
            value=curve.value,
            mean=self.mean,
            sigma=self.sigma,
            sign=curve.sign,
        )


def kept_of(analysis: Analysis) -> Kept:
    """What is kept of a star that was analysed."""
    said = analysis.assessments[FOLLOWED]
    if said.record is None or said.forecast is None:
        nothing = np.full(len(analysis.curve.good), np.nan)
        reason = said.record_reason or said.reason
        return Kept(analysis.period, None, reason.text if reason else "there is no record of it", nothing, nothing)
    return Kept(analysis.period, said.record, None, said.forecast.mean, said.forecast.sigma)


def state_table(curves: Sequence[LightCurve], kept: Sequence[Kept]) -> pa.Table:
    """Rows of state.parquet.

    Parameters
    ----------
    curves : usable rows alone, in order of time.
    kept : of the same stars.
    """
    lists = {
        "period": [period_row(one.period) for one in kept],
        "statespace_record": [one.record for one in kept],
        "statespace_reason": [one.reason for one in kept],
        "statespace_mean": [one.mean for one in kept],
        "statespace_sigma": [one.sigma for one in kept],
    }
    table = Chunk.of(curves).table
    columns = [pa.array(values, STATE_SCHEMA.field(name).type) for name, values in lists.items()]
    return pa.table([*table.columns, *columns], schema=STATE_SCHEMA)


def read_state(table: pa.Table) -> list[tuple[LightCurve, Kept]]:
    """The stars of some rows of state.parquet."""
    chunk = Chunk(table.select(CHUNK_SCHEMA.names).cast(CHUNK_SCHEMA))
    rest = table.select(["period", "statespace_record", "statespace_reason"]).to_pylist()
    lists = zip(table["statespace_mean"], table["statespace_sigma"], strict=True)
    return [
        (
            curve,
            Kept(
                period_of(row["period"]),
                row["statespace_record"],
                row["statespace_reason"],
                mean.values.to_numpy(zero_copy_only=False),
                sigma.values.to_numpy(zero_copy_only=False),
            ),
        )
        for curve, row, (mean, sigma) in zip(chunk, rest, lists, strict=True)
    ]


def write_state(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write state.parquet, whole or not at all.

    Parameters
    ----------
    path : the file.
    tables : its rows, of `STATE_SCHEMA`; one table is held at a time.
    """
    with replacing(path) as temporary, parquet_writer(temporary, STATE_SCHEMA) as writer:
        for table in tables:
            if len(table):
                writer.write_table(table.cast(STATE_SCHEMA), row_group_size=TOGETHER)
