"""Small made-up stars with shapes that can be told apart, for the tests of the models on folds."""

from __future__ import annotations

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star

#: Amplitudes and phases (rad, magnitudes as sums of sines) of the harmonics of a typical ab-type RR Lyrae.
_RRAB = ((0.5, 0.235, 0.17, 0.115, 0.075, 0.05), (0.0, 2.4, 5.1, 1.5, 4.2, 0.5))


def made_star(kind: str, seed: int, n: int = 120, doubled: bool = False) -> Star:
    """An "RRAB" (its Fourier series), an "EA" (two narrow eclipses) or a "CST" (noise, no period) of n points.

    `doubled`: the period search found half of the true period.
    """
    rng = np.random.default_rng([seed, n, ["RRAB", "EA", "CST"].index(kind)])
    time = np.sort(rng.uniform(0.0, 400.0, n))
    period = float(rng.uniform(0.4, 0.8) if kind == "RRAB" else rng.uniform(1.0, 5.0))
    phase = (time / period + rng.random()) % 1.0
    amplitude = rng.uniform(0.5, 1.0)
    shape = {
        "RRAB": amplitude
        * sum(a * np.sin(2 * np.pi * k * phase + p) for k, (a, p) in enumerate(zip(*_RRAB, strict=True), 1)),
        "EA": amplitude * ((np.abs(phase - 0.5) < 0.05) + 0.6 * (np.minimum(phase, 1.0 - phase) < 0.05)),
        "CST": np.zeros(n),
    }[kind]
    error = np.full(n, 0.03)
    curve = LightCurve.of(f"{kind}-{seed}", time, 12.0 + shape + rng.normal(0.0, error), error, "V")
    if kind == "CST":
        return Star(clean(curve), PeriodResult(reason="no period"))
    return Star(clean(curve), PeriodResult(period=period / (2.0 if doubled else 1.0), fap=1e-9, t0=float(time[0])))


def true_period(star: Star, doubled: bool = False) -> float:
    """The period that `made_star` made it with."""
    return star.period.period * (2.0 if doubled else 1.0)
