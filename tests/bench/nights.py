"""Nights after nights against one run over the final data, and what a night costs: JSON lines.

    python -m tests.bench.nights [--nights 30] [--stars 120]                ends in the catalog of one run?
    python -m tests.bench.nights --cost [--stars 10000] [--points 300]      1 % changed, and nothing did: the costs
    python -m tests.bench.nights --cost --keep FOLDER                       the same, and another night each time

A survey of some fields, a nested Parquet file each, grows from night to night: most nights some fields get points,
some points come nights late, stars are found anew, in one night a field is reduced again, for some nights nothing comes
(an outage), and in one night there are other models. Every night `swope.flows.nightly` brings the catalog up to date;
in the end one run over the final data, with the last models, is held against it byte for byte.

Costs are stars analysed, and processor seconds of all processes of a night but Prefect's server, which stands from
night to night; a quiet night is the cost of starting.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.flows.lock import LOCK
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.models.statespace import StateSpace
from tests.kept_state import state_bytes

TABLES = ("objects.parquet", "events.parquet")
FIELDS = 6

#: Nights of a survey before the first one of the bench.
BEFORE = 60

#: The nights of an outage, that after which a field is reduced again, and that of the new models.
OUTAGE, AGAIN, NEW_MODEL = (11, 12, 13), 17, 20


@dataclass
class Survey:
    """What a telescope has seen, and what of it has arrived.

    Attributes
    ----------
    folder : of its files.
    stars : in all; the last tenth is found on the way.
    seed : of everything that is drawn.
    """

    folder: Path
    stars: int
    seed: int = 0
    rows: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    late: list[tuple[int, float, float]] = field(default_factory=list)
    shifted: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.glob("field*.parquet")):
            for row in pq.read_table(path).to_pylist():
                self.rows[int(row["object_id"][1:])] = list(zip(row["mjd"], row["mag"], strict=True))

    def brightness(self, star: int, time_: float) -> float:
        """Magnitude with noise."""
        period, amplitude = 0.4 + 0.037 * (star % 61), 0.05 + 0.4 * (star % 7) / 7
        return 14 + amplitude * float(np.sin(2 * np.pi * time_ / period)) + 0.02 * float(self.rng.normal())

    def begin(self, points: int, stars: int | None = None) -> None:
        """The nights before the first, of so many stars; None for nine tenths of them."""
        for star in range(self.stars - self.stars // 10 if stars is None else stars):
            times = 58000.0 + np.sort(self.rng.uniform(0, BEFORE, points))
            self.rows[star] = [(float(t), self.brightness(star, float(t))) for t in times]
        self.write(range(FIELDS))

    def night(self, number: int, again: int = AGAIN) -> None:
        """What comes in a night; in the night `again` a field is reduced again."""
        today = 58000.0 + BEFORE + number
        fields = [one for one in range(FIELDS) if (one + number) % 3 == 0]
        due = [one for one in self.late if self.rng.random() < 0.4]
        self.late = [one for one in self.late if one not in due]
        for star, time_, mag in due:
            self.rows[star].append((time_, mag))
        for star in sorted(self.rows):
            if star % FIELDS in fields and self.rng.random() < 0.5:
                time_ = today + float(self.rng.uniform(0, 0.4))
                seen = (star, time_, self.brightness(star, time_))
                if self.rng.random() < 0.2:
                    self.late.append(seen)
                else:
                    self.rows[star].append(seen[1:])
        if number % 5 == 2 and len(self.rows) < self.stars:
            star = len(self.rows)
            times = today + np.sort(self.rng.uniform(0, 0.4, 12))
            self.rows[star] = [(float(t), self.brightness(star, float(t))) for t in times]
            fields.append(star % FIELDS)
        if number == again:
            self.shifted.add(3)
            fields.append(3)
        self.write({*fields, *(star % FIELDS for star, _, _ in due)})

    def change(self, share: float) -> int:
        """Give a share of the stars new points, points that are late, or other values; returns how many."""
        chosen = self.rng.choice(sorted(self.rows), round(share * len(self.rows)), replace=False)
        for i, star in enumerate(chosen.tolist()):
            if i % 10 == 0:
                self.rows[star][3] = (self.rows[star][3][0], self.rows[star][3][1] + 0.01)
            else:
                time_ = 58000.0 + BEFORE + (1.0 if i % 10 > 2 else -BEFORE / 2)
                self.rows[star].append((time_, self.brightness(star, time_)))
        self.write(range(FIELDS))
        return len(chosen)

    def write(self, fields: Sequence[int] | range | set[int]) -> None:
        """Write the files of some fields."""
        for one in sorted(set(fields)):
            stars = [star for star in sorted(self.rows) if star % FIELDS == one]
            shift = 0.01 if one in self.shifted else 0.0
            rows = [sorted(self.rows[star]) for star in stars]
            table = {
                "object_id": [f"s{star:06d}" for star in stars],
                "mjd": [[t for t, _ in some] for some in rows],
                "mag": [[m + shift for _, m in some] for some in rows],
                "mag_err": [[0.02] * len(some) for some in rows],
            }
            pq.write_table(pa.table(table), self.folder / f"field{one}.parquet")


def other_models(folder: Path) -> Path:
    """Models as the shipped ones, but for a state space that takes other points for outliers."""
    shipped = StateSpace.pretrained()
    replace(shipped, options=replace(shipped.options, outlier=3.0)).save(folder / "statespace")
    return folder


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file of a folder but for its lock, with what changes when it is written."""
    files = [one for one in folder.rglob("*") if one.is_file() and one.name != LOCK]
    return {str(one): (one.stat().st_ino, one.stat().st_mtime_ns) for one in files}


@dataclass(frozen=True)
class Outcome:
    """What came of some nights.

    Attributes
    ----------
    nights : that were scored.
    quiet : nights in which nothing changed.
    written : files that a quiet night wrote or changed.
    analysed : stars that were analysed, over all nights.
    different : what is not as one run over the final data has it.
    """

    nights: int
    quiet: int
    written: int
    analysed: int
    different: list[str]


def many_nights(
    folder: Path,
    stars: int,
    nights: int,
    points: int = 40,
    new_model: int = NEW_MODEL,
    outage: Sequence[int] = OUTAGE,
    again: int = AGAIN,
) -> Outcome:
    """Go through the nights of a survey, and hold the end against one run."""
    # not before Prefect is told to be quiet
    from swope.flows.catalog import catalog
    from swope.flows.nightly import nightly

    survey = Survey(folder / "incoming", stars)
    survey.begin(points)
    run_dir, places = folder / "catalog", (str(folder / "incoming"), str(folder / "catalog"), str(folder / "nights"))
    options = RunOptions(chunk_size=32, clock="MJD_UTC")
    nightly(*places, options=options, top=1, workers=1)
    analysed = len(survey.rows)
    scored = quiet = written = 0
    for number in range(1, nights + 1):
        if number not in outage:
            survey.night(number, again)
        if number == new_model:
            options = replace(options, models=str(other_models(folder / "models")))
        before = stamps(run_dir) | stamps(folder / "nights")
        if nightly(*places, options=options, top=1, workers=1) is None and number != new_model:
            quiet += 1
            after = stamps(run_dir) | stamps(folder / "nights")
            written += len(set(before.items()) ^ set(after.items()))
        else:
            scored += 1
            analysed += analysed_by(run_dir)
    catalog([places[0]], str(folder / "once"), options=options, workers=1, top=1)
    different = [name for name in TABLES if (run_dir / name).read_bytes() != (folder / "once" / name).read_bytes()]
    if state_bytes(run_dir) != state_bytes(folder / "once"):
        different.append("what is kept for the next night")
    return Outcome(scored, quiet, written, analysed, different)


def analysed_by(run_dir: Path) -> int:
    """Stars that the last run of a folder did not take over, of the chunks that it did."""
    record = RunRecord.read(run_dir)
    return int(record.counts["n_in"]) - record.n_taken_over - record.n_kept


_NIGHT = """
import sys
from swope.flows.runtime import quiet
quiet()
from swope.flows.server import prefect_server
if __name__ == "__main__":
    with prefect_server():
        from swope.flows.nightly import nightly
        from swope.flows.options import RunOptions
        print(nightly(*sys.argv[1:4], options=RunOptions(clock="MJD_UTC"), top=1))
"""


def cost(folder: Path, stars: int, points: int) -> None:
    """Print what the first run, a night with 1 % changed, and a night without a change cost.

    Where the folder holds the first run already, of the code as it is, there is another night.
    """
    survey = Survey(folder / "incoming", stars, seed=len(list((folder / "nights").glob("*"))))
    first, script = folder / "first.json", folder / "night.py"
    script.write_text(_NIGHT)
    places = [str(folder / name) for name in ("incoming", "catalog", "nights")]
    spent: dict[str, float] = {}
    analysed: dict[str, int] = {}
    if first.exists():
        spent["run"], analysed["run"] = json.loads(first.read_text())
    else:
        survey.begin(points, stars)
    for name in ("quiet", "night") if first.exists() else ("run", "quiet", "night"):
        changed = survey.change(0.01) if name == "night" else 0
        before, begin = cpu(), time.monotonic()
        subprocess.run([sys.executable, str(script), *places], check=True, stdout=subprocess.DEVNULL)
        spent[name], wall = cpu() - before, time.monotonic() - begin
        analysed[name] = 0 if name == "quiet" else analysed_by(folder / "catalog")
        line = {"bench": "nights", "part": name, "stars": len(survey.rows), "changed": changed, "wall": round(wall, 1)}
        print(json.dumps(line | {"cpu": round(spent[name], 1), "analysed": analysed[name]}), flush=True)
    first.write_text(json.dumps([spent["run"], analysed["run"]]))
    shares = {
        "stars": analysed["night"] / analysed["run"],
        "cpu": spent["night"] / spent["run"],
        "cpu_less_start": (spent["night"] - spent["quiet"]) / (spent["run"] - spent["quiet"]),
    }
    print(json.dumps({"bench": "nights", "part": "share"} | {name: round(one, 4) for name, one in shares.items()}))


def cpu() -> float:
    """Processor seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and print lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--stars", type=int)
    parser.add_argument("--points", type=int, help="of each star at the beginning: 40, or 300 for the costs")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="of the survey and its run, for more nights")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.cost:
            cost(given.keep or Path(folder), given.stars or 10_000, given.points or 300)
            return
        from swope.flows.server import prefect_server
        from swope.flows.workers import worker_processes

        with prefect_server(), worker_processes(2):
            outcome = many_nights(Path(folder), given.stars or 120, given.nights, given.points or 40)
    print(json.dumps({"bench": "nights", "part": "nights", **vars(outcome)}))


if __name__ == "__main__":
    from swope.flows.runtime import quiet

    quiet()
    main()
