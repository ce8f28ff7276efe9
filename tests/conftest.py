"""Settings of the whole suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent

#: What takes longest goes first: begun last, one of these files would keep one worker busy while the other has nothing.
LONGEST = (
    *("flows/test_chaos.py", "pipeline/ingest/test_whole_tree.py", "models/test_classifier.py"),
    *("models/test_autoencoder.py", "test_installed.py", "flows/test_catalog.py", "test_bench_classify.py"),
    *("models/test_classifier_start.py", "flows/test_contained.py", "flows/test_production.py"),
    *("test_bench_backends.py", "front/test_partition.py", "flows/test_offline.py", "models/test_ahead.py"),
)

# no deadline: the first example pays for imports and compiled kernels, and the machine may be busy with others
settings.register_profile("swope", deadline=None)
# for who has written a property, or changed what one holds: it may fail where a hundred examples seldom lead
settings.register_profile("deep", deadline=None, max_examples=2000)
settings.load_profile("swope")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and leave the others as they are."""
    place = {TESTS / name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run (`tests.small_run`), for all tests that only read it."""
    # no test pays for the imports that does not ask for the run
    from swope.flows.runtime import quiet

    quiet()
    from tests.small_run import make_small_run

    return make_small_run(tmp_path_factory.mktemp("small"))
