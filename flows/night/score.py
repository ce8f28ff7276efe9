"""A night as a whole: read what came, go through the known stars, write what was found."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from swope.flows.known import Known
from swope.flows.makers import versions
from swope.flows.manifest import hashes_of
from swope.flows.night.alerts import ALERTS
from swope.flows.night.arrived import Name, sorted_out
from swope.flows.night.batch import Visit, through_the_night
from swope.flows.night.detectors import chosen, ids
from swope.flows.night.page import PAGE
from swope.flows.night.record import NightRecord, run_of
from swope.flows.night.since import State
from swope.flows.night.star import unscored
from swope.flows.night.tables import SURPRISING, NightTables
from swope.flows.night.watch import Watch
from swope.flows.options import RunOptions
from swope.flows.renew import changed_curves
from swope.flows.stages import digests_of, ingest_options, read_refused
from swope.flows.state import NIGHTLY, STATE, read_state, state_table, write_state
from swope.flows.verdicts import dull_names
from swope.flows.workers import call_twice
from swope.pipeline.catalog import stars_of
from swope.pipeline.catalog.store import RECORD
from swope.pipeline.ingest import Part, Plan, Refused, plan, read
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.version import VERSION

#: In the folder of a night, while it is made.
_SCRATCH = ".states"


@dataclass(frozen=True)
class Tonight:
    """What a night is made of.

    Attributes
    ----------
    sources : as the user gave them.
    planned : what they hold.
    changed : what is not as it was in the run before, in words.
    beside : names of its files that come to those that the run was made from.
    """

    sources: Sequence[str]
    planned: Plan
    changed: Sequence[str] = field(default_factory=tuple)
    beside: frozenset[str] = frozenset()


def read_parts(
    parts: Sequence[Part], settings: RunOptions, known: Known | None = None
) -> tuple[list[LightCurve], list[Refused]]:
    """The light curves of some parts, and what could not be read.

    Parameters
    ----------
    known : stars of the run, which are left out where their light curves are the same; None to look at all.
    """
    curves: list[LightCurve] = []
    refused: list[Refused] = []
    for part in parts:
        ingested = read(part, ingest_options(settings))
        refused += ingested.refused
        curves += _changed(list(ingested.chunk), known)
    return curves, refused


def read_chunks(folders: Sequence[Path], known: Known) -> tuple[list[LightCurve], list[Refused]]:
    """The same of chunks that the run of tonight has read (`swope.flows.renew.set_apart`)."""
    curves = [curve for folder in folders for curve in changed_curves(folder, known)]
    return curves, [one for folder in folders for one in read_refused(folder)]


def score_night(
    sources: Sequence[str],
    since: Path,
    out: Path,
    settings: RunOptions | None = None,
    detectors: Sequence[str] | None = None,
    top: int = 10,
    anew: bool = True,
) -> NightRecord:
    """Score the new points of a night.

    Parameters
    ----------
    sources : files, folders or globs with the new points; rows that are known already may be among them. They are held
        in memory together; of the known stars, at most `swope.flows.night.since.MERGED` at a time.
    since : folder of a run, or of the night before.
    out : folder of this night; another than `since`.
    settings : how to read; None for those of the run.
    detectors : names of some that forecast; None for all.
    top : how many of the most surprising stars are named.
    anew : whether a night of the same input that is finished in `out` is scored again. Where the run has been brought
        up to date since, it knows that night's points, and nothing would be left of the night.

    Raises
    ------
    ValueError
        When there is nothing to go on from, or `out` is `since` or the folder of a run.
    swope.pipeline.ingest.SourceError
        When there is nothing to read.
    """
    state = State.of(since)
    settings = settings or state.settings
    with tempfile.TemporaryDirectory(prefix="swope-") as scratch:
        planned = plan(sources, ingest_options(settings), Path(scratch))
        if not anew and (record := _finished(out, since, planned, settings, detectors)) is not None:
            return record
        look = partial(read_parts, planned.parts, settings)
        return score_plan(Tonight(sources, planned), look, state, since, out, settings, detectors, top)


def score_plan(
    tonight: Tonight,
    look: Callable[[], tuple[list[LightCurve], list[Refused]]],
    state: State,
    since: Path,
    out: Path,
    settings: RunOptions,
    detectors: Sequence[str] | None = None,
    top: int = 10,
    keep: bool = True,
) -> NightRecord:
    """As `score_night`, of what is planned already.

    Parameters
    ----------
    look : gives the light curves of it that are looked at, and what of it could not be read.
    state : what is known of the stars in `since`.
    keep : whether the stars after tonight are kept, for a night to go on from; a run that is made next has them too.
    """
    if out.resolve() == since.resolve():
        raise ValueError(f"--out must be another folder than --since, {since}: so that the night can be scored again")
    if (out / RECORD).exists():
        raise ValueError(f"--out {out} is the folder of a run, which a night would write over: give it one of its own")
    columns = call_twice(chosen, detectors)
    names = tuple(one.name for one in columns)
    watch = Watch()
    with watch.over("reading"):
        curves, refused = look()
        known = state.names()
    with watch.over("models"):
        models = call_twice(ids, settings, names)
    out.mkdir(parents=True, exist_ok=True)
    for name in (NIGHTLY, ALERTS, PAGE):
        (out / name).unlink(missing_ok=True)
    tables = NightTables(columns)
    refused = [*tonight.planned.refused, *refused]
    tables.add(*(unscored(entry.object_id, entry.source, entry.status, entry.reason) for entry in refused))
    mine, new, strangers = sorted_out(curves, known, tonight.beside)
    tables.add(*(unscored(one.object_id, one.source, "rejected", f"{why} ({since})") for one, why in strangers))
    why = f"new star: it needs a run ({since})"
    tables.add(*(unscored(one.object_id, one.source, "rejected", why, past="new star") for one in new))
    with watch.over("writing"):
        earlier = _beside(mine, known, tonight.beside, state, out / _SCRATCH)
        if keep:
            whole = state.batches(out / _SCRATCH)
            after = (_after(table, mine, earlier, settings, models, tables, watch) for table in whole)
            write_state(out / STATE, after)
        else:
            (out / STATE).unlink(missing_ok=True)
            for table in state.batches(out / _SCRATCH, set(mine)):
                _after(table, mine, earlier, settings, models, tables, watch)
        tables.write(out)
    record = NightRecord(
        version=VERSION,
        versions=versions(),
        sources=list(tonight.sources),
        since=str(since),
        run=run_of(since),
        inputs=inputs_of(tonight.planned),
        refused=tonight.planned.refused_digest,
        changed=list(tonight.changed),
        config=asdict(settings),
        models=models,
        counts=tables.counts(),
        n_inputs=tonight.planned.n_inputs,
        n_points=tables.total("n_new"),
        n_seen=tables.total("n_seen"),
        n_masked=tables.total("n_masked"),
        n_events=tables.total("n_events"),
        n_judged=len(tables.pvalues()),
        n_surprising=int((tables.pvalues() < SURPRISING).sum()),
        strangest=tables.strangest(top, dull_names(since, known)),
        timings=watch.seconds(),
        files=hashes_of(out, [STATE]),
    )
    record.write(out)
    return record


def _finished(
    out: Path, since: Path, planned: Plan, settings: RunOptions, detectors: Sequence[str] | None
) -> NightRecord | None:
    """The night that is finished in a folder, if it is this one."""
    if not (out / NIGHTLY).exists():
        return None
    record = NightRecord.read(out)
    if (record.inputs, record.refused) != (inputs_of(planned), planned.refused_digest):
        return None
    if Path(record.since).resolve() != since.resolve():
        return None
    if record.run != run_of(since):
        # what a run has taken in cannot be scored in another way, either; a night is as it was scored last
        return record if (since / RECORD).exists() else None
    names = {one.name for one in call_twice(chosen, detectors)}
    return record if (record.config, set(record.models)) == (asdict(settings), names) else None


def inputs_of(planned: Plan) -> list[str]:
    """Digests of the parts of a night's input, as its record has them."""
    return sorted(part.digest for part in planned.parts)


def _changed(curves: list[LightCurve], known: Known | None) -> list[LightCurve]:
    """Those that the run does not have as they are."""
    if known is None or not curves:
        return curves
    new = known.places(digests_of(curves))[:, 0] < 0
    return [curve for curve, one in zip(curves, new, strict=True) if one]


def _beside(
    came: Collection[Name], known: Sequence[Name], beside: Collection[str], state: State, scratch: Path
) -> dict[Name, list[LightCurve]]:
    """What had come before of tonight's stars, in files that the run has taken in as stars of their own."""
    if not beside:
        return {}
    # of several stars of a name nothing says which one it had come of
    several = Counter(name for name, source in known if source not in beside)
    first = {name: (name, source) for name, source in came if source not in beside and several[name] == 1}
    wanted = {(name, source) for name, source in known if source in beside and name in first}
    found: dict[Name, list[LightCurve]] = defaultdict(list)
    for table in state.batches(scratch, wanted) if wanted else ():
        for curve, _ in read_state(table):
            found[first[curve.object_id]].append(curve)
    return found


def _after(
    table: pa.Table,
    came: Mapping[Name, Sequence[LightCurve]],
    beside: Mapping[Name, Sequence[LightCurve]],
    settings: RunOptions,
    ids: Mapping[str, str],
    tables: NightTables,
    watch: Watch,
) -> pa.Table:
    """Some rows of the state after tonight; what was found of their stars goes to the tables."""
    names = stars_of(table)
    here = [i for i, name in enumerate(names) if name in came]
    if not here:
        return table
    visits = list(_visits(table.take(pa.array(here)), came, beside))
    after = through_the_night(visits, settings, ids, watch)
    tables.add(*(one.said for one in after))
    new = state_table([one.curve for one in after], [one.kept for one in after])
    place = np.arange(len(names))
    place[here] = len(names) + np.arange(len(here))
    return pa.concat_tables([table, new]).take(pa.array(place)).combine_chunks()


def _visits(
    table: pa.Table, came: Mapping[Name, Sequence[LightCurve]], beside: Mapping[Name, Sequence[LightCurve]]
) -> Iterator[Visit]:
    for curve, kept in read_state(table):
        name = (curve.object_id, curve.source)
        yield Visit(curve, kept, came[name], beside.get(name, ()))
