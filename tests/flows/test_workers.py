import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from swope.flows import workers
from swope.flows.options import RunOptions
from swope.flows.workers import Lost, StoppedError, WorkerDiedError, call, surviving, worker_processes


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


def ended(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_workers_end_with_the_block() -> None:
    with worker_processes(2):
        pid = call(process)
    assert ended(pid)


def long_rows(_folder: Path, _options: RunOptions, _start: int, _stop: int) -> list[int]:
    time.sleep(60)
    return []


def interrupted(threads: ThreadPoolExecutor, folder: Path, waiting: list[Future[list[int | Lost]]]) -> None:
    """Begin long work in a worker, and be interrupted."""
    with worker_processes(1):
        call(process)
        waiting.append(threads.submit(surviving, long_rows, folder, RunOptions(), 0, 8))
        time.sleep(0.5)
        raise KeyboardInterrupt


def test_an_interrupt_ends_the_workers_at_once(tmp_path: Path) -> None:
    begin = time.monotonic()
    waiting: list[Future[list[int | Lost]]] = []
    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(KeyboardInterrupt):
            interrupted(threads, tmp_path, waiting)
        with pytest.raises(StoppedError):
            waiting[0].result()
    assert time.monotonic() - begin < 30
    with worker_processes(1):
        assert call(process) != os.getpid()


def test_who_waits_for_a_worker_is_told_of_an_interrupt(tmp_path: Path) -> None:
    # more tasks than workers: all but one wait for a worker that never comes
    waiting: list[Future[list[int | Lost]]] = []
    threads = ThreadPoolExecutor(4)
    for _ in range(3):
        waiting.append(threads.submit(_when_there_are_workers, tmp_path))
    with pytest.raises(KeyboardInterrupt):
        interrupted(threads, tmp_path, waiting)
    for one in waiting:
        with pytest.raises(StoppedError):
            one.result(timeout=20)
    threads.shutdown()


def _when_there_are_workers(folder: Path) -> list[int | Lost]:
    while workers._slots is None:
        time.sleep(0.01)
    return surviving(long_rows, folder, RunOptions(), 0, 8)


def test_a_request_to_end_is_not_the_workers_to_follow() -> None:
    with worker_processes(1):
        pid = call(process)
        os.kill(pid, signal.SIGTERM)
        assert call(process) == pid


_PARENT = """
import os, signal
from swope.flows.workers import call, worker_processes
from tests.flows.test_workers import process
if __name__ == "__main__":
    with worker_processes(1):
        print(call(process), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    assert parent.returncode == -signal.SIGKILL
    assert ended(int(parent.stdout))
