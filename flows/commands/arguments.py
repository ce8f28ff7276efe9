"""What several subcommands share: their arguments, and how these are read."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from swope.pipeline.events import EventOptions

if TYPE_CHECKING:
    from swope.pipeline.ingest.parts import IngestOptions

#: Help of ``--columns``.
COLUMNS = "which column of a table is what, by number or name: time, mag, flux, mag_err, band, id, quality, ra, dec"

#: The settings of a run that `add_reading` declares.
READING = ("clock", "to_bjd", "reader", "kind", "columns", "min_period", "max_period")


def command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, short: str, example: str
) -> argparse.ArgumentParser:
    """A subcommand's parser, with help, example and what every one takes."""
    parser = commands.add_parser(
        name,
        help=short,
        description=short[0].upper() + short[1:] + ".",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--traceback", action="store_true", help="on an error, show where in the code it arose")
    return parser


def add_event_pvalue(parser: argparse.ArgumentParser) -> None:
    """When an event is reported."""
    parser.add_argument(
        "--event-pvalue",
        type=probability,
        default=EventOptions.pvalue,
        metavar="P",
        help=f"false-alarm probability a star of an event (default: {EventOptions.pvalue:g})",
    )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """What `run` and `train` read, clean and measure by, so that a model can be trained as it will be used."""
    group = parser.add_argument_group("reading and periods")
    group.add_argument(
        "--clock", help="what the times are, where a source does not say: BJD_TDB, HJD_UTC, MJD_UTC, HJD-2450000, ..."
    )
    group.add_argument("--to-bjd", action="store_true", help="turn HJD_UTC or JD_UTC into BJD_TDB (needs positions)")
    group.add_argument("--reader", help="force a reader, for files that none recognises: see the README's list")
    group.add_argument("--kind", choices=("mag", "flux"), help="what the values are, where a source does not say")
    group.add_argument("--columns", metavar="time=2,mag=3,...", help=COLUMNS)
    group.add_argument("--min-period", type=days, metavar="DAYS", help="shortest period to look for")
    group.add_argument("--max-period", type=days, metavar="DAYS", help="longest period to look for")


def add_source_words(parser: argparse.ArgumentParser) -> None:
    """What is said of the sources, for the subcommands that only read."""
    for option in ("--clock", "--reader"):
        parser.add_argument(option, help="as for `swope run`")
    parser.add_argument("--kind", choices=("mag", "flux"), help="as for `swope run`")
    parser.add_argument("--columns", metavar="time=2,mag=3,...", help=COLUMNS)


def add_join(parser: argparse.ArgumentParser) -> None:
    """Whether one star's files become one."""
    parser.add_argument(
        "--join",
        type=float,
        metavar="ARCSEC",
        help="join one star's files and bands: those of one name, and those of other bands within ARCSEC (0: by name)",
    )


def source_words(parsed: argparse.Namespace) -> IngestOptions:
    """What `add_source_words` declares, as the readers take it."""
    from swope.pipeline.ingest.parts import IngestOptions
    from swope.pipeline.ingest.said import parse_columns
    from swope.pipeline.lightcurve import Clock

    return IngestOptions(
        clock=Clock.parse(parsed.clock) if parsed.clock else None,
        reader=parsed.reader,
        kind=parsed.kind,
        columns=parse_columns(parsed.columns) if parsed.columns else (),
    )


def add_workers(parser: argparse.ArgumentParser) -> None:
    """How many processes work."""
    parser.add_argument("--workers", type=positive, metavar="N", help="worker processes (default: one a core)")


def check_out(out: Path) -> None:
    """Refuse a file where a folder is to be written, and a place that cannot be written to."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: {out} is a file; name a folder")
    there = next(one for one in (out, *out.absolute().parents) if one.exists())
    if not there.is_dir():
        raise ValueError(f"--out: {there} is a file, so that there can be no folder {out}")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"--out: {there} cannot be written to; name another folder, or have it made writable")


def positive(text: str) -> int:
    """A number above zero."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def days(text: str) -> float:
    """A number of days above zero."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of days")
    return value


def probability(text: str) -> float:
    """A probability above 0, and 1 at most."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a probability between 0 and 1")
    return value
