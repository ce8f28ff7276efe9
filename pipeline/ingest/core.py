"""Plan what to read, and read it a chunk at a time: every input ends as a star or as a `Refused` with a reason."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from swope.pipeline.ingest.bytes import digest_of, head_of, stem_of
from swope.pipeline.ingest.dialect import first_lines
from swope.pipeline.ingest.guard import guarded, refusal
from swope.pipeline.ingest.nested import staged, table_parts
from swope.pipeline.ingest.parts import (
    Ingested,
    IngestOptions,
    InputFile,
    Part,
    Plan,
    Refused,
    SourceError,
    UnusableError,
)
from swope.pipeline.ingest.registry import Reader, reader_for, reader_named, readers
from swope.pipeline.ingest.regroup import regroup
from swope.pipeline.ingest.sources import find_files
from swope.pipeline.ingest.unpack import is_archive, unpacked
from swope.pipeline.lightcurve import Chunk, LightCurve


@dataclass(frozen=True, eq=False)
class Everything:
    """All that some sources hold.

    Attributes
    ----------
    curves : as they were read, not cleaned, in a fixed order.
    refused : inputs that did not become stars.
    n_inputs : files seen.
    """

    curves: tuple[LightCurve, ...]
    refused: tuple[Refused, ...]
    n_inputs: int


def plan(sources: Sequence[str], options: IngestOptions, scratch: Path, root: Path | None = None) -> Plan:
    """Find out what the sources hold, and divide it into parts of a chunk each.

    Parameters
    ----------
    sources : files, folders, globs (also unexpanded), or ``mast:TARGET``; an archive (.zip, .tar.gz) stands for the
        files in it.
    options : what the user says about them.
    scratch : a folder for intermediate files (tables sorted by star, downloads); parts may point into it. Planning the
        same input again finds them there and does not make them twice.
    root : the folder that relative sources are relative to; None for the current one.

    Returns
    -------
    The plan; the same whatever the order of `sources`, and whether or not a file is named twice.

    Raises
    ------
    SourceError
        When nothing at all can be read: no source, the only one does not exist, a folder holds no light curve.
    ValueError
        When `options.reader` names no reader.
    """
    forced = reader_named(options.reader) if options.reader else None
    found = find_files(sources, scratch, root)
    refused = list(found.refused)
    content: dict[str, str] = {}
    by_reader: dict[str, list[InputFile]] = {}
    files: list[tuple[Path, str]] = []
    for path, source in found.files:
        if is_archive(path):
            members, no = unpacked(path, source, scratch)
            files += members
            refused += no
            content |= {one.source: _content(path) for one in no}
        else:
            files.append((path, source))
    for path, source in files:
        outcome = guarded(stem_of(source), source, partial(_recognise, path, source, forced))
        if isinstance(outcome, Refused):
            refused.append(outcome)
            content[source] = _content(path)
        else:
            content[source] = outcome[1].digest
            by_reader.setdefault(outcome[0].name, []).append(outcome[1])
    parts: list[Part] = []
    for reader in readers():
        if reader.name in by_reader:
            more, no = reader.plan(by_reader[reader.name], options, scratch)
            parts += more
            refused += no
    if parts and options.join is not None:
        parts, no = _joined(parts, options, scratch)
        refused += no
    if not parts and len(sources) == 1 and (root or Path()).joinpath(sources[0]).is_dir():
        first = "; ".join(f"{r.source}: {r.reason}" for r in refused[:3])
        raise SourceError(
            f"nothing to read in the folder {sources[0]}: no light curve in {len(refused)} files. {first}"
        )
    refused.sort(key=lambda r: (r.source, r.object_id))
    return Plan(
        tuple(parts), tuple(refused), len(files), _told_apart(refused, content), tuple(source for _, source in files)
    )


def read(part: Part, options: IngestOptions) -> Ingested:
    """Read one part.

    Parameters
    ----------
    part : from `plan`, with the same options.

    Returns
    -------
    Its stars, in a fixed order, and the inputs that did not become stars. No exception leaves for a bad file.
    """
    curves: list[LightCurve] = []
    places: list[int] = []
    refused: list[Refused] = []
    try:
        for place, outcome in enumerate(reader_named(part.reader).read(part, options)):
            if isinstance(outcome, Refused):
                refused.append(outcome)
            else:
                curves.append(outcome)
                places.append(place)
    except Exception as error:  # whatever broke, the other parts go on and every star of this one is accounted for
        done = len(curves) + len(refused)
        rows = range(part.start + done, max(part.stop, part.start + done + 1))
        source = ";".join(part.sources)
        refused += [refusal(f"row {row + 1}" if part.stop >= 0 else source, source, error) for row in rows]
    return Ingested(Chunk.of(curves), tuple(refused), tuple(places))


def read_all(sources: Sequence[str], options: IngestOptions) -> Everything:
    """Read all of some sources at once, for as many stars as fit into memory.

    Parameters
    ----------
    sources, options : as for `plan`.

    Raises
    ------
    SourceError, ValueError
        As `plan` does.
    """
    curves: list[LightCurve] = []
    with tempfile.TemporaryDirectory(prefix="swope-") as scratch:
        planned = plan(sources, options, Path(scratch))
        refused = list(planned.refused)
        for part in planned.parts:
            ingested = read(part, options)
            refused += ingested.refused
            curves += ingested.chunk
    return Everything(tuple(curves), tuple(refused), planned.n_inputs)


def _joined(parts: Sequence[Part], options: IngestOptions, scratch: Path) -> tuple[list[Part], list[Refused]]:
    """The parts of one table into which all stars are brought, those of several files as one (`regroup`)."""
    digest = hashlib.sha256(f"{options.join} {[part.digest for part in parts]}".encode()).hexdigest()
    sources = {source for part in parts for source in part.sources}
    file = InputFile("", f"{len(sources)} sources, joined", 0, digest)

    def outcomes() -> Iterator[LightCurve | Refused]:
        for part in parts:
            ingested = read(part, options)
            yield from ingested.chunk
            yield from ingested.refused

    def write(path: Path) -> list[Refused]:
        return regroup(outcomes(), path, options.join or 0.0, options)

    path, refused = staged(file, scratch, options, write)
    return table_parts("parquet", file, path, options), refused


def _content(path: Path) -> str:
    """SHA-256 of the bytes of a file that is no light curve; "" where they cannot be had."""
    with suppress(OSError):
        return digest_of(path) if path.is_file() else ""
    return ""


def _told_apart(refused: Sequence[Refused], content: Mapping[str, str]) -> str:
    """What changes when anything of the refused inputs does; "" for none.

    Parameters
    ----------
    refused : in order.
    content : digests by source. Of a file that could be read they say all: the words may hold a name that is made up
        anew every time.
    """
    if not refused:
        return ""
    told = [(one.object_id, one.source, one.status, content.get(one.source) or one.reason) for one in refused]
    return hashlib.sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()


def _recognise(path: Path, source: str, forced: Reader | None) -> tuple[Reader, InputFile]:
    """Find a file's reader and take its digest; raises `UnusableError` when it is no light curve."""
    size = path.stat().st_size
    if not path.is_file():
        raise UnusableError("not a regular file")
    if size == 0:
        raise UnusableError("the file is empty")
    head = head_of(path)
    if not head:
        raise UnusableError("the file is empty once unpacked")
    reader = forced or reader_for(path, head)
    if reader is None:
        what = "text, but no table of numbers" if first_lines(head) else "neither text nor Parquet nor FITS"
        raise UnusableError(f"not a light curve: {what}")
    return reader, InputFile(str(path), source, size, digest_of(path))
