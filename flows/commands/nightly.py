"""`swope nightly`: the new points of stars that a run knows."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import command, positive, probability
from swope.flows.runtime import one_thread


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "nightly",
        "score the new points of stars that a run knows, and nothing else",
        "examples:\n"
        "  swope nightly tonight/*.csv --since out/first --out out/monday\n"
        "  swope nightly tonight/*.csv --since out/monday --out out/tuesday\n\n"
        "Nothing is fitted, and no period searched for. Rows known already are left out; stars and bands that the run\n"
        "did not know get a row that says so, and need a run.",
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
    parser.add_argument("--top", type=positive, default=10, metavar="N", help="surprising stars named (default: 10)")
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    one_thread()
    from dataclasses import replace

    from swope.pipeline.ingest import check_sources

    check_sources(parsed.sources)
    from swope.flows.interrupt import terminable
    from swope.flows.lock import locked
    from swope.flows.night import call_for, score_night
    from swope.flows.state import State
    from swope.flows.workers import worker_processes

    given = {name: getattr(parsed, name) for name in ("clock", "reader", "kind", "event_pvalue")}
    settings = replace(
        State.of(parsed.since).settings, **{name: value for name, value in given.items() if value is not None}
    )
    settings.check()
    with terminable(), worker_processes(1), locked(parsed.out):
        record = score_night(
            list(parsed.sources), parsed.since, parsed.out, settings, parsed.detector or None, parsed.top
        )
        print(record.summary(parsed.out))
        call_for([parsed.out], None, parsed.hook)
    return 0
