"""One night: the new points of known stars are scored against what was to be expected of them, and nothing is fitted.

A night reads `state.parquet` of a run or of the night before and leaves, in its own folder,

    points.parquet    a row a new point and detector: what was forecast, what came
    stars.parquet     a row a star that tonight's sources name, with status, reason and the p-value of its night
    events.parquet    the events that end tonight
    state.parquet     what tomorrow goes on from
    nightly.json      versions, settings, counts, the most surprising stars, timings; written last

It changes nothing of what it reads, so that the same night can be scored again, with the same answer.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from flows.manifest import write_json
from flows.models import load_model
from flows.options import RunOptions
from flows.record import versions
from flows.stages import ingest_options
from flows.state import NIGHTLY, STATE, Kept, State, read_state, state_table, write_state
from models.statespace import StateSpace, follow, record_json, record_of
from pipeline.catalog import events_table, night_points_table, night_stars_table, write_parquet
from pipeline.catalog.schema import STATUSES
from pipeline.events import Event, EventOptions, PointNull
from pipeline.forecast import Forecast
from pipeline.ingest import Refused, plan, read
from pipeline.lightcurve import LightCurve
from pipeline.night import Arrivals, arrivals, follow_on, judge
from pipeline.rank import combine_pvalues
from pipeline.star import Star
from pipeline.version import VERSION

if TYPE_CHECKING:
    from models.forecaster import Forecaster

POINTS = "points.parquet"
STARS = "stars.parquet"
EVENTS = "events.parquet"

#: The detectors that forecast; the first is many times cheaper than the second.
FORECASTING = ("statespace", "forecaster")


@dataclass(frozen=True)
class NightRecord:
    """A finished night; the fields are the keys of nightly.json.

    Attributes
    ----------
    version, versions : of Swope, of Python and of the packages that may change a number.
    sources : as the user gave them.
    since : the folder whose state the night went on from.
    config : the settings (`RunOptions`).
    models : ids of the detectors at work.
    counts : stars by status: n_in = n_ok + n_partial + n_rejected + n_failed.
    n_inputs : files that were looked at.
    n_points, n_seen, n_masked, n_events : new rows, rows known before, rows that cannot be used, events.
    strangest : rows of stars.parquet with the smallest p-values, each with what happened in words.
    timings : seconds by phase.
    """

    version: str
    versions: dict[str, str]
    sources: list[str]
    since: str
    config: dict[str, Any]
    models: dict[str, str]
    counts: dict[str, int]
    n_inputs: int
    n_points: int
    n_seen: int
    n_masked: int
    n_events: int
    strangest: list[dict[str, Any]]
    timings: dict[str, float]

    def summary(self, out: Path) -> str:
        """What the user is told at the end: counts, cost, the most surprising stars, and where to look."""
        stars = self.counts["n_in"]
        parts = ", ".join(f"{self.counts[f'n_{status}']} {status}" for status in STATUSES)
        spent = ", ".join(
            f"{name} {seconds:.1f}" + (f" ({1e3 * seconds / stars:.1f} ms a star)" if name in self.models else "")
            for name, seconds in self.timings.items()
        )
        lines = [
            f"{self.n_inputs} files, {stars} stars: {parts}; {self.n_events} events",
            f"{self.n_points} new points; {self.n_seen} rows known before, {self.n_masked} that cannot be used",
            f"{sum(self.timings.values()):.1f} s: {spent}",
        ]
        if self.strangest:
            lines += ["most surprising:"]
            lines += [f"  {row['night_pvalue']:8.1e}  {row['object_id']}  {row['said']}" for row in self.strangest]
        return "\n".join([*lines, f"points   {out / POINTS}", f"stars    {out / STARS}", f"events   {out / EVENTS}"])


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
        When there is nothing to go on from, or `out` is `since`.
    pipeline.ingest.SourceError
        When there is nothing to read.
    """
    state = State.of(since)
    if out.resolve() == since.resolve():
        raise ValueError(f"--out must be another folder than --since, {since}: so that the night can be scored again")
    settings = settings or state.settings
    watch = Watch()
    with watch.over("reading"):
        came, refused, n_inputs = read_points(sources, settings, out)
        known = Counter(state.names())
    with watch.over("models"):
        bench = Bench.of(settings, detectors)
    out.mkdir(parents=True, exist_ok=True)
    (out / NIGHTLY).unlink(missing_ok=True)
    found = Found()
    for name in sorted(came):
        if known[name] != 1:
            found.add(_unknown(name, came[name], known[name], since))
    for entry in refused:
        found.add(_refused(entry))
    mine = {name: curves for name, curves in came.items() if known[name] == 1}
    with watch.over("writing"):
        write_state(out / STATE, (_next(table, mine, bench, found, watch) for table in state.batches()), settings)
        stars = found.write(out)
    record = NightRecord(
        version=VERSION,
        versions=versions(),
        sources=list(sources),
        since=str(since),
        config=asdict(settings),
        models=bench.ids,
        counts=_counts(stars),
        n_inputs=n_inputs,
        n_points=sum(row["n_new"] for row in stars),
        n_seen=sum(row["n_seen"] for row in stars),
        n_masked=sum(row["n_masked"] for row in stars),
        n_events=sum(row["n_events"] for row in stars),
        strangest=_strangest(stars, found, top),
        timings=watch.seconds(),
    )
    write_json(out / NIGHTLY, asdict(record))
    return record


def read_points(
    sources: Sequence[str], settings: RunOptions, out: Path
) -> tuple[dict[str, list[LightCurve]], list[Refused], int]:
    """What tonight's sources hold: curves by the name of their star, what cannot be read, the number of files."""
    scratch = out / "work" / "scratch"
    options = ingest_options(settings)
    planned = plan(sources, options, scratch)
    came: dict[str, list[LightCurve]] = defaultdict(list)
    refused = list(planned.refused)
    for part in planned.parts:
        ingested = read(part, options)
        refused += ingested.refused
        for curve in ingested.chunk:
            came[curve.object_id].append(curve)
    shutil.rmtree(out / "work", ignore_errors=True)
    return dict(came), refused, planned.n_inputs


@dataclass(frozen=True, eq=False)
class Bench:
    """The detectors at work, and how their events are judged.

    Attributes
    ----------
    statespace, forecaster : None where it is not at work.
    events : what counts as an event.
    """

    statespace: StateSpace | None
    forecaster: Forecaster | None
    events: EventOptions

    @classmethod
    def of(cls, settings: RunOptions, detectors: Sequence[str]) -> Bench:
        """Load the detectors."""
        statespace, forecaster = (
            load_model(kind, settings.models) if kind in detectors else None for kind in FORECASTING
        )
        return cls(statespace, forecaster, EventOptions(pvalue=settings.event_pvalue))

    @property
    def models(self) -> dict[str, StateSpace | Forecaster]:
        """The detectors by name."""
        both = {"statespace": self.statespace, "forecaster": self.forecaster}
        return {name: model for name, model in both.items() if model is not None}

    @property
    def ids(self) -> dict[str, str]:
        """Their ids."""
        return {name: model.model_id for name, model in self.models.items()}

    def null(self, detector: str) -> PointNull:
        """What the strangest points of ordinary stars look like to a detector."""
        return self.models[detector].point_null


@dataclass(frozen=True, eq=False)
class NightStar:
    """What a night says of one star.

    Attributes
    ----------
    columns : its row of stars.parquet.
    fresh : its new rows.
    forecasts : of all its rows, the new ones last, by each detector; the row's p-values are of these.
    events : that end tonight.
    """

    columns: dict[str, Any]
    fresh: LightCurve | None = None
    forecasts: tuple[Forecast, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Found:
    """The night's tables in the making: rows of stars, tables of points, rows of events, and a word on each star."""

    stars: list[dict[str, Any]] = field(default_factory=list)
    points: list[pa.Table] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)

    def add(self, *stars: NightStar) -> None:
        """Take in some stars."""
        self.stars.extend(star.columns for star in stars)
        self.events.extend(asdict(event) for star in stars for event in star.events)
        self.said.update({star.columns["object_id"]: _said(star) for star in stars if star.forecasts})
        columns: dict[str, list[Any]] = defaultdict(list)
        for star in stars:
            for forecast in star.forecasts:
                for name, values in _points(star, forecast).items():
                    columns[name].extend(values)
        self.points.append(night_points_table(columns))

    def write(self, out: Path) -> list[dict[str, Any]]:
        """Write the tables, sorted; returns the rows of stars."""
        points = pa.concat_tables([night_points_table({}), *self.points])
        write_parquet(_sorted(points, "object_id", "time", "band", "detector"), out / POINTS)
        events = events_table(_by_column(self.events))
        write_parquet(_sorted(events, "object_id", "t_start", "detector", "band", "t_peak", "t_end"), out / EVENTS)
        stars = sorted(self.stars, key=lambda row: (row["object_id"], row["source"]))
        write_parquet(night_stars_table(_by_column(stars)), out / STARS)
        return stars


class Watch:
    """Seconds by phase; a phase inside another is taken out of it."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def over(self, name: str) -> Iterator[None]:
        """Count the block for a phase."""
        start = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            whole = time.perf_counter() - start
            self._spent[name] += whole - self._inner.pop()
            self._inner[-1] += whole

    def seconds(self) -> dict[str, float]:
        """Seconds by phase, rounded."""
        return {name: round(seconds, 3) for name, seconds in self._spent.items()}


def _next(table: pa.Table, came: dict[str, list[LightCurve]], bench: Bench, found: Found, watch: Watch) -> pa.Table:
    """Some rows of the state after tonight; what was found of their stars goes to `found`."""
    names = table["object_id"].to_pylist()
    here = [i for i, name in enumerate(names) if name in came]
    if not here:
        return table
    known = read_state(table.take(pa.array(here)))
    with watch.over("statespace" if bench.statespace else "writing"):
        took = [_take_in(curve, kept, came[curve.object_id]) for curve, kept in known]
    stars = [Star(step.curve, step.kept.period) for step in took]
    with watch.over("forecaster" if bench.forecaster else "writing"):
        second = _forecasts(bench.forecaster, stars, [len(step.arrived.fresh) > 0 for step in took])
    for step, other in zip(took, second, strict=True):
        found.add(_judged(step, other, bench, watch))
    after = state_table([step.curve for step in took], [step.kept for step in took])
    place = np.arange(len(names))
    place[here] = len(names) + np.arange(len(here))
    return pa.concat_tables([table, after]).take(pa.array(place)).combine_chunks()


@dataclass(frozen=True, eq=False)
class Step:
    """A star after tonight, or, where something broke, still before it.

    Attributes
    ----------
    curve, kept : its rows, tonight's with them, and what is kept beside.
    arrived : what came.
    source : from which files.
    problem : what broke.
    """

    curve: LightCurve
    kept: Kept
    arrived: Arrivals
    source: str
    problem: str | None = None


def _take_in(known: LightCurve, kept: Kept, came: list[LightCurve]) -> Step:
    """Sort a star's rows out, and go on with the state space through the new ones."""
    source = "; ".join(sorted({curve.source for curve in came}))
    arrived = arrivals(known, came)
    fresh = arrived.fresh
    try:
        mean = sigma = np.full(len(fresh), np.nan)
        record = kept.record
        if record is not None and len(fresh):
            after, forecast = follow(record_of(record), fresh)
            record, mean, sigma = record_json(after), forecast.mean, forecast.sigma
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as problem:
        nothing = replace(arrived, fresh=fresh.where(np.zeros(len(fresh), dtype=bool)))
        return Step(known, kept, nothing, source, f"the state space failed: {problem}")
    later = replace(kept, record=record, mean=np.append(kept.mean, mean), sigma=np.append(kept.sigma, sigma))
    return Step(follow_on(known, fresh), later, arrived, source)


def _forecasts(
    forecaster: Forecaster | None, stars: Sequence[Star], wanted: Sequence[bool]
) -> list[Forecast | str | None]:
    """The forecaster's answers for the wanted stars: a forecast, None for too short a star, or what broke."""
    answers: list[Forecast | str | None] = [None] * len(stars)
    rows = [i for i, want in enumerate(wanted) if want]
    if forecaster is None or not rows:
        return answers
    try:
        found: Sequence[Forecast | str | None] = forecaster.forecast([stars[i] for i in rows])
    except Exception:  # one star must not take the others along
        found = [_alone(forecaster, stars[i]) for i in rows]
    for i, answer in zip(rows, found, strict=True):
        answers[i] = answer
    return answers


def _alone(forecaster: Forecaster, star: Star) -> Forecast | str | None:
    try:
        return forecaster.forecast([star])[0]
    except Exception as problem:
        return f"the forecaster failed: {type(problem).__name__}: {problem}"


def _judged(step: Step, other: Forecast | str | None, bench: Bench, watch: Watch) -> NightStar:
    """What the night says of a star, from the forecasts of both detectors."""
    fresh = step.arrived.fresh
    n = len(fresh)
    first = len(step.curve) - n
    columns: dict[str, Any] = {
        "object_id": step.curve.object_id,
        "source": step.source,
        "n_new": n,
        "n_seen": step.arrived.seen,
        "n_masked": step.arrived.masked,
        "n_events": 0,
    }
    reasons = [reason for reason in (step.problem, step.arrived.reason) if reason is not None]
    forecasts: list[Forecast] = []
    events: list[Event] = []
    pvalues = []
    for detector in bench.models if n else ():
        with watch.over(detector):
            answer = step.kept.forecast(step.curve) if detector == "statespace" else other
            if not isinstance(answer, Forecast):
                reasons.append(answer or f"{detector}: too few rows are known to forecast from")
                answer = _no_forecast(step.curve, detector)
            elif not np.isfinite(answer.innovation[first:]).any():
                reasons.append(f"{detector}: {step.kept.reason or 'too few rows of the band are known'}")
            pvalue, some = judge(answer, first, bench.events, bench.null(detector))
        columns[f"{detector}_pvalue"] = pvalue
        pvalues.append(pvalue)
        forecasts.append(answer)
        events += some
    if pvalues:
        columns["night_pvalue"] = float(combine_pvalues(np.array([pvalues]))[0])
        columns["n_events"] = len(events)
    failed = any("failed" in reason for reason in reasons)
    status = "failed" if failed else "ok" if not reasons else "partial" if n else "rejected"
    return NightStar(
        columns | {"status": status, "reason": "; ".join(reasons) or None}, fresh, tuple(forecasts), tuple(events)
    )


def _no_forecast(curve: LightCurve, detector: str) -> Forecast:
    nothing = np.full(len(curve), np.nan)
    return Forecast(
        curve.object_id, detector, curve.time, curve.band, curve.bands, curve.value, nothing, nothing, curve.sign
    )


def _points(star: NightStar, forecast: Forecast) -> dict[str, list[Any]]:
    """A star's rows of points.parquet by one detector."""
    fresh = star.fresh
    assert fresh is not None  # there are forecasts of its rows
    new = slice(len(forecast.time) - len(fresh), None)
    known = np.isfinite(forecast.mean[new])
    return {
        "object_id": [forecast.object_id] * len(fresh),
        "detector": [forecast.detector] * len(fresh),
        "band": [fresh.bands[b] for b in fresh.band],
        "time": fresh.time.tolist(),
        "value": fresh.value.tolist(),
        "error": fresh.error.tolist(),
        "mean": forecast.mean[new].tolist(),
        "sigma": np.where(known, forecast.sigma[new], np.nan).tolist(),
        "innovation": forecast.innovation[new].tolist(),
        "night_pvalue": [star.columns[f"{forecast.detector}_pvalue"]] * len(fresh),
    }


def _said(star: NightStar) -> str:
    """The point that strayed furthest tonight, in words."""
    best, words = 0.0, "nothing could be forecast"
    fresh = star.fresh
    for forecast in star.forecasts if fresh is not None else ():
        z = np.nan_to_num(forecast.innovation[len(forecast.time) - len(fresh or ()) :])
        i = int(np.argmax(np.abs(z)))
        if fresh is not None and abs(z[i]) > best:
            best = abs(float(z[i]))
            way = "brighter" if z[i] > 0 else "fainter"
            band = f" in {fresh.bands[fresh.band[i]]}" if fresh.bands[fresh.band[i]] else ""
            words = f"{best:.1f} sigma {way}{band} at {fresh.time[i]:.5f} ({forecast.detector})"
    return f"{words}; {len(fresh or ())} new points, {len(star.events)} events"


def _unknown(name: str, came: list[LightCurve], times: int, since: Path) -> NightStar:
    """The row of a star that the state does not tell of, or tells of more than once."""
    reason = (
        f"{times} stars of {since} have this name: give them names of their own"
        if times
        else f"new star: not in {since}; it needs a run"
    )
    source = "; ".join(sorted({curve.source for curve in came}))
    return _unscored(name, source, "rejected", reason)


def _refused(entry: Refused) -> NightStar:
    return _unscored(entry.object_id, entry.source, entry.status, entry.reason)


def _unscored(name: str, source: str, status: str, reason: str) -> NightStar:
    numbers = dict.fromkeys(("n_new", "n_seen", "n_masked", "n_events"), 0)
    return NightStar({"object_id": name, "source": source, "status": status, "reason": reason, **numbers})


def _strangest(stars: Sequence[dict[str, Any]], found: Found, top: int) -> list[dict[str, Any]]:
    judged = [row for row in stars if np.isfinite(row.get("night_pvalue", np.nan))]
    judged = sorted(judged, key=lambda row: (row["night_pvalue"], row["object_id"]))[:top]
    return [
        {"object_id": row["object_id"], "night_pvalue": row["night_pvalue"], "said": found.said[row["object_id"]]}
        for row in judged
    ]


def _counts(stars: Sequence[dict[str, Any]]) -> dict[str, int]:
    by_status = Counter(row["status"] for row in stars)
    return {"n_in": len(stars), **{f"n_{status}": by_status[status] for status in STATUSES}}


def _sorted(table: pa.Table, *names: str) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in names])


def _by_column(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
