"""The house's rule of who may import whom, and how long the doors take to open."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PACKAGES = ("pipeline", "models", "flows")

#: Lines.
LONGEST_FILE = 500

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


def needs(path: Path, modules: set[str]) -> set[str]:
    """Modules of ours that a file imports anywhere, in functions too; not those for type checkers alone."""
    names: set[str] = set()
    tree = ast.parse(path.read_text())
    idle = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in idle:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in modules else node.module for name in inner}
    return names & modules


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that need one another, each the next; empty where there are none."""
    done: set[str] = set()

    def follow(module: str, path: list[str]) -> list[str]:
        if module in path:
            return path[path.index(module) :]
        if module in done:
            return []
        for other in sorted(graph[module]):
            if found := follow(other, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := follow(module, []))), [])


def files() -> dict[str, Path]:
    """All of Swope by the name that code imports it by; a package stands for its `__init__`."""
    found = sorted(path for package in ("swope/__init__.py", *PACKAGES) for path in _python(ROOT / package))
    return {_name(path): path for path in found}


def _python(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    whole = parts if parts[0] == "swope" else ("swope", *parts)
    return ".".join(whole[:-1] if whole[-1] == "__init__" else whole)


def test_no_module_needs_itself_through_others() -> None:
    modules = files()
    assert len(modules) > 100
    assert circle({name: needs(path, set(modules)) - {name} for name, path in modules.items()}) == []


def test_a_circle_through_a_function_and_a_package_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    from swope.x import b\n    return b\n")
    (tmp_path / "b.py").write_text("from swope.x.c import g\n")
    (tmp_path / "c.py").write_text("import swope.x.a\n")
    modules = {f"swope.x.{name}": tmp_path / f"{name}.py" for name in "abc"}
    assert circle({name: needs(path, set(modules)) for name, path in modules.items()}) == list(modules)


def test_an_import_for_type_checkers_is_no_circle(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("if TYPE_CHECKING:\n    import swope.x.b\n")
    assert needs(tmp_path / "a.py", {"swope.x.b"}) == set()


def test_no_file_has_more_than_500_lines() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in files().items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_importing_pipeline_loads_nothing_heavy() -> None:
    code = "import sys, swope.pipeline; print(' '.join(m.split('.')[0] for m in sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert loaded.isdisjoint(
        {"astropy", "lightkurve", "keras", "tensorflow", "prefect", "numba", "scipy", "matplotlib"}
    )


def quickest(code: str, runs: int = 3) -> float:
    """Seconds of processor time of the quickest of some runs of Python on `code`: others may use the machine."""
    seconds = []
    for _ in range(runs):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        seconds.append(used.ru_utime + used.ru_stime)
    return min(seconds)


def test_importing_pipeline_takes_under_half_a_second() -> None:
    assert quickest("import swope.pipeline") - quickest("pass") < 0.5


def test_help_takes_under_a_second() -> None:
    code = "from swope.flows.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert quickest(code) < 1.0
