"""`swope show`: one star at once."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import READING, add_event_pvalue, add_reading, check_out, command
from swope.flows.runtime import one_thread


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "show",
        "one star at once: what was found in ten lines, a page and a picture",
        "examples:\n"
        "  swope show my_star.csv\n"
        "  swope show kepler/kplr011442793-*.fits --out pages\n"
        '  swope show survey.parquet --star "V1234"\n'
        '  swope show out/first "V1234"              a star of a run\n',
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="as for `swope run`; or the folder of a run and its stars' names",
    )
    parser.add_argument("--star", action="append", default=[], metavar="ID", help="this star alone; may be given again")
    parser.add_argument(
        "--out", type=Path, default=Path("stars"), metavar="DIR", help="folder for the page and the picture (stars)"
    )
    add_reading(parser)
    parser.add_argument("--models", type=Path, metavar="DIR", help="models from `swope train` (default: the shipped)")
    add_event_pvalue(parser)
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    one_thread()
    from swope.flows.options import RunOptions
    from swope.flows.show import show

    check_out(parsed.out)
    given = {name: getattr(parsed, name) for name in (*READING, "event_pvalue")}
    options = RunOptions(**given, models=str(parsed.models.resolve()) if parsed.models else None)
    options.check()
    print("\n".join(show(parsed.sources, parsed.out, options, parsed.star)).rstrip())
    return 0
