"""What is read, and what a file would be taken for and why: the words behind `swope formats`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from swope.pipeline.ingest.bytes import digest_of, head_of
from swope.pipeline.ingest.dialect import first_lines
from swope.pipeline.ingest.parts import IngestOptions, InputFile, UnusableError
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.ingest.registry import Reader, reader_for, reader_named, readers
from swope.pipeline.ingest.surveys import SURVEYS
from swope.pipeline.lightcurve import LightCurve

#: Stars, tables or ways of reading that are shown of one file.
SHOWN = 3


@dataclass(frozen=True)
class Taken:
    """What a file would be taken for.

    Attributes
    ----------
    reader : name of its reader; "" where none recognises it.
    describes : the format, in a line.
    lines : what was chosen, passed over and doubted, or why it is refused.
    readable : whether it would give stars.
    """

    reader: str
    describes: str
    lines: tuple[str, ...]
    readable: bool

    def __str__(self) -> str:
        head = f"{self.reader}: {self.describes}" if self.reader else self.describes
        return "\n".join([head, *(f"  {line}" for line in self.lines)])


def taken_for(path: str | Path, options: IngestOptions | None = None) -> Taken:
    """Tell what a file would be taken for, from its beginning where it is large.

    Parameters
    ----------
    options : what a run would be told.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        When there is no such file.
    """
    options = options or IngestOptions()
    head = head_of(path)
    if not head:
        return Taken("", "the file is empty", (), False)
    try:
        reader = reader_named(options.reader) if options.reader else reader_for(Path(path), head)
        if reader is None:
            what = "text, but no table of numbers" if first_lines(head) else "neither text nor Parquet nor FITS"
            return Taken("", f"not a light curve: {what}", (), False)
    except UnusableError as error:
        return Taken("", str(error), (), False)
    try:
        lines = _of_readings(reader, str(path), options) if reader.readings else _of_stars(reader, path, options)
    except Exception as error:  # as when it is read: whatever breaks is the reason
        return Taken(reader.name, reader.describes, (f"refused: {error}",), False)
    return Taken(reader.name, reader.describes, tuple(lines), not lines[0].startswith("refused"))


def _of_readings(reader: Reader, path: str, options: IngestOptions) -> list[str]:
    assert reader.readings is not None
    return [line for reading in islice(reader.readings(path, options), SHOWN) for line in lines_of(reading)]


def lines_of(reading: Reading) -> list[str]:
    """A reading in lines: chosen, passed over, doubted."""
    lines = [f"{reading.kind} by the {reading.kind_from}" if reading.kind_from == "file" else "", *reading.chosen]
    lines += [f"passed over: {words}" for words in reading.passed]
    return [line for line in lines if line] + [f"partial: {words}" for words in reading.caution]


def _of_stars(reader: Reader, path: str | Path, options: IngestOptions) -> list[str]:
    """What the stars of a file say, for the readers of other shapes than tables."""
    file = InputFile(str(path), str(path), Path(path).stat().st_size, digest_of(path))
    with tempfile.TemporaryDirectory() as scratch:
        parts, refused = reader.plan([file], options, Path(scratch))
        outcomes = list(islice((outcome for part in parts for outcome in reader.read(part, options)), SHOWN))
    lines = [_star_line(outcome) for outcome in outcomes if isinstance(outcome, LightCurve)]
    refused += [outcome for outcome in outcomes if not isinstance(outcome, LightCurve)]
    return lines or [f"refused: {entry.reason}" for entry in refused[:SHOWN]] or ["refused: no rows"]


def _star_line(curve: LightCurve) -> str:
    good = curve.good
    bands = f", bands {', '.join(curve.bands)}" if any(curve.bands) else ""
    middle = f", median {np.median(good.value):.5g} {curve.unit}".rstrip() if len(good) else ""
    words = f"{curve.object_id}: {curve.kind}, {len(curve)} rows ({len(curve) - len(good)} left out){middle}{bands}"
    said = f"; {curve.read_as}" if curve.read_as else ""
    return f"{words}, clock {curve.clock.name}{said}" + (f"; partial: {curve.caution}" if curve.caution else "")


def table_of_formats() -> str:
    """All readers and all surveys that are known, for people."""
    lines = ["Containers, in the order in which they are asked:"]
    lines += [f"  {reader.name:<12} {reader.describes}" for reader in readers()]
    lines += ["", "Surveys and tools whose columns are known (others are read by the names and contents of theirs):"]
    lines += [f"  {survey.name:<34} {survey.source}" for survey in SURVEYS]
    return "\n".join(lines)
