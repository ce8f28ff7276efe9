"""Compiled functions: a change is seen across files, and no folder to write to is no fault."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


COUNTING = """import time

from numba.core import event

import callee


class Compiling(event.Listener):
    count = 0

    def on_start(self, event):
        Compiling.count += 1

    def on_end(self, event):
        pass


event.register("numba:compile", Compiling())
while time.time() < {start}:
    pass
callee.inner(3.0)
print(Compiling.count)
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


def test_of_processes_that_need_a_function_at_once_one_compiles_it(tmp_path: Path) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format("x"))
    (tmp_path / "caller.py").write_text(COUNTING.format(start=time.time() + 4.0))
    with ThreadPoolExecutor() as threads:
        counts = list(threads.map(lambda _: run(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")), range(3)))
    assert sorted(counts) == ["0", "0", "1"]


def test_threads_that_compile_what_calls_the_same_do_not_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format("x"))
    (tmp_path / "caller.py").write_text(
        CALLER.replace("print(outer(3.0))", "")
        + """
from threading import Thread

threads = [Thread(target=inner, args=(3.0,)), Thread(target=outer, args=(3.0,)), Thread(target=inner, args=(3,))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(60)
print(any(thread.is_alive() for thread in threads))
"""
    )
    assert run(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == "False"


def test_what_is_kept_of_many_modules_that_call_one_another_stays_small(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text("import m30; print(len(repr(m30.f._cache._cache_file._source_stamp)))")
    (tmp_path / "m0.py").write_text(
        "from swope.pipeline.compiled import compiled\n\n\n@compiled()\ndef f(x):\n    return x\n"
    )
    for i in range(1, 31):
        (tmp_path / f"m{i}.py").write_text(
            f"from m{i - 1} import f as g\nfrom swope.pipeline.compiled import compiled\n\n\n"
            "@compiled()\ndef f(x):\n    return g(x)\n"
        )
    assert int(run(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache"))) < 500
