"""The house's rule of who may import whom, and how long the doors take to open."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FORBIDDEN = {
    "pipeline": {
        "prefect",
        "prefect_dask",
        "dask",
        "distributed",
        "keras",
        "tensorflow",
        "torch",
        "jax",
        "swope.models",
        "swope.flows",
    },
    "models": {"prefect", "prefect_dask", "dask", "distributed", "swope.flows"},
}


def imported(path: Path) -> set[str]:
    """Packages that a file imports anywhere, in functions too: our own by two names, others by their first."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            if node.module == "swope":
                names |= {f"swope.{alias.name}" for alias in node.names}
    return {".".join(name.split(".")[: 2 if name.startswith("swope") else 1]) for name in names}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_what_it_may_know(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = {str(file.relative_to(ROOT)): bad for file in files if (bad := imported(file) & FORBIDDEN[package])}
    assert wrong == {}


def test_the_rule_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("def f():\n    from keras.layers import LSTM\n    return LSTM\n")
    assert imported(tmp_path / "x.py") == {"keras"}


def test_importing_pipeline_loads_nothing_heavy() -> None:
    code = "import sys, swope.pipeline; print(' '.join(m.split('.')[0] for m in sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert loaded.isdisjoint(
        {"astropy", "lightkurve", "keras", "tensorflow", "prefect", "numba", "scipy", "matplotlib"}
    )


def quickest(code: str, runs: int = 3) -> float:
    """Seconds of the quickest of some runs of Python on `code`: the machine may be busy with others."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def test_importing_pipeline_takes_under_half_a_second() -> None:
    assert quickest("import swope.pipeline") - quickest("pass") < 0.5


def test_help_takes_under_a_second() -> None:
    code = "from swope.flows.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert quickest(code) < 1.0
