"""Completeness and false alarms in the report, where `swope inject` measured them."""

from __future__ import annotations

import base64
from pathlib import Path

import pyarrow.parquet as pq

from swope.pipeline.report.markup import Html, join, tag
from swope.pipeline.report.numbers import number

#: Files that `swope inject` leaves, of which the report shows something.
PICTURE, ALARMS = "completeness.png", "false_alarms.parquet"

#: Where the report looks for them, in the folder of the run.
FOLDER = "inject"


def found_section(folder: Path) -> Html | None:
    """Picture and rates that `swope inject` left in a folder; None where it left none."""
    if not ((folder / PICTURE).is_file() and (folder / ALARMS).is_file()):
        return None
    picture = base64.b64encode((folder / PICTURE).read_bytes()).decode()
    rows = pq.read_table(folder / ALARMS).to_pylist()
    names = list(rows[0]) if rows else []
    head = tag("thead", tag("tr", *(tag("th", name.replace("_", " "), scope="col") for name in names)))
    body = [tag("tr", *(tag("td", _said(row[name]), class_="number") for name in names)) for row in rows]
    return join(
        tag("p", "Known events laid into stars of this survey: which of them are found, and how often there is none."),
        tag(
            "figure",
            tag("img", src=f"data:image/png;base64,{picture}", alt="Share of the events found, by shape and size"),
            tag("figcaption", "Share of events found, with 95 % intervals"),
            class_="card amplitudes",
        ),
        tag("table", tag("caption", "False alarms"), head, tag("tbody", *body)),
    )


def _said(value: object) -> str:
    return number(value, 3) if isinstance(value, float) else "" if value is None else str(value)
