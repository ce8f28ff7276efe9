"""Files replaced together: a kill at every system call leaves all the old ones or all the new ones."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from swope.pipeline.commit import finish, replaced_together
from tests.killing import Killed, killed_at

NAMES = ("events.parquet", "objects.parquet", "run.json", "state.parquet")


def write(folder: Path, words: str) -> None:
    with replaced_together(folder) as new:
        for name in NAMES:
            (new / name).write_text(words)


def break_off(folder: Path) -> None:
    with replaced_together(folder) as new:
        (new / "run.json").write_text("new")
        raise OSError("disk full")


def words_of(folder: Path) -> set[str]:
    return {(folder / name).read_text() for name in NAMES}


def test_all_are_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    write(tmp_path, "old")
    write(tmp_path, "new")
    assert words_of(tmp_path) == {"new"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)


def test_a_block_that_raises_leaves_the_old_ones(tmp_path: Path) -> None:
    write(tmp_path, "old")
    with pytest.raises(OSError, match="disk full"):
        break_off(tmp_path)
    assert words_of(tmp_path) == {"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)


def test_killed_at_any_step_they_belong_together_once_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for step in range(100):
        folder = tmp_path / str(step)
        write(folder, "old")
        with monkeypatch.context() as patched:
            count = killed_at(step, patched)
            with suppress(Killed):
                write(folder, "new")
            whole = count[0] <= step
        finish(folder)
        ends.append(words_of(folder))
        # and the next run works
        write(folder, "next")
        assert words_of(folder) == {"next"}
        if whole:
            break
    assert ends.count({"old"}) + ends.count({"new"}) == len(ends)
    assert {"old"} in ends
    assert ends[-1] == {"new"}
