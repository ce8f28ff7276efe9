"""`swope formats`: what is read, and what a file would be taken for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

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
    with _without_pandas():
        from swope.pipeline.ingest.formats import table_of_formats, taken_for

        if not parsed.files:
            print(table_of_formats())
            return 0
        options = source_words(parsed)
        taken = {name: taken_for(name, options) for name in parsed.files}
    print("\n".join(f"{name}\n{taken[name]}" for name in parsed.files))
    return 0 if all(one.readable for one in taken.values()) else REFUSED


class _NoPandas(MetaPathFinder, Loader):
    """Finds pandas in the place of the finders that come after, and fails to load it."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """A module for pandas, none for others."""
        return ModuleSpec(name, self) if name == "pandas" else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Raise what a missing module raises."""
        raise ModuleNotFoundError(f"No module named {module.__name__!r}", name=module.__name__)


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Keep Arrow from importing pandas at its first array: a third of the time that an answer takes, for nothing."""
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
