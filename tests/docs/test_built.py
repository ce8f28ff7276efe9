"""The documentation is built without a network and without a warning; its notebook runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import swope
from tests.docs.snippets import ROOT, pages

NOTEBOOK = ROOT / "docs" / "guides" / "one_star.ipynb"


def test_links_between_pages_lead_somewhere() -> None:
    for page in pages():
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_pages_are_built(tmp_path: Path) -> None:
    pytest.importorskip("myst_parser")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", ROOT / "docs", tmp_path],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"},
    )
    assert done.returncode == 0, done.stderr
    assert "swope.analyze" in (tmp_path / "api.html").read_text(encoding="utf-8")


@pytest.mark.skipif("SWOPE_DOCS" not in os.environ, reason="half a minute: make docs runs it")
def test_the_notebook_runs(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    (tmp_path / "sample").symlink_to(ROOT / "data" / "sample")
    book = nbformat.read(NOTEBOOK, as_version=4)
    for cell in book.cells:
        cell.pop("outputs", None) if cell.cell_type != "code" else cell.update(outputs=[])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbclient.NotebookClient(book, timeout=200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    drawn = [one for cell in book.cells for one in cell.get("outputs", []) if "image/png" in one.get("data", {})]
    assert len(drawn) >= 2


def test_the_citation_is_of_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (\S+)$", text, re.M)[1] == swope.__version__
