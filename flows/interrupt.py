"""A request to end (SIGTERM) ends a run as Ctrl+C does: by an exception, so that everything is put away on the way out.

Nothing is lost by it: chunks are written whole. Worker processes ignore both signals and are ended by
`worker_processes`; Prefect's server lives in a session of its own (`swope.flows.server`), so Prefect can say goodbye to
it first.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end, by SIGTERM."""


def exit_code(stop: KeyboardInterrupt) -> int:
    """What a process that was asked to end ends with, as shells have it: 128 and the number of the signal."""
    return 128 + (signal.SIGTERM if isinstance(stop, TerminatedError) else signal.SIGINT)


@contextmanager
def terminable() -> Iterator[None]:
    """While the block runs, SIGTERM raises `TerminatedError` in it, as SIGINT raises KeyboardInterrupt."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
