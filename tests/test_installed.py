"""What installs is `swope` alone, and works beside folders and files of a user's that are called as ours once were."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: A user's own modules and packages, by file.
OWN = {
    "models.py": "WHOSE = 'the user'\n",
    "pipeline/__init__.py": "WHOSE = 'the user'\n",
    "flows.py": "WHOSE = 'the user'\n",
    "tests/__init__.py": "WHOSE = 'the user'\n",
}

CODE = """
import numpy, swope, models, pipeline, flows, tests
assert {models.WHOSE, pipeline.WHOSE, flows.WHOSE, tests.WHOSE} == {"the user"}
time = numpy.sort(numpy.random.default_rng(1).uniform(0, 100, 80))
star = swope.analyze((time, 12 + numpy.sin(2 * numpy.pi * time / 3.7)), kind="mag")
print(swope.__file__, star.row["status"])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the built wheel in it, and nothing else."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    # a copy: what an earlier build left beside the sources would go into the wheel too
    source = tmp_path_factory.mktemp("source") / "swope"
    left_out = shutil.ignore_patterns(".*", "build", "out", "tests", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, source, symlinks=True, ignore=left_out)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, source], check=True, timeout=300)
    (wheel,) = wheels.glob("swope-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True, timeout=300)
    return site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in OWN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def python(code: str, site: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with a folder of packages."""
    command, environment = [sys.executable, "-c", code], os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def test_nothing_installs_but_swope(site: Path) -> None:
    names = {path.name for path in site.iterdir()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"swope", "bin"}
    assert (site / "swope" / "py.typed").exists()
    assert (site / "swope" / "models" / "pretrained" / "classifier" / "model.json").exists()
    assert not any(path.is_symlink() for path in (site / "swope").rglob("*"))


def test_python_works_beside_a_users_own_modules(site: Path, folder: Path) -> None:
    done = python(CODE, site, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(site / "swope" / "__init__.py"), "ok"]


def test_the_command_works_beside_a_users_own_modules(site: Path, folder: Path) -> None:
    rows = "".join(f"{2455000 + 0.37 * i},{12 + i % 3 / 10},0.02\n" for i in range(60))
    (folder / "star.csv").write_text("HJD,mag,mag_err\n" + rows)
    command = "import sys; from swope.flows.cli import main; sys.exit(main(['run', 'star.csv', '--out', 'out']))"
    done = python(command, site, folder)
    assert done.returncode == 0, done.stderr
    assert "1 rows: 1 ok" in done.stdout
    assert (folder / "out" / "report" / "index.html").exists()
