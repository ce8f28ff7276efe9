"""The page of a night: who is to be looked at, and what the night was made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swope.flows.night.record import NightRecord
from swope.flows.night.tables import SURPRISING
from swope.flows.record import RunRecord
from swope.pipeline.catalog.store import RECORD, replacing
from swope.pipeline.report.make import page
from swope.pipeline.report.markup import Html, join, tag
from swope.pipeline.report.numbers import number

PAGE = "index.html"

#: Rows of the table of alerts; the file has all.
_ROWS = 500


def write_page(night: Path, alerts: Sequence[dict[str, Any]]) -> Path:
    """Write index.html of a scored night.

    Parameters
    ----------
    night : its folder.
    alerts : as `swope.flows.night.alerts.alerts_of` gives them.
    """
    record = NightRecord.read(night)
    sections = {
        "alerts": ("Alerts", _alerts(alerts)),
        **_drift(record),
        "changed": ("What changed", tag("ul", *map(_item, record.changed))),
        "night": ("This night", _facts(record)),
    }
    footer = "Tables beside this page: stars.parquet, points.parquet, events.parquet, alerts.parquet, nightly.json."
    with replacing(night / PAGE) as temporary:
        temporary.write_text(page(f"the night {night.name}", sections, None, footer, record.version), encoding="utf-8")
    return night / PAGE


def _drift(record: NightRecord) -> dict[str, tuple[str, Html]]:
    """What has drifted in the catalog that the night went on from, and that has been brought up to date since."""
    folder = Path(record.since)
    drift = RunRecord.read(folder).drift if (folder / RECORD).exists() else []
    said = join(tag("p", f"Of the catalog in {folder}, against the runs before:"), tag("ul", *map(_item, drift)))
    return {"drift": ("Drift", said)} if drift else {}


def _item(line: str) -> Html:
    return tag("li", line)


def _alerts(alerts: Sequence[dict[str, Any]]) -> Html:
    if not alerts:
        return tag("p", "Nothing out of the ordinary.")
    head = tag("tr", *(tag("th", name) for name in ("star", "source", "why", "p", "events", "what happened")))
    rows = [
        tag(
            "tr",
            tag("td", tag("bdi", row["object_id"])),
            tag("td", tag("bdi", row["source"])),
            tag("td", row["why"]),
            tag("td", number(row["pvalue"], 2)),
            tag("td", row["n_events"]),
            tag("td", row["said"]),
        )
        for row in alerts[:_ROWS]
    ]
    more = tag("p", f"and {len(alerts) - _ROWS:,} more in alerts.parquet") if len(alerts) > _ROWS else None
    return join(tag("table", tag("thead", head), tag("tbody", *rows)), more)


def _facts(record: NightRecord) -> Html:
    facts = {
        "sources": ", ".join(record.sources),
        "goes on from": record.since,
        "stars": ", ".join(f"{count} {name.removeprefix('n_')}" for name, count in record.counts.items()),
        "new points": f"{record.n_points:,}; {record.n_seen:,} rows known before, {record.n_masked:,} not usable",
        "surprising": f"{record.n_surprising} of {record.n_judged} stars with p below {SURPRISING}, "
        f"{SURPRISING * record.n_judged:.1f} expected",
        "models": ", ".join(record.models.values()),
        "seconds": ", ".join(f"{name} {seconds:.1f}" for name, seconds in record.timings.items()),
    }
    return tag("dl", *(join(tag("dt", name), tag("dd", said)) for name, said in facts.items()))
