"""Reading many files leaves no file open and no memory held (``python -m tests.bench.ingest --many 5000``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.ingest.many_files import held, read_all, write_many


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="open files and memory are counted in /proc")
def test_open_files_and_memory_do_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    write_many(tmp_path / "some", 120)
    write_many(tmp_path / "many", 600)
    assert read_all(tmp_path / "some", tmp_path / "s") == (100, 20)
    before = held()
    assert read_all(tmp_path / "many", tmp_path / "s") == (500, 100)
    after = held()
    assert after.files == before.files
    assert after.megabytes - before.megabytes < 30
