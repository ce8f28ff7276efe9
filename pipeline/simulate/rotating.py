"""Rotating stars: spotted ones whose spots come and go, and chemically peculiar ones whose patches stay."""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.light import amplitude_ratio
from swope.pipeline.simulate.signal import Scene, Signal


def draw_rot(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a spotted star.

    One to four spots on a differentially rotating star, each growing and decaying over some to many rotations, dark by
    their projected area (the geometry of Kipping 2012 for small spots); two spots on opposite sides give two humps.
    Periods log-normal about 5 to 15 d (McQuillan, Mazeh & Aigrain 2014).
    """
    span = scene.stop - scene.start
    period = float(np.clip(10 ** rng.normal(0.75, 0.4), 0.2, max(span / 2.5, 1.0)))
    inclination = math.acos(rng.uniform(0, 0.8))
    strength = 10 ** rng.uniform(-2.0, -0.8) if scene.noise < 0.005 else 10 ** rng.uniform(-1.1, -0.45)
    life = period * 10 ** rng.uniform(0.7, 2.0)
    shear = rng.uniform(0.0, 0.03)
    n = int(rng.integers(2, 5)) * max(1, min(40, math.ceil(span / (2 * life))))
    born = scene.start + rng.uniform(-0.3, 1.3, n) * span if n > 4 else np.full(n, scene.start + span / 2)
    width = np.full(n, life) if n > 4 else np.full(n, max(life, span))
    longitude = rng.random(n)
    latitude = np.radians(rng.uniform(-50, 50, n))
    size = rng.uniform(0.3, 1.0, n)

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        dark = np.zeros_like(time)
        for k in range(n):
            own = period * (1 + shear * math.sin(latitude[k]) ** 2)
            angle = 2 * np.pi * ((time - scene.start) / own + longitude[k])
            facing = math.cos(inclination) * math.sin(latitude[k]) + math.sin(inclination) * math.cos(
                latitude[k]
            ) * np.cos(angle)
            dark += size[k] * np.exp(-0.5 * ((time - born[k]) / width[k]) ** 2) * np.maximum(facing, 0.0)
        magnitude: FloatArray = strength * amplitude_ratio("spot", wavelength) * (dark - 0.3)
        return magnitude

    return Signal("ROT", float(rng.normal(4800, 600)), change, period=period, t0=math.nan)


def draw_acv(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw an alpha2 CVn star: strictly periodic, one or two waves of some hundredths (Bernhard et al. 2015)."""
    period = 10 ** rng.normal(0.45, 0.35)
    amplitude = float(np.clip(np.exp(rng.normal(np.log(0.05), 0.5)), 0.01, 0.2))
    second = rng.uniform(0, 0.7)
    lag = rng.uniform(0, 2 * np.pi)
    t0 = scene.start + rng.random() * period
    norm = np.ptp(np.cos(x := 2 * np.pi * np.arange(200) / 200) + second * np.cos(2 * x + lag))
    first = float(x[int((np.cos(x) + second * np.cos(2 * x + lag)).argmin())])

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        angle = 2 * np.pi * (time - t0) / period + first
        wave = (np.cos(angle) + second * np.cos(2 * angle + lag)) / norm
        magnitude: FloatArray = amplitude * amplitude_ratio("hot", wavelength) * wave
        return magnitude

    return Signal("ACV", float(rng.normal(10500, 1200)), change, period=float(period), t0=float(t0))
