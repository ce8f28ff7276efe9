"""From what the user wrote (files, folders, globs, archive queries) to files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from swope.pipeline.ingest.hats import without_sidecars
from swope.pipeline.ingest.parts import Refused, SourceError

#: A source that begins with this is a question to the archive of the space missions (MAST).
ARCHIVE = "mast:"


@dataclass(frozen=True)
class Found:
    """What the sources hold.

    Attributes
    ----------
    files : path and name-for-the-user of each file, in the order of the names, each file once.
    refused : sources that hold nothing.
    """

    files: tuple[tuple[Path, str], ...]
    refused: tuple[Refused, ...]


def find_files(sources: Sequence[str], scratch: Path, root: Path | None = None) -> Found:
    """List the files of all sources, each once however often it is named, in an order that does not depend on theirs.

    Parameters
    ----------
    sources : files, folders (all that is in them, hidden files excepted), globs, ``mast:TARGET``.
    scratch : where files from the archive go.
    root : the folder that relative sources are relative to, and their names with them; None for the current one.

    Raises
    ------
    SourceError
        When there is no source, or the only one does not exist or holds nothing.
    """
    if not sources:
        raise SourceError('nothing to read: name files, folders, globs or an archive query such as "mast:KIC 8462852"')
    wanted = sorted({str(source) for source in sources})
    named: dict[Path, str] = {}
    refused: list[Refused] = []
    for source in wanted:
        try:
            found = list(_files_of(source, scratch, root or Path()))
        except SourceError as error:
            if len(wanted) == 1:
                raise
            refused.append(Refused(source, source, str(error)))
            continue
        for path, name in found:
            name = os.fsencode(name).decode("utf-8", "backslashreplace")  # names that are no text cannot be written
            real = Path(os.path.realpath(path))  # unlike `resolve`, not broken by a link that leads to itself
            named[real] = min(named.get(real, name), name, key=lambda text: (len(text), text))
    return Found(tuple(sorted(named.items(), key=lambda item: (item[1], str(item[0])))), tuple(refused))


def check_sources(sources: Sequence[str]) -> None:
    """Refuse at once what `find_files` would refuse later; the archive is not asked for anything.

    Raises
    ------
    SourceError
        When there is no source, or the only one does not exist or holds nothing.
    """
    targets = archive_targets(sources)
    if not targets:
        find_files(sources, Path())
    elif len(targets) == len(sources):
        from swope.pipeline.ingest.archive import Query, check_archive

        for target in targets:
            Query.parse(target)
        check_archive()


def archive_targets(sources: Sequence[str]) -> list[str]:
    """What the sources ask the archive for."""
    return [source[len(ARCHIVE) :].strip() for source in sources if source.lower().startswith(ARCHIVE)]


def _files_of(source: str, scratch: Path, root: Path) -> Iterator[tuple[Path, str]]:
    if source.lower().startswith(ARCHIVE):
        from swope.pipeline.ingest.archive import download

        (target,) = archive_targets([source])
        yield from download(target, scratch)
        return
    given = Path(source).expanduser()
    path = root / given

    def named(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
        for file in files:
            yield file, (file if given.is_absolute() else file.relative_to(root)).as_posix()

    if path.is_dir():
        files = without_sidecars(_inside(path))
        if not files:
            left_out = "hidden ones, and what data sets keep beside their stars, are left out"
            raise SourceError(f"nothing to read in the folder {source}: it holds no files ({left_out})")
        yield from named(files)
    elif os.path.lexists(path):
        yield from named([path])
    elif glob.has_magic(source):
        matches = [root / match for match in sorted(glob.glob(str(given), recursive=True, root_dir=root))]
        if not matches:
            raise SourceError(f"nothing matches {source}")
        files = [file for match in matches for file in (_inside(match) if match.is_dir() else [match])]
        yield from named(without_sidecars(files))
    else:
        raise SourceError(f"{source} does not exist{_nearest(path)}")


def _inside(folder: Path) -> Iterator[Path]:
    """All files below a folder, links followed, each real folder once, hidden names left out."""
    seen: set[str] = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(files) if not name.startswith("."))


def _nearest(path: Path) -> str:
    """A hint: the part of the path that does exist."""
    existing = next((parent for parent in path.parents if parent.exists()), None)
    return f" (there is {existing.as_posix()}, but no {path.relative_to(existing).parts[0]} in it)" if existing else ""
