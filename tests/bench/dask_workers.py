"""A run on Dask against the same run on this machine's own workers, and with a worker, or the scheduler, lost: a line.

    python -m tests.bench.dask_workers [--workers 2] [--stars 2500]
    python -m tests.bench.dask_workers [--workers 2] SOURCE...

Without sources the stars are simulated ones (`tests.bench.nights`), as many as take each run half a minute. Dask's
workers are processes of this machine, with one thread each. Times are those of the chunks alone, from run.json, each
with as many workers: `ratio` is the local time over Dask's in its second run, since the workers of a run load the
models before its chunks begin, and Dask's in their first chunk.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from swope.flows.runtime import quiet
from tests.bench.chaos import TABLES, finished_chunks, hashes
from tests.bench.nights import Survey

#: Of each simulated star.
POINTS = 300
_SWOPE = (sys.executable, "-c", "import sys; from swope.flows.cli import main; sys.exit(main())")


def run(sources: Sequence[str], out: Path, chunk_size: int, *words: str) -> float:
    """Do a run; returns the seconds of its chunks."""
    command = [*_SWOPE, "run", *sources, "--out", str(out), "--clock", "unknown", "--no-report"]
    subprocess.run([*command, "--chunk-size", str(chunk_size), *words], check=True, stdout=subprocess.DEVNULL)
    return float(json.loads((out / "run.json").read_text())["timings"]["chunks"])


def lose_one(client: Any, out: Path, lost: list[int]) -> None:
    """Kill a worker once a chunk is finished."""
    pids = client.run(os.getpid)
    while not finished_chunks(out):
        time.sleep(0.05)
    lost.append(next(iter(pids.values())))
    os.kill(lost[0], signal.SIGKILL)


def compare(sources: Sequence[str], folder: Path, workers: int, chunk_size: int, local: bool = True) -> dict[str, Any]:
    """Do the run in the three ways; without `local`, only on Dask with a worker lost."""
    from distributed import Client, LocalCluster

    # Dask's workers take it over
    quiet()
    found: dict[str, Any] = {"workers": workers}
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0)
    with cluster, Client(cluster) as client:
        if local:
            found["local"] = run(sources, folder / "local", chunk_size, "--workers", str(workers))
            found["dask_first"] = run(sources, folder / "first", chunk_size, "--dask", cluster.scheduler_address)
            found["dask"] = run(sources, folder / "dask", chunk_size, "--dask", cluster.scheduler_address)
            found["ratio"] = round(found["local"] / found["dask"], 3)
            found["same"] = hashes(folder / "dask") == hashes(folder / "local")
        lost: list[int] = []
        killer = threading.Thread(target=lose_one, args=(client, folder / "lost", lost), daemon=True)
        killer.start()
        run(sources, folder / "lost", chunk_size, "--dask", cluster.scheduler_address)
        killer.join(1)
    found["lost"] = len(lost)
    if local:
        found["restarted"] = restarted(sources, folder, chunk_size)
        found["same_restarted"] = hashes(folder / "restarted") == hashes(folder / "local")
    if local:
        found["same_with_one_lost"] = hashes(folder / "lost") == hashes(folder / "local")
    return found


@contextmanager
def dask_at(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler at a port, and a worker of it; yields the scheduler's process."""
    address = ("--host", "127.0.0.1", "--port", str(port))
    parts = (
        ("dask_scheduler", *address, "--no-dashboard"),
        ("dask_worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1", "--no-nanny", "--no-dashboard"),
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        for name, *words in parts
    ]
    try:
        yield started[0]
    finally:
        for one in started:
            one.kill()
            one.wait()


def restarted(sources: Sequence[str], folder: Path, chunk_size: int) -> int:
    """Lose the scheduler in the middle of a run, and start another one at its port; returns the run's exit code."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    out = folder / "restarted"
    command = [*_SWOPE, "run", *sources, "--out", str(out), "--clock", "unknown", "--no-report"]
    command += ["--chunk-size", str(chunk_size), "--dask", f"tcp://127.0.0.1:{port}"]
    with ExitStack() as started:
        with dask_at(port, folder) as scheduler:
            run_ = started.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            # who is interrupted while he waits leaves nothing behind
            started.callback(run_.kill)
            while run_.poll() is None and not finished_chunks(out):
                time.sleep(0.05)
            scheduler.kill()
            scheduler.wait()
        with dask_at(port, folder):
            return run_.wait()


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", metavar="SOURCE")
    parser.add_argument("--stars", type=int, default=2500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--chunk-size", type=int, default=64)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not given.sources:
            Survey(Path(folder) / "survey", given.stars).begin(POINTS, given.stars)
        found = compare(given.sources or [f"{folder}/survey"], Path(folder), given.workers, given.chunk_size)
    print(json.dumps({"bench": "dask", "tables": len(TABLES), **found}))


if __name__ == "__main__":
    main()
