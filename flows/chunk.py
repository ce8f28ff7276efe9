"""All that is done to a chunk, as plain functions: no Prefect, no processes. Tasks, Dask and LSDB call the same ones.

Where a star takes its whole process down, the process leaves a mark of what it was at, and who called can do the chunk
again without that star (`swope.flows.survive`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from swope.flows import stages
from swope.flows.options import RunOptions
from swope.flows.rows import StarRow, rows_of
from swope.flows.stages import Lost
from swope.models.registry import load_models
from swope.pipeline.ingest import Part
from swope.pipeline.period import PeriodResult, find_period

S = TypeVar("S")
T = TypeVar("T")

MARK = "at.json"

#: Rows of the stars that go through the models together, at most (one star excepted): what is worked out of each row on
#: the way takes some hundred bytes.
_ROWS_TOGETHER = 2_000_000

#: So many stars, far apart, have to fail in the same way before the fault is held to be the chunk's.
_PROBES = 3


class ChunkError(RuntimeError):
    """A fault that is not one star's: every star of the chunk would meet it."""


@dataclass(frozen=True)
class Mark:
    """What a process is at.

    Attributes
    ----------
    stage : "measure" or "score".
    star : place of the star in its chunk; None for several at once.
    """

    stage: str
    star: int | None


@dataclass(frozen=True)
class Lessons:
    """What earlier attempts at a chunk have taught.

    Attributes
    ----------
    unmeasured, unscored : why a star, by its place in the chunk, is to be left out of a stage.
    singly : score star by star, so that the mark tells which one ends the process.
    """

    unmeasured: Mapping[int, str] = field(default_factory=dict)
    unscored: Mapping[int, str] = field(default_factory=dict)
    singly: bool = False


def do_chunk(
    part: Part,
    folder: Path,
    options: RunOptions,
    lessons: Lessons | None = None,
    ids: Mapping[str, str] | None = None,
) -> None:
    """Bring a chunk from its files to its rows; what its folder holds of an earlier attempt is gone on from.

    Parameters
    ----------
    part : what to read.
    folder : the chunk's own, named by its key; done.json in it is written last.
    options : of the run.
    lessons : of attempts that ended the process.
    ids : of the run's models, as of `swope.models.registry.load_models`.

    Raises
    ------
    OSError
        When something cannot be read or written; it may be tried again.
    ModelsChangedError
        When the models are not those of the run any more.
    ChunkError
        When all its stars fail in the same way.
    """
    lessons = lessons or Lessons()
    prepare_chunk(part, folder, options, lessons)
    stars = stages.read_stars(folder)
    models = load_models(options.models, ids)
    scored: list[StarRow | Lost] = [Lost(lessons.unscored.get(i, "")) for i in range(len(stars))]
    left = [i for i in range(len(stars)) if i not in lessons.unscored]
    for some in batches([len(stars[i].curve) for i in left], 1 if lessons.singly else _ROWS_TOGETHER):
        some = [left[i] for i in some]
        with marked(folder, Mark("score", some[0] if len(some) == 1 else None)):
            rows = each_or_lost(lambda few: rows_of(few, models, options), [stars[i] for i in some])
        for i, row in zip(some, rows, strict=True):
            scored[i] = row
    stages.write_rows(folder, scored)


def batches(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Divide things of these sizes, in order, into batches of at most so much; a larger one has a batch to itself.

    Returns
    -------
    Their places, batch by batch.
    """
    found: list[list[int]] = []
    room = 0
    for place, size in enumerate(sizes):
        if size > room:
            found.append([])
            room = most
        found[-1].append(place)
        room -= size
    return found


def prepare_chunk(part: Part, folder: Path, options: RunOptions, lessons: Lessons | None = None) -> None:
    """Read and clean a chunk and search its periods, as far as that is not done; see `do_chunk`."""
    # that of an earlier run that was killed says nothing of this one
    (folder / MARK).unlink(missing_ok=True)
    lost = lessons.unmeasured if lessons else {}
    if not stages.is_ingested(folder):
        stages.ingest_chunk(part, folder, options)
    if stages.is_measured(folder):
        return
    where = options.periods
    found: list[PeriodResult | Lost] = []
    for i, curve in enumerate(stages.read_chunk(folder)):
        if i in lost:
            found.append(Lost(lost[i]))
            continue
        with marked(folder, Mark("measure", i)):
            found += each_or_lost(lambda few: [find_period(one, where) for one in few], [curve])
    stages.write_periods(folder, found)


def each_or_lost(compute: Callable[[Sequence[S]], Sequence[T]], stars: Sequence[S]) -> list[T | Lost]:
    """Compute something of some stars together, and survive a star that it raises on.

    The stars are halved around such a star until it is alone, so that the others get their answers.

    Parameters
    ----------
    compute : returns one answer a star.

    Returns
    -------
    One answer a star, `Lost` for a star that an exception was raised on.

    Raises
    ------
    ChunkError
        When stars far apart fail in the same place of the code: then it is not the stars.
    OSError
        At once: a full disk is no star's fault.
    """
    if not stars:
        return []
    try:
        return list(compute(stars))
    except OSError:
        raise
    except Exception as error:
        if len(stars) > _PROBES and _hits_all(compute, stars, error):
            raise ChunkError(f"{type(error).__name__}: {error}") from error
        return _halved(compute, stars, error)


def _halved(compute: Callable[[Sequence[S]], Sequence[T]], stars: Sequence[S], error: Exception) -> list[T | Lost]:
    if len(stars) == 1:
        return [stages.lost(error)]
    answers: list[T | Lost] = []
    middle = len(stars) // 2
    for half in (stars[:middle], stars[middle:]):
        try:
            answers += compute(half)
        except OSError:
            raise
        except Exception as problem:
            answers += _halved(compute, half, problem)
    return answers


def _hits_all(compute: Callable[[Sequence[S]], Sequence[T]], stars: Sequence[S], error: Exception) -> bool:
    """Whether stars far apart raise, each alone, what they raise together."""
    for i in range(_PROBES):
        try:
            compute([stars[i * (len(stars) - 1) // (_PROBES - 1)]])
            return False
        except OSError:
            raise
        except Exception as one:
            if _place(one) != _place(error):
                return False
    return True


def _place(error: Exception) -> tuple[type[Exception], str, int]:
    """What was raised, and on which line of which file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (type(error), trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else (type(error), "", 0)


@contextmanager
def marked(folder: Path, mark: Mark) -> Iterator[None]:
    """Leave a mark, for who finds that this process has died; it goes at the end of the block."""
    path = folder / MARK
    path.write_text(json.dumps([mark.stage, mark.star]))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def mark_of(folder: Path) -> Mark | None:
    """What the process that worked on a chunk was at when it died; None where no star was at work."""
    try:
        return Mark(*json.loads((folder / MARK).read_text()))
    except (FileNotFoundError, ValueError):
        # of one that is just being written nobody can say who it is
        return None
