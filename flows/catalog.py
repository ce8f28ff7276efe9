"""The flow `catalog`: plan chunks, a task a chunk, then the catalog and its report."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from swope.flows import stages, tasks
from swope.flows.arrow import without_pandas
from swope.flows.compact import compacted, worn
from swope.flows.drift import remember
from swope.flows.known import GATHERED, KNOWN, Known, known_stars, room_of
from swope.flows.latent import LATENT, merge_latents
from swope.flows.makers import Makers
from swope.flows.manifest import chunk_key, is_done, remove_damaged
from swope.flows.options import RunOptions
from swope.flows.origin import Origin
from swope.flows.pages import write_report
from swope.flows.pieces import pieces_of, referred, tables
from swope.flows.record import RunRecord
from swope.flows.renew import gathered, join, members_of, set_apart
from swope.flows.state import STATE
from swope.flows.turns import one_at_a_time
from swope.flows.verdicts import rerank
from swope.flows.workers import WorkerDiedError, call, call_twice, wanted, worker_processes
from swope.pipeline.catalog import count_statuses, merge
from swope.pipeline.commit import replaced_together
from swope.pipeline.ingest import Part, plan
from swope.pipeline.verdicts import read_verdicts
from swope.pipeline.version import VERSION

WORK = Path("work")
CHUNKS = WORK / "chunks"
REFUSED = CHUNKS / "refused"
SCRATCH = WORK / "scratch"
REPORT = Path("report") / "index.html"

CORES = os.cpu_count() or 1

#: So many chunks are read one after the other where what is known of them need not be.
QUICK = 256

#: Where a deployment finds a Dask scheduler: a flow's parameters come too late to say where its tasks run.
DASK = os.environ.get("SWOPE_DASK")


def task_runner(workers: int, dask: str | None = None) -> TaskRunner[Any]:
    """Where the tasks run.

    Parameters
    ----------
    workers : worker processes on this machine.
    dask : address of a Dask scheduler, whose workers then do all the work; they must see the same files.

    Raises
    ------
    ValueError
        When Dask is asked for and not installed.
    """
    if dask is None:
        return threads(workers)
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise ValueError("--dask needs the extra: pip install 'swope[dask]'") from None
    # a traceback of a scheduler that is lost, which is said in a line; not earlier, for Dask's import sets its levels
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    return DaskTaskRunner(address=dask)


def processes(workers: int | None) -> int:
    """How many worker processes a flow has here: as asked for; else one a core, or none where Dask does the work."""
    if workers is not None:
        return workers
    return 0 if DASK else CORES


def threads(workers: int) -> TaskRunner[Any]:
    """A thread for each worker process, whose task waits there for the worker's answer."""
    return ThreadPoolTaskRunner(max_workers=workers)


@flow(name="catalog", flow_run_name="catalog {out}", task_runner=task_runner(CORES, DASK))
def catalog(
    sources: list[str],
    out: str,
    options: RunOptions | None = None,
    workers: int | None = None,
    top: int | None = 20,
    root: str | None = None,
) -> RunRecord:
    """Make a catalog and its report from light curves.

    Parameters
    ----------
    sources : files, folders, globs, or archive queries such as "mast:KIC 8462852".
    out : folder of the run; a run that was interrupted goes on from its finished chunks.
    options : the run's settings; models that are not there are left out, and the shipped ones taken.
    workers : most worker processes; None for one a core, or none on Dask; 0 to compute where a task runs (on Dask).
    top : how many of the most anomalous stars the report shows; None for no report.
    root : folder that relative sources are relative to; None for the current one.

    Raises
    ------
    swope.pipeline.ingest.SourceError
        When there is nothing to read.
    swope.flows.lock.BusyError
        When another run is at work in the folder.
    ValueError
        When the models cannot be loaded, or the folder's table of verdicts is damaged.
    """
    without_pandas()
    watch = Stopwatch()
    options = (options or RunOptions()).settled()
    run_dir = Path(out)
    with one_at_a_time(run_dir), worker_processes(processes(workers)):
        scratch = run_dir / SCRATCH
        tasks.fetch(sources, scratch)
        place = Path(root) if root else Path.cwd()
        planned = plan(sources, stages.ingest_options(options), scratch, place)
        watch.lap("plan")
        drop_damaged(run_dir)
        return make_catalog(Origin(sources, place, planned), run_dir, options, top, watch)


def make_catalog(origin: Origin, run_dir: Path, options: RunOptions, top: int | None, watch: Stopwatch) -> RunRecord:
    """Make the catalog of what is planned, in a flow that holds the folder and has dropped what is damaged.

    Parameters
    ----------
    origin : what it is made of; the plan's parts may point into the scratch folder of the run.
    options, top : as of `catalog`.
    run_dir : folder of the run.
    watch : counts the phases.
    """
    # a damaged table is refused before the work is done
    read_verdicts(run_dir)
    planned = origin.planned
    makers = load_makers(options)
    chunks = chunks_of(planned.parts, options, makers)
    reused = [run_dir / chunk for chunk in chunks if is_done(run_dir / chunk)]
    kept = sum(stages.done_rows(folder) for folder in reused)
    known = known_stars(run_dir, makers, options, chunks, run_dir / KNOWN)
    folders = [run_dir / chunk for chunk in chunks]
    room = room_of(run_dir, makers, options)
    taken = run_chunks(planned.parts, folders, options, makers.models, known, room, worn(run_dir, options))
    # its columns are those of the detectors, which this process need not import
    call_twice(stages.write_refused, run_dir / REFUSED, planned.refused)
    watch.lap("chunks")
    record = RunRecord(
        version=VERSION,
        versions=makers.versions,
        sources=list(origin.sources),
        root=origin.seen_from(run_dir),
        refused=planned.refused_digest,
        config=asdict(options),
        models=makers.models,
        counts={},
        n_inputs=planned.n_inputs,
        n_events=0,
        inputs=[{"sha256": part.digest, "files": list(part.sources)} for part in planned.parts],
        chunks=[str(chunk) for chunk in chunks],
        n_reused=len(reused),
        n_kept=kept,
        n_taken_over=taken,
        timings={},
    )
    record = commit(run_dir, record, watch)
    record = replace(record, drift=remember(run_dir, record))
    record.write(run_dir)
    if top is not None:
        write_report(run_dir, top)
    watch.lap("report")
    record = replace(record, timings=watch.laps)
    record.write(run_dir)
    clear(run_dir, chunks)
    announce(record, run_dir)
    return record


def drop_damaged(run_dir: Path) -> None:
    """Forget the finished chunks of a run that a disk has damaged since, and say which."""
    for said in remove_damaged([*(run_dir / GATHERED).glob("*/*"), *(run_dir / CHUNKS).glob("*")]):
        print(said, file=sys.stderr)
    for folder in (run_dir / CHUNKS).glob("*"):
        if is_done(folder) and not all(is_done(other) for other, _ in referred(folder)):
            shutil.rmtree(folder)
            print(f"{folder}: it refers to what is damaged, or gone; it is put together again", file=sys.stderr)


def load_makers(options: RunOptions) -> Makers:
    """Load the models in a worker process, and learn what makes this run's numbers.

    Raises
    ------
    ValueError
        When they cannot be loaded: then no star could be done.
    """
    try:
        return call_twice(Makers.of, options.models)
    except WorkerDiedError as error:
        raise ValueError(f"the models cannot be loaded here: {error}") from error


def chunks_of(parts: Sequence[Part], options: RunOptions, makers: Makers) -> list[Path]:
    """The folder of each part's chunk, in that of the run."""
    config, made_by = asdict(options), asdict(makers)
    return [CHUNKS / chunk_key(part.digest, config, made_by) for part in parts]


def run_chunks(
    parts: Sequence[Part],
    folders: Sequence[Path],
    options: RunOptions,
    ids: Mapping[str, str],
    known: Known | None,
    room: Path,
    old: Sequence[Path] = (),
) -> int:
    """Do the chunks that are not finished; one whose task fails gets failed rows, and the rest go on.

    Parameters
    ----------
    ids : of the run's models.
    known : what an earlier run knew, and is taken over; None for nothing.
    room : where changed stars of several chunks are gathered.
    old : folders of what is known that are worn (`swope.flows.compact`).

    Returns
    -------
    How many stars were taken over.
    """
    left = [(part, folder) for part, folder in zip(parts, folders, strict=True) if not is_done(folder)]
    some: list[tuple[Part, Path]] = []
    whole = left
    if known is not None and left:
        apart = set_chunks_apart(left, options, known)
        if old and apart:
            known = call(compacted, [folder for _, folder in apart], old, room, options, known)
        some, whole = gathered(apart, room, options, known)
    wanted(len(whole) + len(some))
    _went_well(tasks.chunk, whole, options, ids)
    for part, gathering, problem in tasks.each(tasks.renewal, some, options, known, ids):
        if problem is not None and known is not None:
            write_unrenewed(gathering, part, problem, known)
    return sum(stages.taken_over(folder) for _, folder in left if is_done(folder))


def set_chunks_apart(chunks: Sequence[tuple[Part, Path]], options: RunOptions, known: Known) -> list[tuple[Part, Path]]:
    """Read some chunks; returns those that could be read, and the others have failed rows."""
    quick = [one for one in chunks if one[0].keys]
    if 0 < len(quick) <= QUICK:
        # a task costs more than most of these; where one of them breaks, each has its own
        with suppress(Exception):
            call(set_apart, quick, options, known)
    left = [one for one in chunks if not stages.is_set_apart(one[1])]
    wanted(len(left))
    good = _went_well(tasks.setting_apart, left, options, known)
    return [one for one in chunks if one not in left or one[1] in good]


def _went_well(work: Task[..., None], chunks: Sequence[tuple[Part, Path]], *told: object) -> set[Path]:
    """Have a task done on each chunk; the folders of those on which it went well: the others get failed rows."""
    good = set()
    for part, folder, problem in tasks.each(work, chunks, *told):
        if problem is None:
            good.add(folder)
        else:
            stages.write_failed(folder, part, problem)
    return good


def write_unrenewed(gathering: Path, part: Part, problem: str, known: Known) -> None:
    """Write rows for what is new or changed of some chunks, and could not be done; the other stars have theirs."""
    try:
        call(join, gathering, known, problem)
    except (OSError, ValueError, WorkerDiedError) as error:
        for folder, _ in members_of(gathering):
            if not is_done(folder):
                stages.write_failed(folder, part, f"{problem}; {type(error).__name__}: {error}")


def commit(run_dir: Path, record: RunRecord, watch: Stopwatch) -> RunRecord:
    """Make the catalog of the chunks: its tables and run.json, all of them or none."""
    pieces = pieces_of(run_dir / chunk for chunk in (*map(Path, record.chunks), REFUSED))
    with replaced_together(run_dir) as new:
        merge(tables(pieces, stages.OBJECTS), tables(pieces, stages.EVENTS), new, models=record.models)
        merge_latents(tables(pieces, LATENT), new)
        rerank(new, verdicts_of=run_dir)
        watch.lap("catalog")
        record = replace(
            record,
            counts=count_statuses(new / stages.OBJECTS),
            n_events=int(pq.read_metadata(new / stages.EVENTS).num_rows),
            timings=watch.laps,
            pieces=[str(piece.folder.relative_to(run_dir)) for piece in pieces],
        )
        record.write(new)
    return record


def clear(run_dir: Path, chunks: Sequence[Path]) -> None:
    """Remove what a finished run leaves that nothing refers to: chunks of other input or settings, scratch files."""
    kept = {piece.folder for piece in pieces_of(run_dir / chunk for chunk in (*chunks, REFUSED))}
    for folder in (*(run_dir / CHUNKS).iterdir(), *(run_dir / GATHERED).glob("*/*")):
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    for scratch in (KNOWN, SCRATCH):
        shutil.rmtree(run_dir / scratch, ignore_errors=True)
    # of a version that kept it a second time
    (run_dir / STATE).unlink(missing_ok=True)


def announce(record: RunRecord, run_dir: Path) -> None:
    """Leave the counts and the places of the results with Prefect, as an artifact."""
    rows = "\n".join(f"| {name} | {count} |" for name, count in {**record.counts, "n_events": record.n_events}.items())
    drift = "".join(f"\n**Drift** {said}\n" for said in record.drift)
    places = "\n".join(f"- `{(run_dir / name).resolve()}`" for name in (stages.OBJECTS, stages.EVENTS, REPORT))
    create_markdown_artifact(
        f"# {run_dir}\n\n| | |\n|---|---:|\n{rows}\n\n{places}\n{drift}",
        key="swope-catalog",
        description=f"The catalog of {run_dir}",
    )


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
