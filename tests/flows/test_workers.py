import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from swope.flows.workers import StoppedError, WorkerDiedError, call, call_twice, worker_processes


def process() -> int:
    return os.getpid()


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def complain() -> None:
    raise ValueError("not like this")


def test_what_a_call_raises_comes_back_and_the_worker_goes_on() -> None:
    with worker_processes(1):
        first = call(process)
        with pytest.raises(ValueError, match="not like this") as caught:
            call(complain)
        assert "in complain" in "".join(caught.value.__notes__)
        assert call(process) == first


def unspeakable() -> object:
    return lambda: None


def test_an_answer_that_cannot_travel_is_said() -> None:
    with worker_processes(1):
        first = call(process)
        with pytest.raises(RuntimeError, match="what unspeakable gave cannot travel"):
            call(unspeakable)
        assert call(process) == first


def nap() -> int:
    time.sleep(0.5)
    return os.getpid()


def test_no_more_processes_than_calls_at_a_time() -> None:
    with worker_processes(8), ThreadPoolExecutor(2) as threads:
        pids = {threads.submit(call, nap).result() for _ in range(4)}
        assert len(pids) == 1
        assert len(set(threads.map(lambda _: call(nap), range(4)))) == 2
        assert len(multiprocessing.active_children()) == 2


def test_a_worker_that_was_warmed_answers_what_it_is_asked_next() -> None:
    with worker_processes(4) as pool:
        assert pool is not None
        pool.warm((nap,))
        pool.warm((complain,))
        first = call(process)
        assert call(math.sqrt, 4.0) == 2.0
        assert call(process) == first
        assert len(multiprocessing.active_children()) == 1


def test_several_are_warmed_side_by_side_and_the_first_is_called_first() -> None:
    with worker_processes(2) as pool:
        assert pool is not None
        pool.warm((nap,), (nap,), (nap,))
        assert len(multiprocessing.active_children()) == 2
        first = call(process)
        assert call(process) == first


def test_within_a_block_the_workers_of_the_outer_one_are_used() -> None:
    with worker_processes(1):
        first = call(process)
        with worker_processes(2):
            assert call(process) == first
        assert call(process) == first


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


def interrupted(threads: ThreadPoolExecutor, waiting: list[Future[None]], calls: int) -> None:
    """Begin long work in a worker, more of it than there are workers, and be interrupted."""
    with worker_processes(1):
        call(process)
        waiting += [threads.submit(call, time.sleep, 60) for _ in range(calls)]
        time.sleep(0.5)
        raise KeyboardInterrupt


@pytest.mark.parametrize("calls", [1, 3])
def test_an_interrupt_ends_the_workers_at_once_and_tells_who_waits(calls: int) -> None:
    begin = time.monotonic()
    waiting: list[Future[None]] = []
    with ThreadPoolExecutor(calls) as threads:
        with pytest.raises(KeyboardInterrupt):
            interrupted(threads, waiting, calls)
        for one in waiting:
            with pytest.raises(StoppedError):
                one.result(timeout=20)
    assert time.monotonic() - begin < 30
    # a task that has not noticed yet does not begin
    with pytest.raises(StoppedError):
        call(process)
    with worker_processes(1):
        assert call(process) != os.getpid()


def test_a_request_to_end_is_not_the_workers_to_follow() -> None:
    with worker_processes(1):
        pid = call(process)
        os.kill(pid, signal.SIGTERM)
        assert call(process) == pid


def test_a_worker_that_was_lost_while_it_was_idle_is_nobodys_fault() -> None:
    with worker_processes(1):
        first = call(process)
        os.kill(first, signal.SIGKILL)
        while multiprocessing.active_children():
            time.sleep(0.01)
        assert call(process) != first


def once(mark: Path) -> int:
    if not mark.exists():
        mark.touch()
        crash()
    return os.getpid()


def test_what_is_no_stars_doing_is_tried_twice(tmp_path: Path) -> None:
    with worker_processes(1):
        assert call_twice(once, tmp_path / "mark") != os.getpid()
        with pytest.raises(WorkerDiedError):
            call_twice(crash)


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
