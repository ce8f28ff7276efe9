"""Kill a run at random moments, and see whether it goes on to the same bytes: one JSON line.

    python -m tests.bench.kills [--kills 50] [--seed 0] [SOURCE...]

A run is killed (SIGKILL, so that nothing of it can clean up), given again, killed again, ... each after a random part
of the time that an undisturbed run takes. After every kill what stands in the folder has to belong together; in the end
its tables have to be those of the undisturbed run, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TABLES = ("objects.parquet", "events.parquet", "state.parquet")
SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "ogle_like"
_SWOPE = (sys.executable, "-c", "import sys; from swope.flows.cli import main; sys.exit(main())")


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes
    ----------
    kills : how often a run was killed at work.
    finished : runs that ended before their moment came, most of them after some that were killed; the next one began in
        an empty folder.
    torn : kills after which the folder held tables that do not belong together.
    different : finished runs with other bytes than the undisturbed one's.
    """

    kills: int
    finished: int
    torn: int
    different: int


def command(sources: list[str], out: Path) -> list[str]:
    """The run; small chunks, so that there are many moments between them."""
    return [*_SWOPE, "run", *sources, "--out", str(out), "--clock", "unknown", "--chunk-size", "4", "--top", "1"]


def hashes(out: Path) -> dict[str, str]:
    """Hash of each table that is there."""
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in TABLES if (out / name).exists()}


def belongs_together(out: Path) -> bool:
    """Whether all tables and run.json are there, or none, once an interrupted commit is finished as a reader does."""
    from swope.flows.record import RunRecord
    from swope.pipeline.catalog import count_statuses

    try:
        record = RunRecord.read(out)
    except ValueError:
        return not hashes(out)
    return len(hashes(out)) == len(TABLES) and count_statuses(out / TABLES[0]) == record.counts


def killed(sources: list[str], out: Path, after: float) -> bool:
    """Begin a run and kill it after some seconds, with all that it started; False where it had ended."""
    run = subprocess.Popen(command(sources, out), stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        run.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return True
    return False


def measure(sources: list[str], kills: int, seed: int, folder: Path) -> Outcome:
    """Kill a run so often."""
    draw = random.Random(seed)
    begin = time.monotonic()
    subprocess.run(command(sources, folder / "undisturbed"), check=True, stdout=subprocess.DEVNULL)
    lasted = time.monotonic() - begin
    out, wanted = folder / "killed", hashes(folder / "undisturbed")
    done = finished = torn = different = 0
    while done < kills:
        if killed(sources, out, draw.uniform(0, lasted)):
            done += 1
            torn += not belongs_together(out)
        else:
            finished += 1
            different += hashes(out) != wanted
            shutil.rmtree(out)
    subprocess.run(command(sources, out), check=True, stdout=subprocess.DEVNULL)
    return Outcome(done, finished + 1, torn, different + (hashes(out) != wanted))


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", default=[str(SAMPLE)])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(vars(measure(given.sources, given.kills, given.seed, Path(folder)))))


if __name__ == "__main__":
    main()
