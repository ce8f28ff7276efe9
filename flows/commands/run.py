"""`swope run`: a catalog and a report of light curves."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from swope.flows.commands.arguments import (
    add_event_pvalue,
    add_join,
    add_reading,
    add_workers,
    check_out,
    command,
    positive,
)
from swope.flows.runtime import one_thread

if TYPE_CHECKING:
    from swope.flows.record import RunRecord

#: How often a run goes on after Dask's scheduler was lost.
RESTARTS = 3


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "run",
        "make a catalog and a report from light curves",
        "examples:\n"
        "  swope run kepler/*.fits --out out/kepler\n"
        "  swope run asas.parquet --clock HJD_UTC --out out/asas\n"
        '  swope run "mast:KIC 8462852" --out out/tabby\n\n'
        "A run that was stopped goes on where it was when the same command is given again.",
    )
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help='file, folder, glob, or archive query such as "mast:KIC 8462852"'
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the catalog and the report")
    add_reading(parser)
    add_join(parser)
    add_workers(parser)
    parser.add_argument("--models", type=Path, metavar="DIR", help="models from `swope train` (default: the shipped)")
    add_event_pvalue(parser)
    parser.add_argument("--chunk-size", type=positive, default=512, metavar="N", help="stars a chunk (default: 512)")
    parser.add_argument("--dask", metavar="ADDRESS", help="Dask scheduler to run on, such as tcp://10.0.0.1:8786")
    parser.add_argument("--top", type=positive, default=20, metavar="N", help="stars in the report (default: 20)")
    parser.add_argument("--no-report", action="store_true", help="leave the report out; `swope report` makes it later")
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    one_thread()
    from swope.flows.interrupt import terminable
    from swope.flows.lock import check_free
    from swope.flows.makers import Makers
    from swope.flows.options import RunOptions
    from swope.flows.scheduler import check_scheduler
    from swope.flows.server import prefect_server
    from swope.flows.workers import worker_processes
    from swope.models.ahead import compile_scores, compile_searches, is_compiled
    from swope.pipeline.ingest import check_sources

    # before Prefect, which takes seconds to start
    check_sources(parsed.sources)
    check_out(parsed.out)
    given = {field.name: getattr(parsed, field.name) for field in fields(RunOptions)}
    given["models"] = str(parsed.models.resolve()) if parsed.models else None
    options = RunOptions(**given)
    options.check()
    check_free(parsed.out)
    if parsed.dask:
        check_scheduler(parsed.dask)
    if sys.stderr.isatty():
        print("starting the flow (some 10 s)", file=sys.stderr)
    workers = 0 if parsed.dask else parsed.workers or os.cpu_count() or 1
    with terminable(), worker_processes(workers) as pool:
        if pool is not None:
            # while Prefect starts the models are loaded; on a fresh machine two processes compile, each another half
            pool.warm(*([(Makers.of, options.models)] if is_compiled() else [(compile_searches,), (compile_scores,)]))
        with prefect_server():
            from swope.flows.catalog import catalog, task_runner

            flow = catalog.with_options(task_runner=task_runner(workers, parsed.dask))
            record = _despite_restarts(
                partial(
                    flow,
                    list(parsed.sources),
                    str(parsed.out),
                    options=options,
                    workers=workers,
                    top=None if parsed.no_report else parsed.top,
                )
            )
    print(record.summary(parsed.out))
    return 0


def _despite_restarts(flow: Callable[[], RunRecord]) -> RunRecord:
    """Go on from the finished chunks where Dask's scheduler was lost, and is there again within half a minute."""
    from swope.flows.tasks import SchedulerLostError

    for _ in range(RESTARTS):
        try:
            return flow()
        except SchedulerLostError:
            print("Dask's scheduler was lost; going on as soon as it is there again", file=sys.stderr)
    return flow()
