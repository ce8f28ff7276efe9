"""The commands and snippets of the documentation, as they stand in its pages.

A fenced block of ``sh`` or ``python`` is run. A comment before it may say what has to be there first, or why it is not
run::

    <!-- setup: python $ROOT/tests/docs/files.py ztf -->
    <!-- not run: it asks an archive, which needs a network -->

$ROOT is the repository, $RUN a finished run of 14 stars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(
    r"(?:^<!-- (?P<said>setup|not run): (?P<words>.*?) -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.M | re.S,
)

#: Languages that are run.
RUN = ("sh", "python")


@dataclass(frozen=True)
class Snippet:
    """One fenced block.

    Attributes
    ----------
    language : sh or python.
    code : what stands in it.
    setup : command that makes what it needs; "" for none.
    not_run : why it is not run; "" where it is.
    """

    language: str
    code: str
    setup: str
    not_run: str


def pages() -> list[Path]:
    """All pages of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def snippets(page: Path) -> list[Snippet]:
    """The blocks of a page that are run, or say why they are not."""
    return [
        Snippet(
            found["language"],
            found["code"],
            found["words"] if found["said"] == "setup" else "",
            found["words"] if found["said"] == "not run" else "",
        )
        for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))
        if found["language"] in RUN
    ]


def commands(code: str) -> list[str]:
    """The lines of a shell's block, those that go on joined, without comments."""
    joined = code.replace("\\\n", " ")
    lines = (re.sub(r"\s+#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
