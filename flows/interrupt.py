"""Stop at once on Ctrl+C, where Prefect would first try for minutes to tell its temporary server.

A terminal interrupts that server too, so nobody answers. Nothing is lost by leaving: chunks are written whole, and the
temporary server's record of the run is deleted anyway.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from swope.flows.workers import kill_workers


@contextmanager
def leaving_at_once(words: str, code: int) -> Iterator[None]:
    """While the block runs, an interrupt prints the words on stderr and ends this process with the code.

    A Prefect server of the user's own (`PREFECT_API_URL`) is told first, as Prefect does. An interrupt that this
    process ignores, as one in the background does, stays ignored.
    """
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import PREFECT_API_URL

    def leave(_signal: int, _frame: FrameType | None) -> None:
        print(words, file=sys.stderr, flush=True)
        kill_workers()
        # where the interrupt was sent to this process alone, the server would stay
        SubprocessASGIServer().stop()
        os._exit(code)

    if PREFECT_API_URL.value() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
