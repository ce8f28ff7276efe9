"""Prefect's tasks: one a chunk, which hands the work to a worker process and waits."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.tasks import Task
from tqdm import tqdm

from swope.flows.chunk import do_chunk, prepare_chunk
from swope.flows.known import Known
from swope.flows.options import RunOptions
from swope.flows.renew import renewed, set_apart
from swope.flows.survive import surviving
from swope.flows.workers import WorkerDiedError, call
from swope.pipeline.ingest import Part, archive, archive_targets

#: Seconds before each new try of a task.
RETRIES = (1, 10)

#: After so many seconds in which no chunk ended Dask is asked whether anybody works.
PATIENCE = 60.0


def may_help(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether to try again may help: where a file could not be read or written, or the process was lost."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, OSError | WorkerDiedError)


def archive_may_answer(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether to ask the archive again may help."""
    return isinstance(state.result(raise_on_failure=False), archive.ArchiveError)


_RETRIED: dict[str, Any] = {
    "retries": len(RETRIES),
    "retry_delay_seconds": list(RETRIES),
    "retry_condition_fn": may_help,
    "cache_policy": NO_CACHE,
    "task_run_name": "{folder.name}: {part.sources[0]}",
}


@task(name="chunk", **_RETRIED)
def chunk(part: Part, folder: Path, options: RunOptions, ids: Mapping[str, str]) -> None:
    """From a chunk's files to its catalog rows."""
    surviving(partial(do_chunk, ids=ids), part, folder, options)


@task(name="set apart", **_RETRIED)
def setting_apart(part: Part, folder: Path, options: RunOptions, known: Known) -> None:
    """Read a chunk, some of whose stars are known."""
    call(set_apart, [(part, folder)], options, known)


@task(name="renew", **_RETRIED)
def renewal(part: Part, folder: Path, options: RunOptions, known: Known, ids: Mapping[str, str]) -> None:
    """Do what is new or changed of some chunks, gathered in a folder, and finish these."""
    renewed(part, folder, options, known, ids)


@task(name="prepare", **_RETRIED)
def preparation(part: Part, folder: Path, options: RunOptions) -> None:
    """Read and clean a chunk, and search its periods."""
    surviving(prepare_chunk, part, folder, options)


@task(
    name="download",
    task_run_name="{target}",
    cache_policy=NO_CACHE,
    retries=len(archive.DELAYS),
    retry_delay_seconds=list(archive.DELAYS),
    retry_jitter_factor=0.5,
    retry_condition_fn=archive_may_answer,
)
def download(target: str, scratch: Path) -> None:
    """Fetch a target's light curves from the archive; planning finds them."""
    for _ in archive.download(target, scratch):
        pass


def fetch(sources: Sequence[str], scratch: Path) -> None:
    """Have what the sources ask of the archive downloaded; what cannot be is for planning to say."""
    for future in [download.submit(target, scratch) for target in archive_targets(sources)]:
        future.wait()


def each(
    work: Task[..., None], chunks: Iterable[tuple[Part, Path]], *told: Any
) -> Iterator[tuple[Part, Path, str | None]]:
    """Have a task done on each chunk, with a progress bar; yields each as it ends, with what its last try raised.

    Parameters
    ----------
    work : takes a part, its folder, and what `told` says to all of them.

    Raises
    ------
    SchedulerLostError
        When the tasks are on Dask, and its scheduler goes away.
    """
    with _scheduler_lost():
        given: dict[PrefectFuture[None], tuple[Part, Path]] = {
            work.submit(part, folder, *told): (part, folder) for part, folder in chunks
        }
        with tqdm(total=len(given), unit="chunk", disable=None, file=sys.stderr) as bar:
            for future in _as_they_end(given):
                error = future.result(raise_on_failure=False)
                yield *given[future], f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else None
                bar.update()


def _as_they_end(futures: Iterable[PrefectFuture[None]]) -> Iterator[PrefectFuture[None]]:
    """Each as it ends; who waits for long is told where there is nobody to do them."""
    ended: SimpleQueue[PrefectFuture[None]] = SimpleQueue()
    waiting = set(futures)
    for future in waiting:
        future.add_done_callback(ended.put)
    told = False
    while waiting:
        try:
            future = ended.get(timeout=PATIENCE)
        except Empty:
            where = _without_workers(next(iter(waiting)))
            if where and not told:
                print(f"Dask's scheduler at {where} has no workers: waiting for one", file=sys.stderr)
            told = where is not None
        else:
            waiting.remove(future)
            yield future


def _without_workers(future: PrefectFuture[None]) -> str | None:
    """Address of the Dask scheduler that was asked for it, where that has no workers.

    Raises
    ------
    OSError
        When the scheduler does not answer.
    """
    client = getattr(getattr(future, "wrapped_future", None), "client", None)
    if client is None:
        return None
    if client.status == "closed":
        raise ConnectionError("the client of Dask's scheduler was closed")
    if client.sync(client.scheduler.ncores, callback_timeout=PATIENCE):
        return None
    return str(client.scheduler.address)


class SchedulerLostError(ValueError):
    """Dask's scheduler went away, and with it all that it had not handed back."""


@contextmanager
def _scheduler_lost() -> Iterator[None]:
    """Say so where Dask cancels what it was asked for, or breaks a connection; what a task raises is handed back."""
    try:
        yield
    except (CancelledError, OSError) as error:
        context = FlowRunContext.get()
        address = getattr(context.task_runner, "address", None) if context else None
        where = f" at {address}" if address else ""
        raise SchedulerLostError(
            f"Dask's scheduler{where} was lost, or never answered; the finished chunks are kept: the same command goes "
            "on from them"
        ) from error
