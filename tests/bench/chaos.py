"""Stop a run at random moments in every way there is, and see whether it goes on to the same bytes: one JSON line.

    python -m tests.bench.chaos [--trials 50] [--seed 0] [SOURCE...]
    python -m tests.bench.chaos --some 12 --keep FILE           the next twelve of them, counted with those before

A run is sent SIGKILL, SIGTERM or SIGINT (Ctrl+C), itself, one of its workers, or its whole group; given again, stopped
again, ... each after a random part of the time that an undisturbed run takes. After every stop what stands in the
folder has to belong together, and no process may be left; finished chunks may not be done again; in the end its tables
have to be those of the undisturbed run, byte for byte. Then a disk fills up in the middle of a run, and is made larger.
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
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

TABLES = ("objects.parquet", "events.parquet", "latent.parquet")
SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "ogle_like"
_SWOPE = (sys.executable, "-c", "import sys; from swope.flows.cli import main; sys.exit(main())")

#: In the environment of all that a run starts.
_MARK = "SWOPE_BENCH_RUN"

#: Seconds in which what was asked to end, or lost its parent, has to be gone.
PATIENCE = 5.0

#: Runs that may end before they are stopped, for each stop.
TRIES = 10

#: Whom a signal is sent, and which.
WAYS = tuple((who, what) for who in ("worker", "flow", "group") for what in ("SIGKILL", "SIGTERM", "SIGINT"))


@dataclass
class Outcome:
    """What came of it.

    Attributes
    ----------
    stops : how often each signal was sent, by whom it was sent and its name.
    finished : runs that ended by themselves (some of them after a worker was lost); the next began in an empty folder.
    torn : stops after which the folder held tables that do not belong together.
    redone : finished chunks that a later run did again.
    different : finished runs with other bytes than the undisturbed one's, or another end.
    left : stops after which a process stayed for more than `PATIENCE` seconds.
    slowest : the longest that a run, or the group, took to be gone after its signal, seconds.
    causes : for each of the different ones what was sent last, its exit code, the tables that differ and what it said.
    """

    stops: dict[str, int] = field(default_factory=dict)
    finished: int = 0
    torn: int = 0
    redone: int = 0
    different: int = 0
    left: int = 0
    slowest: float = 0.0
    causes: list[str] = field(default_factory=list)


#: What a run is asked for beside its tables.
REPORT, NO_REPORT = ("--top", "1"), ("--no-report",)


def command(sources: Sequence[str], out: Path, report: Sequence[str] = REPORT) -> list[str]:
    """The run; small chunks, so that there are many moments between them."""
    return [*_SWOPE, "run", *sources, "--out", str(out), "--clock", "unknown", "--chunk-size", "4", *report]


def hashes(out: Path) -> dict[str, str]:
    """Hash of each table that is there, and of what is kept for nights where there is a run."""
    from tests.kept_state import state_bytes

    content = {name: (out / name).read_bytes() for name in TABLES if (out / name).exists()}
    if (out / "run.json").exists():
        content["state"] = state_bytes(out)
    return {name: hashlib.sha256(one).hexdigest() for name, one in content.items()}


def belongs_together(out: Path) -> bool:
    """Whether all tables and run.json are there, or none, once an interrupted commit is finished as a reader does."""
    from swope.flows.record import RunRecord
    from swope.pipeline.catalog import count_statuses

    try:
        record = RunRecord.read(out)
    except ValueError:
        return not hashes(out)
    return len(hashes(out)) == len(TABLES) + 1 and count_statuses(out / TABLES[0]) == record.counts


def finished_chunks(out: Path) -> dict[str, int]:
    """When each finished chunk of a folder was finished."""
    return {one.parent.name: one.stat().st_mtime_ns for one in (out / "work" / "chunks").glob("[!r]*/done.json")}


def processes(out: Path) -> list[int]:
    """All that a run started and that is still there, in whatever group or session."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            if f"{_MARK}={out}".encode() in (one / "environ").read_bytes().split(b"\0"):
                found.append(int(one.name))
        except OSError:
            continue
    return found


def workers(out: Path) -> list[int]:
    """The worker processes of a run."""

    def words(pid: int) -> bytes:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""

    return [pid for pid in processes(out) if b"spawn_main" in words(pid)]


def interruptible() -> None:
    """Undo what a background job inherits: interrupts ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def begin(sources: Sequence[str], out: Path, report: Sequence[str] = REPORT) -> subprocess.Popen[bytes]:
    """Start a run."""
    with said(out).open("wb") as errors:
        return subprocess.Popen(
            command(sources, out, report),
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=os.environ | {_MARK: str(out)},
            start_new_session=True,
            preexec_fn=interruptible,
        )


def said(out: Path) -> Path:
    """Where what a run says on stderr is kept, beside its folder."""
    return out.with_name(f"{out.name}.stderr")


def stop(run: subprocess.Popen[bytes], out: Path, who: str, what: str) -> bool:
    """Send a signal, to a worker once there is one; False where the run ended before."""
    number = signal.Signals[what]
    if who == "worker":
        while not (there := workers(out)):
            if run.poll() is not None:
                return False
            time.sleep(0.05)
        os.kill(there[0], number)
    elif who == "group":
        os.killpg(run.pid, number)
    else:
        os.kill(run.pid, number)
    return True


def gone(run: subprocess.Popen[bytes], out: Path) -> float:
    """Seconds until a run and all that it started are no more; infinite where that takes too long."""
    begin_ = time.monotonic()
    while run.poll() is None or processes(out):
        if time.monotonic() - begin_ > 2 * PATIENCE:
            return float("inf")
        time.sleep(0.05)
    return time.monotonic() - begin_


def measure(
    sources: Sequence[str],
    ways: Sequence[tuple[str, str]],
    seed: int,
    folder: Path,
    between: tuple[float, float] = (0.0, 1.0),
    report: Sequence[str] = REPORT,
) -> Outcome:
    """Stop a run in these ways, one after the other, after a random part of its time between these two.

    Raises
    ------
    RuntimeError
        Where `TRIES` runs in a row ended before they could be stopped.
    """
    draw = random.Random(seed)
    begin_ = time.monotonic()
    subprocess.run(command(sources, folder / "undisturbed", report), check=True, stdout=subprocess.DEVNULL)
    lasted = time.monotonic() - begin_
    out, wanted = folder / "stopped", hashes(folder / "undisturbed")
    outcome, stops, before = Outcome(), Counter[str](), dict[str, int]()

    def ended(run: subprocess.Popen[bytes], after: str) -> None:
        outcome.finished += 1
        got = hashes(out)
        if run.returncode != 0 or got != wanted:
            outcome.different += 1
            others = sorted(name for name in wanted if got.get(name) != wanted[name])
            words = said(out).read_text(errors="replace").strip().splitlines()[-3:]
            outcome.causes.append(f"{after}; code {run.returncode}; other: {', '.join(others)}; {' | '.join(words)}")
            shutil.copytree(out, folder / f"different{outcome.different}")
        outcome.redone += _redone(before, out)
        before.clear()
        shutil.rmtree(out)

    last = "no stop"
    for who, what in ways:
        for _ in range(TRIES):
            run, begin_ = begin(sources, out, report), time.monotonic()
            try:
                run.wait(draw.uniform(*between) * lasted)
            except subprocess.TimeoutExpired:
                if stop(run, out, who, what):
                    break
            if not before:
                # the first run may have compiled for a minute what takes the others seconds
                lasted = min(lasted, time.monotonic() - begin_)
            ended(run, last)
        else:
            raise RuntimeError(f"{TRIES} runs ended before {what} could be sent to their {who}")
        last = f"{what} to {who}"
        stops[last] += 1
        if who == "worker":
            # the run goes on without it
            run.wait()
            ended(run, last)
            continue
        took = gone(run, out)
        outcome.left += took > PATIENCE
        outcome.slowest = max(outcome.slowest, round(took, 2))
        outcome.torn += not belongs_together(out)
        outcome.redone += _redone(before, out)
        before = finished_chunks(out)
    run = begin(sources, out, report)
    run.wait()
    ended(run, last)
    outcome.stops = dict(stops)
    return outcome


def _redone(before: dict[str, int], out: Path) -> int:
    now = finished_chunks(out)
    return sum(now.get(chunk) != when for chunk, when in before.items())


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A disk of so many bytes at a folder; needs the right to mount one.

    Raises
    ------
    PermissionError
        Where that right is missing.
    """
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        raise PermissionError(mounted.stderr.decode().strip())
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@dataclass(frozen=True)
class FullDisk:
    """What came of a disk that filled up.

    Attributes
    ----------
    code : what the run ended with.
    said : its last words.
    lines : how many lines it said on stderr.
    different : whether the run ended with other bytes once the disk was larger.
    """

    code: int
    said: str
    lines: int
    different: bool


def full_disk(sources: Sequence[str], undisturbed: Path, folder: Path) -> FullDisk:
    """Let the disk of a run fill up at half of what it needs, then give it more."""
    size = sum(one.stat().st_size for one in undisturbed.rglob("*") if one.is_file())
    with small_disk(folder, size // 2):
        out = folder / "run"
        first = subprocess.run(command(sources, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        subprocess.run(["mount", "-o", f"remount,size={20 * size}", str(folder)], check=True)
        subprocess.run(command(sources, out), check=True, stdout=subprocess.DEVNULL)
        lines = first.stderr.strip().splitlines()
        different = hashes(out) != hashes(undisturbed)
    return FullDisk(first.returncode, lines[-1] if lines else "", len(lines), different)


def together(some: Outcome, more: Outcome) -> Outcome:
    """What came of both."""
    return Outcome(
        stops=dict(Counter(some.stops) + Counter(more.stops)),
        slowest=max(some.slowest, more.slowest),
        causes=some.causes + more.causes,
        **{
            name: getattr(some, name) + getattr(more, name)
            for name in ("finished", "torn", "redone", "different", "left")
        },
    )


def main() -> None:
    """Measure, and print lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", default=[str(SAMPLE)])
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--some", type=int, metavar="N", help="of the trials, where they take too long for one command")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where such commands go on counting")
    given = parser.parse_args()
    ways = [WAYS[i % len(WAYS)] for i in range(given.trials)]
    random.Random(given.seed).shuffle(ways)
    so_far = Outcome()
    if given.keep and given.keep.exists():
        so_far = Outcome(**json.loads(given.keep.read_text()))
    done = sum(so_far.stops.values())
    ways = ways[done:][: given.some]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        outcome = together(so_far, measure(given.sources, ways, given.seed + done, folder))
        print(json.dumps({"bench": "chaos", "trials": done + len(ways), **asdict(outcome)}), flush=True)
        if given.keep:
            given.keep.write_text(json.dumps(asdict(outcome)))
        try:
            full = full_disk(given.sources, folder / "undisturbed", folder / "disk")
        except PermissionError as error:
            print(f"no disk to fill: {error}", file=sys.stderr)
        else:
            print(json.dumps({"bench": "chaos", "part": "full disk", **asdict(full)}))


if __name__ == "__main__":
    main()
