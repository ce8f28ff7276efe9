"""`swope export`: a catalog for other programs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from swope.flows.commands.arguments import command


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "export",
        "write a run's catalog as FITS, VOTable, CSV or HATS, with units and descriptions",
        "example:\n  swope export out/asas --format fits",
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument("--format", choices=("fits", "votable", "csv", "hats"), required=True)
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    if parsed.format == "hats":
        from swope.flows.hats import export_hats

        folder, without = export_hats(parsed.run_dir)
        print(folder)
        if without:
            print(f"{without} stars are left out, which have no position", file=sys.stderr)
        return 0
    from swope.pipeline.catalog import export

    for path in export(parsed.run_dir, parsed.format):
        print(path)
    return 0
