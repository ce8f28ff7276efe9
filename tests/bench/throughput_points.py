"""What a star costs against its number of points, beside two lines of the same run that others' kernels draw.

The curves are real: Kepler-90's quarters, stitched and repeated, and a sector of TIC 358108509. A star's search and its
scores, by all detectors and the classifier, are timed, and beside them one nifty-ls call on the same grid of
frequencies, and a damped random walk fitted by celerite2 to as many points. All are seconds of processor time of one
process, everything compiled. One JSON line each.
"""

from __future__ import annotations

import json
import math

import numpy as np

from swope.models.analysis import assess
from swope.models.registry import Models, load_models
from swope.pipeline.events import EventOptions
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult, find_period
from swope.pipeline.star import Star
from tests.bench.periods_space import kepler
from tests.bench.throughput_data import repeated, tess
from tests.bench.throughput_kernels import celerite, nifty, seconds

POINTS = (500, 2000, 8000, 32000, 65316, 130000)

#: The exponent is taken between these numbers of points.
FROM, TO = 8000, 130000


def cost(curve: LightCurve, models: Models, runs: int) -> dict[str, float]:
    """Seconds of the star's parts, of the two lines, and how many times these the whole is."""
    found: list[PeriodResult] = []
    out = {"search": seconds(lambda: found.append(find_period(curve)), runs)}
    out["score"] = seconds(lambda: assess([Star(curve, found[0])], models, EventOptions()), runs)
    out["nifty_ls"], out["celerite2"] = seconds(lambda: nifty(curve), runs), seconds(lambda: celerite(curve), runs)
    out["ratio"] = (out["search"] + out["score"]) / (out["nifty_ls"] + out["celerite2"])
    return out


def points(numbers: tuple[int, ...]) -> None:
    """Print the table of one star after the other, and the exponent."""
    models = load_models(None)
    for curve in (kepler("kplr011442793"), tess()):
        name = curve.object_id
        cost(repeated(curve, min(numbers)), models, 1)
        whole = {}
        print(
            f"\n{name}: points, days; seconds to search, to score, nifty-ls, celerite2; the first two over the others"
        )
        for n in numbers:
            some = repeated(curve, n)
            days = float(np.ptp(some.time))
            taken = cost(some, models, 3 if n <= FROM else 1)
            whole[n] = taken["search"] + taken["score"]
            print(f"{n:8d} {days:8.1f} " + " ".join(f"{value:8.3f}" for value in taken.values()), flush=True)
            print(
                json.dumps({"bench": "throughput", "part": "points", "star": name, "points": n, "days": days, **taken})
            )
        if FROM in whole and TO in whole:
            exponent = math.log(whole[TO] / whole[FROM]) / math.log(TO / FROM)
            print(f"exponent from {FROM} to {TO} points: {exponent:.2f}")
            print(json.dumps({"bench": "throughput", "part": "exponent", "star": name, "exponent": exponent}))
