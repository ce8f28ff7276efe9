"""One star as a table in any shape, for the tests of what tables are taken for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.ingest import IngestOptions, Refused
from swope.pipeline.lightcurve import LightCurve
from tests.pipeline.ingest.reading import ingest, one, reason

N = 40
JD = 2455000.5 + np.cumsum(np.random.default_rng(17).uniform(0.3, 3, N)).round(4)
MAG = (14 + 0.4 * np.sin(JD)).round(3)
ERR = np.full(N, 0.02) + (np.arange(N) % 5) / 1000


def table(folder: Path, name: str, columns: dict[str, object], between: str = ",", head: str = "") -> Path:
    """A text table of columns; one value stands for all rows."""
    cells = [np.broadcast_to(np.asarray(column, dtype=object), N).astype(str) for column in columns.values()]
    lines = [between.join(columns), *(between.join(row) for row in zip(*cells, strict=True))]
    path = folder / name
    path.write_text(head + "\n".join(lines) + "\n")
    return path


def headerless(folder: Path, *columns: object) -> Path:
    cells = [np.broadcast_to(np.asarray(column, dtype=object), N).astype(str) for column in columns]
    path = folder / "x.dat"
    path.write_text("\n".join(" ".join(row) for row in zip(*cells, strict=True)) + "\n")
    return path


def read(path: Path, **options: object) -> LightCurve:
    return one(path, path.parent / "scratch", IngestOptions(**options))  # type: ignore[arg-type]


def refused(path: Path, **options: object) -> Refused:
    return reason(path, path.parent / "scratch", IngestOptions(**options))  # type: ignore[arg-type]


def is_the_star(curve: LightCurve) -> bool:
    good = clean(curve).good
    return np.allclose(good.value, MAG, atol=2e-3) and np.allclose(good.time, JD, atol=1e-4)


def read_all(path: Path) -> list[LightCurve]:
    curves, no = ingest([path], path.parent / "scratch")
    assert not no
    return curves
