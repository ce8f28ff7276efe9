"""What goes wrong with files, disks and stars in a whole run is named, and stays where it is.

The chunks are done without models, which every process would have to load: what is tried here is the way of a run.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from swope.flows import catalog as catalog_module
from swope.flows import chunk, renew, stages, survive, tasks
from swope.flows.catalog import catalog
from swope.flows.chunk import Lessons
from swope.flows.cli import BAD_INPUT, main
from swope.flows.limits import Limits
from swope.flows.makers import Makers
from swope.flows.manifest import is_done, mark_done, remove_damaged
from swope.flows.night.changes import undone
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.flows.rows import StarRow
from swope.flows.state import Kept
from swope.flows.workers import worker_processes
from swope.pipeline.ingest import IngestOptions, Part, Plan, plan
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star
from tests.kept_state import state_bytes

N = 9
TABLES = ("objects.parquet", "events.parquet", "latent.parquet")
OPTIONS = RunOptions(chunk_size=4)


def write_star(folder: Path, number: int, points: int = 12) -> None:
    rows = "".join(f"{58000 + 0.37 * j},{15 + 0.1 * np.sin(j * (number + 1)):.6f},0.02\n" for j in range(points))
    (folder / f"star{number}.csv").write_text("mjd,mag,magerr\n" + rows)


def searched(curve: LightCurve, _: object) -> PeriodResult:
    """What a star's name says happens."""
    match curve.object_id:
        case "crashes":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hangs":
            time.sleep(600)
        case "eats":
            held = b"x" * 2**30
            time.sleep(600 + len(held))
    return PeriodResult()


def rows_without_models(stars: Sequence[Star], *_: object) -> list[StarRow]:
    rows = []
    for star in stars:
        none = np.full(len(star.curve.good), np.nan)
        said = {"status": "failed" if star.period.fault else "ok", "reason": star.period.reason}
        names = {"object_id": star.curve.object_id, "source": star.curve.source}
        rows.append(StarRow(names | said, kept=Kept(star.period, None, "no models", none, none)))
    return rows


def done_without_models(
    part: Part, folder: Path, options: RunOptions, lessons: Lessons | None = None, **_: object
) -> None:
    """`do_chunk` in a worker process."""
    chunk.find_period, chunk.rows_of = searched, rows_without_models  # type: ignore[assignment]
    chunk.load_models = lambda *_: None  # type: ignore[assignment, return-value]
    chunk.do_chunk(part, folder, options, lessons)


@pytest.fixture(scope="module")
def worker() -> Iterator[None]:
    with worker_processes(1):
        yield


@pytest.fixture
def without_models(prefect_server: None, worker: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    for module in (tasks, renew):
        monkeypatch.setattr(module, "do_chunk", done_without_models)
    monkeypatch.setattr(catalog_module, "load_makers", lambda _: Makers.without_models())


def survey_in(folder: Path) -> Path:
    folder.mkdir()
    for i in range(N):
        write_star(folder, i)
    return folder


def run(survey: Path, out: Path) -> RunRecord:
    return catalog([str(survey)], str(out), options=OPTIONS, workers=1, top=None)


def bytes_of(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in TABLES} | {"state": state_bytes(out)}


def adds_up(record: RunRecord) -> bool:
    return record.counts["n_in"] == sum(record.counts[f"n_{one}"] for one in ("ok", "partial", "rejected", "failed"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


DAMAGES: tuple[Callable[[Path], None], ...] = (cut, flip, Path.unlink)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [*stages.FILES, "done.json"])
def test_whatever_file_of_a_finished_chunk_is_damaged_it_is_no_longer_finished(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
        for one in stages.FILES:
            (folder / one).write_bytes(f"what is in {one}".encode())
        mark_done(folder, stages.FILES, rows=3, taken_over=0)
    damage(bad / name)
    said = remove_damaged([good, bad])
    assert is_done(good)
    assert not is_done(bad)
    # without done.json nobody says that it was ever finished; one with a wrong hash says so of another file
    assert len(said) == (name != "done.json" or damage != Path.unlink)
    assert all(str(bad) in one and (name in one or name == "done.json") for one in said)


@pytest.mark.usefixtures("without_models")
def test_damaged_chunks_of_a_run_are_named_and_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    survey, out = survey_in(tmp_path / "survey"), tmp_path / "out"
    first = run(survey, out)
    good = bytes_of(out)
    harmed = [out / one for one in first.chunks[:2]]
    cut(harmed[0] / stages.STARS)
    flip(harmed[1] / stages.OBJECTS)
    again = run(survey, out)
    said = capsys.readouterr().err
    assert all(str(folder) in said for folder in harmed)
    assert again.n_reused == len(first.chunks) - 2 > 0
    assert bytes_of(out) == good


@pytest.mark.usefixtures("without_models")
def test_of_a_damaged_chunk_nothing_is_taken_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    survey, out = survey_in(tmp_path / "survey"), tmp_path / "out"
    first = run(survey, out)
    for name in first.chunks:
        flip(out / name / stages.DIGESTS)
    flip(out / first.chunks[-1] / stages.EVENTS)
    write_star(survey, 3, points=13)
    again = run(survey, out)
    assert len(capsys.readouterr().err.splitlines()) >= len(first.chunks)
    assert again.n_taken_over == again.n_kept == 0
    run(survey, tmp_path / "once")
    assert bytes_of(out) == bytes_of(tmp_path / "once")


@pytest.mark.usefixtures("without_models")
def test_half_done_work_that_is_damaged_is_failed_and_begun_anew_by_the_next_run(tmp_path: Path) -> None:
    survey, out = survey_in(tmp_path / "survey"), tmp_path / "out"
    first = run(survey, out)
    good = bytes_of(out)
    killed = out / first.chunks[0]
    (killed / "done.json").unlink()
    cut(killed / stages.STARS)
    second = run(survey, out)
    assert adds_up(second)
    assert second.counts["n_in"] == N
    assert second.counts["n_failed"] > 0
    run(survey, out)
    assert bytes_of(out) == good


@pytest.mark.usefixtures("without_models")
def test_a_file_that_vanishes_after_planning_has_a_row_and_is_read_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = survey_in(tmp_path / "survey")
    run(survey, tmp_path / "undisturbed")
    away = survey / "star4.csv"
    text = away.read_text()

    def planned(sources: Sequence[str], options: IngestOptions, scratch: Path, root: Path) -> Plan:
        found = plan(sources, options, scratch, root)
        away.unlink()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(catalog_module, "plan", planned)
        record = run(survey, tmp_path / "out")
    assert adds_up(record)
    assert record.counts["n_failed"] == 1
    assert record.counts["n_ok"] == N - 1
    (row,) = [one for one in pq.read_table(tmp_path / "out" / TABLES[0]).to_pylist() if one["status"] == "failed"]
    assert row["object_id"] == "star4"
    assert "star4.csv" in row["source"]
    assert "No such file" in row["reason"]
    away.write_text(text)
    # so that the next morning begins with it, though its input is as it was
    assert undone(record, tmp_path / "out") == [f"1 of {len(record.chunks)} chunks were not done by the run before"]
    again = run(survey, tmp_path / "out")
    assert again.n_reused == len(again.chunks) - 1
    assert undone(again, tmp_path / "out") == []
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "undisturbed")


@pytest.mark.usefixtures("without_models")
def test_stars_that_crash_hang_or_eat_memory_are_failed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survive, "LIMITS", Limits(alone=2.0, memory=900 * 2**20))
    survey = survey_in(tmp_path / "survey")
    for name in ("crashes", "eats", "hangs"):
        shutil.copy(survey / "star1.csv", survey / f"{name}.csv")
    record = run(survey, tmp_path / "out")
    assert adds_up(record)
    assert (record.counts["n_ok"], record.counts["n_failed"]) == (N, 3)
    reasons = {row["object_id"]: row["reason"] for row in pq.read_table(tmp_path / "out" / TABLES[0]).to_pylist()}
    for name, word in {"crashes": "ended without", "eats": "0.9 GB of memory", "hangs": "more than 2 s"}.items():
        assert word in reasons[name], reasons[name]
    again = run(survey, tmp_path / "out")
    assert again.n_reused == len(again.chunks)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that nobody can write to, not even root: mounted on itself, read-only; needs the right to mount."""
    commands = [["mount", "--bind", folder, folder], ["mount", "-o", "remount,ro,bind", folder]]
    try:
        for command in commands:
            if subprocess.run(command, capture_output=True).returncode:
                pytest.skip("the tests may not mount a read-only folder here")
        yield
    finally:
        subprocess.run(["umount", folder], capture_output=True)


@pytest.mark.usefixtures("without_models")
def test_an_input_folder_that_cannot_be_written_to_is_read(tmp_path: Path) -> None:
    survey = survey_in(tmp_path / "survey")
    with read_only(survey):
        record = run(survey, tmp_path / "out")
    assert record.counts["n_ok"] == N


@pytest.mark.usefixtures("without_models")
@pytest.mark.parametrize("out", ["shelf", "shelf/deep/below"])
def test_a_folder_that_cannot_be_written_to_is_refused_at_once(
    tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = survey_in(tmp_path / "survey")
    (tmp_path / "shelf").mkdir()
    monkeypatch.setattr(catalog_module, "load_makers", lambda _: pytest.fail("this is too late"))
    with read_only(tmp_path / "shelf"):
        assert main(["run", str(survey), "--out", str(tmp_path / out), "--workers", "1"]) == BAD_INPUT
    (said,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "shelf") in said
    assert "--out" in said


@pytest.mark.usefixtures("without_models")
def test_a_run_whose_folder_becomes_read_only_is_left_as_it_is(tmp_path: Path) -> None:
    survey, out = survey_in(tmp_path / "survey"), tmp_path / "out"
    run(survey, out)
    good = bytes_of(out)
    write_star(survey, 3, points=13)
    with read_only(out), pytest.raises(OSError, match="Read-only"):
        run(survey, out)
    assert bytes_of(out) == good
