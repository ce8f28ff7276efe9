"""Whether Dask's scheduler answers: Dask itself tries a wrong address for half a minute, and says little of it."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

#: Seconds that a scheduler may take to answer, in which one that is alive does so many times.
ANSWERING = 10.0


class NoSchedulerError(ValueError):
    """No scheduler of Dask's answers at an address."""


def check_scheduler(address: str) -> None:
    """Refuse an address at which no scheduler of Dask's answers; where Dask is not installed that is for others to say.

    Raises
    ------
    NoSchedulerError
        With the address and what came of it.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        return
    try:
        found = asyncio.run(_identity(distributed, address)).get("type")
        why = None if found == "Scheduler" else f"what answers is a {found}"
    except Exception as problem:  # another service's bytes are read as anything
        why = str(problem) or f"nothing that it understands comes within {ANSWERING:.0f} s"
    if why:
        raise NoSchedulerError(f"no scheduler of Dask's answers at {address}: {why}")


async def _identity(distributed: Any, address: str) -> Any:
    secured = distributed.Security().get_connection_args("client")
    whole = distributed.comm.normalize_address(address)
    async with distributed.rpc(whole, timeout=ANSWERING, connection_args=secured) as scheduler:
        return await asyncio.wait_for(scheduler.identity(), ANSWERING)
