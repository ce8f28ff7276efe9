"""What becomes of one star: as it is, upside down, out of order, and with each of the events laid into it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from swope.flows.options import RunOptions
from swope.models.analysis import Analysis, analyze_surely
from swope.models.registry import load_models
from swope.pipeline.clean import clean
from swope.pipeline.events import Event
from swope.pipeline.inject.completeness import NULLS
from swope.pipeline.inject.lay import Laid, Limits, drawn, has_light, lay
from swope.pipeline.inject.nulls import inverted, scrambled
from swope.pipeline.inject.recovery import recovery
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.split import share

#: Columns with numbers of events, by kind of curve and direction.
_COUNTS = tuple(kind + end for kind in NULLS for end in ("", "_fade", "_brighten"))

#: A trend over years, as many times longer than an event, does not explain it.
_LONGER = 10.0

#: Statuses of stars that a detector looked at, or that have too few rows for it: these can have no event.
_ANALYSED = ("ok", "partial")


@dataclass(frozen=True)
class Laying:
    """What is laid into each star.

    Attributes
    ----------
    shapes : keys of `swope.pipeline.inject.shapes.SHAPES`.
    times : how often each.
    limits : of depth and duration.
    seed : of all that is drawn.
    """

    shapes: tuple[str, ...]
    times: int
    limits: Limits
    seed: int


@dataclass(frozen=True)
class Examined:
    """What was found in a star.

    Attributes
    ----------
    star : its name and source, status and reason, and numbers of events by kind of curve.
    trials : an event laid into it each: what it was, its outcome, and what was found.
    """

    star: dict[str, Any]
    trials: list[dict[str, Any]]


def examine(
    curves: Sequence[LightCurve], laying: Laying, options: RunOptions, ids: Mapping[str, str] | None = None
) -> list[Examined]:
    """Lay events into some stars and put them through the whole pipeline, as a run does.

    A star's answer depends on nothing but the star and the settings, so that it is the same in any company.

    Parameters
    ----------
    curves : cleaned, each with a usable row.
    ids : of the models that a measurement began with, as of `swope.models.registry.load_models`.

    Raises
    ------
    ModelsChangedError
        When the models are others by now.
    """
    models, settings = load_models(options.models, ids), options.analysis
    owns = analyze_surely(curves, models, settings)
    laid: list[list[Laid]] = []
    asked: list[LightCurve] = []
    for curve, own in zip(curves, owns, strict=True):
        rng = np.random.default_rng(int(share(f"{curve.source}\0{curve.object_id}", f"laid {laying.seed}") * 2.0**53))
        mine = _laid(curve, laying, rng) if has_light(curve) else []
        laid.append(mine)
        asked += [scrambled(curve, rng, own.period.period), inverted(curve), *(one.curve for one in mine)]
    answers = iter(analyze_surely([clean(curve) for curve in asked], models, settings))
    found = []
    for curve, own, mine in zip(curves, owns, laid, strict=True):
        star = _star(own, next(answers), next(answers))
        found.append(Examined(star, [_trial(one, own, next(answers)) for one in mine] or _unlaid(curve, laying)))
    return found


def _laid(curve: LightCurve, laying: Laying, rng: np.random.Generator) -> list[Laid]:
    return [
        lay(curve, drawn(curve, shape, laying.limits, rng), rng) for shape in laying.shapes for _ in range(laying.times)
    ]


def lost(curve: LightCurve, laying: Laying, reason: str) -> Examined:
    """What is said of a star that ended the process that worked on it."""
    star = _named(curve) | {"status": "failed", "reason": reason} | dict.fromkeys(_COUNTS)
    return Examined(star, _without_outcome(curve, laying, "failed", reason))


def _star(own: Analysis, scrambled_one: Analysis, inverted_one: Analysis) -> dict[str, Any]:
    # turned over, a star's own events are no false alarms
    time = own.curve.good.time
    step = float(np.ptp(time)) / max(len(time) - 1, 1) if len(time) else 0.0
    turned = [event for event in inverted_one.events if not any(_mirrors(event, one, step) for one in own.events)]
    found = {
        "untouched": (own, own.events),
        "scrambled": (scrambled_one, scrambled_one.events),
        "inverted": (inverted_one, turned),
    }
    counts: dict[str, int | None] = dict.fromkeys(_COUNTS)
    for kind, (analysis, events) in found.items():
        if analysis.row["status"] in _ANALYSED:
            by = Counter(event.direction for event in events)
            counts |= {kind: len(events), f"{kind}_fade": by["fade"], f"{kind}_brighten": by["brighten"]}
    return _named(own.curve) | {"status": own.row["status"], "reason": own.row["reason"]} | counts


def _mirrors(turned: Event, upright: Event, step: float) -> bool:
    """Whether an event of a star upside down is at the time of one that it has upright, which is not far longer."""
    longest = _LONGER * max(turned.t_end - turned.t_start, step)
    at_once = turned.t_start <= upright.t_end and turned.t_end >= upright.t_start
    return at_once and upright.t_end - upright.t_start <= longest


def _trial(laid: Laid, own: Analysis, after: Analysis) -> dict[str, Any]:
    trial = _named(own.curve) | asdict(laid.injection) | {"rows": laid.rows, "snr": laid.snr}
    broken = next((one.row for one in (own, after) if one.row["status"] not in _ANALYSED), None)
    if broken is not None:
        return trial | {"outcome": "failed", "reason": broken["reason"]}
    found = recovery(laid, own.events, after.events)
    best = found.events[0] if found.events else None
    return trial | {
        "outcome": found.outcome,
        "reason": None,
        "n_events": len(found.events),
        "found_by": best.detector if best else None,
        "found_start": best.t_start if best else math.nan,
        "found_end": best.t_end if best else math.nan,
        "found_pvalue": best.pvalue if best else math.nan,
        "found_depth": best.depth if best else None,
        "found_depth_err": best.depth_err if best else None,
        "found_duration": best.duration if best else None,
        "found_shape": best.shape if best else None,
    }


def _unlaid(curve: LightCurve, laying: Laying) -> list[dict[str, Any]]:
    reason = "its fluxes are not above zero, as of difference images: there is no light that could change"
    return _without_outcome(curve, laying, "no_light", reason)


def _without_outcome(curve: LightCurve, laying: Laying, outcome: str, reason: str) -> list[dict[str, Any]]:
    return [
        _named(curve) | {"shape": shape, "outcome": outcome, "reason": reason}
        for shape in laying.shapes
        for _ in range(laying.times)
    ]


def _named(curve: LightCurve) -> dict[str, Any]:
    return {"object_id": curve.object_id, "source": curve.source}
