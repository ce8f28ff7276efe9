"""A variable star in the shapes that users hold one in."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import Clock, LightCurve

PERIOD = 3.7


def star(name: str = "star", n: int = 120, seed: int = 1) -> LightCurve:
    """A sine of a magnitude, with errors, in HJD."""
    rng = np.random.default_rng(seed)
    time = 2455000.0 + np.sort(rng.uniform(0.0, 150.0, n))
    mag = 12.0 + 0.5 * np.sin(2 * np.pi * time / PERIOD) + rng.normal(0.0, 0.02, n)
    clock = Clock("jd", "utc", "heliocentric")
    return LightCurve.of(name, time, mag, np.full(n, 0.02), "V", clock=clock, source=f"{name}.csv")
