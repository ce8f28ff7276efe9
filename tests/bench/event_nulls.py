"""Learn anew what the likeliest events of ordinary stars look like: ``python -m tests.bench.event_nulls [--runs]``.

`Forecaster.fit` and `StateSpace.fit` learn it with all else; this renews it alone, in the shipped models or in those of
a folder, from ordinary stars of the surveys that are not held out and, for the forecaster, that it did not learn from:
what single points look like (`pipeline.events.PointNull`), and, for each way of observing, what ordinary stars do by
habit (`swope.models.statespace.ordinary`; ``--habits``: this alone) and how long the forecaster fails on them
(``--runs``: this alone). The surveys count alike. Stars of which somebody looked at the curve and found that they do
change (`REAL`), and binaries whose period was not found, so that their eclipses are events, are left out of the latter
two.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from swope.models.forecaster import Forecaster
from swope.models.forecaster.calibration import strangest_runs, tails_of_runs
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


#: Sets among those with habits that the forecaster learnt from; and stars that it is asked at a time.
LEARNT, _AT_ONCE = ("asas_acvs",), 256


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


def renew_runs(forecaster: Forecaster, named: Sequence[tuple[str, Star]]) -> dict[str, int]:
    """Learn the runs of the forecaster's failed forecasts anew; how many stars of each set it learned from.

    Parameters
    ----------
    named : ordinary stars with the names of their sets.
    """
    known = [(name, star) for name, star in named if name not in LEARNT or _kept(forecaster, star)]
    forecasts = []
    for begin in range(0, len(known), _AT_ONCE):
        forecasts += forecaster.forecast([star for _, star in known[begin : begin + _AT_ONCE]])
    found = [(name, one) for (name, _), one in zip(known, forecasts, strict=True) if one is not None]
    counts = Counter(name for name, _ in found)
    weight = np.array([1.0 / counts[name] for name, _ in found])
    runs = tails_of_runs(strangest_runs(one for _, one in found), weight)
    forecaster.calibration = replace(forecaster.calibration, runs=runs)
    return dict(counts)


def _kept(forecaster: Forecaster, star: Star) -> bool:
    """Whether the forecaster kept a star for its calibration, of a set that it learnt from."""
    return share(star.curve.object_id, "forecaster") < forecaster.options.calibration_share


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
    parser.add_argument("--runs", action="store_true", help="those of the forecaster's failed forecasts alone")
    args = parser.parse_args()
    forecaster = Forecaster.load(args.models / "forecaster")
    named = stars_with_habits(args.cache)
    if args.runs:
        counts = renew_runs(forecaster, named)
        forecaster.save(args.models / "forecaster")
        print(json.dumps({"bench": "event_nulls", "stars": counts, "runs": forecaster.calibration.runs.tolist()}))
        return
    statespace = StateSpace.load(args.models / "statespace")
    assert statespace.null is not None
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
    apart = [star for star in stars if _kept(forecaster, star)]
    ours = PointNull.learn(one for one in forecaster.forecast(apart) if one is not None)
    forecaster.calibration = replace(forecaster.calibration, points=ours)
    renew_runs(forecaster, named)
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
