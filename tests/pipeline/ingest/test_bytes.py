"""Packed files: unpacked by their content, and not beyond measure."""

from __future__ import annotations

import bz2
import gzip
import lzma
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.ingest.bytes import ALWAYS_BYTES, open_unpacked
from swope.pipeline.ingest.parts import UnusableError
from tests.pipeline.ingest.reading import reason

PACKERS = [gzip.compress, bz2.compress, lzma.compress]


@pytest.mark.parametrize("pack", PACKERS)
def test_what_is_packed_is_told_by_its_bytes_and_can_be_sought(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    content = np.random.default_rng(1).bytes(200_000)
    (tmp_path / "x").write_bytes(pack(content))
    with open_unpacked(tmp_path / "x") as file:
        assert file.read(10) == content[:10]
        file.seek(150_000)
        assert file.read() == content[150_000:]
        file.seek(5)
        assert (file.tell(), file.read(3)) == (5, content[5:8])
    (tmp_path / "x").write_bytes(b"a\nb\n")
    with open_unpacked(tmp_path / "x") as file:
        assert list(file) == [b"a\n", b"b\n"]


@pytest.mark.parametrize("line", [b"55000.5,12.5\n", b"55000.5 12.5 0.1\n", b"\0" * 100])
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path, line: bytes) -> None:
    body = line * (6 * ALWAYS_BYTES // len(line))
    (tmp_path / "x.gz").write_bytes(gzip.compress(body, 1))
    started = time.perf_counter()
    if line[0]:
        assert "times its size" in reason(tmp_path / "x.gz", tmp_path / "s").reason
    with pytest.raises(UnusableError, match="times its size"), open_unpacked(tmp_path / "x.gz") as file:
        file.seek(len(body) - 1)
    assert time.perf_counter() - started < 10
