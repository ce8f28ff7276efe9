"""`swope report`: the page of a run, made again."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import command, positive
from swope.flows.runtime import one_thread


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "report",
        "make the report of a run again",
        "examples:\n"
        "  swope report out/kepler --top 50\n"
        '  swope report out/kepler --star "KIC 8462852" --star "KIC 9832227"',
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument(
        "--top", type=positive, default=20, metavar="N", help="most anomalous stars to show (default: 20)"
    )
    parser.add_argument(
        "--star",
        action="append",
        default=[],
        metavar="ID",
        help="show this star too, first of all and whatever its rank; may be given several times",
    )
    parser.add_argument(
        "--injected",
        type=Path,
        metavar="FOLDER",
        help="show the completeness that `swope inject --out FOLDER` measured (default: DIR/inject, if there)",
    )
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    one_thread()
    from swope.flows.pages import write_report
    from swope.flows.verdicts import refresh

    refresh(parsed.run_dir)
    print(write_report(parsed.run_dir, parsed.top, parsed.star, parsed.injected))
    return 0
