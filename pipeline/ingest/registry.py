"""The readers: each is one module of `pipeline.ingest.readers` with a `READER`; a new format is a new module there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused
from swope.pipeline.ingest.reading import Reading
from swope.pipeline.lightcurve import LightCurve


@dataclass(frozen=True)
class Reader:
    """How one format is read.

    Attributes
    ----------
    name : what the user calls it.
    rank : readers are asked in ascending rank whether they recognise a file; the strictest come first.
    describes : the format, in a line.
    recognises : from a file's path and its first bytes (unpacked where compressed).
    plan : from files, options and a folder for intermediate files, to parts and refusals.
    read : from a part to its stars and refusals.
    readings : how a file's tables would be read, from their beginnings; None for a reader that does not decide so.
    """

    name: str
    rank: int
    describes: str
    recognises: Callable[[Path, bytes], bool]
    plan: Callable[[Sequence[InputFile], IngestOptions, Path], tuple[list[Part], list[Refused]]]
    read: Callable[[Part, IngestOptions], Iterator[LightCurve | Refused]]
    readings: Callable[[str, IngestOptions], Iterator[Reading]] | None = None


@cache
def readers() -> tuple[Reader, ...]:
    """All readers, in the order in which they are asked."""
    package = importlib.import_module("swope.pipeline.ingest.readers")
    modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    return tuple(sorted((module.READER for module in modules), key=lambda reader: (reader.rank, reader.name)))


def reader_named(name: str) -> Reader:
    """The reader of this name.

    Raises
    ------
    ValueError
        With the names there are.
    """
    for reader in readers():
        if reader.name == name:
            return reader
    raise ValueError(f"no reader is called {name!r}; there are {', '.join(r.name for r in readers())}")


def reader_for(path: Path, head: bytes) -> Reader | None:
    """The first reader that recognises a file, or None."""
    return next((reader for reader in readers() if reader.recognises(path, head)), None)
