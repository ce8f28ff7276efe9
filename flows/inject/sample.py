"""Some stars of a survey, drawn by a hash of their names, and what can be laid into them."""

from __future__ import annotations

import heapq
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from swope.flows.options import RunOptions
from swope.flows.stages import ingest_options
from swope.pipeline.clean import clean
from swope.pipeline.ingest import SourceError, plan, read
from swope.pipeline.inject.lay import Limits, has_light
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.photometry import MAGNITUDES, typical_error
from swope.pipeline.split import share

#: Integrated signal-to-noise that the depths reach from and to, at the middle of the durations.
_SNR = (2.0, 100.0)

#: The longest event takes this share of the span.
_LONGEST = 0.1

#: No event is deeper than this, magnitudes.
_DEEPEST = 5.0


@dataclass(frozen=True, eq=False)
class Sample:
    """Stars that were drawn from a survey.

    Attributes
    ----------
    curves : cleaned, each with a usable row, in the order of their names.
    n_stars : stars with a usable row that they were drawn from.
    n_unusable : stars without one.
    n_refused : inputs that did not become stars.
    """

    curves: tuple[LightCurve, ...]
    n_stars: int
    n_unusable: int
    n_refused: int


def draw_sample(sources: Sequence[str], options: RunOptions, stars: int, seed: int) -> Sample:
    """Read a survey, a chunk at a time, and keep some of its stars: those whose hash is smallest.

    The same stars are drawn whatever the order of the sources and the size of the chunks.

    Parameters
    ----------
    sources : as for `swope run`.
    options : how to read.
    stars : how many to keep, at most.
    seed : of the draw.

    Raises
    ------
    SourceError
        When no star can be used.
    """
    kept: list[tuple[float, str, str, int, LightCurve]] = []
    n_stars = n_unusable = n_refused = 0
    with tempfile.TemporaryDirectory(prefix="swope-") as scratch:
        asked = ingest_options(options)
        planned = plan(sources, asked, Path(scratch))
        refused = list(planned.refused)
        n_refused = len(refused)
        for part in tqdm(planned.parts, desc="reading", unit="chunk", disable=None, file=sys.stderr):
            ingested = read(part, asked)
            refused += ingested.refused[:1]
            n_refused += len(ingested.refused)
            for curve in map(clean, ingested.chunk):
                if not len(curve.good):
                    n_unusable += 1
                    continue
                n_stars += 1
                # the largest of those kept is on top of the heap by its negative; the number parts namesakes
                place = (-share(curve.object_id, f"inject {seed}"), curve.object_id, curve.source, n_stars, curve)
                (heapq.heappush if len(kept) < stars else heapq.heappushpop)(kept, place)
    if not kept:
        first = f": {refused[0].source}: {refused[0].reason}" if refused else ""
        raise SourceError(f"no star can be used in {', '.join(sources)}{first}")
    curves = tuple(curve for *_, curve in sorted(kept, key=lambda one: one[1:4]))
    return Sample(curves, n_stars, n_unusable, n_refused)


def usual_limits(curves: Sequence[LightCurve]) -> Limits:
    """Depths and durations that suit a survey: some are never found, and some always.

    Durations go from the mean step between a star's observations to a tenth of its span, depths from what has a
    signal-to-noise of 2, in an event of the middle duration, to what has one of 100; all of the median star.

    Raises
    ------
    ValueError
        When no star has two observations and light.
    """
    told = np.array([facts for curve in curves if (facts := _facts(curve)) is not None])
    if not len(told):
        raise ValueError("no star drawn has two observations and light: nothing can be laid into them")
    error, step, span = np.median(told, axis=0)
    longest = max(_LONGEST * span, step)
    rows = np.sqrt(longest / step)
    least, most = (snr * error / np.sqrt(rows) for snr in _SNR)
    return Limits((float(min(least, _DEEPEST)), float(min(most, _DEEPEST))), (float(step), float(longest)))


def _facts(curve: LightCurve) -> tuple[float, float, float] | None:
    """Usual error (mag), mean step and span (days) of a star's best observed band."""
    good = curve.good
    band = int(np.bincount(good.band).argmax())
    rows = good.band == band
    time, value, error = good.time[rows], good.value[rows], good.error[rows]
    span = float(np.ptp(time))
    if not span > 0 or not has_light(curve):
        return None
    unit = 1.0 if curve.kind == "mag" else MAGNITUDES / float(np.median(value))
    usual = typical_error(error, value) * unit
    return (usual, span / (len(time) - 1), span) if usual > 0 else None
