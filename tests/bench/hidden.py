"""Whether small events are still found beside greater ones: ``python -m tests.bench.hidden [--stars 10] [--known]``.

*Known cases*: the transits of Kepler-90 g and h (0.5 and 0.9 %) with no, one, three and ten dips of 20 % laid over the
star; the flares of GJ 1243 without and with a superflare; the outbursts of cataclysmic variables of CRTS without and
with a greater one. *Pairs*: events of integrated S/N 15 on real stars of each survey that behave, alone, and beside
one, three and ten dips or one outburst of S/N 300. Everything goes through the whole pipeline, the period search
included. Shares are given with the number of events that they are taken of. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from swope.models.analysis import Analysis, AnalysisOptions, analyze
from swope.models.registry import Models, load_models
from swope.pipeline.clean import clean
from swope.pipeline.events import visits
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.simulate.bursts import burst_shape, flare_shape
from swope.pipeline.split import share
from swope.pipeline.star import Star
from tests.bench.anomalies import overlapping
from tests.bench.forecast_events_data import (
    Quiet,
    flares_of,
    integrated,
    outbursts_of,
    quiet,
    read_curves,
)
from tests.bench.statespace_data import NO_PERIOD, kepler_spans
from tests.real_data import REAL_DATA

#: Integrated S/N of the small events and of the great ones.
SMALL, GREAT = 15.0, 300.0

#: Mid-transit of Kepler-90 g and h (Cabrera et al. 2014, ApJ 781, 18), BJD, and how long they last, days.
_TRANSITS = {"g": (2454833.0 + 357.5, 0.5), "h": (2454833.0 + 472.2, 0.6)}

#: Where the great dips of Kepler-90 lie: shares of its span, and how long they last, days.
_DIPS = (0.12, 0.45, 0.9, 0.05, 0.2, 0.27, 0.75, 0.82, 0.86, 0.96)
_LASTING = (1.2, 3.0, 2.0, 0.8, 4.0, 1.0, 1.5, 2.5, 0.9, 1.1)

#: Great events take no more than this share of the rows together.
_MOST_OF_CURVE = 0.25

Span = tuple[float, float]


def dip(x: FloatArray) -> FloatArray:
    """A dip of depth 1 and width 1 at half depth."""
    out: FloatArray = -np.exp(-np.log(2.0) * (2.0 * x) ** 4)
    return out


@dataclass(frozen=True, eq=False)
class Case:
    """A light curve, the times in which something is known to happen to it, and those of greater events laid on it."""

    name: str
    curve: LightCurve
    spans: tuple[Span, ...]
    greater: tuple[float, ...] = ()


def known_cases() -> Iterator[Case]:
    """Transits, flares and outbursts, each as they came and under greater ones."""
    kepler = {curve.object_id: curve for curve in read_curves(REAL_DATA / "kepler")}
    star = kepler["KIC 11442793"].good
    spans = tuple((at - wide / 2, at + wide / 2) for at, wide in _TRANSITS.values())
    for count in (0, 1, 3, 10):
        change = sum(
            0.2 * dip((star.time - star.time[0] - at * np.ptp(star.time)) / wide)
            for at, wide in zip(_DIPS[:count], _LASTING[:count], strict=True)
        )
        curve = replace(star, value=star.value * (1 + change))
        places = tuple(float(star.time[0] + at * np.ptp(star.time)) for at in _DIPS[:count])
        yield Case(f"Kepler-90 g and h, {count} dips of 20 %", curve, spans, places)
    star = kepler["KIC 9726699"].good
    flares = flares_of(Star(star, find_period(star)))
    yield Case("GJ 1243, its flares", star, flares)
    at, wide = _away(star.time, flares), 0.1
    over = 0.5 * flare_shape((star.time - at) / wide)
    apart = tuple(span for span in flares if span[1] < at - wide or span[0] > at + 8 * wide)
    yield Case("GJ 1243, under a superflare of 50 %", replace(star, value=star.value * (1 + over)), apart, (at,))
    for curve in read_curves(REAL_DATA / "crts"):
        star = curve.good
        found = outbursts_of(Star(star, NO_PERIOD))
        if len(found) < 2:
            continue
        yield Case("CV, its outbursts", star, found)
        at, wide = _away(star.time, found), 30.0
        # three magnitudes above the brightest
        height = 3.0 + float(np.median(star.value) - star.value.min())
        over = height * burst_shape((star.time - at) / wide)
        apart = tuple(span for span in found if span[1] < at - wide or span[0] > at + 2 * wide)
        yield Case("CV, under a greater outburst", replace(star, value=star.value - over), apart, (at,))


def _away(time: FloatArray, spans: Sequence[Span]) -> float:
    """The row furthest from all spans."""
    far = np.min([np.maximum(np.maximum(lo - time, time - hi), 0.0) for lo, hi in spans], axis=0)
    far[(time - time[0] < 0.1 * np.ptp(time)) | (time[-1] - time < 0.1 * np.ptp(time))] = 0.0
    return float(time[np.argmax(far)])


def real_surveys(most: int, but: Sequence[str] = ()) -> Iterator[Quiet]:
    """Real stars of each survey but some that behave, at most so many, always the same ones."""
    surveys: dict[str, Callable[[], list[LightCurve]]] = {
        "asas_acvs": partial(read_curves, REAL_DATA / "asas_acvs"),
        "catalina_south": partial(read_curves, REAL_DATA / "catalina_south"),
        "ogle": partial(read_curves, REAL_DATA / "ogle" / "some_stars"),
        "kepler": lambda: [star.curve for star in kepler_spans(days=30.0)],
        "k2": lambda: _parts(read_curves(REAL_DATA / "k2"), 20.0),
        "tess": lambda: _parts(read_curves(REAL_DATA / "tess"), 6.0),
    }
    for survey, find in surveys.items():
        if survey in but:
            continue
        ordered = sorted(find(), key=lambda curve: share(curve.object_id, "hidden"))
        stars = (one for curve in ordered if (one := quiet(survey, Star(curve, find_period(curve)))) is not None)
        yield from (one for one, _ in zip(stars, range(most), strict=False))


def _parts(curves: Sequence[LightCurve], days: float) -> list[LightCurve]:
    """Stretches of long curves."""
    found = []
    for curve in curves:
        good = curve.good
        part = ((good.time - good.time[0]) / days).astype(int)
        found += [
            clean(replace(good.where(part == k), object_id=f"{good.object_id} part {k}"))
            for k in range(int(part.max()) + 1)
            if np.count_nonzero(part == k) >= 200
        ]
    return found


@dataclass(frozen=True, eq=False)
class Pair:
    """A star with a small event, what stands beside it, and when."""

    survey: str
    beside: str
    curve: LightCurve
    span: Span
    greater: tuple[float, ...]


#: What stands beside a small event: how many of which profile.
BESIDE: dict[str, tuple[int, Callable[[FloatArray], FloatArray]]] = {
    "nothing": (0, dip),
    "1 dip": (1, dip),
    "3 dips": (3, dip),
    "10 dips": (10, dip),
    "1 outburst": (1, burst_shape),
}


def small_events(one: Quiet) -> Iterator[tuple[str, FloatArray, Span]]:
    """A small dip and a small flare for a star: name, change of brightness (n,) of integrated S/N 1, and when."""
    good = one.star.curve.good
    rng = np.random.default_rng(int(share(good.object_id, "hidden pairs") * 2**53))
    # from visit to visit: what happens within one visit alone no other confirms
    steps = np.diff(good.time[np.flatnonzero(np.diff(visits(good.time), prepend=-1))])
    step, span = float(np.median(steps)), float(np.ptp(good.time))
    for name, profile, sides in (("dip", dip, (0.6, 0.6)), ("flare", flare_shape, (1.0, 4.0))):
        for _ in range(50):
            wide = min(float(rng.uniform(4.0, 15.0)) * step, span / 40)
            at = float(good.time[int(rng.integers(int(0.1 * len(good)), int(0.9 * len(good))))]) + rng.uniform() * step
            touched = (good.time > at - sides[0] * wide) & (good.time < at + sides[1] * wide)
            if np.count_nonzero(touched) >= 4:
                unit = _unit(one, profile((good.time - at) / wide))
                if unit is not None:
                    yield name, unit, (at - sides[0] * wide, at + sides[1] * wide)
                break


def pairs(one: Quiet) -> Iterator[Pair]:
    """The star with one small dip or flare, alone and beside great ones, as far as there is room for them."""
    good = one.star.curve.good
    rng = np.random.default_rng(int(share(good.object_id, "hidden great") * 2**53))
    steps = np.diff(good.time[np.flatnonzero(np.diff(visits(good.time), prepend=-1))])
    step, span = float(np.median(steps)), float(np.ptp(good.time))
    for name, laid, where in small_events(one):
        at = float(np.mean(where))
        for beside, (count, great) in BESIDE.items():
            over = SMALL * laid
            places: list[float] = []
            rows = 0
            for _ in range(100):
                if len(places) == count:
                    break
                there = float(good.time[int(rng.integers(len(good)))])
                broad = min(float(rng.uniform(5.0, 20.0)) * step, span / 80)
                if min(abs(there - x) for x in [at, *places]) < span / 25:
                    continue
                shape = great((good.time - there) / broad)
                more = _unit(one, shape)
                rows += int(np.count_nonzero(np.abs(shape) > 0.01))
                if more is not None and rows < _MOST_OF_CURVE * len(good):
                    over = over + GREAT * more
                    places.append(there)
            if len(places) == count:
                value = good.value + good.sign * over
                curve = replace(good, object_id=f"{good.object_id} {name} {beside}", value=value)
                yield Pair(one.survey, beside, curve, where, tuple(places))


def _unit(one: Quiet, shape: FloatArray) -> FloatArray | None:
    """(n,) the change of brightness of integrated S/N 1; None where no four rows see it."""
    if np.count_nonzero(np.abs(shape) > 0.1) < 4:
        return None
    unit = integrated(one, shape)
    return shape / unit if unit > 0 else None


def answers(curves: Sequence[LightCurve], models: Models) -> list[Analysis]:
    """The analyses of light curves, some at a time."""
    return [one for i in range(0, len(curves), 64) for one in analyze(curves[i : i + 64], models, AnalysisOptions())]


def told_apart(analysis: Analysis, span: Span, greater: Sequence[float]) -> bool:
    """Whether an event has part in a time that is neither one of the greater ones nor most of the curve.

    Parameters
    ----------
    greater : when these were.
    """
    longest = 0.1 * float(np.ptp(analysis.curve.good.time)) + 2.0 * (span[1] - span[0])
    return any(
        event.t_end - event.t_start <= longest and not any(event.t_start <= at <= event.t_end for at in greater)
        for event in overlapping(analysis.events, *span)
    )


def shares(found: Sequence[tuple[tuple[str, str], Sequence[bool]]]) -> list[dict[str, object]]:
    """Print and give how many were found of each group and case."""
    records = []
    for group, case in dict.fromkeys(key for key, _ in found):
        hits = [hit for key, some in found if key == (group, case) for hit in some]
        share_found = round(sum(hits) / max(len(hits), 1), 3)
        records.append({"group": group, "case": case, "found": sum(hits), "of": len(hits), "share": share_found})
        print("  ".join(f"{key} {value}" for key, value in records[-1].items()), flush=True)
    return records


def main() -> None:
    """Print the tables and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stars", type=int, default=10, help="real stars of each survey to lay events on")
    parser.add_argument("--known", action="store_true", help="the known cases alone")
    args = parser.parse_args()
    models = load_models(None)
    cases = list(known_cases())
    found = [
        (("known", case.name), [told_apart(analysis, span, case.greater) for span in case.spans])
        for case, analysis in zip(cases, answers([case.curve for case in cases], models), strict=True)
    ]
    results = shares(found)
    laid = [] if args.known else [pair for one in real_surveys(args.stars) for pair in pairs(one)]
    hits = [
        ((survey, f"beside {pair.beside}"), [told_apart(analysis, pair.span, pair.greater)])
        for pair, analysis in zip(laid, answers([pair.curve for pair in laid], models), strict=True)
        for survey in (pair.survey, "all")
    ]
    results += shares(hits)
    print(json.dumps({"bench": "hidden", "results": results}))


if __name__ == "__main__":
    main()
