"""A newcomer's reader: one module beside the others, and files of its format are read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swope.pipeline.ingest import IngestOptions, plan, read, readers, registry

#: A format that nobody has: "TOY", then a line an observation, time and magnitude parted by a bar.
MODULE = """
from pathlib import Path

from swope.pipeline.ingest.parts import parts_of_groups
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import Clock


def _read(part, options):
    for path, source in zip(part.paths, part.sources):
        rows = [line.split("|") for line in Path(path).read_text().splitlines()[1:]]
        time, mag = ([float(row[i]) for row in rows] for i in (0, 1))
        yield star(Path(source).stem, time, mag, None, options=options, source=source, clock=Clock("jd"), kind="mag")


READER = Reader(
    name="toy",
    rank=0,
    describes="a toy",
    recognises=lambda path, head: head.startswith(b"TOY"),
    plan=lambda files, options, scratch: (parts_of_groups("toy", [[file] for file in files], options), []),
    read=_read,
)
"""


@pytest.fixture
def with_toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder of the readers, with one module more."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "toy.py").write_text(MODULE)
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(tmp_path / "more")])
    registry.readers.cache_clear()
    yield
    sys.modules.pop("swope.pipeline.ingest.readers.toy", None)
    registry.readers.cache_clear()


@pytest.mark.usefixtures("with_toy")
def test_one_file_is_enough(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "V1.toy").write_text("TOY\n" + "".join(f"{2455000 + i}|{12 + i % 2}\n" for i in range(20)))
    planned = plan([str(tmp_path / "in")], IngestOptions(), tmp_path / "scratch")
    assert not planned.refused
    (curve,) = read(planned.parts[0], IngestOptions()).chunk
    assert (curve.object_id, len(curve), curve.kind, curve.clock.name) == ("V1", 20, "mag", "JD_unknown")


def test_without_it_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "V1.toy").write_text("TOY\n1|2\n")
    assert "toy" not in {reader.name for reader in registry.readers()}
