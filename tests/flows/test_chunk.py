"""What a chunk does, and whose fault a fault is."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.flows import chunk, memory, stages, survive
from swope.flows.chunk import ChunkError, Lessons, Mark, batches, each_or_lost, mark_of
from swope.flows.limits import Limits
from swope.flows.options import RunOptions
from swope.flows.rows import StarRow, lost_row
from swope.flows.stages import Lost
from swope.flows.survive import in_pieces, surviving
from swope.flows.workers import WorkerDiedError, call, worker_processes
from swope.pipeline.ingest import IngestOptions, Part, plan
from swope.pipeline.star import Star


class Counted:
    """A computation that counts how often it is asked."""

    def __init__(self, compute: object) -> None:
        self.compute, self.calls = compute, 0

    def __call__(self, stars: Sequence[float]) -> list[float]:
        self.calls += 1
        return self.compute(stars)  # type: ignore[operator, no-any-return]


def roots(stars: Sequence[float]) -> list[float]:
    return [math.sqrt(star) for star in stars]


def test_what_a_chunk_does_needs_no_prefect() -> None:
    code = "import sys, swope.flows.chunk; assert 'prefect' not in sys.modules and 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_star_that_raises_is_lost_alone() -> None:
    counted = Counted(roots)
    stars = [float(i) for i in range(256)]
    stars[77] = -1.0
    answers = each_or_lost(counted, stars)
    assert answers[77] == Lost("the computation failed on this star: ValueError: math domain error")
    assert [answers[i] for i in (0, 76, 78, 255)] == [math.sqrt(i) for i in (0, 76, 78, 255)]
    assert counted.calls < 25


@given(sizes=st.lists(st.integers(1, 50)), most=st.integers(1, 100))
def test_stars_go_through_the_models_in_batches_bounded_by_their_rows(sizes: list[int], most: int) -> None:
    found = batches(sizes, most)
    assert [place for batch in found for place in batch] == list(range(len(sizes)))
    assert all(len(batch) == 1 or sum(sizes[i] for i in batch) <= most for batch in found)
    # none that the one before had room for
    assert all(sum(sizes[i] for i in [*one, other[0]]) > most for one, other in pairwise(found))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_of_few_stars_each_is_tried(n: int) -> None:
    assert [type(answer) for answer in each_or_lost(roots, [-1.0] * n)] == [Lost] * n
    assert [type(answer) for answer in each_or_lost(roots, [*[-1.0] * n, 4.0])] == [*[Lost] * n, float]


def broken(_stars: Sequence[float]) -> list[float]:
    raise KeyError("network/003")


def full(_stars: Sequence[float]) -> list[float]:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("compute", "said"), [(broken, ChunkError), (full, OSError)])
def test_a_fault_that_hits_every_star_is_asked_for_a_few_times_only(compute: object, said: type[Exception]) -> None:
    counted = Counted(compute)
    with pytest.raises(said, match=r"network/003|No space left"):
        each_or_lost(counted, [1.0] * 256)
    assert counted.calls <= 4


def test_the_same_fault_in_both_halves_is_still_the_stars_where_others_are_well() -> None:
    stars = [1.0] * 64
    stars[3] = stars[60] = -1.0
    answers = each_or_lost(roots, stars)
    assert [i for i, answer in enumerate(answers) if isinstance(answer, Lost)] == [3, 60]


N = 5


@pytest.fixture
def part(tmp_path: Path) -> Part:
    for i in range(N):
        rows = "".join(f"{58000 + 0.37 * j},{15 + 0.1 * math.sin(j * (i + 1))},0.02\n" for j in range(12))
        (tmp_path / f"star{i}.csv").write_text("mjd,mag,magerr\n" + rows)
    (one,) = plan([str(tmp_path)], IngestOptions(), tmp_path / "scratch").parts
    return one


def dying(part: Part, folder: Path, options: RunOptions, lessons: Lessons) -> None:
    """A chunk whose star 1 ends the process in the period search, and star 3 in the models."""
    find_period = chunk.find_period

    def search(curve: object, where: object) -> object:
        if curve.object_id == "star1":  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGKILL)
        return find_period(curve, where)  # type: ignore[arg-type]

    def rows(stars: Sequence[Star], *_: object) -> list[StarRow]:
        if any(star.curve.object_id == "star3" for star in stars):
            os.kill(os.getpid(), signal.SIGKILL)
        return [lost_row(star, "scored") for star in stars]

    # without models, which every new process would have to load
    chunk.find_period, chunk.rows_of, chunk.load_models = search, rows, lambda *_: None  # type: ignore[assignment]
    chunk.do_chunk(part, folder, options, lessons)


def test_a_star_that_ends_its_process_is_lost_alone(part: Part, tmp_path: Path) -> None:
    folder = tmp_path / "chunk"
    with worker_processes(1):
        surviving(dying, part, folder, RunOptions())
    import pyarrow.parquet as pq

    rows = {row["object_id"]: row for row in pq.read_table(folder / stages.OBJECTS).to_pylist()}
    assert sorted(rows) == [f"star{i}" for i in range(N)]
    for name, row in rows.items():
        died = "ended without an answer" in (row["reason"] or "")
        assert died == (name == "star3"), row["reason"]
        assert (row["reason"] == "scored") == (name != "star3")
        assert (row["period"] is None) == (name == "star1")
    assert (folder / "done.json").exists()
    assert mark_of(folder) is None


def absent(_part: Part, _folder: Path, _options: RunOptions, _lessons: Lessons) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def everywhere(_part: Part, folder: Path, _options: RunOptions, lessons: Lessons) -> None:
    with (folder.parent / "deaths").open("a") as file:
        file.write("x")
    star = next(i for i in range(99) if i not in lessons.unscored) if lessons.singly else None
    with chunk.marked(folder, Mark("score", star)):
        os.kill(os.getpid(), signal.SIGKILL)


def test_deaths_that_are_no_stars_are_not_blamed_on_one(part: Part, tmp_path: Path) -> None:
    folder = tmp_path / "chunk"
    folder.mkdir()
    with worker_processes(1), pytest.raises(WorkerDiedError):
        surviving(absent, part, folder, RunOptions())


def test_the_number_of_deaths_is_bounded(part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survive, "MAX_DEATHS", 4)
    folder = tmp_path / "chunk"
    folder.mkdir()
    with worker_processes(1), pytest.raises(WorkerDiedError, match="processes ended over the stars"):
        surviving(everywhere, part, folder, RunOptions())
    assert (tmp_path / "deaths").read_text() == "x" * survive.MAX_DEATHS


def test_the_mark_of_a_run_that_was_killed_is_blamed_on_nobody(part: Part, tmp_path: Path) -> None:
    folder = tmp_path / "chunk"
    folder.mkdir()
    with chunk.marked(folder, Mark("measure", 0)):
        killed = shutil.copytree(folder, tmp_path / "killed")
    assert mark_of(killed) == Mark("measure", 0)
    chunk.prepare_chunk(part, killed, RunOptions())
    assert mark_of(killed) is None
    assert stages.is_measured(killed)


def endless(_part: Part, folder: Path, _options: RunOptions, lessons: Lessons) -> None:
    """A chunk whose star 0 never ends, and whose star 1 takes all memory."""
    for star in range(2):
        if star not in lessons.unmeasured:
            with chunk.marked(folder, Mark("measure", star)):
                held = b"x" * 2**30 if star else b""
                time.sleep(60 + len(held))
    (folder / "said").write_text(json.dumps(list(lessons.unmeasured.values())))


def test_a_star_that_takes_too_long_or_too_much_memory_is_lost(
    part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "chunk"
    folder.mkdir()
    monkeypatch.setattr(survive, "LIMITS", Limits(alone=2.0, memory=700 * 2**20))
    with worker_processes(1):
        surviving(endless, part, folder, RunOptions())
    long, large = json.loads((folder / "said").read_text())
    assert "it took more than 2 s" in long
    assert "it took more than 0.7 GB of memory" in large


def deadly(stars: Sequence[float], folder: Path) -> list[float]:
    """Roots; but a star below zero ends the process, one below -1 never ends, and one below -2 takes all memory."""
    found = []
    for i, star in enumerate(stars):
        with chunk.marked(folder, Mark("root", i)):
            if star < -1.0:
                held = b"x" * 2**30 if star < -2.0 else b""
                time.sleep(60 + len(held))
            elif star < 0.0:
                os.kill(os.getpid(), signal.SIGKILL)
            found += roots([star])
    return found


def deadly_somewhere(stars: Sequence[float], folder: Path) -> list[float]:
    """As `deadly`, where nobody says which star it is at, but that it is at some."""
    with chunk.marked(folder, Mark("roots", 0 if len(stars) == 1 else None)):
        if min(stars) < -1.0:
            time.sleep(60)
        if min(stars) < 0.0:
            os.kill(os.getpid(), signal.SIGKILL)
        return roots(stars)


def test_of_stars_in_pieces_the_one_that_ends_its_process_is_lost_alone() -> None:
    stars = [1.0, 4.0, -1.0, 9.0]
    with worker_processes(1):
        found = list(in_pieces(deadly, stars))
    assert [star for some, _ in found for star in some] == stars
    assert [answer for some, answer in found if -1.0 not in some] == [[1.0, 2.0], [3.0]]
    (lost,) = [answer for some, answer in found if -1.0 in some]
    assert isinstance(lost, Lost)


def test_of_stars_in_pieces_those_that_take_too_long_or_too_much_memory_are_lost_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survive, "LIMITS", Limits(alone=2.0, memory=700 * 2**20))
    stars = [1.0, -2.0, 4.0, -3.0, 9.0]
    with worker_processes(1):
        found = list(in_pieces(deadly, stars))
    assert [star for some, _ in found for star in some] == stars
    assert [answer for _, answer in found if not isinstance(answer, Lost)] == [[1.0], [2.0], [3.0]]
    long, large = [answer.reason for _, answer in found if isinstance(answer, Lost)]
    assert "it took more than 2 s" in long
    assert "it took more than 0.7 GB of memory" in large


def test_of_stars_together_the_one_that_takes_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survive, "LIMITS", Limits(alone=1.5, together=2.5))
    with worker_processes(1):
        found = list(in_pieces(deadly_somewhere, [1.0, -2.0, -1.0, 9.0]))
    assert [answer for _, answer in found if not isinstance(answer, Lost)] == [[1.0], [3.0]]
    long, dead = [answer.reason for _, answer in found if isinstance(answer, Lost)]
    assert "it took more than 2 s" in long
    assert "it took" not in dead


def test_who_runs_it_sets_the_limits() -> None:
    assert Limits.of({}) == Limits()
    set_so = Limits.of({"SWOPE_STAR_SECONDS": "60", "SWOPE_STAR_GB": "0.5"})
    assert set_so == Limits(alone=60.0, together=360.0, memory=2**29)
    for said in ("much", "0", "-1", "inf", "nan"):
        with pytest.raises(ValueError, match="SWOPE_STAR_GB"):
            Limits.of({"SWOPE_STAR_GB": said})


def test_a_process_that_would_take_the_machines_memory_is_ended_though_it_is_at_no_star(
    part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "share_of_machine", lambda: 2**50)
    assert Limits(memory=2**50).exceeded(tmp_path, os.getpid()) is None
    monkeypatch.setattr(memory, "share_of_machine", lambda: 700 * 2**20)
    folder = tmp_path / "chunk"
    folder.mkdir()
    with worker_processes(1):
        with pytest.raises(WorkerDiedError, match=r"took more than 0\.7 GB"):
            surviving(greedy_reading, part, folder, RunOptions())
        # what reads the chunks of a night
        with pytest.raises(WorkerDiedError, match=r"took more than 0\.7 GB"):
            call(greedy)


def greedy() -> None:
    held = b"x" * 2**30
    time.sleep(60 + len(held))


def greedy_reading(_part: Part, _folder: Path, _options: RunOptions, _lessons: Lessons) -> None:
    greedy()


def slow_to_start(_part: Part, folder: Path, _options: RunOptions, lessons: Lessons) -> None:
    """A chunk whose star 0 never ends, and whose process takes longer than a star may until it is at one."""
    time.sleep(2.0)
    if 0 not in lessons.unmeasured:
        with chunk.marked(folder, Mark("measure", 0)):
            time.sleep(60)
    (folder / "said").write_text(json.dumps(list(lessons.unmeasured)))


def test_a_process_is_not_ended_for_the_star_of_the_one_before(
    part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "chunk"
    folder.mkdir()
    monkeypatch.setattr(survive, "LIMITS", Limits(alone=1.0))
    # of a run that was killed an hour ago
    (folder / chunk.MARK).write_text('["measure", 3]')
    os.utime(folder / chunk.MARK, (time.time() - 3600,) * 2)
    with worker_processes(1):
        surviving(slow_to_start, part, folder, RunOptions())
    assert json.loads((folder / "said").read_text()) == [0]
