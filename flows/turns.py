"""Flows of one folder take turns: scheduled ones wait for each other, and all of them lock the folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.runtime import deployment

from swope.flows.lock import locked


@contextmanager
def one_at_a_time(*folders: Path) -> Iterator[None]:
    """Hold some folders for the block, in a flow run or out of one.

    Runs of a deployment wait for their turn, by a concurrency limit of 1 a folder (``swope FOLDER``) on their server.
    What was started by hand does not wait, and finds the lock; nor does it ask a server, whose limit a run that was
    killed would hold for minutes.

    Raises
    ------
    swope.flows.lock.BusyError
        When a run that does not take turns is at work in one of them.
    """
    with ExitStack() as held:
        if deployment.id is not None:
            held.enter_context(_turn(folders))
        for folder in sorted(set(folders)):
            held.enter_context(locked(folder))
        yield


@contextmanager
def _turn(folders: Sequence[Path]) -> Iterator[None]:
    names = sorted({re.sub("[/%&><]", "_", f"swope {folder.resolve()}") for folder in folders})
    with get_client(sync_client=True) as client:
        for name in names:
            client.upsert_global_concurrency_limit_by_name(name, 1)
    with concurrency(names):
        yield
