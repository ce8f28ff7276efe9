"""Mutate real files and see that nothing breaks and nothing is read wrongly: ``python -m tests.bench.mutants``.

10,000 blind mutants (bytes, tables, names, bombs, links): no exception, no warning, none over 5 s, none over 2 GB,
nothing written outside the scratch folder, every file accounted for. 2,000 meaningful ones: each is right, partial
with a reason, or refused. Prints the faults, grouped, and one JSON line; ``--keep DIR`` saves the files of each fault.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import mutants_blind, mutants_meant
from tests.real_data import REAL_DATA

#: Limits of one mutant.
SECONDS, MEGABYTES = 5.0, 2048

#: A worker that says nothing for so long is stuck in compiled code, and is ended.
STUCK_SECONDS = 60.0

#: No worker may have more addresses than this (the memory that counts is measured): the machine is to live.
ADDRESS_BYTES = 12 * 2**30

#: Exceptions that say that our code, not the file, was not thought through.
OURS = re.compile(
    r"\((KeyError|IndexError|AttributeError|TypeError|ZeroDivisionError|AssertionError|UnboundLocalError|NameError|"
    r"RecursionError|StopIteration|RuntimeError|MemoryError|OverflowError|FloatingPointError)\b"
)

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    Attributes
    ----------
    number, sort : which mutant: its place, and "blind" or "meant".
    what : the mutant in words.
    fault : what is wrong, or "".
    stars, partial, refused : how many.
    seconds, megabytes : what it cost.
    """

    number: int
    sort: str
    what: str
    fault: str
    stars: int
    partial: int
    refused: int
    seconds: float
    megabytes: float


@cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """The files that are mutated."""
    return tuple(mutants_blind.seeds([REAL_DATA, SAMPLE] if REAL_DATA.exists() else [SAMPLE]))


@cache
def stars() -> tuple[mutants_meant.Star, ...]:
    """The stars that are written anew."""
    return tuple(mutants_meant.real_stars(REAL_DATA))


def examine(sort: str, number: int, seed: int, keep: Path | None = None, light: bool = False) -> Outcome:
    """Make one mutant, read it, and judge what came of it.

    Parameters
    ----------
    sort : "blind" or "meant".
    keep : where to put the mutant's files, should there be a fault.
    light : without the mutants that are hundreds of megabytes large.
    """
    rng = np.random.default_rng([seed, number, sort == "meant"])
    with tempfile.TemporaryDirectory(prefix="mutant-") as root:
        folder, scratch = Path(root, "in"), Path(root, "out")
        folder.mkdir()
        scratch.mkdir()
        if sort == "blind":
            what, held, kind = mutants_blind.make(rng, folder, seeds(), light), [], ""
        else:
            what, held, kind = mutants_meant.make(rng, folder, stars())
        before = _listing(Path(root))
        _forget_peak()
        started = time.perf_counter()
        with _heard() as noise:
            fault, counts = _read(folder, scratch, held, kind)
        seconds, megabytes = time.perf_counter() - started, _peak_megabytes()
        if noise:
            fault = fault or f"printed {_plain(noise[0])}"
        if seconds > SECONDS:
            fault = fault or f"took {seconds:.1f} s"
        if megabytes > MEGABYTES:
            fault = fault or f"took {megabytes:.0f} MB"
        if _listing(Path(root)) != before:
            fault = fault or "wrote outside its folder"
        if fault and keep is not None:
            shutil.copytree(folder, keep / f"{sort}-{number}", symlinks=True, dirs_exist_ok=True)
    return Outcome(number, sort, what, fault, *counts, round(seconds, 3), round(megabytes))


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What would be printed meanwhile, though nobody raised it: warnings, and exceptions that Python ignores."""
    noise: list[str] = []
    usual = sys.unraisablehook
    sys.unraisablehook = lambda ignored: noise.append(f"{type(ignored.exc_value).__name__}: {ignored.exc_value}")
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield noise
            noise += [f"{one.category.__name__}: {one.message}" for one in warned]
    finally:
        sys.unraisablehook = usual


def _read(
    folder: Path, scratch: Path, held: Sequence[mutants_meant.Star], kind: str
) -> tuple[str, tuple[int, int, int]]:
    """Read a folder; returns what is wrong, and how many stars, partial stars and refusals there were."""
    from swope.pipeline.clean import clean
    from swope.pipeline.ingest import IngestOptions, SourceError, plan, read

    options = IngestOptions()
    try:
        planned = plan([str(folder)], options, scratch)
    except SourceError:
        return "", (0, 0, 1)
    except Exception as error:  # the very thing that is looked for
        return f"exception {type(error).__name__}: {_plain(str(error))}", (0, 0, 0)
    try:
        got = [read(part, options) for part in planned.parts]
        curves = [clean(curve) for one in got for curve in one.chunk]
    except Exception as error:  # as above
        return f"exception {type(error).__name__}: {_plain(str(error))}", (0, 0, 0)
    reasons = [refused.reason for refused in planned.refused] + [r.reason for one in got for r in one.refused]
    counts = (len(curves), sum(bool(curve.caution) for curve in curves), len(reasons))
    ours = next((reason for reason in reasons if OURS.search(reason)), "")
    if ours:
        return f"unclear reason: {_plain(ours)}", counts
    if not curves and not reasons:
        return "nothing came of it, and nothing was said", counts
    return (mutants_meant.fault(curves, len(reasons), held, kind) if held else ""), counts


def _plain(text: str) -> str:
    """A message without what differs from mutant to mutant, so that like faults stand together."""
    return re.sub(r"\d+(\.\d+)?", "N", re.sub(r"'[^']*'|/\S+", "X", " ".join(text.split())))[:160]


def _listing(root: Path) -> list[tuple[str, int]]:
    """Files in a folder, its scratch excepted, and beside it where hostile names would lead."""
    inside = [(str(p), p.lstat().st_size) for p in root.rglob("*") if root / "out" not in (p, *p.parents)]
    return sorted(inside) + [
        (p, 0) for p in ("/tmp/escaped.csv", "escaped.csv", "../escaped.csv") if os.path.lexists(p)
    ]


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak_megabytes() -> float:
    """Peak resident memory since `_forget_peak`, where the system tells; else since the process began."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = re.search(r"VmHWM:\s*(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def _work(pipe: Connection, seed: int, keep: Path | None) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
    while (job := pipe.recv()) is not None:
        pipe.send(examine(job[0], job[1], seed, keep))


@dataclass
class _Worker:
    """One process, the job that it has, and since when."""

    process: Any
    pipe: Connection
    job: tuple[str, int] | None = None
    since: float = 0.0

    @classmethod
    def started(cls, seed: int, keep: Path | None) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, seed, keep), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, job: tuple[str, int] | None) -> None:
        """Hand over the next job, or None to end."""
        self.job, self.since = job, time.monotonic()
        self.pipe.send(job)


def run(jobs: Sequence[tuple[str, int]], seed: int, processes: int, keep: Path | None) -> Iterator[Outcome]:
    """Examine mutants in processes of their own; one that dies or hangs is a fault of its mutant."""
    left = list(reversed(jobs))
    workers = [_Worker.started(seed, keep) for _ in range(processes)]
    for worker in workers:
        worker.give(left.pop() if left else None)
    while any(worker.job for worker in workers):
        ready = wait([worker.pipe for worker in workers if worker.job], timeout=5)
        for i, worker in enumerate(workers):
            if worker.job is None:
                continue
            hung = time.monotonic() - worker.since > STUCK_SECONDS
            if worker.pipe not in ready and not hung:
                continue
            try:
                yield _lost(worker.job, "hung") if hung else worker.pipe.recv()
            except EOFError:
                hung = True
                yield _lost(worker.job, "killed the process")
            if hung:
                worker.process.kill()
                workers[i] = worker = _Worker.started(seed, keep)
            worker.give(left.pop() if left else None)


def _lost(job: tuple[str, int], fault: str) -> Outcome:
    return Outcome(job[1], job[0], "", fault, 0, 0, 0, STUCK_SECONDS, 0.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Examine, print the faults by group, and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blind", type=int, default=10_000)
    parser.add_argument("--meant", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--examples", type=int, default=3, help="examples printed of each group of faults")
    said = parser.parse_args(arguments)
    jobs = [("blind", i) for i in range(said.blind)] + [("meant", i) for i in range(said.meant)]
    started = time.perf_counter()
    outcomes = list(run(jobs, said.seed, said.processes, said.keep))
    faults = [outcome for outcome in outcomes if outcome.fault]
    groups = Counter(f"{outcome.sort}: {_plain(outcome.fault)}" for outcome in faults)
    for group, count in groups.most_common():
        print(f"{count:6d}  {group}")
        for outcome in [o for o in faults if f"{o.sort}: {_plain(o.fault)}" == group][: said.examples]:
            print(f"{'':10}{outcome.sort} {outcome.number}: {outcome.what[:300]} -> {outcome.fault[:160]}")
    print(json.dumps(summary(outcomes, time.perf_counter() - started)))


def summary(outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    """The figures of a run."""
    figures: dict[str, Any] = {"bench": "mutants", "seconds": round(seconds, 1)}
    for sort in ("blind", "meant"):
        of_sort = [asdict(outcome) for outcome in outcomes if outcome.sort == sort]
        figures[sort] = {
            "mutants": len(of_sort),
            "faults": sum(bool(one["fault"]) for one in of_sort),
            **{name: sum(one[name] for one in of_sort) for name in ("stars", "partial", "refused")},
            "only_refused": sum(not one["stars"] and one["refused"] > 0 for one in of_sort),
            "slowest_s": max((one["seconds"] for one in of_sort), default=0.0),
            "largest_mb": max((one["megabytes"] for one in of_sort), default=0.0),
        }
    return figures


if __name__ == "__main__":
    main()
