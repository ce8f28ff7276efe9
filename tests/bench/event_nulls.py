"""Learn what the likeliest events of ordinary stars look like anew: ``python -m tests.bench.event_nulls [--habits]``.

`Forecaster.fit` and `StateSpace.fit` learn it with all else; this renews it alone, in the shipped models or in those of
a folder, from ordinary stars of the surveys that are not held out and, for the forecaster, that it did not learn from:
what single points look like (`pipeline.events.PointNull`), and what ordinary stars do by habit
(`swope.models.statespace.ordinary`), for each way of observing. The surveys count alike. Stars of which somebody looked
at the curve and found that they do change (`REAL`), and binaries whose period was not found, so that their eclipses are
events, are left out of what is learned of habits.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

from swope.models.forecaster import Forecaster
from swope.models.statespace import StateSpace
from swope.models.statespace.ordinary import HABITS, Likeliest, likeliest, stored, tails_of
from swope.models.statespace.score import numbers_of
from swope.models.statespace.star import StarFit, fit_star
from swope.models.statespace.whole_curve import appearing
from swope.models.weights import PRETRAINED
from swope.pipeline.cadence import CADENCES, cadence
from swope.pipeline.events import PointNull
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import STRANGE
from tests.bench.ordinary_events import LEAST_ROWS, REAL, SETS, follows_its_eclipses
from tests.bench.training_set import add_cache, stars_of

#: Sets with ordinary stars for single points, and how many of each at most.
POINT_SETS = {"asas_acvs": 900, "eros": 400, "s82_rrlyrae": 200, "standards": 40, "ogle_cepheids": 20}


def ordinary_stars(cache: Path, sets: Mapping[str, int]) -> list[Star]:
    """Ordinary stars that are not held out, always the same ones."""
    found: list[Star] = []
    for name, most in sets.items():
        stars = [one.star for one in stars_of(cache, name) if one.label not in STRANGE]
        stars = [star for star in stars if not held_out(star.curve.object_id)]
        found += sorted(stars, key=lambda star: share(star.curve.object_id, "forecaster"))[:most]
    return found


def stars_with_habits(cache: Path) -> list[tuple[str, Star]]:
    """All ordinary stars that are not held out, with the names of their sets."""
    found = []
    for name in SETS:
        for one in stars_of(cache, name):
            object_id = one.star.curve.object_id
            known = one.label is not None and one.label not in STRANGE and object_id not in REAL
            if known and not held_out(object_id) and follows_its_eclipses(one) and len(one.star.curve) >= LEAST_ROWS:
                found.append((name, one.star))
    return found


def habits_of(star: Star) -> Likeliest | None:
    """The likeliest events of a star; None for one without a fit."""
    fitted = fit_star(star)
    if not isinstance(fitted, StarFit):
        return None
    forecast = fitted.forecast
    return likeliest(appearing(fitted, forecast), forecast, cadence(forecast.time, forecast.band))


def main() -> None:
    """Learn, store, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--models", type=Path, default=PRETRAINED, help="folder of the models; the shipped ones' here")
    parser.add_argument("--habits", action="store_true", help="those of events of several visits alone")
    args = parser.parse_args()
    statespace = StateSpace.load(args.models / "statespace")
    assert statespace.null is not None
    named = stars_with_habits(args.cache)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        seen = list(pool.map(habits_of, [star for _, star in named], chunksize=64))
    counts = Counter(name for (name, _), one in zip(named, seen, strict=True) if one is not None)
    each = [(one, 1.0 / counts[name]) for (name, _), one in zip(named, seen, strict=True) if one is not None]
    tails = tails_of([one for one, _ in each], [weight for _, weight in each])
    habits = stored(tails)
    replace(statespace, null=replace(statespace.null, habits=habits)).save(args.models / "statespace")
    said = {way: {habit: tails[way][habit].numbers for habit in HABITS} for way in CADENCES}
    print(json.dumps({"bench": "event_nulls", "stars": dict(counts), "habits": said}))
    if args.habits:
        return
    stars = ordinary_stars(args.cache, POINT_SETS)
    theirs = PointNull.learn(one for one in statespace.forecast(stars) if one is not None)
    null = replace(statespace.null, single=numbers_of(theirs), habits=habits)
    replace(statespace, null=null).save(args.models / "statespace")
    # `ordinary_stars` puts those first that the forecaster kept for its calibration; half of them tell enough
    forecaster = Forecaster.load(args.models / "forecaster")
    apart = [s for s in stars if share(s.curve.object_id, "forecaster") < forecaster.options.calibration_share]
    ours = PointNull.learn(one for one in forecaster.forecast(apart) if one is not None)
    forecaster.calibration = replace(forecaster.calibration, points=ours)
    forecaster.save(args.models / "forecaster")
    print(
        json.dumps(
            {
                "bench": "event_nulls",
                "stars": {"statespace": len(stars), "forecaster": len(apart)},
                "statespace": asdict(theirs),
                "forecaster": asdict(ours),
            }
        )
    )


if __name__ == "__main__":
    main()
