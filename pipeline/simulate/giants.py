"""Red giants: Miras and semiregular stars."""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.light import amplitude_ratio
from swope.pipeline.simulate.signal import Scene, Signal


def draw_mira(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a Mira.

    Periods about 280 d, V amplitudes of 2.5 to 7 mag that grow with the period, the rise taking 0.35 to 0.55 of the
    cycle, less for longer periods (Lebzelter 2011), every cycle with its own maximum, minimum and length (some per
    cent; Percy & Colivas 1999), and a slow drift of the mean as in carbon-rich stars for some.
    """
    period = float(np.clip(rng.normal(280, 85), 95, 620))
    rise = float(np.clip(rng.normal(0.46 - 0.0002 * (period - 280), 0.05), 0.28, 0.58))
    amplitude = float(np.clip(rng.normal(3.4 + 0.004 * (period - 280), 0.9), 1.6, 7.0))
    sharp = rng.uniform(0.55, 1.1)
    count = math.ceil((scene.stop - scene.start) / period) + 6
    length = 1 + 0.025 * rng.normal(size=count)
    maxima = scene.start + (np.cumsum(length) - 3 + rng.random()) * period
    bright = 0.12 * amplitude * rng.normal(size=count)
    faint = 0.09 * amplitude * rng.normal(size=count)
    drift_strength = abs(rng.normal(0, 0.4)) if rng.random() < 0.45 else 0.0
    drift_period, drift_start = rng.uniform(800, 4000), rng.random()

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        cycle = np.clip(np.searchsorted(maxima, time) - 1, 0, count - 2)
        phase = (time - maxima[cycle]) / (maxima[cycle + 1] - maxima[cycle])
        # fall from maximum (0) to minimum (1) in the first part of the cycle, rise in the second
        falling = phase < 1 - rise
        part = np.where(falling, phase / (1 - rise), (1 - phase) / rise)
        depth = ((1 - np.cos(np.pi * np.clip(part, 0, 1))) / 2) ** (1 / sharp)
        top = np.where(falling, bright[cycle], bright[cycle + 1])
        level = top + (amplitude + faint[cycle] - top) * depth
        slow = drift_strength * np.sin(2 * np.pi * ((time - scene.start) / drift_period + drift_start))
        magnitude: FloatArray = amplitude_ratio("M", wavelength) * (level - 0.55 * amplitude + slow)
        return magnitude

    return Signal("M", float(rng.normal(3000, 150)), change, period=period, t0=float(maxima[3]))


def draw_sr(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a semiregular giant.

    One or two periods of 30 to 250 d whose phases wander and whose amplitudes come and go, as the stochastically
    driven pulsations that they are (Bedding et al. 2005), and a long secondary period in a third (Wood et al. 1999).
    """
    period = float(np.exp(rng.normal(np.log(85), 0.5)))
    amplitude = 10 ** rng.uniform(-2.5, -1.5) if scene.noise < 0.005 else rng.uniform(0.15, 1.2)
    modes = [(period, 1.0)] + (
        [(period * rng.uniform(0.45, 0.75), rng.uniform(0.3, 0.8))] if rng.random() < 0.6 else []
    )
    if rng.random() < 0.33:
        modes.append((period * rng.uniform(8, 11), rng.uniform(0.3, 0.9)))
    step = period / 4
    knots = np.arange(scene.start - 5 * step, scene.stop + 5 * step, step)
    walks = []
    for _ in modes:
        # complex amplitude as a damped random walk: a mode with a finite lifetime
        keep = np.exp(-step / (period * rng.uniform(5, 30)))
        kicks = rng.normal(size=(2, len(knots))) * np.sqrt(1 - keep**2)
        walk = np.empty((2, len(knots)))
        state = rng.normal(size=2)
        for k in range(len(knots)):
            state = keep * state + kicks[:, k]
            walk[:, k] = state
        walks.append(walk)

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        total = np.zeros_like(time)
        for (own, strength), walk in zip(modes, walks, strict=True):
            angle = 2 * np.pi * (time - scene.start) / own
            total += strength * (
                np.interp(time, knots, walk[0]) * np.cos(angle) + np.interp(time, knots, walk[1]) * np.sin(angle)
            )
        magnitude: FloatArray = 0.35 * amplitude * amplitude_ratio("M", wavelength) * total
        return magnitude

    return Signal("SR", float(rng.normal(3400, 150)), change, period=period, t0=math.nan)
