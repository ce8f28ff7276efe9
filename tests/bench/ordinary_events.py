"""How many ordinary stars have an event: ``python -m tests.bench.ordinary_events [--stars 1000]``.

Held-out stars of labelled surveys whose class neither erupts nor wanders, with forty good rows or more, always the same
ones; the state space alone, at p = 0.001 a star. Printed for each survey are the stars in 1,000 with an event, with one
of each kind, and with one that has no flag. The last line is JSON. The nulls (`tests.bench.event_nulls`) were learned
from other stars of the same surveys.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import numpy as np

from swope.models.detector import Batch
from swope.models.inputs import inputs_of
from swope.models.statespace import StateSpace
from swope.pipeline.coincidence import happened_to_many
from swope.pipeline.events import Event, EventOptions
from swope.pipeline.happenings import gathered
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import STRANGE
from tests.bench.training_set import add_cache, stars_of

SETS = ("asas_acvs", "catalina_south", "eros2_ogle")

#: Stars with fewer good rows show too little to be called ordinary.
LEAST_ROWS = 40


def events_of(model: StateSpace, star: Star) -> list[Event]:
    """The rows that the catalog would have of a star's events."""
    (said,) = model.assess(Batch([star], inputs_of([star]), EventOptions()))
    return gathered(list(said.events), star.curve, star.period)


def flagged(found: list[list[Event]], stars: list[Star]) -> list[list[Event]]:
    """The events of some stars, flagged where they happened to many of them, as a catalog has them."""
    rows = [(i, event) for i, events in enumerate(found) for event in events]
    passing = np.array([event.kind in ("run", "pulse") for _, event in rows], dtype=bool)
    start, peak, end = (
        np.where(passing, np.array([getattr(event, name) for _, event in rows], dtype=float), np.nan)
        for name in ("t_start", "t_peak", "t_end")
    )
    span = np.array([float(np.ptp(stars[i].curve.time)) for i, _ in rows], dtype=float)
    step = span / np.array([len(stars[i].curve) for i, _ in rows], dtype=float)
    brighter = np.array([event.direction == "brighten" for _, event in rows], dtype=bool)
    star = np.array([i for i, _ in rows], dtype=np.int64)
    many = happened_to_many(star, start, peak, end, brighter, step, span)
    out: list[list[Event]] = [[] for _ in stars]
    for (i, event), shared in zip(rows, many, strict=True):
        out[i].append(replace(event, flag="many_stars") if shared else event)
    return out


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--stars", type=int, default=1000, help="of each survey, at most")
    args = parser.parse_args()
    model = StateSpace.pretrained()
    results = []
    for name in SETS:
        known = [one for one in stars_of(args.cache, name) if one.label is not None and one.label not in STRANGE]
        stars = [one.star for one in known if held_out(one.star.curve.object_id)]
        stars = [star for star in stars if len(star.curve.good) >= LEAST_ROWS]
        stars = sorted(stars, key=lambda star: share(star.curve.object_id, "events"))[: args.stars]
        found = flagged([events_of(model, star) for star in stars], stars)
        kinds = sorted({event.kind for events in found for event in events})
        groups = {"any": found, "no flag": [[e for e in events if e.flag is None] for events in found]}
        groups |= {kind: [[e for e in events if e.kind == kind] for events in found] for kind in kinds}
        rates = {group: round(1000.0 * sum(map(bool, some)) / max(len(some), 1), 1) for group, some in groups.items()}
        print(name, len(stars), "  ".join(f"{group} {rate}" for group, rate in rates.items()), flush=True)
        results.append({"survey": name, "stars": len(stars), "in_1000": rates})
    print(json.dumps({"bench": "ordinary_events", "results": results}))


if __name__ == "__main__":
    main()
