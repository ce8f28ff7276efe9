"""A night as a whole: read what came, go through the known stars, write what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from swope.flows.makers import versions
from swope.flows.night.arrived import Name, sorted_out
from swope.flows.night.detectors import Detectors
from swope.flows.night.record import NightRecord
from swope.flows.night.star import judged, opinions, take_in, unscored
from swope.flows.night.tables import SURPRISING, NightTables
from swope.flows.night.watch import Watch
from swope.flows.options import RunOptions
from swope.flows.stages import ingest_options
from swope.flows.state import FOLLOWED, NIGHTLY, STATE, State, read_state, state_table, write_state
from swope.pipeline.catalog.store import RECORD
from swope.pipeline.ingest import read_all
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.star import Star
from swope.pipeline.version import VERSION


def score_night(
    sources: Sequence[str],
    since: Path,
    out: Path,
    settings: RunOptions | None = None,
    detectors: Sequence[str] | None = None,
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
    detectors : names of some that forecast; None for all.
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
        came = read_all(sources, ingest_options(settings))
        known = state.names()
    with watch.over("models"):
        at_work = Detectors.of(settings, detectors)
    out.mkdir(parents=True, exist_ok=True)
    (out / NIGHTLY).unlink(missing_ok=True)
    tables = NightTables(at_work.columns)
    tables.add(*(unscored(entry.object_id, entry.source, entry.status, entry.reason) for entry in came.refused))
    mine, strangers = sorted_out(came.curves, known)
    tables.add(*(unscored(curve.object_id, curve.source, "rejected", f"{why} ({since})") for curve, why in strangers))
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
        n_inputs=came.n_inputs,
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


def _after(
    table: pa.Table,
    came: Mapping[Name, Sequence[LightCurve]],
    detectors: Detectors,
    tables: NightTables,
    watch: Watch,
) -> pa.Table:
    """Some rows of the state after tonight; what was found of their stars goes to the tables."""
    names = list(zip(table["object_id"].to_pylist(), table["source"].to_pylist(), strict=True))
    here = [i for i, name in enumerate(names) if name in came]
    if not here:
        return table
    known = read_state(table.take(pa.array(here)))
    with watch.over(FOLLOWED):
        steps = [take_in(curve, kept, came[curve.object_id, curve.source]) for curve, kept in known]
    stars = [Star(step.curve, step.kept.period) for step in steps]
    wanted = [len(step.arrived.fresh) > 0 for step in steps]
    answers = {}
    for name, detector in detectors.models.items():
        if name != FOLLOWED:
            with watch.over(name):
                answers[name] = opinions(detector, stars, wanted)
    for i, step in enumerate(steps):
        tables.add(judged(step, {name: answer[i] for name, answer in answers.items()}, detectors, watch))
    new = state_table([step.curve for step in steps], [step.kept for step in steps])
    place = np.arange(len(names))
    place[here] = len(names) + np.arange(len(here))
    return pa.concat_tables([table, new]).take(pa.array(place)).combine_chunks()
