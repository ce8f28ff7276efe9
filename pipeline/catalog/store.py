"""The tables on disk: written whole or not at all, the same bytes from the same rows, merged in bounded memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.catalog.schema import STATUSES, events_schema, objects_schema, probability_types, with_models
from swope.pipeline.catalog.selected import Held, Selected
from swope.pipeline.coincidence import shared_events
from swope.pipeline.column import DetectorColumns, detectors_of
from swope.pipeline.commit import finish
from swope.pipeline.demote import (
    FLAGS,
    blended,
    confirmed,
    demoted,
    doubtful_period,
    few_points,
    first_flag,
    least_of,
    placed,
    wanders,
    with_all_events,
)
from swope.pipeline.events import UNCONFIRMED
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.rank import (
    NOTABLE_PVALUE,
    anomaly_rank,
    false_discovery_rate,
    led_by_kind,
    novelty,
    novelty_rank,
    ranking_pvalue,
)
from swope.pipeline.sealed import unsealed
from swope.pipeline.unfamiliar import UNCERTAIN, UNFAMILIAR, unfamiliar

OBJECTS = "objects.parquet"
EVENTS = "events.parquet"
RECORD = "run.json"

#: Stars that `merge` holds whole at a time, and rows of a row group.
BATCH = 65_536

#: Rows of a part, on disk or in memory.
Rows = Selected | Held

_OBJECT_ORDER = ("object_id", "source", "status", "reason", "time_start", "n_obs")
_TIMES = ("n_obs", "time_start", "time_end")
_EVENT_ORDER = ("object_id", "source", "t_start", "detector", "band", "t_peak", "t_end", "direction", "kind")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name to write to; at the end of the block the file is on disk under its own name, whole.

    Killed or failed on the way, the old file stays as it was.

    Parameters
    ----------
    path : the file to write or to replace; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table: temporary name, fsync, rename. The same table gives the same bytes.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    with replacing(path) as temporary, parquet_writer(temporary, table.schema) as writer:
        writer.write_table(table, row_group_size=BATCH)


def merge(
    objects: Sequence[Selected | Path],
    events: Sequence[Selected | Path],
    run_dir: Path,
    batch: int = BATCH,
    models: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Make a run's objects.parquet and events.parquet of the parts that its chunks left.

    Objects are sorted by name and source, events by name, source and time. What needs the whole catalog is filled here,
    whatever the parts say: the columns ``anomaly_fdr``, ``anomaly_rank`` and ``novelty_rank``, ``anomaly_flag`` where a
    star says nothing of lone points, ``class_flag`` where it is not ``uncertain`` (`pipeline.unfamiliar`), and the
    ``flag`` of events that happened to many stars at once (`pipeline.coincidence`). The result does not depend on the
    order of the parts.

    In memory at a time are: one part, `batch` stars with their events, of every star of the run its name, source,
    place, period, p-values and scores (some 700 bytes; 700 MB for a million), and of every event when and to which star
    it happened. As much disk as the parts take is used meanwhile, in a temporary folder inside `run_dir`.

    Parameters
    ----------
    objects, events : Parquet files of `objects_table` and `events_table`, or rows of such.
    run_dir : folder of the run.
    batch : stars held whole at a time.
    models : ids of those that the run was made with, by kind; the tables say them.

    Raises
    ------
    FileNotFoundError
        When a part is missing.
    ValueError
        When a part is not a table of its kind; the message names it.
    """
    chosen, events = ([Selected.of(part) for part in parts] for parts in (objects, events))
    parts: Sequence[Rows] = chosen
    if sum(part.count for part in chosen) <= batch:
        # all of them are held at a time in the end
        parts = [_held(part) for part in chosen]
    types: set[str] = set()
    known: dict[str, DetectorColumns] = {}
    for part in parts:
        part_schema = part.schema
        types.update(probability_types(part_schema.names))
        known |= {one.name: one for one in detectors_of(part_schema)}
    detectors = tuple(known.values())
    schema = objects_schema(detectors, types)
    run_dir.mkdir(parents=True, exist_ok=True)
    said = [name for one in detectors for name in (one.score, one.pvalue, one.flag) if name is not None]
    keys = _keys(parts, schema, [*said, *_JUDGED, *(name for name in _WALK if name in schema.names)])
    names = keys["object_id"].to_numpy(zero_copy_only=False)
    many, star, chance = _happened_to_many(events, keys)
    likeliest = least_of(star, np.where(many, np.nan, chance), len(keys))
    flag = _flags(keys, detectors, with_all_events(star, many, len(keys)), likeliest)
    combined = _ranking_pvalue(keys, detectors, likeliest)
    places = _Places(
        rank=anomaly_rank(demoted(combined, flag), _matrix(keys, [one.score for one in detectors]), names.tolist()),
        rate=false_discovery_rate(placed(combined, flag)),
        flag=np.array(flag, dtype=object),
        novel=_novelty_rank(keys, detectors),
        strange=unfamiliar(_matrix(keys, ["class_unlikeness"])[:, 0]),
    )
    # cut only between names, so that all rows of a star, and its events, meet in one batch
    edges = np.unique(names[batch::batch].astype(object)) if len(names) > batch else np.empty(0, dtype=object)
    with (
        _scratch(run_dir / ".merge") as scratch,
        replacing(run_dir / OBJECTS) as objects_file,
        replacing(run_dir / EVENTS) as events_file,
        parquet_writer(objects_file, with_models(schema, models)) as objects_writer,
        parquet_writer(events_file, with_models(events_schema(), models)) as events_writer,
    ):
        split_objects = _split(parts, schema, edges, scratch / "objects")
        split_events = _split(events, events_schema(), edges, scratch / "events")
        row = event = 0
        for some_objects, some_events in zip(split_objects, split_events, strict=True):
            stars = _sorted(some_objects, _OBJECT_ORDER)
            found = _sorted(some_events, _EVENT_ORDER)
            own = slice(row, row := row + len(stars))
            found = _flagged(found, many[event : (event := event + len(found))])
            objects_writer.write_table(_ranked(stars, places.of(own)), row_group_size=batch)
            events_writer.write_table(found, row_group_size=batch)


def refill(path: Path, columns: Mapping[str, pa.Array]) -> None:
    """Give columns of a table on disk other values, some rows at a time; all else stays as it is.

    Parameters
    ----------
    path : a Parquet file that has these columns.
    columns : (n,) by name.
    """
    with pq.ParquetFile(path) as file, replacing(path) as temporary:
        schema = file.schema_arrow
        with parquet_writer(temporary, schema) as writer:
            row = 0
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                for name, values in columns.items():
                    at = schema.get_field_index(name)
                    table = table.set_column(at, schema.field(at), values.slice(row, len(table)))
                row += len(table)
                writer.write_table(table.cast(schema), row_group_size=max(len(table), 1))


def record_of(run_dir: Path) -> dict[str, Any]:
    """What a run says of itself beside its catalog; empty where it says nothing."""
    finish(run_dir)
    path = run_dir / RECORD
    if not path.is_file():
        return {}
    return unsealed(path.read_text(encoding="utf-8"))


def count_statuses(path: Path) -> dict[str, int]:
    """Number of stars by status in an objects.parquet, and ``n_in``, their sum.

    Returns
    -------
    ``{"n_in": ..., "n_ok": ..., "n_partial": ..., "n_rejected": ..., "n_failed": ...}``
    """
    statuses = pc.value_counts(pq.read_table(path, columns=["status"])["status"])
    found = {entry["values"]: entry["counts"] for entry in statuses.to_pylist()}
    counts = {f"n_{status}": int(found.get(status, 0)) for status in STATUSES}
    return {"n_in": sum(counts.values()), **counts}


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder, removed afterwards; what a killed run left there is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of a table whose pages say when they are damaged.

    Words are written as a dictionary; numbers as they are, which takes a third of the time and less room: measurements
    seldom repeat.
    """
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    return pq.ParquetWriter(
        path, schema, compression="zstd", version="2.6", use_dictionary=words or False, write_page_checksum=True
    )


#: What a detector may say of a star's walk.
_WALK = ("drw_tau", "drw_sigma")

#: What of a star its place in the catalog follows from, beside what its detectors said.
_JUDGED = (
    "anomaly_flag",
    "confirmed_pvalue",
    "amplitude",
    "class",
    "class_doubt",
    "class_unlikeness",
    "period",
    "period_fap",
    "period_flag",
    "ra",
    "dec",
    "mean_mag",
    "mean_flux",
)


@dataclass(frozen=True, eq=False)
class _Places:
    """What a whole catalog says of its n stars, in its order.

    Attributes
    ----------
    rank, novel : (n,) places; 0 for none.
    rate : (n,) of false discoveries; NaN for none.
    flag : (n,) what keeps them from the first places, or None.
    strange : (n,) whether they are unlike all types of stars.
    """

    rank: NDArray[np.int64]
    rate: FloatArray
    flag: NDArray[np.object_]
    novel: NDArray[np.int64]
    strange: BoolArray

    def of(self, rows: slice) -> _Places:
        """Those of some stars."""
        return _Places(self.rank[rows], self.rate[rows], self.flag[rows], self.novel[rows], self.strange[rows])


def _held(part: Selected) -> Held:
    """The rows of a part of objects, read once."""
    try:
        return part.held()
    except pa.ArrowInvalid as problem:
        raise ValueError(f"{part} is not a table of objects: {problem}") from problem


def _keys(parts: Sequence[Rows], schema: pa.Schema, scores: Sequence[str]) -> pa.Table:
    """What ranking and sorting need of every star, in the order of the final table."""
    wanted = list(dict.fromkeys((*_OBJECT_ORDER, *_TIMES, "anomaly_pvalue", *scores)))
    types = pa.schema([schema.field(name).remove_metadata() for name in wanted])
    tables = []
    for part in parts:
        there = set(part.schema.names)
        try:
            table = part.read([name for name in wanted if name in there])
            columns = [table[f.name].cast(f.type) if f.name in there else pa.nulls(len(table), f.type) for f in types]
        except (pa.ArrowInvalid, KeyError, ValueError) as problem:
            raise ValueError(f"{part} is not a table of objects: {problem}") from problem
        if "object_id" not in there:
            raise ValueError(f"{part} is not a table of objects: it has no object_id")
        tables.append(pa.table(columns, schema=types))
    return _sorted(pa.concat_tables(tables) if tables else types.empty_table(), _OBJECT_ORDER)


def _ranking_pvalue(keys: pa.Table, detectors: Sequence[DetectorColumns], event: FloatArray) -> FloatArray:
    """(n,) what the stars are ranked by; NaN for one without a p-value.

    Parameters
    ----------
    event : (n,) p-values of their likeliest events; NaN for none.
    """
    combined: FloatArray
    combined, without, doubt = _matrix(keys, ["anomaly_pvalue", "confirmed_pvalue", "class_doubt"]).T
    if not detectors:
        return confirmed(combined, combined, without)
    pvalues = _matrix(keys, [one.pvalue for one in detectors])
    found = ranking_pvalue(pvalues, [one.tells_kinds for one in detectors], doubt, event)
    return confirmed(np.where(np.isnan(combined) | np.isnan(found), combined, found), combined, without)


def _flags(
    keys: pa.Table, detectors: Sequence[DetectorColumns], many: BoolArray, event: FloatArray
) -> list[str | None]:
    """What keeps each star from the first places, where anything does.

    Parameters
    ----------
    many : (n,) whether all that a star did happened to many.
    event : (n,) p-values of their likeliest events that did not; NaN for none.
    """
    columns = ("period", "period_fap", "ra", "dec", "mean_mag", "mean_flux", "n_obs")
    period, fap, ra, dec, mag, flux, count = _matrix(keys, columns).T
    kind = np.ones(len(keys), dtype=bool)
    if detectors:
        pvalues, tells = _matrix(keys, [one.pvalue for one in detectors]), [one.tells_kinds for one in detectors]
        kind = led_by_kind(pvalues, tells, event)
    wrong = doubtful_period(keys["class"].to_pylist(), fap, keys["period_flag"].to_pylist())
    for one in detectors:
        if one.flag is not None:
            wrong |= pc.fill_null(pc.equal(keys[one.flag], "wrong_period"), False).to_numpy().astype(bool)
    if set(_WALK) <= set(keys.column_names):
        tau, sigma, amplitude, start, end = _matrix(keys, [*_WALK, "amplitude", "time_start", "time_end"]).T
        wrong &= ~wanders(tau, sigma, amplitude, (end - start) / count)
    with np.errstate(divide="ignore", invalid="ignore"):
        bright = -mag if np.isfinite(mag).any() else np.log10(flux)
    return first_flag(
        {
            "few_points": few_points(count),
            "lone_points": pc.fill_null(pc.equal(keys["anomaly_flag"], "lone_points"), False).to_numpy().astype(bool),
            "many_stars": many & ~kind,
            "blend": blended(ra, dec, period, fap, bright),
            "wrong_period": wrong & kind,
        }
    )


def _novelty_rank(keys: pa.Table, detectors: Sequence[DetectorColumns]) -> NDArray[np.int64]:
    """(n,) places by likeness to known kinds, 0 where unknown; all 0 without a detector that tells kinds."""
    telling = [one.score for one in detectors if one.tells_kinds]
    if not telling:
        return np.zeros(len(keys), dtype=np.int64)
    *shapes, doubt = _matrix(keys, [*telling, "class_doubt"]).T
    return novelty_rank(novelty(shapes, doubt))


def _happened_to_many(parts: Sequence[Selected], keys: pa.Table) -> tuple[BoolArray, NDArray[np.int64], FloatArray]:
    """Of every event of the run, in the order of the final table, whether it happened to many stars, and its star.

    Returns
    -------
    (m,), and (m,) row of the star, -1 for one that is not there; and (m,) the p-values, NaN of an event that no other
    visit confirms.
    """
    tables = [_conformed(part, events_schema()).select([*_EVENT_ORDER, "pvalue", "flag"]) for part in parts]
    if not sum(map(len, tables)):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64), np.zeros(0)
    table = _sorted(pa.concat_tables(tables), _EVENT_ORDER)
    kind, direction, start, peak, end = (
        table[name].to_numpy(zero_copy_only=False) for name in ("kind", "direction", "t_start", "t_peak", "t_end")
    )
    found = _rows_of(table, keys)
    known = found >= 0
    star = np.where(known, found, len(keys))
    row = np.where(known, found, 0)
    first, last = (keys[name].to_numpy(zero_copy_only=False)[row] for name in ("time_start", "time_end"))
    span = np.where(known, last - first, np.nan)
    rows = keys["n_obs"].to_numpy(zero_copy_only=False)[row]
    many = shared_events(star, kind, direction, start, peak, end, rows, span)
    confirmed = ~pc.fill_null(pc.is_in(table["flag"], pa.array(UNCONFIRMED)), False).to_numpy(zero_copy_only=False)
    return many, found, np.where(confirmed, _matrix(table, ["pvalue"])[:, 0], np.nan)


def _rows_of(events: pa.Table, keys: pa.Table) -> NDArray[np.int64]:
    """(n,) the row of each event's star, which its name and source tell; -1 for a star that is not there."""

    def named(table: pa.Table, number: str) -> pa.Table:
        source = pc.fill_null(table["source"], "")
        return pa.table({"object_id": table["object_id"], "source": source, number: np.arange(len(table))})

    both = ["object_id", "source"]
    place = named(keys, "row").group_by(both).aggregate([("row", "min")])
    found = named(events, "event").join(place, keys=both, join_type="left outer").sort_by("event")
    return np.asarray(pc.fill_null(found["row_min"], -1).to_numpy(), dtype=np.int64)


def _flagged(events: pa.Table, many: NDArray[np.bool_]) -> pa.Table:
    """The events, with the flag of those that happened to many stars."""
    at = events.schema.get_field_index("flag")
    flags = pc.if_else(pa.array(many), "many_stars", events["flag"])
    return events.set_column(at, events.schema.field(at), flags)


def _matrix(table: pa.Table, names: Sequence[str]) -> NDArray[np.float64]:
    columns = [table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in names]
    return np.array(columns).reshape(len(names), len(table)).T


def _sorted(table: pa.Table, names: Sequence[str]) -> pa.Table:
    return table.take(pc.sort_indices(table, [(name, "ascending") for name in names]))


def _split(parts: Sequence[Rows], schema: pa.Schema, edges: NDArray[np.object_], folder: Path) -> Iterator[pa.Table]:
    """The rows of the parts in batches, by name; where there are several, they are dealt out to an Arrow file each."""
    if not len(edges):
        yield pa.concat_tables([schema.empty_table(), *(_conformed(part, schema) for part in parts)])
        return
    folder.mkdir()
    files = [folder / f"{i:06d}.arrow" for i in range(len(edges) + 1)]
    with ExitStack() as stack:
        writers = [stack.enter_context(pa.ipc.new_file(file, schema)) for file in files]
        for part in parts:
            table = _conformed(part, schema)
            names = table["object_id"].to_numpy(zero_copy_only=False).astype(object)
            place = np.searchsorted(edges, names, side="right")
            for i in np.unique(place):
                writers[i].write_table(table.filter(pa.array(place == i)))
    for file in files:
        with pa.ipc.open_file(file) as reader:
            yield reader.read_all().cast(schema)


def _conformed(part: Rows, schema: pa.Schema) -> pa.Table:
    """A part with the columns of the schema, in its order; null where the part has none."""
    table = part.read()
    if table.schema.equals(schema):
        return pa.table(table.columns, schema=schema)
    unknown = [name for name in table.column_names if name not in schema.names]
    if unknown or "object_id" not in table.column_names:
        raise ValueError(f"{part} is not a table of {schema.metadata[b'swope.table'].decode()}: it has {unknown}")
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _ranked(stars: pa.Table, places: _Places) -> pa.Table:
    """The rows with their places in the catalog, null for 0, and what else they are given there."""
    strange = pc.fill_null(pc.less(stars["anomaly_pvalue"], NOTABLE_PVALUE), False)
    judged = pc.and_(
        pc.is_valid(stars["class_unlikeness"]), pc.not_equal(pc.fill_null(stars["class_flag"], ""), UNCERTAIN)
    )
    sentence = pa.array([FLAGS.get(one, "") for one in places.flag], pa.string())
    told = pc.and_(pc.and_(strange, pc.not_equal(sentence, "")), pc.is_null(stars["anomaly_flag"]))
    filled = {
        "class_flag": pc.if_else(
            judged,
            pc.if_else(pa.array(places.strange), pa.scalar(UNFAMILIAR), pa.scalar(None, pa.string())),
            stars["class_flag"],
        ),
        "anomaly_rank": pa.array(places.rank, pa.int32(), mask=places.rank == 0),
        "novelty_rank": pa.array(places.novel, pa.int32(), mask=places.novel == 0),
        "anomaly_fdr": pa.array(places.rate, from_pandas=True),
        "anomaly_flag": pa.array(places.flag, pa.string()),
        "anomaly_reason": pc.if_else(
            told, pc.binary_join_element_wise(stars["anomaly_reason"], sentence, " "), stars["anomaly_reason"]
        ),
    }
    for name, values in filled.items():
        at = stars.schema.get_field_index(name)
        stars = stars.set_column(at, stars.schema.field(at), values)
    return stars
