"""How long a user waits: ``python -m tests.bench.start [FITS]``, one JSON line, all in one run on one machine.

Timed, each in processes of its own and the quickest of three:

- *bare*: bare Python imports Keras and loads the three networks; everything else is held against it;
- *show*: ``swope show`` of one Kepler quarter, a page and a picture included;
- *run*: ``swope run`` of the same, with its catalog and report;
- *second*: a second `swope.analyze` of it in one process, in seconds;
- *first_run*: ``swope run`` where nothing has been compiled yet (an empty cache of numba's), against *run*; once;
- *first_demo* and *demo*: the same of the sample survey, as ``make demo`` runs it on a fresh machine; once each.

The quarter is Kepler-90's first in the real data, or FITS.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.real_data import REAL_DATA

QUARTER = REAL_DATA / "kepler" / "kplr011442793-2009350155506_llc.fits"

SAMPLE = Path(__file__).parents[2] / "data" / "sample"

BARE = """
from swope.flows.runtime import one_thread, quiet
quiet(); one_thread()
from swope.models.keras_backend import keras
keras()
from swope.models.registry import load_model
for kind in ("forecaster", "autoencoder", "classifier"):
    load_model(kind)
"""

SECOND = """
import sys, time
from swope.flows.runtime import one_thread, quiet
quiet(); one_thread()
import swope
star = swope.read(sys.argv[1])
swope.analyze(star)
seconds = []
for _ in range(5):
    start = time.perf_counter()
    swope.analyze(star)
    seconds.append(time.perf_counter() - start)
print(min(seconds))
"""

COMMAND = "import sys; from swope.flows.cli import main; sys.exit(main(sys.argv[1:]))"


def main(arguments: list[str]) -> int:
    """Print the line; the exit code is 2 where there is no file to time."""
    quarter = Path(arguments[0]) if arguments else QUARTER
    if not quarter.is_file():
        print(f"no light curve at {quarter}: name a FITS file", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        places = (Path(scratch) / str(i) for i in range(1000))

        def show() -> None:
            _python(COMMAND, "show", quarter, "--out", next(places))

        def run() -> None:
            _python(COMMAND, "run", quarter, "--out", next(places))

        # what is compiled once a machine is compiled here
        run()
        bare, shown, ran = (_least(one) for one in (lambda: _python(BARE), show, run))
        second = float(_python(SECOND, quarter))
        empty = {"NUMBA_CACHE_DIR": str(next(places))}
        first = _seconds(lambda: _python(COMMAND, "run", quarter, "--out", next(places), more=empty))
        empty = {"NUMBA_CACHE_DIR": str(next(places))}
        first_demo, demo = (
            _seconds(lambda: _python(COMMAND, "run", SAMPLE, "--out", next(places), more=empty)) for _ in range(2)
        )
    line = {
        "bench": "start",
        "file": quarter.name,
        "bare_s": round(bare, 2),
        "show_s": round(shown, 2),
        "run_s": round(ran, 2),
        "second_s": round(second, 3),
        "first_run_s": round(first, 2),
        "show_over_bare": round(shown / bare, 2),
        "run_over_bare": round(ran / bare, 2),
        "first_over_later_run": round(first / ran, 2),
        "first_demo_s": round(first_demo, 2),
        "demo_s": round(demo, 2),
        "first_over_later_demo": round(first_demo / demo, 2),
    }
    print(json.dumps(line))
    return 0


def _python(code: str, *arguments: object, more: dict[str, str] | None = None) -> str:
    """What a fresh Python prints that runs the code.

    Raises
    ------
    RuntimeError
        When it fails, with what it said.
    """
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | (more or {}))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[3:]) or 'bare'} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _least(do: Callable[[], object], times: int = 3) -> float:
    return min(_seconds(do) for _ in range(times))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
