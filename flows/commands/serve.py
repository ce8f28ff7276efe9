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
        "example:\n  swope serve\n\nThe schedules are those of prefect.yaml in this folder.",
    )
    parser.add_argument(
        "--file",
        type=Path,
        default=Path("prefect.yaml"),
        metavar="YAML",
        help="the deployments (default: prefect.yaml)",
    )
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from swope.flows.serve import serve_deployments

    serve_deployments(parsed.file)
    return 0
