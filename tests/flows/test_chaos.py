"""A run that is stopped goes on to the same bytes; `python -m tests.bench.chaos` stops it at more moments."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.bench import chaos
from tests.bench.chaos import NO_REPORT, TABLES, FullDisk, Outcome, full_disk, hashes, measure
from tests.bench.dask_workers import compare, restarted
from tests.flows.test_catalog import star_text

#: Of the nine ways those that differ in what they meet.
WAYS = [("worker", "SIGKILL"), ("flow", "SIGKILL"), ("group", "SIGTERM"), ("flow", "SIGINT"), ("group", "SIGKILL")]


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("survey")
    for i in range(6):
        (folder / f"star{i}.csv").write_text(star_text(i, 0.5 + 0.1 * i))
    return folder


@pytest.fixture(scope="module")
def outcome(survey: Path, tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> tuple[Outcome, Path]:  # noqa: ARG001
    """With the tests' own server: whether a run ends its own one is held by `test_interrupt`."""
    from prefect.settings import PREFECT_API_URL

    folder = tmp_path_factory.mktemp("chaos")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
        # stopped before the report is made, if not the run is
        return measure([str(survey)], WAYS, 1, folder, between=(0.4, 0.6), report=NO_REPORT), folder


def test_runs_are_stopped_in_their_own_time_where_the_first_took_ten_times_as_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the one that compiles does: waiting for a part of its time, one waited for ever."""
    program = (
        "import pathlib, sys, time; out = pathlib.Path(sys.argv[1]); before = out.parent / 'compiled'; "
        "time.sleep(0.3 if before.exists() else 3); before.touch(); out.mkdir(exist_ok=True)"
    )
    monkeypatch.setattr(chaos, "command", lambda _, out, __: [sys.executable, "-c", program, str(out)])
    found = measure([], [("flow", "SIGKILL")], 1, tmp_path, between=(0.4, 0.6))
    assert found.stops == {"SIGKILL to flow": 1}
    monkeypatch.setattr(chaos, "workers", lambda _: [])
    with pytest.raises(RuntimeError, match="ended before SIGKILL could be sent to their worker"):
        measure([], [("worker", "SIGKILL")], 1, tmp_path, between=(0.4, 0.6))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_a_run_that_is_stopped_in_any_way_goes_on_to_the_same_bytes(outcome: tuple[Outcome, Path]) -> None:
    found, _ = outcome
    assert sum(found.stops.values()) == len(WAYS)
    assert (found.torn, found.redone, found.different, found.left) == (0, 0, 0, 0)


def test_a_full_disk_is_said_in_a_line_and_the_run_goes_on_when_there_is_room(
    outcome: tuple[Outcome, Path], survey: Path, tmp_path: Path
) -> None:
    try:
        full: FullDisk = full_disk([str(survey)], outcome[1] / "undisturbed", tmp_path / "disk")
    except (PermissionError, FileNotFoundError) as error:
        pytest.skip(f"no disk of one's own: {error}")
    assert full.code == 2, full.said
    assert full.lines == 1
    assert os.strerror(28) in full.said
    assert not full.different


def test_a_dask_worker_that_is_lost_in_the_middle_changes_nothing(
    outcome: tuple[Outcome, Path], survey: Path, tmp_path: Path
) -> None:
    pytest.importorskip("prefect_dask", reason="needs the extra dask")
    from prefect.settings import PREFECT_API_URL

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
        found = compare([str(survey)], tmp_path, workers=1, chunk_size=2, local=False)
    assert found["lost"] == 1
    assert hashes(tmp_path / "lost") == hashes(outcome[1] / "undisturbed")
    assert len(hashes(tmp_path / "lost")) == len(TABLES) + 1


def test_a_dask_scheduler_that_restarts_in_the_middle_changes_nothing(
    outcome: tuple[Outcome, Path], survey: Path, tmp_path: Path
) -> None:
    pytest.importorskip("prefect_dask", reason="needs the extra dask")
    from prefect.settings import PREFECT_API_URL

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
        assert restarted([str(survey)], tmp_path, chunk_size=2) == 0
    assert hashes(tmp_path / "restarted") == hashes(outcome[1] / "undisturbed")
