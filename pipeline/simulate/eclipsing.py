"""Eclipsing stars: contact, semidetached and detached binaries, and planet hosts."""

from __future__ import annotations

import numpy as np

from pipeline.lightcurve import FloatArray
from pipeline.simulate.light import WAVELENGTH
from pipeline.simulate.roche import Binary, binary_light, lobe_radius
from pipeline.simulate.signal import Scene, Signal
from pipeline.simulate.transit import transit_flux

#: Wavelengths at which a binary's light is computed; others are interpolated.
_NODES = np.array([0.355, 0.48, WAVELENGTH["V"], 0.64, 0.8, 0.97])


def draw_ew(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a contact binary.

    Periods about 0.4 d (the peak of the ASAS sample of Pojmanski 2002, with its tail of early types), temperatures
    that rise with the period (Qian 2017), fill-out of 0 to 50 %, mass ratios below 1 and nearly equal temperatures
    (Rucinski 1997), and a spot's O'Connell effect in some.
    """
    log_period = rng.normal(-0.40, 0.08) if rng.random() < 0.8 else rng.normal(-0.15, 0.18)
    temperature = float(np.clip(6000 + 5500 * (log_period + 0.40) + rng.normal(0, 300), 4000, 20000))
    fill = rng.uniform(0.985, 1.04)
    binary = Binary(
        mass_ratio=rng.uniform(0.12, 0.95),
        fill=(fill, fill),
        temperature=(temperature, temperature * rng.normal(0.98, 0.03)),
        inclination=float(np.arccos(rng.uniform(0, 0.65))),
    )
    uneven = rng.normal(0, 0.015) if rng.random() < 0.5 else 0.0
    return _binary("EW", rng, scene, binary, 10**log_period, uneven, third=_third_light(rng))


def draw_eb(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a beta Lyrae star: both stars large in their lobes, the second often filling it, temperatures unequal."""
    log_period = rng.normal(-0.1, 0.3) if rng.random() < 0.8 else rng.normal(0.9, 0.5)
    temperature = float(10 ** rng.uniform(3.75, 4.2))
    ratio = rng.uniform(0.6, 1.0)
    binary = Binary(
        mass_ratio=rng.uniform(0.2, 0.9),
        fill=(rng.uniform(0.7, 0.98), rng.uniform(0.85, 1.0)),
        temperature=(temperature, ratio * temperature),
        inclination=float(np.arccos(rng.uniform(0, 0.6))),
    )
    return _binary("EB", rng, scene, binary, 10 ** max(log_period, -0.6), rng.normal(0, 0.01), third=_third_light(rng))


def draw_ea(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a detached binary.

    Both stars well inside their lobes, eclipses by the geometry's own chance (inclination below the sum of the radii),
    circular below three days or so and beyond that often eccentric (Van Eylen, Winn & Albrecht 2016); the period is
    that of the orbit, also where the minima are equal.
    """
    log_period = float(np.clip(rng.normal(0.45, 0.33), -0.25, min(2.3, np.log10(scene.stop - scene.start) - 0.3)))
    period = 10**log_period
    mass_ratio = 1 - abs(rng.normal(0, 0.35)) if rng.random() < 0.6 else rng.uniform(0.25, 1.0)
    mass_ratio = float(np.clip(mass_ratio, 0.2, 1.0))
    # stars of a given size fill less of a wider orbit (Kepler's third law: separation grows as period to the 2/3)
    shrink = (period / 1.0) ** (-2 / 3)
    lobes = lobe_radius(1 / mass_ratio), lobe_radius(mass_ratio)
    fill = tuple(float(np.clip(rng.uniform(0.4, 1.3) * shrink, 0.05, 0.72)) for _ in lobes)
    reach = sum(f * lobe for f, lobe in zip(fill, lobes, strict=True))
    eccentric = period > 2.5 and rng.random() < 0.45
    temperature = float(10 ** rng.uniform(3.7, 4.25))
    binary = Binary(
        mass_ratio=mass_ratio,
        fill=(fill[0], fill[1]),
        temperature=(temperature, temperature * float(np.clip(rng.normal(0.85, 0.15), 0.4, 1.0))),
        inclination=float(np.arccos(rng.uniform(0, 0.85 * reach))),
        eccentricity=float(min(rng.rayleigh(0.15), 0.6)) if eccentric else 0.0,
        periastron=rng.uniform(0, 2 * np.pi),
    )
    return _binary("EA", rng, scene, binary, period, 0.0, third=_third_light(rng))


def draw_ep(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a transiting planet's star.

    Planets of 2 to 16 earth radii with periods log-uniform up to a third of the span (Fressin et al. 2013 in outline),
    a solar-type star, quadratic limb darkening near 0.4 and 0.25 (Claret & Bloemen 2011), circular orbits.
    """
    longest = max((scene.stop - scene.start) / 3, 1.5)
    period = float(np.exp(rng.uniform(np.log(0.9), np.log(longest))))
    size = float(rng.uniform(0.7, 1.6))
    radius = float(np.exp(rng.uniform(np.log(0.02), np.log(0.14)))) / size
    # semi-major axis of a solar-mass star in units of its radius, from Kepler's third law
    axis = 4.2 * period ** (2 / 3) / size
    impact = rng.uniform(0, 0.9)
    t0 = scene.start + rng.random() * period
    limb = (rng.normal(0.4, 0.05), rng.normal(0.25, 0.05))

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        angle = 2 * np.pi * (time - t0) / period
        separation = np.sqrt((axis * np.sin(angle)) ** 2 + (impact * np.cos(angle)) ** 2)
        separation = np.where(np.cos(angle) > 0, separation, np.inf)
        magnitude: FloatArray = -2.5 * np.log10(transit_flux(separation, radius, limb)) + 0.0 * wavelength
        return magnitude

    return Signal("EP", float(rng.normal(5700, 500)), change, period=period, t0=float(t0))


def _third_light(rng: np.random.Generator) -> float:
    """Share of the light that belongs to neither star: a companion or a neighbour in the same pixel."""
    return float(rng.uniform(0, 0.5)) if rng.random() < 0.2 else 0.0


def _binary(
    class_: str, rng: np.random.Generator, scene: Scene, binary: Binary, period: float, uneven: float, third: float
) -> Signal:
    """A signal from a binary's light: computed on a grid that is dense in the eclipses, then interpolated."""
    t0 = scene.start + rng.random() * period
    grid = _phases(binary)
    flux = binary_light(binary, grid, _NODES)
    flux = flux / np.quantile(flux, 0.9, axis=1, keepdims=True)
    magnitude = -2.5 * np.log10((1 - third) * flux + third) + uneven * np.sin(2 * np.pi * grid)
    deepest = float(grid[int(magnitude[2].argmax())])

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        phase = ((time - t0) / period + deepest) % 1.0
        result = np.empty(len(time))
        for value in np.unique(wavelength):
            rows = wavelength == value
            curve = [np.interp(value, _NODES, magnitude[:, k]) for k in range(len(grid))]
            result[rows] = np.interp(phase[rows], grid, curve, period=1.0)
        return result

    return Signal(class_, binary.temperature[0], change, period=float(period), t0=float(t0))


def _phases(binary: Binary) -> FloatArray:
    q = binary.mass_ratio
    reach = min(binary.fill[0] * lobe_radius(1 / q) + binary.fill[1] * lobe_radius(q), 1.0)
    half = float(np.arcsin(reach)) / (2 * np.pi) * 1.15
    plain = np.arange(60) / 60
    if binary.eccentricity:
        # the second eclipse may be anywhere
        return np.unique(np.concatenate([np.arange(400) / 400, np.linspace(-half, half, 60) % 1.0]))
    dense = np.linspace(-half, half, 50)
    return np.unique(np.concatenate([plain, dense % 1.0, (dense + 0.5) % 1.0]))
