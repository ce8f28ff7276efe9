"""What is put into simulated curves at real cadences, and what comes out."""

from __future__ import annotations

import numpy as np

from swope.models.statespace import StarOptions, StateSpace, StateSpaceSummary, fit_star, summarise
from swope.pipeline.events import find_events
from swope.pipeline.star import Star
from tests.bench.statespace_data import cadences, curves, damped_walk, simulated

ERROR = 0.02


def recover_tau(stars: int) -> dict[str, float]:
    """Damped random walks whose span is 10 to 300 tau: error of log10 tau, and coverage of its 90 % interval.

    Times are those of ASAS stars and of OGLE quasars in turn; the walk is 1 to 10 times the error, and tau at least the
    median step.
    """
    rng = np.random.default_rng(21)
    times = cadences(stars // 2)
    quasars = [c.good.time for c in curves("ogle/quasars")]
    times += [quasars[i % len(quasars)] for i in range(stars - len(times))]
    off, inside, wide, converged, flagged = [], [], [], [], 0
    for i, t in enumerate(times):
        tau = np.ptp(t) / 10 ** rng.uniform(1, 2.5)
        tau = max(tau, float(np.median(np.diff(t))))
        sigma = ERROR * 10 ** rng.uniform(0, 1)
        value = 15 + sigma * damped_walk(t, tau, rng) + ERROR * rng.normal(size=len(t))
        summary = _summary(simulated(f"walk {i}", t, value, np.full(len(t), ERROR)))
        if not np.isfinite(summary.drw_tau):
            continue
        flagged += summary.drw_flag is not None
        converged.append(summary.converged)
        distance = np.log(summary.drw_tau / tau)
        err = summary.drw_tau_err / summary.drw_tau
        off.append(distance / np.log(10))
        inside.append(abs(distance) <= 1.645 * err)
        wide.append(1.645 * err / np.log(10))
    return {
        "stars": len(times),
        "walk_found": len(off) / len(times),
        "converged": float(np.mean(converged)),
        "median_abs_dex": float(np.median(np.abs(off))),
        "median_dex": float(np.median(off)),
        "coverage_90": float(np.mean(inside)),
        "half_width_dex": float(np.nanmedian(wide)),
        "flagged": flagged / max(len(off), 1),
    }


def _summary(star: Star) -> StateSpaceSummary:
    fitted = fit_star(star, StarOptions())
    return StateSpaceSummary(star.curve.object_id, reason=fitted) if isinstance(fitted, str) else summarise(fitted)


def find_shifts(
    stars: int, ordinary: int, sizes: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
) -> list[dict[str, float | str]]:
    """Level shifts and trends in white noise and in damped walks of 50 d, against their size in units of the noise.

    A trend's size is what it changes over the span. At a p-value of 0.001, so size 0, of which there are `ordinary`
    stars, gives the false-alarm rate.
    """
    times = cadences(stars)
    out: list[dict[str, float | str]] = []
    for walk in (0.0, 1.0):
        rng = np.random.default_rng(24)
        shifted = trending = 0
        for i in range(ordinary):
            t = times[i % len(times)]
            noise = ERROR * (rng.normal(size=len(t)) + walk * damped_walk(t, 50.0, rng))
            found = _summary(simulated(f"ordinary {i}", t, 15 + noise, np.full(len(t), ERROR)))
            shifted += bool(found.change_points)
            trending += found.trend_pvalue < 1e-3
        noise_name = "white" if walk == 0 else "white + walk 50 d"
        out.append({"noise": noise_name, "size": 0.0, "shift": shifted / ordinary, "trend": trending / ordinary})
        for size in sizes:
            rng = np.random.default_rng(22)
            shifted = trending = placed = 0
            for i, t in enumerate(times):
                noise = ERROR * (rng.normal(size=len(t)) + walk * damped_walk(t, 50.0, rng))
                at = t[0] + rng.uniform(0.2, 0.8) * np.ptp(t)
                error = np.full(len(t), ERROR)
                step = _summary(simulated(f"step {i}", t, 15 + noise + size * ERROR * (t >= at), error))
                slope = _summary(simulated(f"trend {i}", t, 15 + noise + size * ERROR * (t - t[0]) / np.ptp(t), error))
                shifted += bool(step.change_points)
                placed += bool(step.change_points) and abs(step.change_points[0].time - at) < 0.05 * np.ptp(t)
                trending += slope.trend_pvalue < 1e-3
            n = len(times)
            out.append(
                {"noise": noise_name, "size": size, "shift": shifted / n, "placed": placed / n, "trend": trending / n}
            )
    return out


def false_events(stars: int) -> dict[str, float]:
    """Events, p at most 0.001 a star, in 1,000 simulated ordinary stars at real cadences, by kind of noise."""
    times = cadences(min(stars, 500))
    model = StateSpace()
    out = {}
    for name in ("white", "student 5", "walk 20 d", "walk 200 d"):
        rng = np.random.default_rng(23)
        events = done = 0
        while done < stars:
            t = times[done % len(times)]
            noise = rng.standard_t(5, len(t)) / np.sqrt(5 / 3) if name == "student 5" else rng.normal(size=len(t))
            if name.startswith("walk"):
                noise += 2 * damped_walk(t, float(name.split()[1]), rng)
            star = simulated(f"{name} {done}", t, 15 + ERROR * noise, np.full(len(t), ERROR))
            forecast = model.forecast([star])[0]
            events += bool(forecast is not None and find_events(forecast))
            done += 1
        out[name] = 1000 * events / stars
    return out
