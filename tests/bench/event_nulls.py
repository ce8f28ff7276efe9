"""Learn what the strangest points of ordinary stars look like anew: ``python -m tests.bench.event_nulls``.

`Forecaster.fit` and `StateSpace.fit` learn it with all else; this renews it alone (`pipeline.events.PointNull`), in the
shipped models or in those of a folder, from ordinary stars of the surveys that are not held out and, for the
forecaster, that it did not learn from.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from swope.models.forecaster import Forecaster
from swope.models.statespace import StateSpace
from swope.models.weights import PRETRAINED
from swope.pipeline.events import PointNull
from swope.pipeline.split import held_out, share
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import STRANGE
from tests.bench.training_set import add_cache, stars_of

#: Sets with ordinary stars, and how many of each at most.
SETS = {"asas_acvs": 900, "eros": 400, "s82_rrlyrae": 200, "standards": 40, "ogle_cepheids": 20}


def ordinary_stars(cache: Path) -> list[Star]:
    """Ordinary stars that are not held out, always the same ones."""
    found: list[Star] = []
    for name, most in SETS.items():
        stars = [one.star for one in stars_of(cache, name) if one.label not in STRANGE]
        stars = [star for star in stars if not held_out(star.curve.object_id)]
        found += sorted(stars, key=lambda star: share(star.curve.object_id, "forecaster"))[:most]
    return found


def main() -> None:
    """Learn, store, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--models", type=Path, default=PRETRAINED, help="folder of the models; the shipped ones' here")
    args = parser.parse_args()
    stars = ordinary_stars(args.cache)
    statespace = StateSpace.load(args.models / "statespace")
    assert statespace.null is not None
    theirs = PointNull.learn(one for one in statespace.forecast(stars) if one is not None)
    single = np.array([theirs.bulk, theirs.scale, theirs.reach])
    replace(statespace, null=replace(statespace.null, single=single)).save(args.models / "statespace")
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
