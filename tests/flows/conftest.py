from __future__ import annotations

from collections.abc import Iterator

import pytest

from swope.flows import workers
from swope.flows.runtime import quiet

quiet()


@pytest.fixture(autouse=True)
def not_stopped() -> Iterator[None]:
    """What stopped the workers of one test stops none of the next."""
    yield
    if workers._pool is not None and workers._pool.stopped:
        workers._pool = None


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect server of the tests' own, with a database that is thrown away."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
