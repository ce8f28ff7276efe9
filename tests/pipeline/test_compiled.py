"""Compiled functions: a change is seen across files, and no folder to write to is no fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CALLEE = """from swope.pipeline.compiled import compiled


@compiled()
def inner(x):
    return {}
"""

CALLER = """from callee import inner
from swope.pipeline.compiled import compiled


@compiled()
def outer(x):
    return 2.0 * inner(x)


print(outer(3.0))
"""


def run(folder: Path, **environment: str) -> str:
    """What the caller prints in a process of its own."""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-B", "caller.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_change_in_another_file_is_seen(tmp_path: Path) -> None:
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "callee.py").write_text(CALLEE.format("x + 1.0"))
    assert run(tmp_path, **cache) == "8.0"
    assert list((tmp_path / "cache").rglob("*.nbc"))
    (tmp_path / "callee.py").write_text(CALLEE.format("x + 10.0"))
    assert run(tmp_path, **cache) == "26.0"


def test_machine_code_is_kept_and_used_again(tmp_path: Path) -> None:
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "callee.py").write_text(CALLEE.format("x"))
    run(tmp_path, **cache)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nbc")}
    run(tmp_path, **cache)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nbc")} == before


def test_a_place_that_cannot_be_written_to_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "callee.py").write_text(CALLEE.format("x"))
    (tmp_path / "file").write_text("")
    nowhere = {name: str(tmp_path / "file" / "x") for name in ("NUMBA_CACHE_DIR", "HOME", "XDG_CACHE_HOME")}
    (tmp_path / "__pycache__").write_text("not a folder")
    assert run(tmp_path, **nowhere) == "6.0"
