"""Every command of the documentation can be given, and every snippet runs.

Here the commands are only read by the command line, and the snippets compiled; `make docs` sets SWOPE_DOCS=1, and all
of it is run: minutes.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from swope.flows.cli import build_parser
from tests.docs.snippets import ROOT, commands, pages, snippets

WITH_SNIPPETS = [page for page in pages() if snippets(page)]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_pages_have_snippets() -> None:
    assert len(WITH_SNIPPETS) >= 10
    assert sum(not one.not_run for page in pages() for one in snippets(page)) >= 15


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=named)
def test_commands_and_snippets_can_be_read(page: Path) -> None:
    parser = build_parser()
    for one in snippets(page):
        if one.language == "python":
            compile(one.code, named(page), "exec")
            continue
        for line in commands(one.code):
            words = [word for word in shlex.split(line) if "=" not in word or not word.isupper()]
            if "swope" in words[:2]:
                # it ends the process where it cannot be given
                parser.parse_args(words[words.index("swope") + 1 :])
            else:
                assert words[0] in ("make", "mkdir", "pip", "git", "cd"), line


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=named)
@pytest.mark.skipif("SWOPE_DOCS" not in os.environ, reason="minutes: make docs runs it")
def test_commands_and_snippets_do_what_they_say(page: Path, small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    swope = tmp_path / "bin" / "swope"
    swope.write_text(
        f"#!{sys.executable}\nimport sys\nfrom swope.flows.cli import main\n"
        "if __name__ == '__main__':\n    sys.exit(main())\n"
    )
    swope.chmod(0o755)
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "ROOT": str(ROOT),
        "RUN": str(small_run),
        "MPLBACKEND": "agg",
    }
    place = tmp_path / "here"
    place.mkdir()
    for one in snippets(page):
        if one.not_run:
            continue
        code = f"set -e\n{one.setup}\n{one.code}" if one.language == "sh" else one.code
        if one.language == "python" and one.setup:
            subprocess.run(["bash", "-ec", one.setup], cwd=place, env=environment, check=True, timeout=60)
        starter = ["bash", "-c"] if one.language == "sh" else [sys.executable, "-c"]
        done = subprocess.run([*starter, code], cwd=place, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{one.code}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    shutil.rmtree(place)
