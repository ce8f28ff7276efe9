"""Do a chunk in a worker process, and again without the star that ended the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from swope.flows.chunk import Lessons, mark_of
from swope.flows.options import RunOptions
from swope.flows.stages import Lost, lost
from swope.flows.workers import WorkerDiedError, call
from swope.pipeline.ingest import Part

T = TypeVar("T")
A = TypeVar("A")

#: A star costs two processes: one that dies over several stars at once, and one that dies over this star alone.
MAX_DEATHS = 12


def surviving(
    work: Callable[[Part, Path, RunOptions, Lessons], None], part: Part, folder: Path, options: RunOptions
) -> None:
    """Call `do_chunk` or `prepare_chunk` in a worker process until no star ends it.

    Raises
    ------
    WorkerDiedError
        When the process dies while it is at no star (it reads, or loads the models), or `MAX_DEATHS` times.
    """
    lessons = Lessons()
    for _ in range(MAX_DEATHS):
        try:
            return call(work, part, folder, options, lessons)
        except WorkerDiedError as error:
            mark = mark_of(folder)
            if mark is None:
                raise
            last = error
            lessons = _learned(lessons, mark.stage, mark.star, lost(error).reason)
    raise WorkerDiedError(f"{MAX_DEATHS} processes ended over the stars of this chunk; the last: {last}")


def _learned(lessons: Lessons, stage: str, star: int | None, reason: str) -> Lessons:
    if star is None:
        return replace(lessons, singly=True)
    if stage == "measure":
        return replace(lessons, unmeasured={**lessons.unmeasured, star: reason})
    # the rest in one batch again
    return replace(lessons, unscored={**lessons.unscored, star: reason}, singly=False)


def in_pieces(work: Callable[[Sequence[T]], A], stars: Sequence[T]) -> Iterator[tuple[Sequence[T], A | Lost]]:
    """Call a function of some stars in a worker process; where it ends that, of halves of them, down to one star.

    Yields
    ------
    Each piece of the stars with its answer; a star that ends its process alone with what there is to say of that.

    Raises
    ------
    WorkerDiedError
        When it dies `MAX_DEATHS` times.
    """
    deaths = 0
    left = [stars]
    while left:
        some = left.pop()
        try:
            yield some, call(work, some)
        except WorkerDiedError as error:
            deaths += 1
            if deaths >= MAX_DEATHS:
                raise
            if len(some) == 1:
                yield some, lost(error)
            else:
                left += [some[len(some) // 2 :], some[: len(some) // 2]]
