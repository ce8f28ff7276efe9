"""What a night calls somebody for: a small table, and a hook that is given it."""

from __future__ import annotations

import json
import shlex
import subprocess
import urllib.request
from collections import defaultdict
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from swope.flows.night.arrived import Name
from swope.flows.night.page import write_page
from swope.flows.night.record import NightRecord
from swope.flows.night.tables import STARS
from swope.pipeline.catalog import stars_of, write_parquet
from swope.pipeline.catalog.store import OBJECTS
from swope.pipeline.column import FLOAT, INT, TEXT, Column

ALERTS = "alerts.parquet"

#: Seconds that a hook may take.
PATIENCE = 60.0

_COLUMNS = (
    Column("object_id", TEXT, "", "meta.id;meta.main", "name of the star in its source"),
    Column("source", TEXT, "", "meta.id;meta.file", "files that the star's points came from"),
    Column(
        "why", TEXT, "", "meta.code", "night (its new points), new (a new star), or past (its known points changed)"
    ),
    Column(
        "pvalue", FLOAT, "", "stat.probability;src.var", "p-value of the star's night; of the whole star, but for it"
    ),
    Column("n_events", INT, "", "meta.number;src.var", "events that end tonight; all of the star's, but for a night"),
    Column("said", TEXT, "", "meta.note;src.var", "what happened, in words"),
)
_SCHEMA = pa.schema([column.field for column in _COLUMNS], metadata={"swope.table": "alerts"})


class HookError(ValueError):
    """The hook did not take the alerts; the message says how it ended."""


def alerts_of(night: Path, run_dir: Path | None) -> list[dict[str, Any]]:
    """The stars of a night that are out of the ordinary, the least probable first.

    These are stars whose night has an event, or a p-value as small as an event's; and new stars, or stars whose past
    changed, of which the run made since says so.

    Parameters
    ----------
    night : a scored night.
    run_dir : the run that has analysed the night's new and changed stars; None where none has.
    """
    limit = float(NightRecord.read(night).config["event_pvalue"])
    stars = pq.read_table(night / STARS)
    strange = stars.filter(pc.or_kleene(pc.less_equal(stars["night_pvalue"], limit), pc.greater(stars["n_events"], 0)))
    alerts = [
        {**{name: row[name] for name in ("object_id", "source", "n_events", "said")}, "why": "night"}
        | {"pvalue": row["night_pvalue"]}
        for row in strange.to_pylist()
    ]
    if run_dir is not None:
        alerts += _analysed(stars, run_dir, limit)
    return sorted(alerts, key=lambda row: (2.0 if row["pvalue"] is None else row["pvalue"], row["object_id"]))


def _analysed(stars: pa.Table, run_dir: Path, limit: float) -> list[dict[str, Any]]:
    """Those of a night's stars that are new, or whose past changed, and whose whole light curve is strange."""
    columns = ["object_id", "source", "anomaly_pvalue", "n_events", "anomaly_reason"]
    objects = pq.read_table(run_dir / OBJECTS, columns=columns)
    strange = pc.and_kleene(
        pc.is_in(objects["object_id"], stars.filter(pc.is_valid(stars["past"]))["object_id"]),
        pc.less_equal(objects["anomaly_pvalue"], limit),
    )
    why = _why(stars, objects)
    return [
        {
            "object_id": row["object_id"],
            "source": row["source"],
            "why": "new" if said == "new star" else "past",
            "pvalue": row["anomaly_pvalue"],
            "n_events": row["n_events"],
            "said": row["anomaly_reason"],
        }
        for row in objects.filter(strange).to_pylist()
        if (said := why.get((row["object_id"], row["source"]))) is not None
    ]


def _why(stars: pa.Table, objects: pa.Table) -> dict[Name, str]:
    """What of the past of a night's stars changed, by name and source in the run.

    That is the star of its name from tonight's file; or, where the run has none from there, its only one of the name,
    unless that came tonight, too.
    """
    changed = stars.filter(pc.is_valid(stars["past"]))
    sources = defaultdict(list)
    for name, source in stars_of(objects.filter(pc.is_in(objects["object_id"], changed["object_id"]))):
        sources[name].append(source)
    came = set(stars_of(stars))
    why = {}
    for (name, source), said in zip(stars_of(changed), changed["past"].to_pylist(), strict=True):
        places = sources[name]
        if source in places:
            why[name, source] = said
        elif len(places) == 1 and (name, places[0]) not in came:
            why[name, places[0]] = said
    return why


def write_alerts(night: Path, alerts: Sequence[dict[str, Any]]) -> None:
    """Write alerts.parquet."""
    write_parquet(pa.Table.from_pylist(list(alerts), schema=_SCHEMA), night / ALERTS)


def call_hook(hook: str, night: Path, alerts: Sequence[dict[str, Any]]) -> None:
    """Give the alerts to whom they concern, as JSON: ``{"night": ..., "alerts": [...]}``.

    Parameters
    ----------
    hook : an address (http://, https://), to which it is posted; or a command, which reads it on its standard input and
        is started without a shell.

    Raises
    ------
    HookError
        When it does not take them within `PATIENCE` seconds.
    """
    content = json.dumps({"night": night.name, "alerts": list(alerts)}).encode()
    try:
        if hook.startswith(("http://", "https://")):
            asked = urllib.request.Request(hook, content, {"Content-Type": "application/json"})
            urllib.request.urlopen(asked, timeout=PATIENCE).close()
        else:
            words = shlex.split(hook)
            if not words:
                raise ValueError("it names no command")
            subprocess.run(words, input=content, check=True, timeout=PATIENCE)
    # an address or an answer that is no HTTP is none of the others
    except (OSError, URLError, HTTPException, ValueError, subprocess.SubprocessError) as error:
        raise HookError(f"{night} is scored, but the hook {hook} failed: {error}") from error


def call_for(nights: Sequence[Path], run_dir: Path | None, hook: str | None) -> None:
    """Leave page and alerts of some scored nights, and call the hook for those with alerts.

    Parameters
    ----------
    run_dir : as for `alerts_of`.
    hook : as for `call_hook`; None for none.

    Raises
    ------
    HookError
        When the hook fails, after all else is done: the night it did not take is without alerts.parquet, and is called
        for again.
    """
    failed: HookError | None = None
    for night in nights:
        alerts = alerts_of(night, run_dir)
        write_page(night, alerts)
        if hook is not None and alerts:
            try:
                call_hook(hook, night, alerts)
            except HookError as error:
                failed = error
                continue
        # last: a night without them is called for again
        write_alerts(night, alerts)
    if failed is not None:
        raise failed
