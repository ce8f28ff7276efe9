"""`swope inject`: completeness and false alarms in one's own survey."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import (
    READING,
    add_event_pvalue,
    add_reading,
    add_workers,
    check_out,
    command,
    positive,
)
from swope.flows.runtime import one_thread


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "inject",
        "lay known events into your own stars: which are found, and how often there is a false alarm",
        "examples:\n"
        "  swope inject survey/*.fits --out out/complete --stars 200\n"
        "  swope inject asas.parquet --out out/dips --shapes box,dip --depth 0.05 1 --duration 2 60 --times 5\n\n"
        "Stars are drawn by --seed; each goes through the whole pipeline as it is, with its rows in another order of\n"
        "time, upside down, and with one event of each shape. The cost is that of analysing ten curves a star: some\n"
        "200 stars take minutes. Depths, durations and times are drawn evenly in their logarithms, and evenly in time\n"
        "(gaps of the survey included). An event that was there before does not count as found.\n\n"
        "DIR gets completeness.parquet (against depth, duration and integrated signal-to-noise, with 95 % intervals),\n"
        "false_alarms.parquet (per 1,000 stars), trials.parquet and stars.parquet (each event and star), all of them\n"
        "as .csv too, completeness.pdf and .png, and inject.json.",
    )
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help='file, folder, glob, or archive query such as "mast:KIC 8462852"'
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for tables and picture")
    parser.add_argument("--stars", type=positive, default=200, metavar="N", help="stars to draw (default: 200)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed draws the same (default: 0)")
    parser.add_argument("--times", type=positive, default=1, metavar="N", help="events of a shape a star (default: 1)")
    parser.add_argument(
        "--shapes", metavar="A,B,...", help="of box, dip, flare, lens, outburst, step, slow (default: all)"
    )
    parser.add_argument(
        "--depth", nargs=2, type=float, metavar=("MIN", "MAX"), help="magnitudes (default: what suits the survey)"
    )
    parser.add_argument(
        "--duration", nargs=2, type=float, metavar=("MIN", "MAX"), help="days (default: what suits the survey)"
    )
    add_reading(parser)
    add_workers(parser)
    parser.add_argument("--models", type=Path, metavar="DIR", help="models from `swope train` (default: the shipped)")
    add_event_pvalue(parser)
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    one_thread()
    from swope.flows.inject import InjectOptions, measure, summary
    from swope.flows.interrupt import terminable
    from swope.flows.options import RunOptions
    from swope.pipeline.ingest import check_sources

    check_sources(parsed.sources)
    check_out(parsed.out)
    given = {name: getattr(parsed, name) for name in (*READING, "event_pvalue")}
    options = RunOptions(**given, models=str(parsed.models.resolve()) if parsed.models else None)
    options.check()
    inject = InjectOptions(
        stars=parsed.stars,
        seed=parsed.seed,
        times=parsed.times,
        shapes=tuple(parsed.shapes.split(",")) if parsed.shapes else InjectOptions.shapes,
        depth=tuple(parsed.depth) if parsed.depth else None,
        duration=tuple(parsed.duration) if parsed.duration else None,
    )
    inject.check()
    with terminable():
        print(summary(measure(parsed.sources, parsed.out, inject, options, parsed.workers), parsed.out))
    return 0
