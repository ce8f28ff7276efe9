"""`swope formats`: what is read, and what a file would be taken for."""

from __future__ import annotations

import argparse

from swope.flows.commands.arguments import add_source_words, command, source_words

#: Exit code where a file would be refused, as for input that cannot be worked with.
REFUSED = 2


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "formats",
        "say what is read, and what files would be taken for and why",
        "examples:\n  swope formats\n  swope formats star.csv\n  swope formats star.csv --columns time=2,mag=3",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="files to look at (default: the list of formats)")
    add_source_words(parser)
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from swope.pipeline.ingest.formats import table_of_formats, taken_for

    if not parsed.files:
        print(table_of_formats())
        return 0
    options = source_words(parsed)
    taken = {name: taken_for(name, options) for name in parsed.files}
    print("\n".join(f"{name}\n{taken[name]}" for name in parsed.files))
    return 0 if all(one.readable for one in taken.values()) else REFUSED
