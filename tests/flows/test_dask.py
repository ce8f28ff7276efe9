"""A run on a Dask cluster: a worker lost in the middle, a star that ends its process, and still the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.chaos import hashes
from tests.bench.dask_workers import compare, run
from tests.flows.test_catalog import star_text

pytest.importorskip("prefect_dask", reason="needs the extra dask")


def test_a_worker_that_is_lost_in_the_middle_changes_nothing(tmp_path: Path, prefect_server: None) -> None:  # noqa: ARG001
    from prefect.settings import PREFECT_API_URL

    survey = tmp_path / "survey"
    survey.mkdir()
    for i in range(6):
        (survey / f"star{i}.csv").write_text(star_text(i, 0.5 + 0.1 * i))
    with pytest.MonkeyPatch.context() as patched:
        # a server of the tests' own, so that no run has to start one
        patched.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
        found = compare([str(survey)], tmp_path, workers=1, chunk_size=2, local=False)
        run([str(survey)], tmp_path / "local", 2, "--workers", "1")
    assert found["lost"] == 1
    assert hashes(tmp_path / "lost") == hashes(tmp_path / "local")
    assert len(hashes(tmp_path / "lost")) == 3
