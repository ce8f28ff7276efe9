"""`swope ingest`: light curves of any format into one store."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from swope.flows.commands.arguments import add_join, add_source_words, command, source_words


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "ingest",
        "bring light curves of any format into one store of nested Parquet",
        "example:\n  swope ingest survey/ --out store\n\n"
        "The store opens in pandas, Polars and DuckDB, and as HATS catalogs in LSDB; `swope run store` reads it.",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="as for `swope run`")
    parser.add_argument("--out", required=True, type=Path, metavar="STORE", help="a new folder")
    add_source_words(parser)
    add_join(parser)
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from tqdm import tqdm

    from swope.pipeline.ingest.store import write_store

    with tqdm(unit="part", disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        options = replace(source_words(parsed), join=parsed.join)
        store = write_store(list(parsed.sources), parsed.out, options, show)
    print(store.summary())
    return 0
