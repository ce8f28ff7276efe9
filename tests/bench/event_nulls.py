"""Learn what the strangest points of ordinary stars look like anew: ``python -m tests.bench.event_nulls``.

`Forecaster.fit` and `StateSpace.fit` learn it with all else; this renews it alone (`pipeline.events.PointNull`), in the
shipped models or in those of a folder, from ordinary stars of the surveys that are not held out and, for the
forecaster, that it did not learn from. What ordinary stars do by habit (`swope.models.statespace.ordinary`) has nulls
of its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from swope.models.forecaster import Forecaster
from swope.models.statespace import StateSpace
from swope.models.statespace.ordinary import HABITS, habit_decades
from swope.models.statespace.score import nulls_of, numbers_of
from swope.models.statespace.star import StarFit
from swope.models.statespace.whole_curve import appearing
from swope.models.weights import PRETRAINED
from swope.pipeline.events import PointNull
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import STRANGE
from tests.bench.training_set import add_cache, stars_of

#: Sets with ordinary stars, and how many of each at most.
SETS = {"asas_acvs": 900, "eros": 400, "s82_rrlyrae": 200, "standards": 40, "ogle_cepheids": 20}


#: Habits are learned from surveys of three kinds.
HABIT_SETS = {"asas_acvs": 1000, "catalina_south": 600, "eros2_ogle": 250}


def ordinary_stars(cache: Path, sets: Mapping[str, int]) -> list[Star]:
    """Ordinary stars that are not held out, always the same ones."""
    found: list[Star] = []
    for name, most in sets.items():
        stars = [one.star for one in stars_of(cache, name) if one.label not in STRANGE]
        stars = [star for star in stars if not held_out(star.curve.object_id)]
        found += sorted(stars, key=lambda star: share(star.curve.object_id, "forecaster"))[:most]
    return found


def main() -> None:
    """Learn, store, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--models", type=Path, default=PRETRAINED, help="folder of the models; the shipped ones' here")
    parser.add_argument("--habits", action="store_true", help="those of events of several visits alone")
    args = parser.parse_args()
    statespace = StateSpace.load(args.models / "statespace")
    assert statespace.null is not None
    fits = [statespace.fitted(star) for star in ordinary_stars(args.cache, HABIT_SETS)]
    habits = nulls_of(
        [
            habit_decades(appearing(fitted, fitted.forecast), fitted.forecast)
            for fitted in fits
            if isinstance(fitted, StarFit)
        ]
    )
    replace(statespace, null=replace(statespace.null, habits=habits)).save(args.models / "statespace")
    print(
        json.dumps(
            {"bench": "event_nulls", "stars": len(fits), "habits": dict(zip(HABITS, habits.tolist(), strict=True))}
        )
    )
    if args.habits:
        return
    stars = ordinary_stars(args.cache, SETS)
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
