"""What is kept of every star from one night to the next: state.parquet.

A row a star: its usable rows with the state space's forecasts of them, its period, and the state-space filter's record.

The state space goes on from the record, whose size does not depend on the rows (0.4 to 5 kB, compressed, in one band).
The forecaster goes over the rows again. The covariances of its some forty small filters would take 50 kB a star in one
band and 300 kB in five, against 15 kB for the 400 rows of an ASAS star with all that stands beside them; its means over
neighbours in phase need the rows in any case; and the pass costs some 10 ms a star. Its forecasts of new rows are those
of a pass over all rows because they are that pass.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from swope.flows.manifest import hash_of, read_sealed
from swope.flows.options import RunOptions
from swope.models.analysis import Analysis
from swope.pipeline.catalog import Selected
from swope.pipeline.catalog.store import RECORD, parquet_writer, replacing
from swope.pipeline.commit import finish
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import CHUNK_SCHEMA, Chunk, FloatArray, LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.period.table import PERIOD_SCHEMA, period_of, period_row

STATE = "state.parquet"

#: What a finished night leaves last, as a run does run.json.
NIGHTLY = "nightly.json"

#: Stars that are held in memory at a time, at most; of long light curves fewer, of so many rows together.
MERGED, ROWS = 8192, 2_000_000

#: Stars that are read at a time.
_READ = 512

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

_SETTINGS = b"swope.config"


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


def write_state(path: Path, tables: Iterable[pa.Table], settings: RunOptions) -> None:
    """Write state.parquet, whole or not at all.

    Parameters
    ----------
    path : the file.
    tables : its rows, of `STATE_SCHEMA`; one table is held at a time.
    settings : of the run; the nights after it read their input alike.
    """
    # how a run is divided changes none of its tables
    said = {name: value for name, value in asdict(settings).items() if name != "chunk_size"}
    schema = STATE_SCHEMA.with_metadata({_SETTINGS: json.dumps(said, sort_keys=True).encode()})
    with replacing(path) as temporary, parquet_writer(temporary, schema) as writer:
        for table in tables:
            writer.write_table(table.cast(schema))


def merge_states(parts: Sequence[Selected], run_dir: Path, settings: RunOptions) -> None:
    """Make a run's state.parquet of those of its pieces (`swope.flows.pieces`), by name and source.

    In memory at a time are one piece, or `MERGED` stars, and all names. As much disk as the pieces take is used
    meanwhile.
    """
    write_state(run_dir / STATE, _by_name(parts, run_dir / ".states"), settings)


def _by_name(parts: Sequence[Selected], scratch: Path) -> Iterator[pa.Table]:
    """All rows of some parts, in the order of names and sources, whatever part they are in."""
    names = [part.read(["object_id", "source"]) for part in parts]
    if not names:
        return
    order = pc.sort_indices(pa.concat_tables(names), [("object_id", "ascending"), ("source", "ascending")])
    place = np.empty(len(order), dtype=np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        heaps = [scratch / f"{i:06d}.arrow" for i in range(-(-len(order) // MERGED))]
        schema = STATE_SCHEMA.append(pa.field("place", pa.int64()))
        with ExitStack() as stack:
            writers = [stack.enter_context(pa.ipc.new_file(heap, schema)) for heap in heaps]
            ends = np.cumsum([len(table) for table in names])
            for part, own in zip(parts, np.split(place, ends[:-1]), strict=True):
                table, rows = Selected(part.path).read().cast(STATE_SCHEMA), part.rows
                rows = np.arange(len(table)) if rows is None else rows
                for heap in np.unique(own // MERGED):
                    here = own // MERGED == heap
                    some = table if len(table) == here.sum() else table.take(pa.array(rows[here]))
                    writers[heap].write_table(some.append_column("place", pa.array(own[here])))
        for heap in heaps:
            with pa.ipc.open_file(heap) as file:
                yield file.read_all().sort_by("place").drop_columns("place").combine_chunks()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class DamagedError(ValueError):
    """A state.parquet that cannot be read to its end; the message says what to do."""


@dataclass(frozen=True)
class State:
    """A state.parquet that a run or a night has left.

    Attributes
    ----------
    path : the file.
    digest : its SHA-256 when it was written; None where nobody says.
    """

    path: Path
    digest: str | None = None

    @classmethod
    def of(cls, folder: Path) -> State:
        """That of a run's or a night's folder.

        Raises
        ------
        ValueError
            When there is none.
        """
        finish(folder)
        if not (folder / STATE).is_file():
            raise ValueError(
                f"{folder} holds nothing to go on from: there is no {STATE}; `swope run` and `swope nightly` leave one"
            )
        record = next((folder / name for name in (RECORD, NIGHTLY) if (folder / name).is_file()), None)
        if record is None:
            raise ValueError(f"{folder} holds an unfinished night: give the command that began it again")
        try:
            schema = pq.read_schema(folder / STATE)
        except (pa.ArrowInvalid, OSError) as problem:
            raise _damaged(folder / STATE, problem) from None
        if not schema.equals(STATE_SCHEMA) or _SETTINGS not in (schema.metadata or {}):
            raise ValueError(f"{folder / STATE} is of another version of Swope: needs a run")
        try:
            return cls(folder / STATE, read_sealed(record).get("files", {}).get(STATE))
        except ValueError as problem:
            raise _damaged(record, problem) from None

    @property
    def settings(self) -> RunOptions:
        """Of the run that it began with."""
        return RunOptions(**json.loads(pq.read_schema(self.path).metadata[_SETTINGS]))

    def names(self) -> list[tuple[str, str]]:
        """Name and source of each of its stars.

        Raises
        ------
        DamagedError
            When they cannot be read, or the file is not as it was written.
        """
        if self.digest is not None and hash_of(self.path) != self.digest:
            raise _damaged(self.path, "it is not as it was written (a damaged disk?)")
        try:
            table = pq.read_table(self.path, columns=["object_id", "source"], page_checksum_verification=True)
        except (pa.ArrowInvalid, OSError) as problem:
            raise _damaged(self.path, problem) from None
        return list(zip(table["object_id"].to_pylist(), table["source"].to_pylist(), strict=True))

    def batches(self, wanted: Collection[tuple[str, str]] | None = None) -> Iterator[pa.Table]:
        """Its rows, at most `MERGED` of them at a time.

        Parameters
        ----------
        wanted : names and sources of stars; None for all.

        Raises
        ------
        DamagedError
            When one cannot be read.
        """
        held: list[pa.RecordBatch] = []
        stars = rows = 0
        with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
            batches = file.iter_batches(_READ)
            while True:
                try:
                    batch = next(batches, None)
                except (pa.ArrowInvalid, OSError) as problem:
                    raise _damaged(self.path, problem) from None
                if held and (batch is None or stars + len(batch) > MERGED or rows >= ROWS):
                    yield pa.Table.from_batches(held).cast(STATE_SCHEMA).combine_chunks()
                    held, stars, rows = [], 0, 0
                if batch is None:
                    return
                if wanted is not None:
                    batch = _those(batch, wanted)
                held.append(batch)
                stars, rows = stars + len(batch), rows + len(pc.list_flatten(batch["time"]))


def _those(batch: pa.RecordBatch, wanted: Collection[tuple[str, str]]) -> pa.RecordBatch:
    """The rows of some stars."""
    names = zip(batch["object_id"].to_pylist(), batch["source"].to_pylist(), strict=True)
    return batch.filter(pa.array([name in wanted for name in names], pa.bool_()))


def _damaged(path: Path, problem: Exception | str) -> DamagedError:
    return DamagedError(f"{path} is damaged, and is made anew by the next `swope run` there: {problem}")
