"""What an analyst has said of a run's stars: a small table beside the catalog, to which rows are only ever added."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from swope.pipeline.catalog.store import replacing

VERDICTS = "verdicts.csv"

Word = Literal["interesting", "boring", "artifact"]

#: What can be said of a star.
WORDS: tuple[Word, ...] = get_args(Word)


@dataclass(frozen=True)
class Verdict:
    """What was said of one star.

    Attributes
    ----------
    object_id, source : which star.
    verdict : "interesting", "boring" (ordinary after all), or "artifact" (the instrument's, or an error of ours).
    date : when it was said, UTC, as ISO 8601.
    note : the analyst's own words; "" for none.
    """

    object_id: str
    source: str
    verdict: Word
    date: str
    note: str = ""


_HEADER = [field.name for field in fields(Verdict)]


def read_verdicts(run_dir: Path) -> list[Verdict]:
    """Everything that was said of a run's stars, in the order in which it was said; nothing where there is no table.

    Raises
    ------
    ValueError
        When the table is damaged, and in which line.
    """
    path = run_dir / VERDICTS
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        if next(rows, None) != _HEADER:
            raise ValueError(f"{path} is no table of verdicts: its first line must be {','.join(_HEADER)}")
        found = []
        for row in rows:
            if len(row) != len(_HEADER) or row[2] not in WORDS:
                raise ValueError(f"{path}, line {rows.line_num}: a verdict is one of {', '.join(WORDS)}, not {row}")
            found.append(Verdict(row[0], row[1], row[2], row[3], row[4]))
    return found


def add_verdicts(run_dir: Path, verdicts: Iterable[Verdict]) -> None:
    """Add rows to a run's table of verdicts, all of them or none; those that are there stay.

    Parameters
    ----------
    run_dir : folder of the run; nobody else may add to it at the time (`swope.flows.lock`).
    """
    every = [*read_verdicts(run_dir), *verdicts]
    with replacing(run_dir / VERDICTS) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        # all quoted: a lone carriage return in a note would else end its line
        rows = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        rows.writerow(_HEADER)
        rows.writerows(map(_text, astuple(one)) for one in every)


def _text(typed: str) -> str:
    """What was typed may hold bytes that are no text."""
    return os.fsencode(typed).decode("utf-8", "backslashreplace")


def latest(verdicts: Iterable[Verdict]) -> dict[tuple[str, str], Verdict]:
    """The last verdict on each star, by name and source."""
    return {(one.object_id, one.source): one for one in verdicts}
