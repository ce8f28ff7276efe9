"""What a measurement of completeness leaves in its folder, and what is said of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.csv import CSVWriter

from swope.pipeline.catalog import write_parquet
from swope.pipeline.catalog.store import replacing
from swope.pipeline.column import FLOAT, INT, TEXT, Column
from swope.pipeline.inject.completeness import ALL, JUDGED, NULLS, reached
from swope.pipeline.inject.shapes import SHAPES

TRIALS = "trials.parquet"
STARS = "stars.parquet"
COMPLETENESS = "completeness.parquet"
ALARMS = "false_alarms.parquet"
PICTURE = "completeness.png"
RECORD = "inject.json"

_NAMES = (
    Column("object_id", TEXT, "", "meta.id;meta.main", "name of the star in its source"),
    Column("source", TEXT, "", "meta.id;meta.file", "file that the star came from"),
)

_TRIAL = (
    *_NAMES,
    Column("shape", TEXT, "", "meta.code.class;src.var", "shape of the event that was laid"),
    Column("direction", TEXT, "", "meta.code;src.var", "fade or brighten"),
    Column("depth", FLOAT, "mag", "src.var.amplitude", "its largest change"),
    Column("duration", FLOAT, "d", "time.duration;src.var", "its duration, as its shape has one; null: a step"),
    Column("time", FLOAT, "d", "time.epoch;src.var", "its middle, peak or, where it lasts, beginning"),
    Column("rows", INT, "", "meta.number;obs", "usable rows that it changes by a tenth of its depth or more"),
    Column("snr", FLOAT, "", "stat.snr", "integrated signal-to-noise against the quoted errors"),
    Column("outcome", TEXT, "", "meta.code.status", "recovered, missed, occupied, no_light or failed"),
    Column("reason", TEXT, "", "meta.note", "why there is no outcome"),
    Column("n_events", INT, "", "meta.number;src.var", "rows of events that tell of it"),
    Column("found_by", TEXT, "", "meta.code", "the surest of them: its detector"),
    Column("found_start", FLOAT, "d", "time.start;src.var", "its first row"),
    Column("found_end", FLOAT, "d", "time.end;src.var", "its last row"),
    Column("found_pvalue", FLOAT, "", "stat.probability;src.var", "its p-value"),
    Column("found_depth", FLOAT, "", "src.var.amplitude", "its depth: magnitudes, or of fluxes the share"),
    Column("found_depth_err", FLOAT, "", "stat.error;src.var.amplitude", "one sigma of it"),
    Column("found_duration", FLOAT, "d", "time.duration;src.var", "its full width at half depth"),
    Column("found_shape", TEXT, "", "meta.code.class;src.var", "its shape"),
)

_STAR = (
    *_NAMES,
    Column("status", TEXT, "", "meta.code.status", "as in a catalog: ok, partial or failed"),
    Column("reason", TEXT, "", "meta.note", "why the star is not ok"),
    *(
        Column(kind + end, INT, "", "meta.number;src.var", f"events{words}: {said}")
        for kind, said in NULLS.items()
        for end, words in (("", ""), ("_fade", " that fade"), ("_brighten", " that brighten"))
    ),
)

#: What becomes of trials that do not count, in words.
_UNJUDGED = {
    "occupied": "where the star has an event of its own",
    "no_light": "of stars without light",
    "failed": "that failed",
}


def trials_table(trials: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A row an event that was laid."""
    return _table("trials", _TRIAL, trials)


def stars_table(stars: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A row a star that was drawn."""
    return _table("stars", _STAR, stars)


def _table(name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    schema = pa.schema([column.field for column in columns], metadata={"swope.table": name})
    arrays = [pa.array([row.get(field.name) for row in rows], field.type, from_pandas=True) for field in schema]
    return pa.table(arrays, schema=schema)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet, and beside it as CSV."""
    write_parquet(table, path)
    with replacing(path.with_suffix(".csv")) as temporary, CSVWriter(temporary, table.schema) as writer:
        writer.write_table(table)


def lines_of(
    trials: Sequence[Mapping[str, Any]],
    stars: Sequence[Mapping[str, Any]],
    completeness: pa.Table,
    false_alarms: pa.Table,
) -> list[str]:
    """What is said of a measurement."""
    outcomes = Counter(trial["outcome"] for trial in trials)
    found = [trial for trial in trials if trial["outcome"] == "recovered"]
    judged = sum(outcomes[outcome] for outcome in JUDGED)
    said = [f"{outcomes[name]} {words}" for name, words in _UNJUDGED.items() if outcomes[name]]
    head = f"{len(trials)} events laid, {judged} count" + (f" (less {', '.join(said)})" if said else "")
    head += f"; {len(found)} found"
    if found:
        head += f", with {sum(trial['n_events'] for trial in found) / len(found):.2f} rows of events each"
    failed = sum(star["status"] == "failed" for star in stars)
    return [
        head + (f"; {failed} stars failed" if failed else ""),
        *_by_snr(completeness),
        *(_alarms(row) for row in false_alarms.to_pylist() if row["direction"] == "any"),
    ]


def _by_snr(table: pa.Table) -> list[str]:
    every = [row for row in table.to_pylist() if row["axis"] == "snr" and row["shape"] == ALL]
    if not every:
        return ["completeness: no event says anything"]
    edges = [f"{row['low']:g}-{row['high']:g}" if row["high"] < math.inf else f"{row['low']:g}+" for row in every]
    lines = [
        f"{'integrated S/N':16s}" + "".join(f"{edge:>8s}" for edge in edges),
        f"{'% found':16s}" + "".join(f"{100 * row['completeness']:8.0f}" for row in every),
    ]
    for share, words in ((0.5, "half are found"), (0.9, "90 % are found")):
        at = {shape: reached(table, share, shape) for shape in (ALL, *SHAPES)}
        known = [f"{shape} {snr:.1f}" for shape, snr in at.items() if not math.isnan(snr)]
        lines.append(f"{words} at S/N: {', '.join(known) if known else 'not reached'}")
    return lines


def _alarms(row: Mapping[str, Any]) -> str:
    if row["per_1000"] is None:
        return f"{row['curve']}: no star could be judged"
    rate = f"{row['per_1000']:.1f} in 1,000 stars (95 %: {row['ci_low']:.1f} to {row['ci_high']:.1f})"
    return f"{row['curve'] + ':':11s} {row['n_alarms']} of {row['n_stars']} stars with an event, {rate}"
