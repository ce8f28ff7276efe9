"""Worker processes for the heavy part of a task, each replaceable when it dies.

A Prefect task runs in a thread of the flow's process (or on a Dask worker) and hands its work to a process here.
Processes are spawned, never forked: forked TensorFlow deadlocks. One executor a process, so that a crash in native
code takes along nothing but the chunk that caused it, and of that chunk, nothing but the star.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from swope.flows.options import RunOptions
from swope.flows.runtime import one_thread, quiet

T = TypeVar("T")

#: Executors that nobody holds; None among them, once the run has ended, for who still waits.
_slots: queue.SimpleQueue[ProcessPoolExecutor | None] | None = None
_stopped = False


class StoppedError(RuntimeError):
    """The run was stopped while a process worked for it."""


class WorkerDiedError(RuntimeError):
    """The process that worked on a chunk ended without an answer (a crash in native code, or out of memory)."""


def call(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function in a worker process and wait for it; in this process where there are no workers (as on Dask).

    Raises
    ------
    WorkerDiedError
        When the process ended before it answered. The next call gets a fresh one.
    StoppedError
        When the run has been stopped.
    """
    if _stopped:
        raise StoppedError("the run was stopped")
    slots = _slots
    if slots is None:
        return function(*arguments)
    executor = slots.get()
    if executor is None or _stopped:
        # back for the next one that waits
        slots.put(executor)
        raise StoppedError("the run was stopped")
    try:
        return executor.submit(function, *arguments).result()
    except BrokenProcessPool:
        executor.shutdown(wait=False)
        if _stopped:
            raise StoppedError("the run was stopped") from None
        executor = _executor()
        raise WorkerDiedError(f"the process running {function.__name__} ended without an answer") from None
    finally:
        slots.put(executor)


@dataclass(frozen=True)
class Lost:
    """What stands in the place of an answer for a star that took its computation down.

    Attributes
    ----------
    reason : what the computation died of, for the star's row.
    """

    reason: str


def surviving(
    function: Callable[[Path, RunOptions, int, int], Sequence[T]],
    folder: Path,
    options: RunOptions,
    start: int,
    stop: int,
) -> list[T | Lost]:
    """Run a function over the stars `start` to `stop` of a chunk, and survive a star that it breaks on.

    The chunk is halved around such a star until it is alone, so that the other stars get their answers.

    Parameters
    ----------
    function : of folder, options, start, stop; returns one answer a star.

    Returns
    -------
    One answer a star, `Lost` for a star that raised an exception or ended the process.
    """
    if start == stop:
        return []
    try:
        return list(call(function, folder, options, start, stop))
    except StoppedError:
        raise
    except Exception as error:
        if stop - start == 1:
            return [Lost(f"the computation failed on this star: {type(error).__name__}: {error}")]
        middle = (start + stop) // 2
        return [
            *surviving(function, folder, options, start, middle),
            *surviving(function, folder, options, middle, stop),
        ]


@contextmanager
def worker_processes(n: int) -> Iterator[None]:
    """Have `n` worker processes for `call` while the block runs; none, for 0, and `call` computes where it is.

    When the block is left by an exception (an interrupt, say) the processes end at once, whatever they work on.
    """
    global _slots, _stopped
    _stopped = False
    if n == 0:
        yield
        return
    slots: queue.SimpleQueue[ProcessPoolExecutor | None] = queue.SimpleQueue()
    for _ in range(n):
        slots.put(_executor())
    _slots = slots
    try:
        yield
    except BaseException:
        _stopped = True
        kill_workers()
        raise
    finally:
        _slots = None
        with suppress(queue.Empty):
            while (executor := slots.get_nowait()) is not None:
                executor.shutdown(wait=False, cancel_futures=True)
        slots.put(None)


def kill_workers() -> None:
    """End the worker processes at once, whatever they work on."""
    for child in multiprocessing.active_children():
        child.kill()


def _executor() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_start)


def _start() -> None:
    # to stop is the parent's to decide: a worker that left on its own would look like one that died of its star
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()
    quiet()
    one_thread()


def _follow_parent() -> None:
    """End with the parent, even where it was killed and could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
