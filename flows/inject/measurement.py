"""The measurement as a whole: draw stars, examine them in processes, write tables and picture."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from swope.flows.inject.examine import Examined, Laying, examine, lost
from swope.flows.inject.sample import Sample, draw_sample, usual_limits
from swope.flows.inject.tables import (
    ALARMS,
    COMPLETENESS,
    PICTURE,
    RECORD,
    STARS,
    TRIALS,
    lines_of,
    stars_table,
    trials_table,
    write_table,
)
from swope.flows.makers import Makers
from swope.flows.manifest import write_json
from swope.flows.options import RunOptions
from swope.flows.state import NIGHTLY
from swope.flows.workers import WorkerDiedError, call, worker_processes
from swope.pipeline.catalog.store import RECORD as RUN
from swope.pipeline.catalog.store import replacing
from swope.pipeline.inject.completeness import completeness_table, false_alarm_table
from swope.pipeline.inject.lay import Limits
from swope.pipeline.inject.picture import completeness_picture
from swope.pipeline.inject.shapes import SHAPES
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.version import VERSION

#: Stars that a process examines at a time.
_BATCH = 8


@dataclass(frozen=True)
class InjectOptions:
    """What is laid into how many stars.

    Attributes
    ----------
    stars : how many are drawn, at most.
    seed : of all that is drawn.
    shapes : keys of `swope.pipeline.inject.shapes.SHAPES`.
    times : how often each shape is laid into a star.
    depth, duration : least and largest, magnitudes and days; None for what suits the survey (`usual_limits`).
    """

    stars: int = 200
    seed: int = 0
    shapes: tuple[str, ...] = tuple(SHAPES)
    times: int = 1
    depth: tuple[float, float] | None = None
    duration: tuple[float, float] | None = None

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        ValueError
            Naming the option, and what to write.
        """
        unknown = [shape for shape in self.shapes if shape not in SHAPES]
        if unknown or not self.shapes:
            raise ValueError(
                f"--shapes: no shape is called {unknown[0] if unknown else ''!r}; known: {', '.join(SHAPES)}"
            )
        one = (1.0, 1.0)
        try:
            Limits(self.depth or one, self.duration or one)
        except ValueError as problem:
            raise ValueError(f"--{problem}") from None


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured.

    Attributes
    ----------
    sample : the stars.
    examined : what was found in each, in their order.
    completeness, false_alarms : the tables that a paper quotes.
    seconds : that it took.
    """

    sample: Sample
    examined: tuple[Examined, ...]
    completeness: pa.Table
    false_alarms: pa.Table
    seconds: float

    @property
    def trials(self) -> list[dict[str, Any]]:
        """Every event that was laid."""
        return [trial for one in self.examined for trial in one.trials]

    @property
    def stars(self) -> list[dict[str, Any]]:
        """Every star that was drawn."""
        return [one.star for one in self.examined]


def measure(
    sources: Sequence[str], out: Path, inject: InjectOptions, options: RunOptions, workers: int | None = None
) -> Measured:
    """Lay events into some stars of a survey, look for them, and write what was found into a folder.

    Parameters
    ----------
    sources : as for `swope run`.
    out : the folder: `trials`, `stars`, `completeness` and `false_alarms` as Parquet and CSV, the picture, inject.json.
    inject : what is laid into how many stars.
    options : how to read, where to search periods, with which models, and what counts as an event.
    workers : processes; None for one a core, 0 to compute in this one.

    Raises
    ------
    swope.pipeline.ingest.SourceError
        When no star can be used.
    ValueError
        When a setting cannot be meant, or the models cannot be loaded.
    """
    begin = time.monotonic()
    inject.check()
    if taken := [name for name in (RUN, NIGHTLY) if (out / name).exists()]:
        raise ValueError(f"--out {out} is the folder of a run or a night ({taken[0]}): give it one of its own")
    sample = draw_sample(sources, options, inject.stars, inject.seed)
    limits = _limits(inject, sample.curves)
    laying = Laying(inject.shapes, inject.times, limits, inject.seed)
    batches = [sample.curves[i : i + _BATCH] for i in range(0, len(sample.curves), _BATCH)]
    n = min(os.cpu_count() or 1 if workers is None else workers, len(batches))
    found: list[Examined] = []
    with worker_processes(n):
        makers = call(Makers.of, options.models)
        with tqdm(total=len(sample.curves), unit="star", disable=None, file=sys.stderr) as bar:
            for some in _in_order(batches, partial(_surviving, laying=laying, options=options, ids=makers.models), n):
                found += some
                bar.update(len(some))
    trials = [trial for one in found for trial in one.trials]
    measured = Measured(
        sample,
        tuple(found),
        completeness_table(trials),
        false_alarm_table([one.star for one in found]),
        time.monotonic() - begin,
    )
    _write(measured, out, sources, inject, limits, options, makers)
    return measured


def _limits(inject: InjectOptions, curves: Sequence[LightCurve]) -> Limits:
    """Those that were asked for; where none were, what suits the stars."""
    if inject.depth and inject.duration:
        return Limits(inject.depth, inject.duration)
    usual = usual_limits(curves)
    return Limits(inject.depth or usual.depth, inject.duration or usual.duration)


def _in_order(
    batches: Sequence[Sequence[LightCurve]], work: Callable[[Sequence[LightCurve]], list[Examined]], workers: int
) -> Iterator[list[Examined]]:
    """What was found in the stars of each batch, in order; a thread waits for each process."""
    with ThreadPoolExecutor(max(workers, 1)) as threads:
        yield from threads.map(work, batches)


def _surviving(
    curves: Sequence[LightCurve], laying: Laying, options: RunOptions, ids: Mapping[str, str]
) -> list[Examined]:
    """As `examine`, in a process; a star that ends the process is lost alone."""
    try:
        return call(examine, curves, laying, options, ids)
    except WorkerDiedError as error:
        if len(curves) == 1:
            return [lost(curves[0], laying, f"the computation ended its process: {error}")]
        return [one for curve in curves for one in _surviving([curve], laying, options, ids)]


def _write(
    measured: Measured,
    out: Path,
    sources: Sequence[str],
    inject: InjectOptions,
    limits: Limits,
    options: RunOptions,
    makers: Makers,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / RECORD).unlink(missing_ok=True)
    write_table(trials_table(measured.trials), out / TRIALS)
    write_table(stars_table(measured.stars), out / STARS)
    write_table(measured.completeness, out / COMPLETENESS)
    write_table(measured.false_alarms, out / ALARMS)
    title = f"{len(measured.examined)} stars, {len(measured.trials)} events"
    figure = completeness_picture(measured.completeness, measured.false_alarms, title)
    for ending in (".png", ".pdf"):
        with replacing((out / PICTURE).with_suffix(ending)) as temporary:
            # without a date in it, so that the same measurement gives the same bytes
            undated = {"CreationDate": None} if ending == ".pdf" else {}
            figure.savefig(temporary, format=ending[1:], metadata=undated)
    record = {
        "version": VERSION,
        "versions": makers.versions,
        "models": makers.models,
        "sources": list(sources),
        "config": asdict(options),
        "inject": asdict(inject) | {"depth": limits.depth, "duration": limits.duration},
        "n_stars": measured.sample.n_stars,
        "n_unusable": measured.sample.n_unusable,
        "n_refused": measured.sample.n_refused,
        "n_drawn": len(measured.examined),
        "outcomes": dict(Counter(trial["outcome"] for trial in measured.trials)),
        "seconds": round(measured.seconds, 1),
    }
    write_json(out / RECORD, record)


def summary(measured: Measured, out: Path) -> str:
    """What the user is told at the end, in some ten lines."""
    sample = measured.sample
    head = f"{len(measured.examined)} of {sample.n_stars:,} stars drawn"
    head += f"; {sample.n_refused} inputs refused, {sample.n_unusable} stars without a usable row"
    lines = lines_of(measured.trials, measured.stars, measured.completeness, measured.false_alarms)
    places = [f"tables   {out / COMPLETENESS}, {ALARMS}, {TRIALS}, {STARS} (and .csv)"]
    places += [f"picture  {(out / PICTURE).with_suffix('.pdf')}, .png"]
    return "\n".join([f"{head}; {measured.seconds:.0f} s", *lines, *places])
