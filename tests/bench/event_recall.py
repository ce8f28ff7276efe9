"""How strong an event has to be to be told: ``python -m tests.bench.event_recall [--stars 20] [--tuning]``.

A dip and a flare of each integrated S/N are laid on real stars that behave, of each kind of data, as
`tests.bench.hidden` lays them, and looked for by the state space at p = 0.002 a star, the period search included.
Printed are the shares that are told at each S/N, and at which S/N 95 % are (between two, linearly); and of the events
of S/N 15 the shares that an oracle claims, which knows the event's shape and the star without it
(`tests.bench.event_oracle`): as the star's own noise has it ("own"), and as ordinary stars of the survey have it
("all"), where there are some; these are never held out. Stars of the labelled surveys are held out; ``--tuning`` takes
those that are not, on which settings may be chosen. Where a star has an event of its own at the same time, nothing is
laid. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import find_period
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.event_nulls import stars_with_habits
from tests.bench.event_oracle import among, claims, seen
from tests.bench.forecast_events_data import STRANGE, Quiet, quiet
from tests.bench.hidden import Span, real_surveys, small_events
from tests.bench.ordinary_events import SETS, events_of
from tests.bench.training_set import add_cache, stars_of

#: Integrated S/N that events are laid with.
LADDER = (10.0, 12.5, 15.0, 17.5, 20.0, 25.0, 30.0, 40.0, 60.0)

#: Where the oracle is asked.
ORACLE_AT = 15.0

#: Ordinary stars that the oracle holds an event against; where a survey has none, those of another that is observed as
#: it is.
_ORDINARY, _LIKE = 500, {"ogle": "eros2_ogle"}

#: So many of them have to be told.
ASKED = 0.95


@dataclass(frozen=True, eq=False)
class Laid:
    """A light curve with an event of some S/N laid on it (0: none), when, and its decades to the oracle."""

    survey: str
    name: str
    snr: float
    curve: LightCurve
    span: Span
    oracle: float = 0.0


def quiet_stars(cache: Path, most: int, wanted: Callable[[str], bool]) -> Iterator[Quiet]:
    """Real stars of each kind of data that behave, at most so many, always the same ones."""
    for survey in SETS:
        known = [one for one in stars_of(cache, survey) if one.label is not None and one.label not in STRANGE]
        stars = [one.star for one in known if wanted(one.star.curve.object_id)]
        ordered = sorted(stars, key=lambda star: share(star.curve.object_id, "recall"))
        yield from islice((one for star in ordered if (one := quiet(survey, star)) is not None), most)
    yield from real_surveys(most, but=SETS)


def ordinary_stars(cache: Path) -> dict[str, list[Star]]:
    """Ordinary stars of each survey that are not held out, always the same ones."""
    found: dict[str, list[Star]] = {}
    for survey, star in stars_with_habits(cache):
        found.setdefault(survey, []).append(star)
    return {
        survey: sorted(stars, key=lambda star: share(star.curve.object_id, "oracle"))[:_ORDINARY]
        for survey, stars in found.items()
    }


def laid_on(one: Quiet) -> Iterator[Laid]:
    """The star with each event of each S/N, and without."""
    good = one.star.curve.good
    for name, unit, span in small_events(one):
        for snr in (0.0, *LADDER):
            curve = replace(good, object_id=f"{good.object_id} {name}", value=good.value + good.sign * snr * unit)
            known = seen(one, snr * unit) if snr == ORACLE_AT else 0.0
            yield Laid(one.survey, name, snr, curve, span, known)


def told(laid: Laid) -> bool:
    """Whether an event with a beginning and an end has part in the time of the one laid, and is not far longer."""
    longest = 0.1 * float(np.ptp(laid.curve.time)) + 2.0 * (laid.span[1] - laid.span[0])
    events = events_of(Star(laid.curve, find_period(laid.curve)))
    return any(
        event.t_start <= laid.span[1] and event.t_end >= laid.span[0] and event.t_end - event.t_start <= longest
        for event in events
    )


def reached(shares: list[float]) -> float | None:
    """The S/N at which the asked share is told, linear between two of the ladder; None where it never is."""
    below = [i for i, one in enumerate(shares) if one < ASKED]
    last = below[-1] if below else -1
    if last == len(shares) - 1:
        return None
    if last < 0:
        return LADDER[0]
    return float(np.interp(ASKED, shares[last : last + 2], LADDER[last : last + 2]))


def main() -> None:
    """Print the table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--stars", type=int, default=20, help="of each kind of data, at most")
    parser.add_argument("--tuning", action="store_true", help="stars that are not held out")
    args = parser.parse_args()

    def wanted(object_id: str) -> bool:
        return held_out(object_id) != args.tuning

    laid = [one for star in quiet_stars(args.cache, args.stars, wanted) for one in laid_on(star)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(told, laid, chunksize=len(LADDER) + 1))
        tails = {survey: among(stars, pool) for survey, stars in ordinary_stars(args.cache).items()}
    claimed: dict[str, list[float]] = {}
    hits: dict[tuple[str, float], list[bool]] = {}
    for i in range(0, len(laid), len(LADDER) + 1):
        if not found[i]:
            for one, hit in zip(laid[i + 1 :][: len(LADDER)], found[i + 1 :], strict=False):
                hits.setdefault((one.survey, one.snr), []).append(hit)
                if one.snr == ORACLE_AT:
                    claimed.setdefault(one.survey, []).append(one.oracle)
    results = []
    print(f"{'':16s}{'events':>7s}" + "".join(f"{snr:7g}" for snr in LADDER) + "   95 % at    own    all")
    for survey in dict.fromkeys(one.survey for one in laid):
        shares = [float(np.mean(hits.get((survey, snr), [False]))) for snr in LADDER]
        at = reached(shares)
        count = len(hits.get((survey, LADDER[0]), []))
        said = "never" if at is None else f"{at:.1f}"
        line = f"{survey:16s}{count:7d}" + "".join(f"{100 * one:7.0f}" for one in shares) + f"{said:>10s}"
        tail = tails.get(_LIKE.get(survey, survey))
        oracle = [claims(claimed.get(survey, []), against) for against in ([None] if tail is None else [None, tail])]
        of_oracle = [float(np.mean(one)) if one else None for one in oracle]
        print(line + "".join("      -" if one is None else f"{100 * one:7.0f}" for one in of_oracle), flush=True)
        results.append({"survey": survey, "events": count, "told": shares, "snr": at, "oracle": of_oracle})
    print(json.dumps({"bench": "event_recall", "ladder": LADDER, "results": results}))


if __name__ == "__main__":
    main()
