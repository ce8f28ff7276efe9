"""A night as a whole: read what came, go through the known stars, write what was found."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from swope.flows.makers import versions
from swope.flows.night.detectors import FORECASTING, Detectors
from swope.flows.night.record import NightRecord
from swope.flows.night.star import NightStar, judged, second_opinions, take_in, unscored
from swope.flows.night.tables import SURPRISING, NightTables
from swope.flows.night.watch import Watch
from swope.flows.options import RunOptions
from swope.flows.stages import ingest_options
from swope.flows.state import NIGHTLY, STATE, State, read_state, state_table, write_state
from swope.pipeline.catalog.store import RECORD
from swope.pipeline.ingest import Refused, plan, read
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.star import Star
from swope.pipeline.version import VERSION


def score_night(
    sources: Sequence[str],
    since: Path,
    out: Path,
    settings: RunOptions | None = None,
    detectors: Sequence[str] = FORECASTING,
    top: int = 10,
) -> NightRecord:
    """Score the new points of a night.

    Parameters
    ----------
    sources : files, folders or globs with the new points; rows that are known already may be among them. They are held
        in memory together; of the known stars, some hundreds at a time.
    since : folder of a run, or of the night before.
    out : folder of this night; another than `since`.
    settings : how to read; None for those of the run.
    detectors : some of `FORECASTING`.
    top : how many of the most surprising stars are named.

    Raises
    ------
    ValueError
        When there is nothing to go on from, or `out` is `since` or the folder of a run.
    swope.pipeline.ingest.SourceError
        When there is nothing to read.
    """
    state = State.of(since)
    if out.resolve() == since.resolve():
        raise ValueError(f"--out must be another folder than --since, {since}: so that the night can be scored again")
    if (out / RECORD).exists():
        raise ValueError(f"--out {out} is the folder of a run, which a night would write over: give it one of its own")
    settings = settings or state.settings
    watch = Watch()
    with watch.over("reading"):
        came, refused, n_inputs = read_points(sources, settings, out)
        known = Counter(state.names())
    with watch.over("models"):
        at_work = Detectors.of(settings, detectors)
    out.mkdir(parents=True, exist_ok=True)
    (out / NIGHTLY).unlink(missing_ok=True)
    tables = NightTables()
    tables.add(*(unscored(entry.object_id, entry.source, entry.status, entry.reason) for entry in refused))
    strangers = {name: curves for name, curves in came.items() if known[name] != 1}
    tables.add(*(_stranger(name, curves, known[name], since) for name, curves in strangers.items()))
    mine = {name: curves for name, curves in came.items() if known[name] == 1}
    with watch.over("writing"):
        after = (_after(table, mine, at_work, tables, watch) for table in state.batches())
        write_state(out / STATE, after, settings)
        tables.write(out)
    record = NightRecord(
        version=VERSION,
        versions=versions(),
        sources=list(sources),
        since=str(since),
        config=asdict(settings),
        models=at_work.ids,
        counts=tables.counts(),
        n_inputs=n_inputs,
        n_points=tables.total("n_new"),
        n_seen=tables.total("n_seen"),
        n_masked=tables.total("n_masked"),
        n_events=tables.total("n_events"),
        n_judged=len(tables.pvalues()),
        n_surprising=int((tables.pvalues() < SURPRISING).sum()),
        strangest=tables.strangest(top),
        timings=watch.seconds(),
    )
    record.write(out)
    return record


def read_points(
    sources: Sequence[str], settings: RunOptions, out: Path
) -> tuple[dict[str, list[LightCurve]], list[Refused], int]:
    """What tonight's sources hold: curves by the name of their star, what cannot be read, the number of files."""
    scratch = out / ".scratch"
    options = ingest_options(settings)
    planned = plan(sources, options, scratch)
    came: dict[str, list[LightCurve]] = defaultdict(list)
    refused = list(planned.refused)
    for part in planned.parts:
        ingested = read(part, options)
        refused += ingested.refused
        for curve in ingested.chunk:
            came[curve.object_id].append(curve)
    shutil.rmtree(scratch, ignore_errors=True)
    return dict(came), refused, planned.n_inputs


def _after(
    table: pa.Table, came: dict[str, list[LightCurve]], detectors: Detectors, tables: NightTables, watch: Watch
) -> pa.Table:
    """Some rows of the state after tonight; what was found of their stars goes to the tables."""
    names = table["object_id"].to_pylist()
    here = [i for i, name in enumerate(names) if name in came]
    if not here:
        return table
    known = read_state(table.take(pa.array(here)))
    with watch.over("statespace"):
        steps = [take_in(curve, kept, came[curve.object_id]) for curve, kept in known]
    stars = [Star(step.curve, step.kept.period) for step in steps]
    with watch.over("forecaster"):
        second = second_opinions(detectors.forecaster, stars, [len(step.arrived.fresh) > 0 for step in steps])
    tables.add(*(judged(step, other, detectors, watch) for step, other in zip(steps, second, strict=True)))
    new = state_table([step.curve for step in steps], [step.kept for step in steps])
    place = np.arange(len(names))
    place[here] = len(names) + np.arange(len(here))
    return pa.concat_tables([table, new]).take(pa.array(place)).combine_chunks()


def _stranger(name: str, came: list[LightCurve], times: int, since: Path) -> NightStar:
    """The row of a star that the state does not tell of, or tells of more than once."""
    reason = (
        f"{times} stars of {since} have this name: give them names of their own"
        if times
        else f"new star: not in {since}; it needs a run"
    )
    return unscored(name, "; ".join(sorted({curve.source for curve in came})), "rejected", reason)
