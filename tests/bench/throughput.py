"""What a star costs against its number of points, beside two lines of the same run that others' kernels draw.

    python -m tests.bench.throughput [--points 500,2000,8000,32000,65316,130000]

The curves are real: Kepler-90's quarters, stitched and repeated, and a sector of TIC 358108509. A star's search and its
scores are timed, and beside them one nifty-ls call on the same grid of frequencies, and a damped random walk fitted by
celerite2 to as many points. All are seconds of processor time of one process, everything compiled. One JSON line each.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable

import numpy as np

from swope.models.inputs import inputs_of
from swope.models.statespace import StateSpace
from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions, find_events
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult, find_period
from swope.pipeline.period.grid import grid_for
from swope.pipeline.star import Star
from tests.bench.periods_space import kepler
from tests.real_data import REAL_DATA

POINTS = (500, 2000, 8000, 32000, 65316, 130000)

#: The exponent is taken between these numbers of points.
FROM, TO = 8000, 130000


def tess() -> LightCurve:
    """TIC 358108509 at a cadence of two minutes."""
    from astropy.io import fits

    with fits.open(REAL_DATA / "tess" / "tess2018206045859-s0001-0000000358108509-0120-s_lc.fits") as file:
        table = file[1].data
        good = np.isfinite(table["TIME"]) & np.isfinite(table["PDCSAP_FLUX"]) & (table["QUALITY"] == 0)
        time_, flux, error = (
            np.asarray(table[name][good], dtype=np.float64) for name in ("TIME", "PDCSAP_FLUX", "PDCSAP_FLUX_ERR")
        )
    return clean(LightCurve.of("TIC 358108509", time_, flux, error, kind="flux", unit="electron / s"))


def repeated(curve: LightCurve, points: int) -> LightCurve:
    """So many points of a curve, which begins again a day after its end as often as it takes."""
    good = curve.good
    times = -(-points // len(good))
    later = np.repeat(np.arange(times), len(good)) * (float(np.ptp(good.time)) + 1.0)
    time_ = np.tile(good.time, times) + later
    value, error = np.tile(good.value, times), np.tile(good.error, times)
    whole = LightCurve.of(good.object_id, time_, value, error, kind="flux", unit=good.unit)
    return clean(whole.where(np.arange(len(whole)) < points))


def scored(model: StateSpace, star: Star) -> None:
    """All that is computed of a star after its period, but for the networks."""
    model.score([star])
    model.describe([star])
    model.slow_events([star], EventOptions())
    for forecast in model.forecast([star]):
        if forecast is not None:
            find_events(forecast)
    inputs_of([star])


def nifty(curve: LightCurve) -> None:
    """One nifty-ls call on the grid that the curve is searched on."""
    import nifty_ls

    good = curve.good
    grid = grid_for(good.time, PeriodOptions())
    nifty_ls.lombscargle(
        good.time, good.value, fmin=grid.lowest, fmax=grid.highest, Nf=grid.size, backend="finufft", nthreads=1
    )


def celerite(curve: LightCurve) -> None:
    """A damped random walk with white noise beside the errors, fitted by celerite2."""
    import celerite2
    from celerite2 import terms
    from scipy.optimize import minimize

    good = curve.good
    scale = float(np.std(good.value))
    value = (good.value - np.median(good.value)) / scale
    error = np.where(np.isfinite(good.error), good.error / scale, 0.1)

    def less(theta: np.ndarray) -> float:
        sigma, tau, jitter = np.exp(theta)
        process = celerite2.GaussianProcess(terms.RealTerm(a=sigma**2, c=1.0 / tau))
        process.compute(good.time, diag=error**2 + jitter**2, quiet=True)
        return -float(process.log_likelihood(value))

    minimize(less, np.log([1.0, 3.0, 0.1]), method="L-BFGS-B", bounds=[(-7, 7), (-7, 7), (-12, 3)])


def seconds(call: Callable[[], object], runs: int) -> float:
    """Processor time of the quickest of some runs."""
    taken = []
    for _ in range(runs):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return min(taken)


def cost(curve: LightCurve, model: StateSpace, runs: int) -> dict[str, float]:
    """Seconds of the star's parts, of the two lines, and how many times these the whole is."""
    found: list[PeriodResult] = []
    out = {"search": seconds(lambda: found.append(find_period(curve)), runs)}
    # a star of its own for each run: fits are kept for as long as their star lives
    out["score"] = seconds(lambda: scored(model, Star(curve, found[0])), runs)
    out["nifty_ls"], out["celerite2"] = seconds(lambda: nifty(curve), runs), seconds(lambda: celerite(curve), runs)
    out["ratio"] = (out["search"] + out["score"]) / (out["nifty_ls"] + out["celerite2"])
    return out


def points(numbers: tuple[int, ...]) -> None:
    """Print the table of one star after the other, and the exponent."""
    model = StateSpace.pretrained()
    for curve in (kepler("kplr011442793"), tess()):
        name = curve.object_id
        cost(repeated(curve, min(numbers)), model, 1)
        whole = {}
        print(
            f"\n{name}: points, days; seconds to search, to score, nifty-ls, celerite2; the first two over the others"
        )
        for n in numbers:
            some = repeated(curve, n)
            days = float(np.ptp(some.time))
            taken = cost(some, model, 3 if n <= FROM else 1)
            whole[n] = taken["search"] + taken["score"]
            print(f"{n:8d} {days:8.1f} " + " ".join(f"{value:8.3f}" for value in taken.values()), flush=True)
            print(
                json.dumps({"bench": "throughput", "part": "points", "star": name, "points": n, "days": days, **taken})
            )
        if FROM in whole and TO in whole:
            exponent = math.log(whole[TO] / whole[FROM]) / math.log(TO / FROM)
            print(f"exponent from {FROM} to {TO} points: {exponent:.2f}")
            print(json.dumps({"bench": "throughput", "part": "exponent", "star": name, "exponent": exponent}))


def main() -> None:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", default=",".join(map(str, POINTS)), help="numbers of points, ascending")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    points(tuple(int(word) for word in parser.parse_args().points.split(",")))


if __name__ == "__main__":
    main()
