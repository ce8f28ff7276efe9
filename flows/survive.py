"""Do a chunk in a worker process, and again without the star that ended the process."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from swope.flows.chunk import MARK, Lessons, Mark, mark_of
from swope.flows.limits import Limits
from swope.flows.options import RunOptions
from swope.flows.stages import Lost, lost
from swope.flows.workers import WorkerDiedError, call
from swope.pipeline.ingest import Part

T = TypeVar("T")
A = TypeVar("A")

#: A star costs three processes: one that dies over several stars at once, and two that die over this star alone.
MAX_DEATHS = 18

#: So often a process has to die over a star before the star is held to be why: the first may have been killed.
_BLAMED = 2


LIMITS = Limits.of(os.environ)


def surviving(
    work: Callable[[Part, Path, RunOptions, Lessons], None], part: Part, folder: Path, options: RunOptions
) -> None:
    """Call `do_chunk` or `prepare_chunk` in a worker process until no star ends it.

    Raises
    ------
    WorkerDiedError
        When the process dies while it is at no star (it reads, or loads the models), or `MAX_DEATHS` times. One that
        exceeds `LIMITS` is ended.
    """
    lessons = Lessons()
    deaths = Counter[Mark]()
    for _ in range(MAX_DEATHS):
        # or the process would be ended for what the one before it did, or an earlier run, before it is at any star
        (folder / MARK).unlink(missing_ok=True)
        try:
            return call(work, part, folder, options, lessons, watch=partial(LIMITS.exceeded, folder))
        except WorkerDiedError as error:
            mark = mark_of(folder)
            if mark is None:
                raise
            last = error
            deaths[mark] += 1
            if mark.star is None or deaths[mark] >= _BLAMED:
                lessons = _learned(lessons, mark.stage, mark.star, lost(error).reason)
    raise WorkerDiedError(f"{MAX_DEATHS} processes ended over the stars of this chunk; the last: {last}")


def _learned(lessons: Lessons, stage: str, star: int | None, reason: str) -> Lessons:
    if star is None:
        return replace(lessons, singly=True)
    if stage == "measure":
        return replace(lessons, unmeasured={**lessons.unmeasured, star: reason})
    # the rest in one batch again
    return replace(lessons, unscored={**lessons.unscored, star: reason}, singly=False)


def in_pieces(work: Callable[[Sequence[T], Path], A], stars: Sequence[T]) -> Iterator[tuple[Sequence[T], A | Lost]]:
    """Call a function of some stars in a worker process; where it ends that, or is ended, without the star at fault.

    Parameters
    ----------
    work : takes stars, and a folder in which it leaves a mark (`swope.flows.chunk.marked`) of the one that it is at, by
        its place. It is ended where it exceeds `LIMITS`.

    Yields
    ------
    Each piece of the stars with its answer; a star that ends its process alone with what there is to say of that.

    Raises
    ------
    WorkerDiedError
        When it dies `MAX_DEATHS` times.
    """
    deaths, alone = 0, 0
    left = [stars]
    with tempfile.TemporaryDirectory(prefix="swope-") as name:
        folder = Path(name)
        while left:
            some = left.pop()
            (folder / MARK).unlink(missing_ok=True)
            try:
                answer: A | Lost = call(work, some, folder, watch=partial(LIMITS.exceeded, folder))
            except WorkerDiedError as error:
                deaths += 1
                alone = alone + 1 if len(some) == 1 else 0
                if deaths >= MAX_DEATHS:
                    raise
                if alone < _BLAMED:
                    left += reversed(_parted(some, mark_of(folder)))
                    continue
                answer = lost(error)
            alone = 0
            yield some, answer


def _parted(stars: Sequence[T], mark: Mark | None) -> list[Sequence[T]]:
    """Some stars over which a process ended, in order: the one that it was at apart, or each where nobody knows."""
    if mark is None or mark.star is None:
        return [stars[i : i + 1] for i in range(len(stars))]
    pieces = (stars[: mark.star], stars[mark.star : mark.star + 1], stars[mark.star + 1 :])
    return [piece for piece in pieces if len(piece)]
