"""The flow `nightly`: every morning, what was added to a folder is scored, and the catalog brought up to date."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from prefect import flow

from swope.flows.arrow import without_pandas
from swope.flows.catalog import (
    CORES,
    DASK,
    SCRATCH,
    Stopwatch,
    catalog,
    chunks_of,
    drop_damaged,
    load_makers,
    make_catalog,
    processes,
    set_chunks_apart,
    task_runner,
)
from swope.flows.known import KNOWN, known_stars
from swope.flows.makers import Makers
from swope.flows.night.alerts import ALERTS, call_for
from swope.flows.night.changes import input_changes, known_parts, last_night, maker_changes, undone
from swope.flows.night.record import NightRecord
from swope.flows.night.score import Tonight, read_chunks, read_parts, score_plan
from swope.flows.night.since import DamagedError, State
from swope.flows.options import RunOptions
from swope.flows.origin import Origin, found_again
from swope.flows.record import RunRecord
from swope.flows.runtime import one_thread
from swope.flows.stages import OBJECTS, ingest_options
from swope.flows.state import NIGHTLY, STATE
from swope.flows.turns import one_at_a_time
from swope.flows.workers import call_twice, wanted, worker_processes
from swope.pipeline.catalog.store import RECORD
from swope.pipeline.ingest import check_sources, plan


@flow(name="nightly", flow_run_name="nightly {incoming}", task_runner=task_runner(CORES, DASK))
def nightly(
    incoming: str = "incoming",
    since: str = "out/catalog",
    out: str = "out/nights",
    options: RunOptions | None = None,
    update: bool = True,
    hook: str | None = None,
    top: int = 10,
    workers: int | None = None,
) -> str | None:
    """Score the new points of a folder; returns the folder of the night, ``OUT/YYYY-MM-DD`` (UTC).

    New points of known stars are scored against the stored forecasts: those of the run, or of the last night that went
    on from it. Then the catalog is brought up to date: a star that is new, or of which anything changed, is analysed
    whole, and the others are taken over (`swope.flows.renew`). So after every night the catalog is the one that a run
    over all that there is makes. Where nothing changed nothing is written, and None returned; the first morning makes
    the catalog, and no night.

    Parameters
    ----------
    incoming : folder that new light curves, or new points of old ones, arrive in; points known already are left out.
        It comes to what the run was made from, where it is not among that.
    since : folder of the run that knows the stars; where there is none yet, it is made from `incoming`.
    out : folder of the nights.
    options : settings; None for those of the run. Where they, the models or the code changed, all stars are analysed.
    update : whether the catalog is brought up to date; without it nights go on from nights, until the next run.
    hook : an address or a command that is given the alerts (`swope.flows.night.alerts.call_hook`).
    top : how many of the most surprising stars are named, and shown by the catalog's report.
    workers : most worker processes; None for one a core.

    Raises
    ------
    swope.flows.night.alerts.HookError
        When the hook fails; the night is finished all the same, and the hook called again by the next one.
    swope.flows.origin.OtherInputError
        When what is found where the run had its input has nothing in common with it.
    """
    one_thread()
    without_pandas()
    run_dir, nights = Path(since), Path(out)
    # the night itself is scored here, whoever does the chunks of the catalog
    with worker_processes(max(processes(workers), 1), begin=1):
        if not (run_dir / RECORD).exists():
            wanted(max(processes(workers), 1))
            catalog([incoming], since, options, workers, top)
            return None
        with one_at_a_time(run_dir, nights):
            watch = Stopwatch()
            run = RunRecord.read(run_dir)
            settings = (options or run.options).settled()
            makers = load_makers(settings)
            made = maker_changes(run, makers, settings) + undone(run, run_dir) if update else []
            origin = _origin(incoming, run, run_dir, settings, update)
            watch.lap("plan")
            before = last_night(nights, run)
            came = input_changes(origin.planned, run, before)
            changed = made + came
            if changed or nights_without_alerts(nights):
                # nothing else is read of what the run has finished
                drop_damaged(run_dir)
            if came:
                tonight = Tonight(origin.sources, origin.planned, came, origin.beside)
                changed += _score(tonight, run_dir, run, before, nights, settings, makers, top, update)
            watch.lap("night")
            waiting = nights_without_alerts(nights)
            # a night whose alerts the hook did not take is in the catalog already
            if update and (changed or any(NightRecord.read(night).run == run.stamp for night in waiting)):
                make_catalog(origin, run_dir, settings, top, watch)
                _say_of_sources(run, origin, run_dir, settings)
            for scratch in (KNOWN, SCRATCH):
                shutil.rmtree(run_dir / scratch, ignore_errors=True)
        if not changed and not waiting:
            print(f"nothing changed since the run in {run_dir}")
            return None
        # what is called may want the folder of the run
        with one_at_a_time(nights):
            call_for(waiting, run_dir if update else None, hook)
        for night in waiting:
            print(NightRecord.read(night).summary(night))
    return str(waiting[-1]) if waiting else None


def _origin(incoming: str, run: RunRecord, run_dir: Path, settings: RunOptions, update: bool) -> Origin:
    """What there is tonight: all that the catalog is to be made from; without one, the folder alone."""
    check_sources([incoming])
    how = ingest_options(settings)
    # by the process that reads the files next, and knows by then how
    planning = partial(call_twice, plan)
    if update:
        return found_again(run, run_dir, how, run_dir / SCRATCH, [incoming], planning=planning)
    return Origin([incoming], Path.cwd(), planning([incoming], how, run_dir / SCRATCH))


def _say_of_sources(run: RunRecord, origin: Origin, run_dir: Path, settings: RunOptions) -> None:
    """Say so where the catalog was made from more than before."""
    if list(origin.sources) == list(run.sources):
        return
    print(f"{run_dir} is made from {', '.join(origin.sources)} from now on", file=sys.stderr)
    names = pc.value_counts(pq.read_table(run_dir / OBJECTS, columns=["object_id"])["object_id"])
    several = pc.sum(pc.greater(names.field("counts"), 1)).as_py()
    if several and settings.join is None:
        print(
            f"{several} names are those of several stars there, each with the points of its own file: where they are "
            "the same stars, the setting `join: 0` brings their files together",
            file=sys.stderr,
        )


def _score(
    tonight: Tonight,
    run_dir: Path,
    run: RunRecord,
    before: Path | None,
    nights: Path,
    settings: RunOptions,
    makers: Makers,
    top: int,
    update: bool,
) -> list[str]:
    """Score what is new, in a folder of its own; returns why it could not be scored, in words, where it could not."""
    # a night after which the catalog is brought up to date keeps nothing: the next goes on from the catalog
    since = before if before is not None and (before / STATE).exists() else run_dir
    try:
        # what is damaged of the run has just been dropped
        state = State.of(since, hashed=since == run_dir)
    except ValueError as problem:
        # damaged, or of another version of Swope: a night can go on from the catalog that is made next
        if not update:
            raise
        print(problem, file=sys.stderr)
        return [str(problem)]
    known = known_stars(run_dir, makers, settings, (), run_dir / KNOWN)
    seen = known_parts(run, None if since == run_dir else since)
    new = [part for part in tonight.planned.parts if part.digest not in seen]
    if update and known is not None and since == run_dir:
        # read once, for the night and for the catalog
        folders = [run_dir / chunk for chunk in chunks_of(new, settings, makers)]
        apart = set_chunks_apart(list(zip(new, folders, strict=True)), settings, known)
        look = partial(read_chunks, [folder for _, folder in apart], known)
    else:
        look = partial(read_parts, new, settings, known)
    try:
        score_plan(tonight, look, state, since, free_folder(nights), settings, top=top, keep=not update)
    except DamagedError as problem:
        if not update:
            raise
        print(problem, file=sys.stderr)
        return [str(problem)]
    return []


def nights_without_alerts(nights: Path) -> list[Path]:
    """Nights that are scored, and that nobody has been called for yet; not those of a version that called nobody."""
    scored = [path.parent for path in sorted(nights.glob(f"*/{NIGHTLY}"))]
    return [night for night in scored if not (night / ALERTS).exists() and NightRecord.read(night).run]


def free_folder(nights: Path) -> Path:
    """Where tonight goes: ``NIGHTS/YYYY-MM-DD``, or ``-02`` and so on after it, where that night is finished."""
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    number = 1
    while ((folder := nights / (today if number == 1 else f"{today}-{number:02d}")) / NIGHTLY).exists():
        number += 1
    return folder
