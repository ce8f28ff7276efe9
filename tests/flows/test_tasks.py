"""What is tried again, and how often."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow

from swope.flows import scheduler, tasks
from swope.flows.catalog import task_runner
from swope.flows.chunk import ChunkError
from swope.flows.cli import BAD_INPUT, main
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
    ((_, _, problem),) = tasks.each(work, [(PART, folder)], RunOptions(), {})
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
    monkeypatch.setattr(tasks, "_as_they_end", broken)
    with pytest.raises(tasks.SchedulerLostError, match="the same command goes on"):
        one_chunk(tmp_path)


@contextmanager
def dask(workers: int) -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    local = distributed.LocalCluster(
        n_workers=workers, processes=False, threads_per_worker=1, dashboard_address=None, memory_limit=0
    )
    with local as cluster, distributed.Client(cluster, set_as_default=False) as client:
        yield client


def in_dask(client: Any, said: object) -> Any:
    """What Prefect gives for a task on Dask."""
    from prefect_dask.task_runners import PrefectDaskFuture

    return PrefectDaskFuture(task_run_id=uuid4(), wrapped_future=client.submit(lambda: said, pure=False))


def test_who_waits_for_a_dask_without_workers_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tasks, "PATIENCE", 0.3)
    with dask(workers=0) as client:
        futures = [in_dask(client, i) for i in range(3)]
        late = threading.Timer(1.5, lambda: client.cluster.scale(1))
        late.start()
        assert {future.result() for future in tasks._as_they_end(futures)} == {0, 1, 2}
        late.join()
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"Dask's scheduler at {client.cluster.scheduler_address} has no workers: waiting for one"


def test_who_waits_for_a_client_that_was_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PATIENCE", 0.3)
    with dask(workers=0) as client:
        future = in_dask(client, 1)
        monkeypatch.setattr(client, "status", "closed")
        with pytest.raises(ConnectionError):
            next(tasks._as_they_end([future]))
        monkeypatch.undo()


def test_an_address_where_no_scheduler_answers_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scheduler, "ANSWERING", 1.0)
    (tmp_path / "star.csv").write_text("mjd,mag,mag_err\n58000,14,0.02\n")
    with dask(workers=1) as client, socket.socket() as silent, socket.socket() as nobody:
        scheduler.check_scheduler(client.cluster.scheduler_address)
        for one in (silent, nobody):
            one.bind(("127.0.0.1", 0))
        silent.listen()
        wrong = {
            next(iter(client.scheduler_info()["workers"])): "what answers is a Worker",
            f"tcp://127.0.0.1:{silent.getsockname()[1]}": "nothing that it understands",
            f"127.0.0.1:{nobody.getsockname()[1]}": "Timed out",
            "tcp://127.0.0.1": "missing port",
            "htp://127.0.0.1:8786": "unknown address scheme",
        }
        begin = time.monotonic()
        for address, why in wrong.items():
            told = ["run", str(tmp_path / "star.csv"), "--out", str(tmp_path / "out"), "--dask", address]
            assert main(told) == BAD_INPUT
            said = capsys.readouterr().err
            assert said.startswith(f"swope run: no scheduler of Dask's answers at {address}: {why}"), said
    assert time.monotonic() - begin < 20


def test_dask_keeps_its_tracebacks_to_itself() -> None:
    pytest.importorskip("prefect_dask", reason="needs the extra dask")
    task_runner(1, "tcp://127.0.0.1:1")
    assert not logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)
