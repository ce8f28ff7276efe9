"""Verdicts on a run's stars: take them down, and rank the run by them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.flows.latent import placed
from swope.flows.lock import BusyError, locked
from swope.flows.pages import asked_rows
from swope.flows.record import RunRecord
from swope.flows.state import NIGHTLY
from swope.pipeline.catalog import stars_of
from swope.pipeline.catalog.schema import PROBABILITY, VERDICT_COLUMNS, probability_types
from swope.pipeline.catalog.store import OBJECTS, refill
from swope.pipeline.rerank import interest
from swope.pipeline.verdicts import Verdict, Word, add_verdicts, latest, read_verdicts

#: What the file that keeps two analysts from writing at once is called.
LOCK = ".verdicts.lock"


def label(run_dir: Path, object_id: str, word: Word, source: str | None = None, note: str = "") -> Verdict:
    """Take down what is said of a star of a run.

    Parameters
    ----------
    run_dir : folder of a finished run.
    object_id : the star's name.
    word : the verdict.
    source : the file that it came from; needed where several have a star of this name.
    note : the analyst's own words.

    Raises
    ------
    ValueError
        When there is no such run or star, and what the nearest names are; or when several sources have one.
    """
    RunRecord.read(run_dir)
    found = asked_rows(pq.read_table(run_dir / OBJECTS, columns=_NAMED), [object_id])
    rows = [row for row in found if source is None or row["source"] == source]
    if len(rows) != 1:
        sources = ", ".join(row["source"] for row in found)
        raise ValueError(f"{object_id!r} came from {sources}: say which with --source")
    said = Verdict(object_id, rows[0]["source"], word, datetime.now(UTC).isoformat(timespec="seconds"), note)
    with locked(run_dir, LOCK, wait=True):
        add_verdicts(run_dir, [said])
    return said


_NAMED = ["object_id", "source", "status", "reason"]


def rerank(run_dir: Path, verdicts_of: Path | None = None) -> bool:
    """Fill the columns ``verdict`` and ``verdict_rank`` of a run's catalog; p-values and other ranks stay.

    Parameters
    ----------
    run_dir : folder with the catalog, which must be nobody else's at the time.
    verdicts_of : folder of the run that the verdicts are of, where that is another.

    Returns
    -------
    Whether anything was changed.

    Raises
    ------
    ValueError
        When the table of verdicts is damaged, or an earlier version of Swope made the run.
    """
    said = latest(read_verdicts(verdicts_of or run_dir))
    path = run_dir / OBJECTS
    there = pq.read_schema(path).names
    if not set(VERDICT_COLUMNS) <= set(there):
        if said:
            raise ValueError(f"{run_dir}: an earlier version of Swope made this run; run it again to rank it")
        return False
    wanted = ["object_id", "source", "anomaly_rank", *VERDICT_COLUMNS]
    objects = pq.read_table(path, columns=[*wanted, *(f"{PROBABILITY}{name}" for name in probability_types(there))])
    names = stars_of(objects)
    words = [said[name].verdict if name in said else None for name in names]
    if unknown := len(said) - sum(word is not None for word in words):
        print(f"{run_dir}: {unknown} of {len(said)} verdicts are on stars that this run does not have", file=sys.stderr)
    ranks = _ranks(run_dir, objects, words)
    new = {"verdict": pa.array(words, pa.string()), "verdict_rank": pa.array(ranks, pa.int32(), mask=ranks == 0)}
    if all(objects[name].to_pylist() == column.to_pylist() for name, column in new.items()):
        return False
    refill(path, new)
    return True


def _ranks(run_dir: Path, objects: pa.Table, words: Sequence[str | None]) -> NDArray[np.int64]:
    """(n,) places by the verdicts, 1 for the most interesting; 0 for a star without a rank, and where none is said."""
    ranks = np.zeros(len(objects), dtype=np.int64)
    if not any(words):
        return ranks
    known = placed(run_dir, objects)
    anomaly = pc.fill_null(objects["anomaly_rank"], 0).to_numpy()[known.row]
    ranked = np.flatnonzero(anomaly > 0)
    rows, place = known.row[ranked], known.place[ranked]
    judged = np.array([i for i, row in enumerate(rows) if words[row] is not None], dtype=np.int64)
    liked = np.array([words[rows[i]] == "interesting" for i in judged], dtype=bool)
    found = interest(anomaly[ranked].astype(np.float64), place, judged, liked)
    ranks[rows[np.lexsort((anomaly[ranked], -found))]] = np.arange(1, len(rows) + 1)
    return ranks


def refresh(run_dir: Path) -> None:
    """Rank a run by what was said since it was made; where that cannot be, say why, and leave it as it is."""
    try:
        with locked(run_dir):
            rerank(run_dir)
    except (BusyError, ValueError) as problem:
        print(f"not ranked by the verdicts: {problem}", file=sys.stderr)


def dull_names(folder: Path, stars: Iterable[tuple[str, str]]) -> set[str]:
    """Names of the stars that are said to be boring, or artifacts; of namesakes, where all of them are.

    Parameters
    ----------
    folder : of a run, or of a night, which goes back to one.
    stars : name and source of each star of the run: new points of a night may come in files of other names.

    Raises
    ------
    ValueError
        When the table of verdicts is damaged.
    """
    seen: set[Path] = set()
    while (folder / NIGHTLY).is_file() and folder not in seen:
        seen.add(folder)
        folder = Path(json.loads((folder / NIGHTLY).read_text(encoding="utf-8"))["since"])
    dull = {name for name, said in latest(read_verdicts(folder)).items() if said.verdict != "interesting"}
    others = {object_id for object_id, source in stars if (object_id, source) not in dull} if dull else set()
    return {object_id for object_id, _ in dull} - others
