"""`swope serve`: the scheduled flows, on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import command


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "serve",
        "run the scheduled flows on this machine, until it is stopped",
        "examples:\n  swope serve\n  swope serve --pool swope\n\n"
        "The schedules are those of prefect.yaml in this folder, to which all its paths are relative.",
    )
    parser.add_argument(
        "--file",
        type=Path,
        default=Path("prefect.yaml"),
        metavar="YAML",
        help="the deployments (default: prefect.yaml)",
    )
    parser.add_argument(
        "--pool",
        metavar="POOL",
        help="hand the flows to the process workers of this work pool instead, and end (docs/production.md)",
    )
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from swope.flows.serve import deploy_to, serve_deployments

    if parsed.pool is None:
        serve_deployments(parsed.file)
        return 0
    for name in deploy_to(parsed.pool, parsed.file):
        print(name)
    return 0
