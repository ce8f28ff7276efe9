"""How many ordinary stars have an event: ``python -m tests.bench.ordinary_events [--stars 1000] [--list]``.

Held-out stars of labelled surveys whose class neither erupts nor wanders, with forty good rows or more, always the same
ones, at p = 0.002 a star. Printed for each survey are the stars in 1,000 with an event in a catalog, with one that the
state space or the network saw, with one of each kind, and with one that has no flag. Apart from these are counted stars
that do change: those that somebody looked at (`REAL`), and binaries whose period was not found, so that their eclipses
are events. The nulls (`tests.bench.event_nulls`) were learned from other stars of the same surveys; with ``--others``
come stars of surveys that none was learned from: those of Hipparcos and OGLE-II (Debosscher et al.), OGLE-IV's stars
before a lens passed, and pieces of what Kepler, K2 and TESS saw, of stars that behave; which of these had transits or
flares somebody has to look. ``--list`` names all stars with an event. The last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from swope.models.detector import Batch
from swope.models.forecaster import Forecaster
from swope.models.inputs import inputs_of
from swope.models.statespace import StateSpace
from swope.pipeline.coincidence import shared_events
from swope.pipeline.events import Event, EventOptions
from swope.pipeline.happenings import gathered
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import STRANGE, read_curves
from tests.bench.hidden import real_surveys
from tests.bench.training_set import Labelled, add_cache, stars_of
from tests.real_data import REAL_DATA

SETS = ("asas_acvs", "catalina_south", "eros2_ogle")

#: Stars with fewer good rows show too little to be called ordinary.
LEAST_ROWS = 40

#: A lens has not begun so many of its times before it passes.
BEFORE = 5.0

#: A period is found where as good a one is no likelier by chance.
MOST_FAP = 1e-3

#: Stars whose light curve was looked at and does change, and how.
REAL: dict[str, str] = {"lm0040l16228": "a Cepheid that is eclipsed, by half a magnitude for 25 d"}


@cache
def _shipped() -> StateSpace:
    return StateSpace.pretrained()


@cache
def _network() -> Forecaster:
    return Forecaster.pretrained()


def events_of(star: Star) -> list[Event]:
    """The rows that the catalog would have of a star's events, by the shipped state space."""
    (said,) = _shipped().assess(Batch([star], inputs_of([star]), EventOptions()))
    return gathered(list(said.events), star.curve, star.period)


def catalog_events(star: Star) -> list[Event]:
    """The same by both of the shipped detectors that find events."""
    asked = Batch([star], inputs_of([star]), EventOptions())
    found = [event for detector in (_shipped(), _network()) for event in detector.assess(asked)[0].events]
    return gathered(found, star.curve, star.period)


def flagged(found: Sequence[list[Event]], stars: Sequence[Star]) -> list[list[Event]]:
    """The events of some stars, flagged where they happened to many of them, as a catalog has them."""
    rows = [(i, event) for i, events in enumerate(found) for event in events]
    kind, direction = (np.array([getattr(event, name) for _, event in rows]) for name in ("kind", "direction"))
    start, peak, end = (
        np.array([getattr(event, name) for _, event in rows], dtype=float) for name in ("t_start", "t_peak", "t_end")
    )
    star = np.array([i for i, _ in rows], dtype=np.int64)
    count = np.array([len(one.curve) for one in stars])[star]
    span = np.array([float(np.ptp(one.curve.time)) for one in stars])[star]
    out: list[list[Event]] = [[] for _ in stars]
    many = shared_events(star, kind, direction, start, peak, end, count, span)
    for (i, event), shared in zip(rows, many, strict=True):
        out[i].append(replace(event, flag="many_stars") if shared else event)
    return out


def follows_its_eclipses(one: Labelled) -> bool:
    """Whether a star is no binary, or one whose period was found: its eclipses are events else."""
    period = one.star.period
    return (one.label or "")[:1] != "E" or (period.found and period.fap <= MOST_FAP)


def ordinary(folder: Path, name: str, most: int) -> list[Labelled]:
    """Held-out ordinary stars of a set, at most so many, always the same ones."""
    known = [one for one in _usual(stars_of(folder, name)) if held_out(one.star.curve.object_id)]
    return sorted(known, key=lambda one: share(one.star.curve.object_id, "events"))[:most]


def others(folder: Path, most: int) -> Iterator[tuple[str, list[Labelled]]]:
    """Ordinary stars of surveys that no null was learned from, at most so many of each, by survey."""
    with (REAL_DATA / "debosscher" / "labels.csv").open(newline="") as file:
        clock = {row["object_id"]: row["time_system"] for row in csv.DictReader(file)}
    for survey, begins in (("Hipparcos", "Hipparcos"), ("OGLE-II", "OGLE")):
        known = _usual(stars_of(folder, "debosscher"))
        yield survey, [one for one in known if clock[one.star.curve.object_id].startswith(begins)][:most]
    with (REAL_DATA / "ogle_lenses_2025" / "labels.csv").open(newline="") as file:
        passes = {row["object_id"]: (float(row["Tmax"]), float(row["tau"])) for row in csv.DictReader(file)}
    pieces = []
    for curve in read_curves(REAL_DATA / "ogle_lenses_2025"):
        at, lasting = passes[curve.object_id]
        pieces.append(curve.good.where(curve.good.time < at - BEFORE * lasting))
    yield "OGLE-IV", _unlabelled("OGLE-IV", pieces)[:most]
    space: dict[str, list[LightCurve]] = {}
    for one in real_surveys(most, but=("asas_acvs", "catalina_south", "ogle")):
        space.setdefault(one.survey, []).append(one.star.curve)
    yield from ((survey, _unlabelled(survey, some)) for survey, some in space.items())


def _usual(known: Sequence[Labelled]) -> list[Labelled]:
    """Those of some stars whose class neither erupts nor wanders, and that have enough rows."""
    return [
        one
        for one in known
        if one.label is not None and one.label not in STRANGE and len(one.star.curve.good) >= LEAST_ROWS
    ]


def _unlabelled(survey: str, curves: Sequence[LightCurve]) -> list[Labelled]:
    """Stars of no known class, with the periods that the pipeline finds."""
    long = [curve for curve in curves if len(curve.good) >= LEAST_ROWS]
    return [Labelled(survey, Star(curve, find_period(curve)), None, math.nan) for curve in long]


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--stars", type=int, default=1000, help="of each survey, at most")
    parser.add_argument("--others", action="store_true", help="surveys that no null was learned from")
    parser.add_argument("--list", action="store_true", help="name the stars with events")
    args = parser.parse_args()
    results = []
    mine = ((name, ordinary(args.cache, name, args.stars)) for name in SETS)
    for name, known in others(args.cache, args.stars) if args.others else mine:
        stars = [one.star for one in known]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            found = flagged(list(pool.map(catalog_events, stars, chunksize=16)), stars)
        change = [one.star.curve.object_id in REAL or not follows_its_eclipses(one) for one in known]
        steady = [events for events, changes in zip(found, change, strict=True) if not changes]
        kinds = sorted({event.kind for events in steady for event in events})
        groups = {"any": steady, "no flag": [[e for e in events if e.flag is None] for events in steady]}
        groups |= {
            name: [[e for e in events if name in (e.detectors or "")] for events in steady]
            for name in ("statespace", "forecaster")
        }
        groups |= {kind: [[e for e in events if e.kind == kind] for events in steady] for kind in kinds}
        rates = {group: round(1000.0 * sum(map(bool, some)) / max(len(some), 1), 1) for group, some in groups.items()}
        changing = sum(bool(events) for events, changes in zip(found, change, strict=True) if changes)
        line = "  ".join(f"{group} {rate}" for group, rate in rates.items())
        print(f"{name} {len(steady)}  {line}  (and {changing} of {sum(change)} that do change)", flush=True)
        results.append({"survey": name, "stars": len(steady), "in_1000": rates, "changing": [changing, sum(change)]})
        for one, events in zip(known, found, strict=True) if args.list else ():
            for event in events:
                what = REAL.get(one.star.curve.object_id, "")
                print(
                    f"  {one.star.curve.object_id} {one.label} {event.detectors} {event.kind} {event.t_start:.2f} to"
                    f" {event.t_end:.2f} p {event.pvalue:.1g} {event.flag or ''} {what}",
                    flush=True,
                )
    print(json.dumps({"bench": "ordinary_events", "results": results}))


if __name__ == "__main__":
    main()
