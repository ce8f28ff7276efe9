"""Every column of a run's and a night's tables: its name, type, unit, UCD and meaning; and tables made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from swope.pipeline.column import FLOAT, INT, SHARE, TEXT, Column, DetectorColumns, detectors_text
from swope.pipeline.version import VERSION
from swope.pipeline.vsx import TYPES

#: What can become of a star: all that was asked; some of it; nothing, for its data; nothing, for an error of ours.
STATUSES = ("ok", "partial", "rejected", "failed")

#: Columns with the classifier's probabilities are named ``prob_<TYPE>``.
PROBABILITY = "prob_"

#: The key under which a table's schema says with which models it was made.
_MODELS = b"swope.models"

#: Columns that verdicts fill (`swope.flows.verdicts`).
VERDICT_COLUMNS = ("verdict", "verdict_rank")


_STAR = (
    Column("object_id", TEXT, "", "meta.id;meta.main", "name of the star in its source"),
    Column("source", TEXT, "", "meta.id;meta.file", "file that the star came from"),
    Column("ra", FLOAT, "deg", "pos.eq.ra;meta.main", "right ascension, ICRS"),
    Column("dec", FLOAT, "deg", "pos.eq.dec;meta.main", "declination, ICRS"),
    Column("bands", TEXT, "", "instr.bandpass", "names of the bands with usable rows, separated by commas"),
    Column("n_bands", INT, "", "meta.number;instr.bandpass", "number of bands with usable rows"),
    Column("main_band", TEXT, "", "instr.bandpass", "band with the most usable rows; mean and amplitude are of it"),
    Column("value_kind", TEXT, "", "meta.code", "what was measured: mag or flux"),
    Column("value_kind_from", TEXT, "", "meta.code", "what said so: a column's name, its unit, survey, file, or user"),
    Column("unit", TEXT, "", "meta.unit", "unit of the star's values, errors and amplitudes"),
    Column("read_as", TEXT, "", "meta.note", "which columns of the source were taken for what, and which passed over"),
    Column("status", TEXT, "", "meta.code.status", "ok, partial, rejected (its data) or failed (an error of ours)"),
    Column("reason", TEXT, "", "meta.note", "why the star is not ok"),
    Column("n_obs", INT, "", "meta.number;obs", "number of usable rows"),
    Column("n_masked", INT, "", "meta.number;obs", "number of rows that were left out, each for a named mask"),
    Column("masked_because", TEXT, "", "meta.note", "how many rows were left out, by reason"),
    Column("time_start", FLOAT, "d", "time.start;obs", "time of the first usable row, by the star's clock"),
    Column("time_end", FLOAT, "d", "time.end;obs", "time of the last usable row, by the star's clock"),
    Column("clock", TEXT, "", "time.scale", "meaning of all times of the star: BJD_TDB, HJD_UTC, ..., or unknown"),
    Column("mean_mag", FLOAT, "mag", "phot.mag;stat.mean", "mean magnitude in the main band"),
    Column("mean_flux", FLOAT, "", "phot.flux;stat.mean", "mean flux in the main band, in the star's unit"),
    Column("amplitude", FLOAT, "", "src.var.amplitude", "5th to 95th percentile in the main band, star's unit"),
)

_PERIOD = (
    Column("period", FLOAT, "d", "time.period", "best period"),
    Column("period_err", FLOAT, "d", "stat.error;time.period", "one-sigma error of the period"),
    Column("period_fap", FLOAT, "", "stat.probability;time.period", "false-alarm probability; null where few_cycles"),
    Column(
        "period_flag",
        TEXT,
        "",
        "meta.code.qual;time.period",
        "what the period may be: alias, half, double, few_cycles",
    ),
    *(Column(f"period_{n}", FLOAT, "d", "time.period", f"runner-up period, number {n}") for n in range(2, 6)),
    Column(
        "second_period",
        FLOAT,
        "d",
        "time.period",
        "period of a second mode, for the types RRD and DCEP(B)",
    ),
    Column("period_terms", INT, "", "stat.param;time.period", "number of Fourier terms of the model; 0 for a box"),
    Column("t0", FLOAT, "d", "time.epoch", "epoch of phase zero: minimum of eclipsing stars, maximum of the others"),
)

_CLASS = (
    Column("class", TEXT, "", "src.class", "most probable class, an AAVSO VSX type; null where none was given"),
    Column("class_prob", SHARE, "", "stat.probability;src.class", "calibrated probability of the class"),
    Column("class_sure", TEXT, "", "src.class", "narrowest type or family with a probability of 0.9; null: none"),
    Column("class_flag", TEXT, "", "meta.code.qual;src.class", "what speaks against the class; null: nothing"),
    Column("class_doubt", SHARE, "", "stat.probability;src.class", "how little it is like any class, by the forest"),
    Column(
        "class_unlikeness", FLOAT, "", "stat.value;src.class", "how unlike all types learnt; few known stars exceed 1"
    ),
)

_ANOMALY = (
    Column(
        "anomaly_pvalue",
        FLOAT,
        "",
        "stat.probability;src.var",
        "p-values of the detectors and of the likeliest event, combined",
    ),
    Column(
        "confirmed_pvalue",
        FLOAT,
        "",
        "stat.probability;src.var",
        "the same without visits that stand alone, by which the star is ranked; null: there are none, or no need",
    ),
    Column(
        "anomaly_fdr",
        FLOAT,
        "",
        "stat.probability;src.var",
        "share of ordinary stars to be expected among the run's stars down to this place of anomaly_rank",
    ),
    Column("anomaly_rank", INT, "", "stat.rank", "place by detectors and class_doubt; 1 is the strangest"),
    Column(
        "anomaly_flag",
        TEXT,
        "",
        "meta.code.qual;src.var",
        "what keeps it from the first places: few_points, lone_points, many_stars, blend, wrong_period",
    ),
    Column(
        "novelty_rank",
        INT,
        "",
        "stat.rank",
        "place by a strange folded shape and a doubtful class together; 1 is the least like any known kind of star",
    ),
    Column("verdict", TEXT, "", "meta.code", "what an analyst said of it: interesting, boring or artifact"),
    Column(
        "verdict_rank",
        INT,
        "",
        "stat.rank",
        "place by anomaly_rank and by the verdicts on stars like it; null where nothing was said of any star",
    ),
    Column("anomaly_reason", TEXT, "", "meta.note;src.var", "what makes the star strange, or that it is not"),
    Column("n_events", INT, "", "meta.number;src.var", "number of the star's rows in the table of events"),
)

_EVENT = (
    Column("object_id", TEXT, "", "meta.id;meta.main", "name of the star in its source"),
    Column("source", TEXT, "", "meta.id;meta.file", "file that the star came from"),
    Column("detector", TEXT, "", "meta.code", "who is surest of the event"),
    Column("detectors", TEXT, "", "meta.code", "all who saw it"),
    Column("band", TEXT, "", "instr.bandpass", "bands that it was seen in"),
    Column("t_start", FLOAT, "d", "time.start;src.var", "first row of the event, by the star's clock"),
    Column("t_peak", FLOAT, "d", "time.epoch;src.var", "row that strays furthest, by the star's clock"),
    Column("t_end", FLOAT, "d", "time.end;src.var", "last row of the event, by the star's clock"),
    Column("direction", TEXT, "", "meta.code;src.var", "fade or brighten"),
    Column("peak_sigma", FLOAT, "", "stat.snr", "how far the peak lies from its forecast, in its sigmas"),
    Column("snr", FLOAT, "", "stat.snr", "signal-to-noise of all rows of the event together"),
    Column("depth", FLOAT, "", "phot;arith.diff", "how far the star strayed: mag, or share of its flux"),
    Column("depth_err", FLOAT, "", "stat.error;phot;arith.diff", "one sigma of the depth"),
    Column("duration", FLOAT, "d", "time.duration;src.var", "full width of the event at half its depth"),
    Column("duration_err", FLOAT, "d", "stat.error;time.duration", "one sigma of the duration"),
    Column("asymmetry", FLOAT, "", "stat.param;src.var", "-1: all of it before the peak; 1: all after it"),
    Column("shape", TEXT, "", "meta.code.class;src.var", "flare, dip, lens, outburst, step or slow; null: few rows"),
    Column("shape_prob", SHARE, "", "stat.probability", "probability of the shape among those tried"),
    Column("pvalue", FLOAT, "", "stat.probability;src.var", "probability of an event as strong in a quiet star"),
    Column("n_points", INT, "", "meta.number;obs", "number of observations in the event"),
    Column("kind", TEXT, "", "meta.code.class;src.var", "run of failed forecasts, or pulse, shift, trend, period"),
    Column("flag", TEXT, "", "meta.code.qual;src.var", "edge of a gap, lone point or visit, many stars; null: none"),
)

_NIGHT_POINT = (
    Column("object_id", TEXT, "", "meta.id;meta.main", "name of the star in its source"),
    Column("source", TEXT, "", "meta.id;meta.file", "files that the star's points came from"),
    Column("detector", TEXT, "", "meta.code", "who made the forecast"),
    Column("band", TEXT, "", "instr.bandpass", "band of the point"),
    Column("time", FLOAT, "d", "time.epoch;obs", "time of the point, by the star's clock"),
    Column("value", FLOAT, "", "phot", "what was observed, in the star's unit"),
    Column("error", FLOAT, "", "stat.error;phot", "its quoted one-sigma error, star's unit"),
    Column("mean", FLOAT, "", "phot;stat.mean", "what was forecast from all rows before; null: too little is known"),
    Column("sigma", FLOAT, "", "stat.stdev;phot", "one sigma of the forecast, measurement error included"),
    Column("innovation", FLOAT, "", "stat.snr", "value less forecast, in its sigmas; positive where brighter"),
    Column("night_pvalue", FLOAT, "", "stat.probability;src.var", "p-value of the star's whole night by the detector"),
)

_NIGHT_STAR = (
    Column("object_id", TEXT, "", "meta.id;meta.main", "name of the star in its source"),
    Column("source", TEXT, "", "meta.id;meta.file", "files that the star's points came from"),
    Column("status", TEXT, "", "meta.code.status", "ok, partial, rejected (nothing could be scored) or failed"),
    Column("reason", TEXT, "", "meta.note", "why the star is not ok"),
    Column("n_new", INT, "", "meta.number;obs", "number of new rows, which were scored"),
    Column("n_seen", INT, "", "meta.number;obs", "number of rows that were known before"),
    Column("n_masked", INT, "", "meta.number;obs", "number of rows that cannot be used"),
    Column("past", TEXT, "", "meta.note", "why the star needs a run: new, or what of its past changed; null: as known"),
)

_NIGHT_STAR_AFTER = (
    Column(
        "night_pvalue",
        FLOAT,
        "",
        "stat.probability;src.var",
        "p-values of the detectors and of the likeliest event, combined",
    ),
    Column("n_events", INT, "", "meta.number;src.var", "number of the star's rows in the table of events"),
    Column("said", TEXT, "", "meta.note;src.var", "the point that strayed furthest, in words"),
)


def object_columns(detectors: Sequence[DetectorColumns], types: Iterable[str] = ()) -> tuple[Column, ...]:
    """The columns of objects.parquet, in order.

    Parameters
    ----------
    detectors : those at work; each adds its columns.
    types : VSX types that the classifier may answer; each has a column ``prob_<TYPE>``, in the order of `TYPES`.
    """
    place = {name: i for i, name in enumerate(TYPES)}
    ordered = sorted(set(types), key=lambda name: (place.get(name, len(place)), name))
    probabilities = (
        Column(f"{PROBABILITY}{name}", SHARE, "", "stat.probability;src.class", f"probability of class {_said(name)}")
        for name in ordered
    )
    detected = (column for detector in detectors for column in detector.columns)
    return (*_STAR, *_PERIOD, *_CLASS, *probabilities, *detected, *_ANOMALY)


def event_columns() -> tuple[Column, ...]:
    """The columns of events.parquet, in order."""
    return _EVENT


def night_columns(detectors: Sequence[DetectorColumns]) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """The columns of a night's tables, of stars and of points, in order."""
    return (*_NIGHT_STAR, *(one.night_column for one in detectors), *_NIGHT_STAR_AFTER), _NIGHT_POINT


def objects_schema(detectors: Sequence[DetectorColumns], types: Iterable[str] = ()) -> pa.Schema:
    """The Arrow schema of objects.parquet for some detectors and a classifier of these types."""
    schema = _schema("objects", object_columns(detectors, types))
    return schema.with_metadata({**schema.metadata, **detectors_text(detectors)})


def events_schema() -> pa.Schema:
    """The Arrow schema of events.parquet."""
    return _schema("events", event_columns())


def with_models(schema: pa.Schema, models: Mapping[str, str]) -> pa.Schema:
    """A table's schema that also says with which models the table was made, by kind."""
    return schema.with_metadata({**(schema.metadata or {}), _MODELS: json.dumps(dict(models), sort_keys=True).encode()})


def provenance(schema: pa.Schema) -> dict[str, str]:
    """What made a table, as all its formats say it: ``creator``, ``table``, and ``models`` where they are known."""
    said = schema.metadata or {}
    models = json.loads(said.get(_MODELS, b"{}"))
    return {
        "creator": f"swope {said[b'swope.version'].decode()}",
        "table": said[b"swope.table"].decode(),
        **({"models": ", ".join(models[kind] for kind in sorted(models))} if models else {}),
    }


def probability_types(names: Iterable[str]) -> tuple[str, ...]:
    """The VSX types whose probabilities stand among these column names."""
    return tuple(name.removeprefix(PROBABILITY) for name in names if name.startswith(PROBABILITY))


def objects_table(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]],
    detectors: Sequence[DetectorColumns] = (),
    types: Iterable[str] | None = None,
) -> pa.Table:
    """Make a table of objects from some of its columns; the others are null.

    Parameters
    ----------
    columns : values by column name, n each; None and NaN become null. object_id and status are needed.
    detectors : those whose columns the table has.
    types : VSX types with a probability column; None: those among `columns`.

    Raises
    ------
    ValueError
        For an unknown column, columns of different length, a value of the wrong type, an unknown status, or a star
        that is not ok without a reason; the message names the column and the star.
    """
    table = _table(objects_schema(detectors, probability_types(columns) if types is None else types), columns)
    names, statuses, reasons = (table[name].to_pylist() for name in ("object_id", "status", "reason"))
    for name, status, reason in zip(names, statuses, reasons, strict=True):
        if name is None:
            raise ValueError("a star without object_id; every row of objects needs one")
        if status not in STATUSES:
            raise ValueError(f"star {name!r}: status {status!r} is none of {', '.join(STATUSES)}")
        if status != "ok" and not reason:
            raise ValueError(f"star {name!r} is {status} without a reason")
    return table


def events_table(columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> pa.Table:
    """Make a table of events from its columns; absent ones are null.

    Raises
    ------
    ValueError
        For an unknown column, columns of different length, or a value of the wrong type.
    """
    return _table(events_schema(), columns)


def night_points_table(columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> pa.Table:
    """Make a night's table of points, a row a point and detector; as `events_table`."""
    return _table(_schema("night points", _NIGHT_POINT), columns)


def night_stars_table(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]], detectors: Sequence[DetectorColumns]
) -> pa.Table:
    """Make a night's table of stars, with the p-values of these detectors; as `events_table`."""
    return _table(_schema("night stars", night_columns(detectors)[0]), columns)


def _said(name: str) -> str:
    return f"{name} ({TYPES[name].description})" if name in TYPES else name


def _schema(table: str, columns: Sequence[Column]) -> pa.Schema:
    return pa.schema([column.field for column in columns], metadata={"swope.table": table, "swope.version": VERSION})


def _table(schema: pa.Schema, columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> pa.Table:
    unknown = [name for name in columns if name not in schema.names]
    if unknown:
        raise ValueError(f"not columns of this table: {', '.join(unknown)}")
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns differ in length: {lengths}")
    n = next(iter(lengths.values()), 0)
    arrays = [
        _array(field, columns[field.name]) if field.name in columns else pa.nulls(n, field.type) for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _array(field: pa.Field, values: Sequence[Any] | NDArray[Any]) -> pa.Array:
    """One column; NaN becomes null, since "not computed" is a null."""
    try:
        return pa.array(values, type=field.type, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as problem:
        for row, value in enumerate(values):
            try:
                pa.array(np.asarray([value]).tolist(), type=field.type, from_pandas=True)
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
                raise ValueError(f"column {field.name!r}, row {row}: {value!r} is not {field.type}") from problem
        raise ValueError(f"column {field.name!r}: {problem}") from problem
