"""`swope export`: a catalog for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import command


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "export",
        "write a run's catalog as FITS, VOTable or CSV, with units and descriptions",
        "example:\n  swope export out/asas --format fits",
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument("--format", choices=("fits", "votable", "csv"), required=True)
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from swope.pipeline.catalog import export

    for path in export(parsed.run_dir, parsed.format):
        print(path)
    return 0
