"""Settings of the whole suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# no deadline: the first example pays for imports and compiled kernels, and the machine may be busy with others
settings.register_profile("swope", deadline=None)
settings.load_profile("swope")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run (`tests.small_run`), for all tests that only read it."""
    # no test pays for the imports that does not ask for the run
    from swope.flows.runtime import quiet

    quiet()
    from tests.small_run import make_small_run

    return make_small_run(tmp_path_factory.mktemp("small"))
