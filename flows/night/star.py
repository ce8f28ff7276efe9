"""One star through one night: its new rows sorted out, forecast, and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from swope.flows.night.detectors import Detectors
from swope.flows.night.watch import Watch
from swope.flows.state import FOLLOWED, Kept
from swope.models.detector import ForecastingDetector
from swope.models.statespace import follow, record_json, record_of
from swope.pipeline.events import Event, without_repeats
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.night import Arrivals, arrivals, follow_on, judge
from swope.pipeline.rank import combine_pvalues
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star


@dataclass(frozen=True, eq=False)
class NightStar:
    """What a night says of one star.

    Attributes
    ----------
    columns : its row of stars.parquet.
    fresh : its new rows; None where nothing could be scored.
    forecasts : of all its rows, the new ones last, by each detector; the row's p-values are of these.
    events : that end tonight.
    """

    columns: dict[str, Any]
    fresh: LightCurve | None = None
    forecasts: tuple[Forecast, ...] = ()
    events: tuple[Event, ...] = ()


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
    problem: Reason | None = None


def take_in(known: LightCurve, kept: Kept, came: Sequence[LightCurve], beside: Sequence[LightCurve] = ()) -> Step:
    """Sort a star's rows out, and go on with the state space through the new ones.

    Parameters
    ----------
    known, kept : its rows, and what is kept beside.
    came : what came tonight.
    beside : what had come before, and is not among `known`.
    """
    if beside:
        before = take_in(known, kept, beside)
        known, kept = before.curve, before.kept
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
        return Step(known, kept, nothing, source, Reason.broke("the state space", problem))
    later = replace(kept, record=record, mean=np.append(kept.mean, mean), sigma=np.append(kept.sigma, sigma))
    return Step(follow_on(known, fresh), later, arrived, source)


def opinions(
    detector: ForecastingDetector, stars: Sequence[Star], wanted: Sequence[bool]
) -> list[Forecast | Reason | None]:
    """A detector's answers for the wanted stars: a forecast, None for too short a star, or what broke."""
    answers: list[Forecast | Reason | None] = [None] * len(stars)
    rows = [i for i, want in enumerate(wanted) if want]
    if not rows:
        return answers
    try:
        found: Sequence[Forecast | Reason | None] = detector.forecast([stars[i] for i in rows])
    except Exception:  # one star must not take the others along
        found = [_alone(detector, stars[i]) for i in rows]
    for i, answer in zip(rows, found, strict=True):
        answers[i] = answer
    return answers


def _alone(detector: ForecastingDetector, star: Star) -> Forecast | Reason | None:
    try:
        return detector.forecast([star])[0]
    except Exception as problem:
        return Reason.broke(f"the {detector.columns.name}", problem)


def judged(step: Step, others: Mapping[str, Forecast | Reason | None], detectors: Detectors, watch: Watch) -> NightStar:
    """What the night says of a star.

    Parameters
    ----------
    step : the star after tonight, with the forecasts of the detector that goes on from a record.
    others : answers of the other detectors, by name.
    detectors : at work.
    watch : is told what each costs.
    """
    fresh = step.arrived.fresh
    n = len(fresh)
    first = len(step.curve) - n
    columns: dict[str, Any] = {
        "object_id": step.curve.object_id,
        "source": step.source,
        "n_new": n,
        "n_seen": step.arrived.seen,
        "n_masked": step.arrived.masked,
        "past": step.arrived.past,
        "n_events": 0,
    }
    missed = None if step.arrived.reason is None else Reason(step.arrived.reason)
    reasons = [reason for reason in (step.problem, missed) if reason is not None]
    forecasts: list[Forecast] = []
    events: list[Event] = []
    pvalues = []
    for name, detector in detectors.models.items() if n else ():
        with watch.over(name):
            answer = step.kept.forecast(step.curve) if name == FOLLOWED else others[name]
            if not isinstance(answer, Forecast):
                reasons.append(answer or Reason(f"{name}: too few rows are known to forecast from"))
                answer = _no_forecast(step.curve, name)
            elif not np.isfinite(answer.innovation[first:]).any():
                known = step.kept.reason if name == FOLLOWED else None
                reasons.append(Reason(f"{name}: {known or 'too few rows of the band are known'}"))
            pvalue, some = judge(answer, first, detectors.events, detector.point_null)
        columns[detector.columns.pvalue] = pvalue
        pvalues.append(pvalue)
        forecasts.append(answer)
        events += some
    events = without_repeats(events)
    if pvalues:
        columns["night_pvalue"] = float(combine_pvalues(np.array([pvalues]))[0])
        columns["n_events"] = len(events)
    failed = any(reason.fault for reason in reasons)
    status = "failed" if failed else "ok" if not reasons else "partial" if n else "rejected"
    return NightStar(
        columns | {"status": status, "reason": "; ".join(reason.text for reason in reasons) or None},
        fresh,
        tuple(forecasts),
        tuple(events),
    )


def _no_forecast(curve: LightCurve, detector: str) -> Forecast:
    nothing = np.full(len(curve), np.nan)
    return Forecast(
        curve.object_id, detector, curve.time, curve.band, curve.bands, curve.value, nothing, nothing, curve.sign
    )


def unscored(name: str, source: str, status: str, reason: str, past: str | None = None) -> NightStar:
    """What came under a name and could not be scored."""
    numbers = dict.fromkeys(("n_new", "n_seen", "n_masked", "n_events"), 0)
    return NightStar({"object_id": name, "source": source, "status": status, "reason": reason, "past": past, **numbers})
