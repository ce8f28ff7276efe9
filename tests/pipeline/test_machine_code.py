"""Where numba may write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from swope.pipeline import machine_code
from swope.pipeline.machine_code import keep_compiled

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which nothing can be written, not by root either; the user's home is there."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setenv("HOME", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # put back what is set on the way
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    return blocked


def test_numba_chooses_where_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    assert keep_compiled(tmp_path) is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert keep_compiled(nowhere) is None
    assert not os.environ["NUMBA_CACHE_DIR"]


def test_the_user_chooses_first(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "mine")
    assert keep_compiled(nowhere) is None
    assert os.environ["NUMBA_CACHE_DIR"] == "mine"


def test_elsewhere_it_is_a_folder_of_the_users_own(tmp_path: Path, nowhere: Path) -> None:
    chosen = keep_compiled(nowhere)
    assert chosen == tmp_path / f"swope-compiled-{os.getuid()}"
    assert chosen.stat().st_mode & 0o077 == 0
    assert os.environ["NUMBA_CACHE_DIR"] == str(chosen) == sys.modules["numba"].config.CACHE_DIR


def test_a_folder_that_others_can_write_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: Path
) -> None:
    (tmp_path / f"swope-compiled-{os.getuid()}").mkdir(mode=0o700)
    (tmp_path / f"swope-compiled-{os.getuid()}").chmod(0o777)
    chosen = keep_compiled(nowhere)
    assert chosen is not None
    assert chosen.name != f"swope-compiled-{os.getuid()}"
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    assert keep_compiled(nowhere) != chosen
    assert machine_code._takes_files(chosen)


def run(code: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_kernels_load_where_packages_are_read_only_and_there_is_no_home(tmp_path: Path, nowhere: Path) -> None:
    site = tmp_path / "site"
    for room in ("swope", "pipeline", "models", "flows"):
        shutil.copytree(ROOT / room, site / room, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    # a file in its place keeps numba, and Python, from writing there
    for folder in [site, *(path for path in site.rglob("*") if path.is_dir() and not path.is_symlink())]:
        (folder / "__pycache__").touch()
    code = (
        "import numpy, swope.models.forecaster.mixture; from swope.pipeline import shape; "
        "shape.series_shape(numpy.ones((2, 8))); print(shape.__file__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(site), "HOME": str(nowhere), "TMPDIR": str(tmp_path)}
    found = run(code, site, environment)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith(str(site))
    kept = set(tmp_path.rglob("*.nbi"))
    assert kept
    # and it is this that keeps them: without it they load, and are compiled for one process
    (site / "pipeline" / "machine_code.py").write_text("def keep_compiled() -> None: pass\n")
    found = run(code, site, environment)
    assert found.returncode == 0, found.stderr
    assert set(tmp_path.rglob("*.nbi")) == kept
