"""What the tests of ingest share: plan and read all of some sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from swope.pipeline.ingest import IngestOptions, Refused, plan, read
from swope.pipeline.lightcurve import LightCurve


def ingest(
    sources: Sequence[str | Path], scratch: Path, options: IngestOptions | None = None
) -> tuple[list[LightCurve], list[Refused]]:
    """Stars and refusals of all parts, in the plan's order."""
    options = options or IngestOptions()
    planned = plan([str(source) for source in sources], options, scratch)
    curves: list[LightCurve] = []
    refused = list(planned.refused)
    for part in planned.parts:
        got = read(part, options)
        curves += list(got.chunk)
        refused += got.refused
    return curves, refused


def one(source: str | Path, scratch: Path, options: IngestOptions | None = None) -> LightCurve:
    """The only star of a source."""
    curves, refused = ingest([source], scratch, options)
    assert not refused, refused
    assert len(curves) == 1
    return curves[0]


def reason(source: str | Path, scratch: Path, options: IngestOptions | None = None) -> Refused:
    """The only refusal of a source without stars."""
    curves, refused = ingest([source], scratch, options)
    assert not curves
    assert len(refused) == 1, refused
    return refused[0]
