"""`swope nightly`: the new points of stars that a run knows, and the run brought up to date."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from swope.flows.commands.arguments import add_workers, check_out, command, positive, probability
from swope.flows.runtime import one_thread

if TYPE_CHECKING:
    from swope.flows.options import RunOptions

#: How the files of a night are read, where it is not as those of the run.
_READ_BY = ("clock", "reader", "kind")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "nightly",
        "score the new points of stars that a run knows, and bring the run up to date",
        "examples:\n"
        "  swope nightly survey --since out/first --out out/monday\n"
        "  swope nightly tonight/*.csv --since out/monday --out out/tuesday\n\n"
        "Rows known already are left out. Where anything changed in what the run read, stars that are new or changed\n"
        "are then analysed whole: the run's catalog is the one that a run over everything makes. A run that joins a\n"
        "star's files (--join) takes in tonight's, too. Without that, what came in files of its own, beside those of\n"
        "the run, is scored alone; its new stars get a row that says so, and need a run.",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="as for `swope run`")
    parser.add_argument(
        "--since", required=True, type=Path, metavar="DIR", help="folder of a run, or of the night before"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for this night")
    parser.add_argument("--clock", help="as for `swope run` (default: what the run was told)")
    parser.add_argument("--reader", help="as for `swope run` (default: what the run was told)")
    parser.add_argument("--kind", choices=("mag", "flux"), help="as for `swope run` (default: what the run was told)")
    parser.add_argument(
        "--event-pvalue",
        type=probability,
        metavar="P",
        help="false-alarm probability a star and night of an event (default: what the run was told)",
    )
    parser.add_argument(
        "--detector",
        action="append",
        default=[],
        metavar="NAME",
        help="judge by this detector's forecasts alone, such as statespace; may be "
        "given several times (default: all that forecast)",
    )
    parser.add_argument(
        "--hook",
        metavar="HOOK",
        help="an http(s) address, or a command, that is given the alerts as JSON, if there are any",
    )
    parser.add_argument("--no-update", action="store_true", help="leave the run as it is")
    add_workers(parser)
    parser.add_argument("--top", type=positive, default=10, metavar="N", help="surprising stars named (default: 10)")
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    one_thread()
    from dataclasses import replace

    from swope.pipeline.catalog.store import RECORD
    from swope.pipeline.ingest import check_sources

    check_sources(parsed.sources)
    check_out(parsed.out)
    from swope.flows.interrupt import terminable
    from swope.flows.lock import locked
    from swope.flows.night import ALERTS, call_for, score_night
    from swope.flows.night.record import run_of
    from swope.flows.night.since import State
    from swope.flows.origin import OtherInputError
    from swope.flows.workers import worker_processes

    given = {name: getattr(parsed, name) for name in (*_READ_BY, "event_pvalue")}
    settings = replace(
        State.of(parsed.since).settings, **{name: value for name, value in given.items() if value is not None}
    )
    settings.check()
    workers = parsed.workers or os.cpu_count() or 1
    with terminable(), worker_processes(workers), locked(parsed.out):
        record = score_night(
            list(parsed.sources), parsed.since, parsed.out, settings, parsed.detector or None, parsed.top, anew=False
        )
        print(record.summary(parsed.out))
        other: OtherInputError | None = None
        update = not parsed.no_update and (parsed.since / RECORD).exists()
        if update:
            try:
                _bring_up_to_date(parsed.since, parsed.sources, settings, workers)
            except OtherInputError as problem:
                other = problem
        # now, or by this command before it was stopped
        updated = update and record.run != run_of(parsed.since)
        if not (parsed.out / ALERTS).exists():
            call_for([parsed.out], parsed.since if updated else None, parsed.hook)
        if other is not None:
            raise other
    return 0


def _bring_up_to_date(run_dir: Path, tonight: Sequence[str], settings: RunOptions, workers: int) -> None:
    """Run again where what a run read has changed.

    A run that joins the files of a star reads tonight's files, too, unless these are to be read in another way.

    Raises
    ------
    swope.flows.origin.OtherInputError
        As `swope.flows.origin.found_again`.
    """
    from swope.flows.night.changes import input_changes, undone
    from swope.flows.origin import found_again
    from swope.flows.record import RunRecord
    from swope.flows.server import prefect_server
    from swope.flows.stages import ingest_options
    from swope.pipeline.ingest import SourceError

    run = RunRecord.read(run_dir)
    read_alike = all(getattr(settings, name) == getattr(run.options, name) for name in _READ_BY)
    joined = tonight if run.options.join is not None and read_alike else ()
    with tempfile.TemporaryDirectory(prefix="swope-") as scratch:
        try:
            origin = found_again(run, run_dir, ingest_options(run.options), Path(scratch), joined, tonight)
        except SourceError as error:
            print(f"{run_dir} is as it was, since its sources are not found from here: {error}", file=sys.stderr)
            return
    if not input_changes(origin.planned, run, None) and not undone(run, run_dir):
        return
    with prefect_server():
        from swope.flows.catalog import catalog, task_runner

        flow = catalog.with_options(task_runner=task_runner(workers))
        record = flow(list(origin.sources), str(run_dir), options=run.options, workers=workers, root=str(origin.root))
    print(record.summary(run_dir))
