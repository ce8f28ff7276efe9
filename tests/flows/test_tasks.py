"""What is tried again, and how often."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from swope.flows import tasks
from swope.flows.chunk import ChunkError
from swope.flows.options import RunOptions
from swope.flows.workers import WorkerDiedError
from swope.pipeline.ingest import Part, SourceError, archive

PART = Part("csv", ("a.csv",), ("a.csv",), "0")


class Failing:
    """Raises some errors, one a call, then goes well."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self, *_: object) -> list[Any]:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return []


@flow
def one_chunk(folder: Path) -> str | None:
    work = tasks.chunk.with_options(retry_delay_seconds=0)
    ((_, _, problem),) = tasks.each(work, [(PART, folder)], RunOptions())
    return problem


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("errors", "calls", "said"),
    [
        ([], 1, None),
        ([FULL], 2, None),
        ([WorkerDiedError("out of memory"), FULL], 3, None),
        ([FULL] * 9, 3, "OSError: [Errno 28] No space left on device"),
        ([ChunkError("KeyError: x")] * 9, 1, "ChunkError: KeyError: x"),
        ([ValueError("odd")] * 9, 1, "ValueError: odd"),
    ],
)
def test_a_chunk_is_tried_again_for_files_and_lost_processes_alone(
    errors: list[Exception], calls: int, said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(*errors)
    monkeypatch.setattr(tasks, "surviving", failing)
    assert one_chunk(tmp_path) == said
    assert failing.calls == calls


@flow
def fetching(scratch: Path) -> None:
    tasks.fetch(["a.csv", "mast:KIC 1"], scratch)


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("errors", "calls"),
    [([archive.ArchiveError("busy")] * 2, 3), ([archive.ArchiveError("busy")] * 9, 5), ([SourceError("none")] * 9, 1)],
)
def test_the_archive_is_asked_again_where_it_may_answer(
    errors: list[Exception], calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(*errors)
    monkeypatch.setattr(archive, "download", failing)
    patient = tasks.download.with_options(retry_delay_seconds=0)
    monkeypatch.setattr(tasks, "download", patient)
    fetching(tmp_path)
    assert failing.calls == calls


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("lost", [CancelledError(), OSError(errno.ECONNRESET, "Connection reset by peer")])
def test_a_scheduler_that_is_lost_is_told_from_a_task_that_fails(
    lost: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> Iterator[object]:
        raise lost
        yield

    monkeypatch.setattr(tasks, "surviving", Failing())
    monkeypatch.setattr(tasks, "as_completed", broken)
    with pytest.raises(tasks.SchedulerLostError, match="the same command goes on"):
        one_chunk(tmp_path)
