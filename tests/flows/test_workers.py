import math
import os
import signal
import time
from pathlib import Path

import pytest

from flows.options import RunOptions
from flows.workers import Lost, WorkerDiedError, call, surviving, worker_processes


def process() -> int:
    return os.getpid()


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def squares(_folder: Path, _options: RunOptions, start: int, stop: int) -> list[int]:
    """Squares of the stars' numbers; star 5 ends the process, as a crash in native code does."""
    if start <= 5 < stop:
        crash()
    return [i * i for i in range(start, stop)]


def test_without_workers_a_call_computes_where_it_is() -> None:
    assert call(process) == os.getpid()


def test_a_dead_worker_is_told_and_replaced() -> None:
    with worker_processes(1):
        first = call(process)
        assert first != os.getpid()
        with pytest.raises(WorkerDiedError, match="crash ended without an answer"):
            call(crash)
        assert call(process) not in (first, os.getpid())


def test_a_star_that_ends_the_process_is_lost_alone(tmp_path: Path) -> None:
    with worker_processes(1):
        answers = surviving(squares, tmp_path, RunOptions(), 0, 8)
    died = Lost(
        "the computation failed on this star: WorkerDiedError: the process running squares ended without an answer"
    )
    assert answers == [0, 1, 4, 9, 16, died, 36, 49]


def roots(_folder: Path, _options: RunOptions, start: int, stop: int) -> list[float]:
    """Square roots; the one of a negative number raises."""
    return [math.sqrt(i) for i in range(start, stop)]


def test_a_star_that_raises_is_lost_alone(tmp_path: Path) -> None:
    answers = surviving(roots, tmp_path, RunOptions(), -1, 2)
    assert answers == [Lost("the computation failed on this star: ValueError: math domain error"), 0.0, 1.0]


def test_workers_have_one_thread_each() -> None:
    with worker_processes(1):
        assert call(os.getenv, "OMP_NUM_THREADS") == "1"


def test_workers_end_with_the_block() -> None:
    with worker_processes(2):
        pid = call(process)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail(f"worker {pid} still runs")
