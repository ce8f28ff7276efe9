"""What is the machine's fault, and may go well another time, is told from what is the file's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from swope.pipeline.ingest.guard import guarded
from swope.pipeline.ingest.parts import Refused, UnusableError


def unusable() -> None:
    raise UnusableError("no column of times")


def no_table(folder: Path) -> None:
    (folder / "one.parquet").write_bytes(b"PAR1 no table PAR1")
    pq.read_table(folder / "one.parquet")


def away(folder: Path) -> None:
    (folder / "away.csv").read_text()


def away_as_arrow_says_it(folder: Path) -> None:
    pq.read_table(folder / "away.parquet")


def disk_error(_: Path) -> None:
    raise OSError(5, "Input/output error")


def no_text(folder: Path) -> None:
    (folder / "one.csv").write_bytes(b"\xff\xfe\xff")
    (folder / "one.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("work", "for_now"),
    [
        (away, True),
        (away_as_arrow_says_it, True),
        (disk_error, True),
        (no_table, False),
        (no_text, False),
        (lambda _: unusable(), False),
    ],
)
def test_what_could_not_be_read_for_now_is_told_from_what_cannot_be(
    tmp_path: Path, work: Callable[[Path], None], for_now: bool
) -> None:
    said = guarded("one", "one.csv", lambda: work(tmp_path))
    assert isinstance(said, Refused)
    assert said.for_now == for_now
