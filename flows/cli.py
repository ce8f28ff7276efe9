"""The command `swope`. Parsing only: every subcommand imports what it needs when it is called."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from swope.flows.arrow import without_pandas
from swope.flows.interrupt import exit_code
from swope.flows.runtime import quiet
from swope.pipeline.version import VERSION

#: The subcommands, in the order of the help: each is a module of `swope.flows.commands`.
COMMANDS = (
    *("show", "run", "nightly", "report", "train", "evaluate", "simulate", "export", "serve", "formats", "ingest"),
    "inject",
    "label",
)

#: Exit code for input that cannot be worked with (argparse uses the same for a wrong command line).
BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parsed = build_parser().parse_args(arguments)
    quiet("INFO" if parsed.command == "serve" else "CRITICAL")
    without_pandas()
    try:
        return int(parsed.call(parsed))
    except BrokenPipeError:
        # the reader of our output has left (`swope evaluate ... | head`): nothing more to say, and no fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        if parsed.traceback:
            raise
        print(f"swope {parsed.command}: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt as stop:
        print(_stopped(parsed.command), file=sys.stderr)
        return exit_code(stop)


_GO_ON = {"run": "The finished chunks are kept: the same command goes on from them."}


def _stopped(command: str) -> str:
    """What is said of an interrupt."""
    return f"\nswope {command}: stopped. {_GO_ON.get(command, '')}".rstrip()


def build_parser() -> argparse.ArgumentParser:
    """The command line of `swope`."""
    parser = argparse.ArgumentParser(
        prog="swope",
        description="From unevenly sampled light curves to a catalog: every star's period, class, anomaly score with "
        "a reason, and the moments at which it misbehaved.",
        epilog="Begin with:  swope run my_light_curves/ --out out/first   and open out/first/report/index.html",
    )
    parser.add_argument("--version", action="version", version=f"swope {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"swope.flows.commands.{name}").add(commands)
    return parser
