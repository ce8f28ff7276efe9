"""Worker processes for the heavy part of a task, each replaceable when it dies.

A Prefect task runs in a thread of the flow's process (or on a Dask worker) and hands its work to a process here.
Processes are spawned, never forked: forked TensorFlow deadlocks. One is started when there is work for it and none is
idle, so there are never more than there are chunks to do, and they load what they need side by side.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from swope.flows.arrow import without_pandas
from swope.flows.memory import too_large
from swope.flows.runtime import one_thread, quiet

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedError(RuntimeError):
    """The run was stopped while a process worked for it."""


class WorkerDiedError(RuntimeError):
    """The process that worked on a chunk ended without an answer (a crash in native code, or out of memory)."""


class OverdoneError(Exception):
    """A process did more than it may, and was ended; the message says what."""


#: Is given the id of a process at work, and says why it is to be ended; None while it may go on.
Watch = Callable[[int], str | None]

#: Seconds between two looks at a process.
WATCHED = 0.5


class Worker:
    """A process that answers one call after another."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,), daemon=True)
        self._unread = 0
        # a signal to the whole group is not to meet a process that cannot ignore it yet
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            with _may_have_children():
                self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()

    def ask(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have a function run, and do not wait; its answer is dropped once another is waited for."""
        self._connection.send((function, arguments))
        self._unread += 1

    def answer(self, watch: Watch) -> Any:
        """The answer to what was asked last.

        Raises what the function raised; EOFError where the process ended, and OverdoneError where `watch` had it ended.
        """
        while True:
            while not self._connection.poll(WATCHED):
                if why := watch(self._process.pid or 0):
                    self.kill()
                    raise OverdoneError(why)
            self._unread -= 1
            value, error = self._connection.recv()
            if self._unread:
                continue
            if error is not None:
                raise error
            return value

    def kill(self) -> None:
        """End it, whatever it works on."""
        self._process.kill()
        self._process.join()


@contextmanager
def _may_have_children() -> Iterator[None]:
    """Let this process start one where multiprocessing forbids it, as in the processes of Dask's nannies.

    It forbids it since the child of a daemon would outlive it; ours follow their parent (`_follow_parent`).
    """
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    before = config.get("daemon", False)
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = before


class Pool:
    """At most `limit` workers, each started when it is first needed.

    Parameters
    ----------
    limit : at most.
    begin : at first, until more are `wanted`; None for the limit.
    """

    def __init__(self, limit: int, begin: int | None = None) -> None:
        self._most = limit
        self._limit = limit if begin is None else min(begin, limit)
        self._workers: list[Worker] = []
        self._idle: list[Worker] = []
        self._changed = threading.Condition()
        self.stopped = False

    def warm(self, *calls: tuple[Any, ...]) -> None:
        """Start workers on what nobody needs the answer of, so that they are ready for what comes.

        Parameters
        ----------
        calls : each a function and its arguments, for a worker of its own; the first of them is the next to be called.
            More than there may be workers are left out.
        """
        workers = [self._take() for _ in calls[: self._limit]]
        for worker, (function, *arguments) in zip(workers, calls, strict=False):
            worker.ask(function, *arguments)
        for worker in reversed(workers):
            self._give(worker)

    def want(self, count: int) -> None:
        """As `swope.flows.workers.wanted`."""
        with self._changed:
            self._limit = max(self._limit, min(count, self._most))
            self._changed.notify_all()

    def call(self, function: Callable[..., T], *arguments: Any, watch: Watch = too_large) -> T:
        """As `swope.flows.workers.call`."""
        worker = self._asked(function, *arguments)
        try:
            answer: T = worker.answer(watch)
        except (EOFError, ConnectionError, OverdoneError) as end:
            self._drop(worker)
            if self.stopped:
                raise StoppedError("the run was stopped") from None
            why = f": {end}" if isinstance(end, OverdoneError) else ""
            name = getattr(function, "__name__", "a function")
            raise WorkerDiedError(f"the process running {name} ended without an answer{why}") from None
        except Exception:
            self._give(worker)
            raise
        self._give(worker)
        return answer

    def _asked(self, function: Callable[..., T], *arguments: Any) -> Worker:
        """A worker that is at work on a call; one that was lost while it was idle is nobody's fault."""
        while True:
            worker = self._take()
            try:
                worker.ask(function, *arguments)
            except ConnectionError:
                self._drop(worker)
            except BaseException:
                self._give(worker)
                raise
            else:
                return worker

    def stop(self) -> None:
        """End all workers at once; who waits for one, or for its answer, gets a `StoppedError`."""
        with self._changed:
            self.stopped = True
            for worker in self._workers:
                worker.kill()
            self._changed.notify_all()

    def _take(self) -> Worker:
        with self._changed:
            while not self.stopped and not self._idle and len(self._workers) >= self._limit:
                self._changed.wait()
            if self.stopped:
                raise StoppedError("the run was stopped")
            if self._idle:
                return self._idle.pop()
            worker = Worker()
            self._workers.append(worker)
            return worker

    def _give(self, worker: Worker) -> None:
        with self._changed:
            self._idle.append(worker)
            self._changed.notify()

    def _drop(self, worker: Worker) -> None:
        with self._changed:
            worker.kill()
            self._workers.remove(worker)
            self._changed.notify()


#: What `call` uses; a stopped one, once the run has been stopped, for the tasks that have not noticed.
_pool: Pool | None = None


def call(function: Callable[..., T], *arguments: Any, watch: Watch = too_large) -> T:
    """Run a function in a worker process and wait for it; in this process where there are no workers.

    On a Dask worker there is one, which stays with it: what ends that process does not end Dask's.

    Parameters
    ----------
    watch : looks at the process now and then; where it says why, the process is ended. By default it is where it would
        take the machine's memory.

    Raises
    ------
    WorkerDiedError
        When the process ended before it answered. The next call gets a fresh one.
    StoppedError
        When the run has been stopped.
    """
    pool = _pool or _dask_pool()
    return function(*arguments) if pool is None else pool.call(function, *arguments, watch=watch)


def wanted(count: int) -> None:
    """Say that there is work for so many worker processes, where a block began with fewer than it may have."""
    if _pool is not None:
        _pool.want(count)


def _dask_pool() -> Pool | None:
    """The worker process of a Dask worker, which does one thing at a time; None outside of one."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        distributed.get_worker()
    except ValueError:
        return None
    return _stays()


@cache
def _stays() -> Pool:
    return Pool(1)


def call_twice(function: Callable[..., T], *arguments: Any) -> T:
    """As `call`, and again where the process was lost: for what is no star's doing.

    Raises
    ------
    WorkerDiedError
        When both processes ended before they answered.
    """
    try:
        return call(function, *arguments)
    except WorkerDiedError:
        return call(function, *arguments)


@contextmanager
def worker_processes(limit: int, begin: int | None = None) -> Iterator[Pool | None]:
    """Have at most `limit` worker processes for `call` in the block; for 0 none, and `call` computes where it is.

    A process takes seconds to start: what may have little to do begins with fewer, until more are `wanted`.

    Inside another such block the outer one's workers are used. When a block is left by an exception (an interrupt, say)
    the processes end at once, whatever they work on.
    """
    global _pool
    if _pool is not None and not _pool.stopped:
        try:
            yield _pool
        except BaseException:
            _pool.stop()
            raise
        return
    _pool = pool = Pool(limit, begin) if limit else None
    try:
        yield pool
    except BaseException:
        if pool is not None:
            pool.stop()
        raise
    if pool is not None:
        pool.stop()
    _pool = None


def _serve(connection: Connection) -> None:
    """The life of a worker process: answer until nobody asks."""
    # to stop is the parent's to decide: a worker that left on its own would look like one that died of its star
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_follow_parent, daemon=True).start()
    quiet()
    one_thread()
    without_pandas()
    with suppress(EOFError, ConnectionError):
        while True:
            function, arguments = connection.recv()
            answer = _answer(function, arguments)
            try:
                connection.send(answer)
            except (pickle.PicklingError, TypeError, AttributeError):
                connection.send((None, RuntimeError(f"what {function.__name__} gave cannot travel: {answer}")))


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        return function(*arguments), None
    except Exception as error:
        # the traceback does not travel, its words do
        error.add_note(traceback.format_exc())
        return None, error


def _follow_parent() -> None:
    """End with the parent, even where it was killed and could not say so: what runs here is no one's any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
