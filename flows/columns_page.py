"""The page docs/columns.md, made of the schemas: ``python -m swope.flows.columns_page``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from swope.models.registry import detector_columns
from swope.pipeline.catalog.schema import event_columns, night_columns, object_columns
from swope.pipeline.column import Column, DetectorColumns

_HEAD = """\
# The columns

<!-- made by python -m swope.flows.columns_page; not to be changed by hand -->

Each table carries these units, UCDs and descriptions itself: in the fields' metadata in Parquet, as `TUNITn`, `TUCDn`
and `TCOMMn` in FITS, at each `FIELD` in VOTable, and beside CSV in `objects.columns.csv`. All say as well which version
of Swope and which models made the table. A value that was not computed is a null, never a zero.

A text in CSV that a spreadsheet would run as a formula has an apostrophe before it; FITS, which knows ASCII alone, has
other characters as `\\u03b1` and the like. Where the unit is empty, the number has none, or that of the star's column
`unit`. There is a column `prob_<TYPE>` for every VSX type that the classifier knows.
"""


def page(detectors: Sequence[DetectorColumns]) -> str:
    """The page.

    Parameters
    ----------
    detectors : those whose columns objects.parquet has.
    """
    stars, points = night_columns(detectors)
    any_type = "<TYPE>"
    tables = {
        "objects: a row a star": object_columns(detectors, [any_type]),
        "events: a row an event": event_columns(),
        "stars of a night: a row a star": stars,
        "points of a night: a row a new point and detector": points,
    }
    return "\n".join([_HEAD, *(_section(title, columns) for title, columns in tables.items())])


def _section(title: str, columns: Iterable[Column]) -> str:
    lines = [f"## {title}", "", "| column | type | unit | UCD | what it is |", "|---|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.type} | {c.unit} | `{c.ucd}` | {c.description} |" for c in columns]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    (Path("docs") / "columns.md").write_text(page(detector_columns()), encoding="utf-8")
