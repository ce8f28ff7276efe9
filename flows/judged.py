"""Verdicts on many stars at once, from a table such as the report saves."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from swope.flows.lock import locked
from swope.flows.record import RunRecord
from swope.flows.verdicts import LOCK
from swope.pipeline.catalog.as_csv import undefused
from swope.pipeline.catalog.store import OBJECTS
from swope.pipeline.verdicts import WORDS, Verdict, add_verdicts

#: Columns that the table must have; `source` and `note` it may have.
_NEEDED = ("object_id", "verdict")
_READ = ("object_id", "source", "verdict", "note")


def label_from(run_dir: Path, table: Path) -> list[Verdict]:
    """Take down what a table says of stars of a run: all of it, or nothing where any row of it cannot be understood.

    Parameters
    ----------
    run_dir : folder of a finished run.
    table : CSV with the columns object_id and verdict, and source and note where they are said; texts as Swope writes
        them (`swope.pipeline.catalog.as_csv`).

    Raises
    ------
    ValueError
        When there is no such run, the table lacks a column, or a row names no star or no verdict; and which one.
    """
    RunRecord.read(run_dir)
    sources: dict[str, list[str]] = {}
    stars = pq.read_table(run_dir / OBJECTS, columns=["object_id", "source", "status"]).to_pylist()
    for star in stars:
        if star["status"] in ("ok", "partial"):
            sources.setdefault(star["object_id"], []).append(star["source"])
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = []
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in _NEEDED if name not in (rows.fieldnames or ())]:
            raise ValueError(f"{table} has no column {missing[0]!r}; its first line must be object_id,source,verdict")
        for row in rows:
            name, source, word, note = (undefused(row.get(key) or "") for key in _READ)
            where = f"{table}, line {rows.line_num}"
            verdict = next((one for one in WORDS if one == word), None)
            if verdict is None:
                raise ValueError(f"{where}: a verdict is one of {', '.join(WORDS)}, not {word!r}")
            found = [one for one in sources.get(name, []) if source in ("", one)]
            if not found:
                raise ValueError(
                    f"{where}: the run has no light curve of a star {name!r} from {source or 'any source'}"
                )
            if len(found) > 1:
                raise ValueError(f"{where}: {name!r} came from {', '.join(found)}: say which in a column source")
            said.append(Verdict(name, found[0], verdict, now, note))
    with locked(run_dir, LOCK, wait=True):
        add_verdicts(run_dir, said)
    return said
