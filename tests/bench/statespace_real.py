"""Real stars: calibration on quiet ones, p-values of ordinary ones, and objects whose nature is known."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from swope.models.detector import Batch
from swope.models.inputs import inputs_of
from swope.models.statespace import DampedWalk, Level, Model, Noise, Seasonal, StarOptions, StateSpace, fit
from swope.models.statespace.star import fit_star, prepare
from swope.pipeline.events import EventOptions, find_events
from swope.pipeline.period import PeriodResult
from swope.pipeline.split import held_out
from swope.pipeline.star import Star
from tests.bench.statespace_data import AGN, NO_PERIOD, curves, kepler_spans, with_periods

#: Half-widths, in sigma, of the intervals that hold 50, 90 and 95 % of a Gaussian.
INTERVALS = {50: 0.67449, 90: 1.64485, 95: 1.95996}


def coverage(stars: list[Star]) -> dict[str, float]:
    """Share of the standardised innovations inside the 50, 90, 95 % intervals, over all rows of all stars."""
    found = [f.innovation for f in (fit_star(s, StarOptions()) for s in stars) if not isinstance(f, str)]
    z = np.concatenate(found)
    z = z[np.isfinite(z)]
    out = {f"coverage_{level}": float(np.mean(np.abs(z) <= width)) for level, width in INTERVALS.items()}
    return {"stars": len(found), "rows": len(z), **out}


def quiet() -> dict[str, dict[str, float]]:
    """Coverage on standard stars and on constant spans of Kepler curves."""
    return {
        "standard stars": coverage([Star(c, NO_PERIOD) for c in curves("qso/stars_try")]),
        "Kepler spans": coverage(list(kepler_spans())),
    }


def variable() -> dict[str, dict[str, float]]:
    """Coverage on the spans of Kepler curves that vary, flares and transits among them."""
    return {"Kepler spans that vary": coverage(list(kepler_spans(quiet=False)))}


def ordinary_training(limit: int) -> list[Star]:
    """Ordinary stars for the null: of ASAS, Stripe 82 and the standard stars, none of them held out."""
    found = [c for c in curves("asas_acvs/light_curves.parquet", limit * 5 // 4) if not held_out(c.object_id)]
    found += [c for c in curves("s82_rrlyrae/light_curves") if not held_out(c.object_id)]
    found += [c for c in curves("qso/stars_try") if not held_out(c.object_id)]
    return with_periods(found)


def pvalues(model: StateSpace, limit: int) -> dict[str, dict[str, float]]:
    """Shares of held-out ordinary stars whose p-value is below 0.01, 0.05, 0.1, 0.5; and events among them."""
    sets = {
        "asas_acvs": [c for c in curves("asas_acvs/light_curves.parquet") if held_out(c.object_id)][:limit],
        "s82_rrlyrae": [c for c in curves("s82_rrlyrae/light_curves") if held_out(c.object_id)],
        "stars_try": curves("qso/stars_try"),
    }
    out = {}
    for name, found in sets.items():
        stars = with_periods(found)
        p = model.score(stars).pvalue
        forecasts = [f for f in model.forecast(stars) if f is not None]
        events = [find_events(f) for f in forecasts]
        p = p[np.isfinite(p)]
        out[name] = {
            "stars": len(p),
            **{f"below_{q}": float(np.mean(p <= q)) for q in (0.01, 0.05, 0.1, 0.5)},
            "with_event": float(np.mean([bool(e) for e in events])),
            "with_run_event": float(np.mean([any(x.n_points > 1 for x in e) for e in events])),
        }
    return out


def known_objects() -> list[dict[str, Any]]:
    """Quasars: walk against white noise; GJ 1243: a seasonal part at 0.5926 d against none."""
    rows: list[dict[str, Any]] = []
    agn = [c for c in curves("kepler") if c.object_id == AGN]
    for curve in (*agn, *curves("qso/QSO_try"), *curves("ogle/quasars")):
        if len(curve.good) < 50:
            continue
        fitted = fit_star(Star(curve, NO_PERIOD), StarOptions())
        if isinstance(fitted, str):
            continue
        series = fitted.prepared.series
        white = fit(Model((Level(), Noise(scale=None))), series)
        walk = fit(Model((Level(), Noise(scale=None), DampedWalk())), series, restricted=False)
        term = next(t for t in walk.model.terms if isinstance(t, DampedWalk))
        rows.append(
            {
                "object": curve.object_id,
                "n": len(series),
                "prefers": "walk" if walk.bic < white.bic else "white",
                "bic_gain": white.bic - walk.bic,
                "tau_d": term.tau,
                "tau_err_d": walk.uncertainty("walk.tau") * (term.tau or np.nan),
                "sigma": (term.sigma or np.nan) * fitted.prepared.scale,
                "span_over_tau": series.span / (term.tau or np.nan),
            }
        )
    flare = next(c for c in curves("kepler") if "9726699" in c.object_id)
    prepared = prepare(flare, 10)
    assert not isinstance(prepared, str)
    series = prepared.series
    base = (Level(), Noise(scale=None), DampedWalk())
    without = fit(Model(base), series)
    trial = np.linspace(0.55, 0.65, 201)
    gains = [without.bic - fit(Model((*base, Seasonal(float(p), 2))), series, (without.theta,)).bic for p in trial]
    best = int(np.argmax(gains))
    at_known = without.bic - fit(Model((*base, Seasonal(0.5926, 2))), series, (without.theta,)).bic
    chosen = fit_star(Star(flare, PeriodResult(period=0.5926, fap=0.0)), StarOptions())
    rows.append(
        {
            "object": "GJ 1243 (KIC 9726699)",
            "n": len(series),
            "prefers": chosen if isinstance(chosen, str) else chosen.structure,
            "bic_gain": at_known,
            "best_period_d": float(trial[best]),
            "bic_gain_at_best": float(gains[best]),
        }
    )
    return rows


def _work(stars: list[Star]) -> tuple[int, float, float]:
    """Assess some stars; their number, the seconds, and the seconds of processor time."""
    model = StateSpace.pretrained()
    warm, whole = (Batch(some, inputs_of(some), EventOptions()) for some in (stars[:8], stars))
    model.assess(warm)
    begin, busy = time.perf_counter(), time.process_time()
    model.assess(whole)
    return len(stars), time.perf_counter() - begin, time.process_time() - busy


def throughput(limit: int, workers: int = 2) -> dict[str, float]:
    """Stars a second on ASAS with `workers` processes, everything the catalog needs of this model."""
    stars = with_periods(curves("asas_acvs/light_curves.parquet", limit))
    _work(stars[:4])
    shares = [stars[i::workers] for i in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(_work, shares))
    return {
        "stars": len(stars),
        "workers": workers,
        "stars_per_s": sum(n / seconds for n, seconds, _ in done),
        "processor_ms_per_star": 1e3 * sum(busy for *_, busy in done) / len(stars),
        "stars_per_s_of_processor_time": sum(n / busy for n, _, busy in done),
    }
