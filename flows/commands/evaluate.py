"""`swope evaluate`: a catalog against known classes and periods."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import command


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "evaluate",
        "hold a catalog against known classes and periods",
        "example:\n  swope evaluate out/asas --labels labels.csv\n\n"
        "labels: a CSV with object_id, class, perhaps period, and source where files have stars of one name.",
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument("--labels", required=True, type=Path, metavar="CSV", help="the known classes and periods")
    parser.add_argument(
        "--held-out", action="store_true", help="only the stars that the shipped models were never trained on"
    )
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from swope.pipeline.evaluate import evaluate

    print(evaluate(parsed.run_dir, parsed.labels, held_out_only=parsed.held_out))
    return 0
