"""Flows of one folder take turns: on a Prefect server they wait for each other, and everywhere they lock the folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.runtime import flow_run

from swope.flows.lock import locked


@contextmanager
def one_at_a_time(*folders: Path) -> Iterator[None]:
    """Hold some folders for the block, in a flow run or out of one.

    On a server a concurrency limit of 1 a folder, ``swope FOLDER``, has scheduled flows wait their turn; a run that was
    started beside it, without this server, is found by the lock.

    Raises
    ------
    swope.flows.lock.BusyError
        When a run that this server does not know is at work in one of them.
    """
    with ExitStack() as held:
        if flow_run.id is not None:
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
