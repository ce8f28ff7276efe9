"""Whole runs, watched from outside; the same without Prefect; and the same in one process, stage by stage."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from swope.flows import catalog as catalogs
from swope.flows import chunk, rows, stages
from swope.flows.chunk import do_chunk
from swope.flows.makers import Makers
from swope.flows.options import RunOptions
from swope.flows.survive import surviving
from swope.flows.workers import worker_processes
from swope.models import analysis
from swope.models.autoencoder import wrong_period
from swope.models.registry import load_models
from swope.pipeline.ingest import Part

COMMAND = "import sys; from swope.flows.cli import main; sys.exit(main(sys.argv[1:]))"
PLAIN = "import sys; from tests.bench.throughput_runs import plain; plain(*sys.argv[1:])"

#: Seconds between two looks at what a run's processes hold.
_LOOK = 0.5


@dataclass(frozen=True)
class Run:
    """A run that was watched.

    Attributes
    ----------
    seconds : from the command to its end, by the clock.
    timings : of its phases, as run.json has them.
    worker_mb, main_mb : most memory that a worker process held, and the command's own.
    """

    seconds: float
    timings: dict[str, float]
    worker_mb: float
    main_mb: float


def run(source: Path, out: Path, workers: int, clock: str | None = None) -> Run:
    """`swope run` with so many workers."""
    words = [COMMAND, "run", str(source), "--out", str(out), "--workers", str(workers)]
    return _watched([*words, "--clock", clock] if clock else words, out)


def run_plain(source: Path, out: Path, workers: int, clock: str | None = None) -> Run:
    """All that `swope run` does, but for Prefect: the chunks go from a thread to its worker process."""
    return _watched([PLAIN, str(source), str(out), str(workers), *([clock] if clock else [])], out)


def _watched(words: Sequence[str], out: Path) -> Run:
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", *words], stdout=subprocess.DEVNULL)
    most: dict[str, float] = {"worker": 0.0, "main": 0.0}
    while process.poll() is None:
        for pid, megabytes, words_of_it in _held(process.pid):
            if pid == process.pid:
                most["main"] = max(most["main"], megabytes)
            elif "spawn_main" in words_of_it:
                most["worker"] = max(most["worker"], megabytes)
        time.sleep(_LOOK)
    if process.returncode:
        raise RuntimeError(f"the run ended with {process.returncode}")
    seconds = time.perf_counter() - begin
    timings = json.loads((out / "run.json").read_text())["timings"]
    return Run(seconds, timings, most["worker"], most["main"])


def _held(pid: int) -> Iterator[tuple[int, float, str]]:
    """A process and all below it: its number, the most memory that it held (MB), its command."""
    try:
        folder = Path("/proc") / str(pid)
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        yield pid, int(status.get("VmHWM", "0 kB").split()[0]) / 1024, (folder / "cmdline").read_text()
        for child in (folder / "task" / str(pid) / "children").read_text().split():
            yield from _held(int(child))
    except OSError:
        return


def plain(source: str, out: str, workers: str, clock: str | None = None) -> None:
    """The flow's own function outside Prefect, a thread a worker; the body of `run_plain`."""

    def run_chunks(parts: Sequence[Part], folders: Sequence[Path], options: RunOptions, *_: object) -> int:
        with ThreadPoolExecutor(int(workers)) as threads:
            list(threads.map(lambda pair: surviving(do_chunk, *pair, options), zip(parts, folders, strict=True)))
        return 0

    with (
        patch.object(catalogs, "run_chunks", run_chunks),
        patch.object(catalogs, "announce", _silent),
        worker_processes(int(workers)) as pool,
    ):
        assert pool is not None
        pool.warm((Makers.of, None))
        catalogs.catalog.fn([source], out, RunOptions(clock=clock), int(workers))


def _silent(*_: Any) -> None:
    """In place of what only Prefect is told."""


class Stages:
    """Seconds of processor time that each stage takes, without the stages that it calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._within: list[float] = []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, on the account of a stage."""

        def call(*arguments: Any, **named: Any) -> Any:
            self._within.append(0.0)
            begin = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                whole = time.process_time() - begin
                self.seconds[name] = self.seconds.get(name, 0.0) + whole - self._within.pop()
                if self._within:
                    self._within[-1] += whole

        return call


@contextmanager
def _on_account(stage: Stages, options: RunOptions) -> Iterator[None]:
    """Have the stages of a run in this process counted."""
    models = load_models(options.models)
    counted: list[tuple[Any, str, str]] = [
        (catalogs, "plan", "read"),
        (stages, "read", "read"),
        (stages, "clean", "clean"),
        (chunk, "find_period", "period"),
        (analysis, "inputs_of", "inputs"),
        (wrong_period, "refolded", "inputs"),
        (type(models.classifier), "classify_inputs", "classifier"),
        *((type(detector), "assess", name) for name, detector in models.detectors.items()),
        (rows, "assess", "row"),
        (chunk, "rows_of", "row"),
        (stages, "write_rows", "catalog"),
        (catalogs, "commit", "catalog"),
        (catalogs, "write_report", "report"),
    ]
    with ExitStack() as held:
        for owner, name, account in counted:
            held.enter_context(patch.object(owner, name, stage.timed(account, getattr(owner, name))))
        yield


def staged(source: Path, out: Path, clock: str | None = None) -> dict[str, float]:
    """Seconds of processor time of each stage of a run in this process; "other" is what belongs to none."""
    options = RunOptions(clock=clock)

    def run_chunks(parts: Sequence[Part], folders: Sequence[Path], options: RunOptions, *_: object) -> int:
        for part, folder in zip(parts, folders, strict=True):
            do_chunk(part, folder, options)
        return 0

    stage = Stages()
    with (
        patch.object(catalogs, "run_chunks", run_chunks),
        patch.object(catalogs, "announce", _silent),
        _on_account(stage, options),
    ):
        stage.timed("other", catalogs.catalog.fn)([str(source)], str(out), options, 0)
    return stage.seconds
