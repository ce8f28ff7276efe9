"""What travels between planning and reading: options, parts, refusals, plans."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from swope.pipeline.ingest.grouping import hashed_groups
from swope.pipeline.lightcurve import Chunk, Clock, Kind

#: A part holds no more input bytes than this (one file excepted), however many stars a chunk may have.
PART_BYTES = 128 * 2**20

#: Arcseconds within which light curves may be joined, at most: beyond it lie other stars.
MOST_RADIUS = 60.0


class SourceError(ValueError):
    """Nothing can be read from what the user named; the message says what, where, and what to do."""


class UnusableError(ValueError):
    """An input was understood and holds no light curve that can be used; the message is the catalog's reason."""


@dataclass(frozen=True)
class IngestOptions:
    """What the user says about the input.

    Attributes
    ----------
    clock : clock of the sources that do not state their own.
    reader : name of the reader to use for every file, instead of the first that recognises it.
    chunk_size : stars a chunk.
    kind : "mag" or "flux" for values whose column name does not say; None follows `columns.kind_of`.
    to_bjd : turn times into BJD_TDB where clock and position are known (see `clocks.to_bjd_tdb`).
    columns : which column of a flat table is what, as `said.parse_columns` reads it: pairs of word and column.
    join : bring together the light curves of one star in several files: those of one name, and those of other bands
        within so many arcseconds (0: by name alone); None leaves each as it stands.
    """

    clock: Clock | None = None
    reader: str | None = None
    chunk_size: int = 512
    kind: Kind | None = None
    to_bjd: bool = False
    columns: tuple[tuple[str, str], ...] = ()
    join: float | None = None

    def __post_init__(self) -> None:
        if self.chunk_size < 1:
            raise ValueError(f"chunk_size must be 1 or more, not {self.chunk_size}")
        if self.join is not None and not 0 <= self.join <= MOST_RADIUS:
            raise ValueError(f"join must lie between 0 and {MOST_RADIUS:g} arcsec, not {self.join}")
        if self.kind not in (None, "mag", "flux"):
            raise ValueError(f'kind must be "mag", "flux" or None, not {self.kind!r}')


@dataclass(frozen=True)
class Refused:
    """An input that did not become a star.

    Attributes
    ----------
    object_id : the star's name, or the file's where the star has none yet.
    source : the file, as the user would recognise it.
    reason : why, in a sentence.
    status : "rejected" when the content cannot be used, "failed" when it could not be read.
    for_now : whether the machine, not the file, was why: another time it may be read.
    """

    object_id: str
    source: str
    reason: str
    status: Literal["rejected", "failed"] = "rejected"
    for_now: bool = False


@dataclass(frozen=True)
class InputFile:
    """A file to read.

    Attributes
    ----------
    path : where it is.
    source : its name as the user would recognise it.
    size : bytes.
    digest : SHA-256 of its bytes, hexadecimal.
    """

    path: str
    source: str
    size: int
    digest: str


@dataclass(frozen=True)
class Part:
    """One chunk's worth of input; plain strings and numbers, so that it travels between processes.

    Attributes
    ----------
    reader : name of the reader that planned it and will read it.
    paths : the files to open.
    sources : the name of each of `paths`, as the user would recognise it.
    digest : SHA-256 over the names and the content of the input it covers, hexadecimal.
    start, stop : the rows of a table with a row a star; stop is -1 for "all of it".
    keys : 16 bytes for each of these rows, which change whenever anything that the row becomes may change; empty where
        that does not follow from the row alone. Of a row that may have to be called by its place they are zeros.
    read_as : what a star of such a row says of its reading; one that says something else was judged in company.
    picked : those of these rows, counted from `start`, that are read; None for all.
    """

    reader: str
    paths: tuple[str, ...]
    sources: tuple[str, ...]
    digest: str
    start: int = 0
    stop: int = -1
    keys: bytes = b""
    read_as: str = ""
    picked: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Plan:
    """All the input of a run: what to read, in chunks, and what cannot be read.

    Attributes
    ----------
    parts : in a fixed order, whatever the order of the sources.
    refused : inputs that will not become stars.
    n_inputs : files seen.
    refused_digest : changes when anything of what is refused does, its content too; "" where nothing is.
    files : names of the files seen, as the user would recognise them.
    """

    parts: tuple[Part, ...]
    refused: tuple[Refused, ...]
    n_inputs: int
    refused_digest: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Ingested:
    """What one part became.

    Attributes
    ----------
    chunk : stars.
    refused : the inputs that did not become stars.
    places : of each star among all that the part became; of a table with a row a star, its row among those read.
    """

    chunk: Chunk
    refused: tuple[Refused, ...]
    places: tuple[int, ...] = ()


def part_of(reader: str, files: Sequence[InputFile], start: int = 0, stop: int = -1) -> Part:
    """Make a part of whole files, or of the rows from `start` to `stop` of one."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.source}\0{file.digest}\n".encode())
    digest.update(f"{start}:{stop}".encode())
    return Part(reader, tuple(f.path for f in files), tuple(f.source for f in files), digest.hexdigest(), start, stop)


def parts_of_groups(
    reader: str, groups: Sequence[Sequence[InputFile]], options: IngestOptions, names: Sequence[str] | None = None
) -> list[Part]:
    """Gather groups of files (a group a star) into parts of at most `chunk_size` stars and `PART_BYTES`.

    Parameters
    ----------
    names : of the stars, which say into which part they come; None for those of their first files.
    """
    names = names or [group[0].source for group in groups]
    sizes = [sum(file.size for file in group) for group in groups]
    return [
        part_of(reader, [file for i in here for file in groups[i]])
        for here in hashed_groups(names, sizes, options.chunk_size, PART_BYTES)
    ]
