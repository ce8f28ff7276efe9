"""The flow `catalog`: plan chunks, a task a chunk and stage, then the catalog and its report."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from tqdm import tqdm

from swope.flows import stages
from swope.flows.manifest import chunk_key, is_done
from swope.flows.options import RunOptions
from swope.flows.pages import write_report
from swope.flows.record import RunRecord, versions
from swope.flows.state import merge_states
from swope.flows.workers import call, surviving, worker_processes
from swope.models.registry import load_models
from swope.pipeline.catalog import count_statuses, merge
from swope.pipeline.ingest import Part, plan
from swope.pipeline.version import VERSION

WORK = Path("work")
CHUNKS = WORK / "chunks"
REFUSED = CHUNKS / "refused"

CORES = os.cpu_count() or 1


@task(name="ingest", cache_policy=NO_CACHE)
def ingest(part: Part, folder: Path, options: RunOptions) -> Path:
    """Read and clean a chunk."""
    call(stages.ingest_chunk, part, folder, options)
    return folder


@task(name="measure", cache_policy=NO_CACHE)
def measure(folder: Path, options: RunOptions) -> Path:
    """Search the periods of a chunk."""
    stages.write_periods(folder, surviving(stages.measure_rows, folder, options, 0, stages.n_stars(folder)))
    return folder


@task(name="score", cache_policy=NO_CACHE)
def score(folder: Path, options: RunOptions) -> Path:
    """Put a chunk through the models and write its rows."""
    stages.write_rows(folder, surviving(stages.score_rows, folder, options, 0, stages.n_stars(folder)))
    return folder


def task_runner(workers: int | None, dask: str | None = None) -> tuple[TaskRunner[Any], int]:
    """Where the tasks run, and how many worker processes this machine is to have for them.

    Parameters
    ----------
    workers : worker processes; None for one a core.
    dask : address of a Dask scheduler, whose workers then do all the work; they must see the same files.

    Raises
    ------
    ValueError
        When Dask is asked for and not installed.
    """
    if dask is None:
        n = workers or CORES
        return threads(n), n
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise ValueError("--dask needs the extra: pip install 'swope[dask]'") from None
    return DaskTaskRunner(address=dask), 0


def threads(workers: int) -> TaskRunner[Any]:
    """Threads for the tasks of `workers` busy chunks: a task that waits for the stage before it holds a thread."""
    return ThreadPoolTaskRunner(max_workers=3 * workers + 3)


@flow(name="catalog", task_runner=threads(CORES))
def catalog(
    sources: list[str],
    out: str,
    options: RunOptions | None = None,
    workers: int | None = None,
    top: int = 20,
) -> RunRecord:
    """Make a catalog and its report from light curves.

    Parameters
    ----------
    sources : files, folders, globs, or archive queries such as "mast:KIC 8462852".
    out : folder of the run; a run that was interrupted goes on from its finished chunks.
    options : the run's settings; models that are not there are left out, and the shipped ones taken.
    workers : worker processes; None for one a core, 0 to compute where a task runs (on Dask).
    top : how many of the most anomalous stars the report shows.

    Raises
    ------
    swope.pipeline.ingest.SourceError
        When there is nothing to read.
    """
    watch = Stopwatch()
    options = (options or RunOptions()).settled()
    run_dir = Path(out)
    scratch = run_dir / WORK / "scratch"
    planned = plan(sources, stages.ingest_options(options), scratch)
    watch.lap("plan")
    with worker_processes(CORES if workers is None else workers):
        ids = call(_model_ids, options.models)
        keys = [chunk_key(part.digest, asdict(options), ids, VERSION) for part in planned.parts]
        chunks = [CHUNKS / key for key in keys]
        reused = sum(is_done(run_dir / chunk) for chunk in chunks)
        run_chunks(planned.parts, [run_dir / chunk for chunk in chunks], options)
        stages.write_refused(run_dir / REFUSED, planned.refused)
        watch.lap("chunks")
        pieces = [run_dir / chunk for chunk in (*chunks, REFUSED)]
        merge([p / stages.OBJECTS for p in pieces], [p / stages.EVENTS for p in pieces], run_dir)
        merge_states(pieces, run_dir, options)
        watch.lap("catalog")
        record = RunRecord(
            version=VERSION,
            versions=versions(),
            sources=list(sources),
            config=asdict(options),
            models=ids,
            counts=count_statuses(run_dir / stages.OBJECTS),
            n_inputs=planned.n_inputs,
            n_events=int(pq.read_metadata(run_dir / stages.EVENTS).num_rows),
            inputs=[{"sha256": part.digest, "files": list(part.sources)} for part in planned.parts],
            chunks=[str(chunk) for chunk in chunks],
            n_reused=reused,
            timings=watch.laps,
        )
        record.write(run_dir)
        call(write_report, run_dir, top)
        watch.lap("report")
    record = replace(record, timings=watch.laps)
    record.write(run_dir)
    shutil.rmtree(scratch, ignore_errors=True)
    return record


def _model_ids(folder: str | None) -> dict[str, str]:
    return load_models(folder).ids


def run_chunks(parts: Sequence[Part], folders: Sequence[Path], options: RunOptions) -> None:
    """Three tasks a chunk that is not finished; a chunk whose task fails gets failed rows, and the rest go on."""
    chains: dict[PrefectFuture[Any], tuple[Part, Path, list[PrefectFuture[Any]]]] = {}
    for part, folder in zip(parts, folders, strict=True):
        if not is_done(folder):
            read = ingest.submit(part, folder, options)
            measured = measure.submit(folder, options, wait_for=[read], return_state=False)
            scored = score.submit(folder, options, wait_for=[measured], return_state=False)
            chains[scored] = (part, folder, [read, measured, scored])
    with tqdm(total=len(chains), unit="chunk", disable=None, file=sys.stderr) as bar:
        for last in as_completed(list(chains)):
            part, folder, chain = chains[last]
            if problem := first_problem(chain):
                stages.write_failed(folder, part, problem)
            bar.update()


def first_problem(chain: Sequence[PrefectFuture[Any]]) -> str | None:
    """What the first failed task of a chunk raised; None where all went well."""
    for future in chain:
        answer = future.result(raise_on_failure=False)
        if isinstance(answer, BaseException):
            return f"{type(answer).__name__}: {answer}"
    return None


class Stopwatch:
    """Seconds by phase of a run, each since the one before."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """End the phase `name`."""
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 2)
        self._last = now
