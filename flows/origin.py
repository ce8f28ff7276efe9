"""Where the input of a run is: its sources, the folder that these are relative to, and how both are found again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from swope.flows.record import RunRecord
from swope.flows.stages import OBJECTS
from swope.pipeline.catalog import Selected
from swope.pipeline.ingest import IngestOptions, Plan, SourceError, archive_targets, plan
from swope.pipeline.ingest.sources import find_files


class OtherInputError(ValueError):
    """What is found where a run had its input has nothing in common with it; the message says what to do."""


@dataclass(frozen=True)
class Origin:
    """The input of a run.

    Attributes
    ----------
    sources : as the user gave them, or as they are seen from `root`.
    root : folder that relative ones are relative to.
    planned : what they hold.
    beside : names of the files that come to those of other sources.
    """

    sources: Sequence[str]
    root: Path
    planned: Plan
    beside: frozenset[str] = frozenset()

    def seen_from(self, run_dir: Path) -> str:
        """The root as a run's record has it: a folder that holds both can be moved, or copied, as a whole."""
        return os.path.relpath(self.root.resolve(), run_dir.resolve())


def found_again(
    run: RunRecord,
    run_dir: Path,
    options: IngestOptions,
    scratch: Path,
    more: Sequence[str] = (),
    named: Sequence[str] = (),
    planning: Callable[[Sequence[str], IngestOptions, Path, Path], Plan] = plan,
) -> Origin:
    """Look again for the input of a run, whatever folder this is called in.

    Relative sources are looked for where the run had them; and where they are not there, or it did not say where that
    was, in the current folder: there they must hold something that is to the last bit as the run read it.

    Parameters
    ----------
    run, run_dir : a finished run, and its folder.
    options, scratch : as for `swope.pipeline.ingest.plan`.
    more : other sources that come to those of the run, relative to the current folder.
    named : what else the user names now.
    planning : does as `plan`.

    Raises
    ------
    swope.pipeline.ingest.SourceError
        When its sources are nowhere to be found.
    OtherInputError
        When what is found there has nothing in common with what the run read.
    """
    here = Path.cwd()
    roots = [] if run.root is None else [run_dir.resolve().joinpath(run.root).resolve()]
    # a name is enough where it says which file is meant
    said = not _relative(run.sources) or set(run.sources) <= {*more, *named}
    missing: list[SourceError] = []
    looked: list[str] = []
    for root in dict.fromkeys([*roots, here]):
        others = [_from(root, source) for source in more]
        sources = list(dict.fromkeys([*run.sources, *others]))
        try:
            planned = planning(sources, options, scratch, root)
        except SourceError as error:
            missing.append(error)
            continue
        if _in_common(planned, run, run_dir, by_name=said or root in roots):
            return Origin(sources, root, planned, _beside(sources, others, root))
        looked.append(str(root))
    if not looked:
        raise missing[0]
    raise OtherInputError(
        f"{run_dir} was made from {', '.join(run.sources)}, and what is found under that name in "
        f"{' and '.join(looked)} has nothing in common with what it read; its catalog is left as it is. Call this in "
        f"the folder in which the run was made; or say where its stars are with `swope run SOURCE --out {run_dir}`"
    )


def _beside(sources: Sequence[str], others: Sequence[str], root: Path) -> frozenset[str]:
    """Names of the files of other sources, where these are not all."""
    if not others or set(sources) == set(others):
        return frozenset()
    return frozenset(name for _, name in find_files(others, Path(), root).files)


def _relative(sources: Sequence[str]) -> bool:
    """Whether what some sources are depends on the folder."""
    files = [source for source in sources if not archive_targets([source])]
    return not all(Path(source).expanduser().is_absolute() for source in files)


def _from(root: Path, source: str) -> str:
    """A source, given in the current folder, as it is named in another."""
    if root.resolve() == Path.cwd() or not _relative([source]):
        return source
    return os.path.relpath(source, root)


def _in_common(planned: Plan, run: RunRecord, run_dir: Path, by_name: bool) -> bool:
    """Whether some input holds anything of what a run read, or, by name, of the files that it read."""
    before = {entry["sha256"] for entry in run.inputs}
    if not before or not before.isdisjoint(part.digest for part in planned.parts):
        return True
    if not by_name:
        return False
    names = {name for entry in run.inputs for name in entry["files"]}
    if not names.isdisjoint(planned.files):
        return True
    # the parts of stars that are joined have no files
    try:
        sources = pc.unique(Selected(run_dir / OBJECTS).read(["source"])["source"]).to_pylist()
    except (pa.ArrowException, OSError):
        # damaged: it is made anew of what its own place holds
        return True
    return not {name for source in sources for name in (source or "").split(";")}.isdisjoint(planned.files)
