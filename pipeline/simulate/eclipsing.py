"""Eclipsing stars: contact, semidetached and detached binaries, and planet hosts.

The shares of the kinds and the spreads of periods, temperatures and inclinations are round values, set by hand so that
ASAS would see such stars as it saw the real ones (none of them of a test part of `tests.bench.transfer`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.light import WAVELENGTH
from swope.pipeline.simulate.roche import Binary, binary_light, lobe_radius
from swope.pipeline.simulate.signal import Scene, Signal
from swope.pipeline.simulate.transit import transit_flux

#: Wavelengths at which a binary's light is computed; others are interpolated.
_NODES = np.array([0.355, 0.48, WAVELENGTH["V"], 0.64, 0.8, 0.97])

#: Where observers part contact from semidetached, and these from detached binaries; see `shape_class`.
CONTACT, DETACHED = 0.125, 0.375

#: Phases at which a light curve is looked at to name it, and how many binaries are drawn at most until one fits.
_PHASES, _DRAWS = 64, 200


@dataclass(frozen=True)
class _System:
    """A binary and what else makes its light curve.

    Attributes
    ----------
    period : days.
    uneven : half the difference of the two maxima (O'Connell effect), magnitudes.
    third : share of the light that belongs to neither star.
    """

    binary: Binary
    period: float
    uneven: float
    third: float


def shape_class(flux: FloatArray) -> str:
    """What observers call an eclipsing star with a circular orbit: "EW", "EB" or "EA".

    Catalogues know the light curve and not the stars: they part the plane of the second and fourth coefficients of
    its cosine series. Contact binaries lie above ``a4 = a2 (0.125 - a2)`` (Rucinski 1997), detached ones below
    ``a4 = a2 (0.375 - a2)`` (Pojmanski 2002). The difference of the minima, which is the first coefficient's, does not
    matter there.

    Parameters
    ----------
    flux : (n,) at even phases from an eclipse on.
    """
    flux = flux / flux.max()
    angle = 2 * np.pi * np.arange(len(flux)) / len(flux)
    a2, a4 = (float(2 * np.mean(flux * np.cos(k * angle))) for k in (2, 4))
    if a4 > a2 * (CONTACT - a2):
        return "EW"
    return "EB" if a4 > a2 * (DETACHED - a2) else "EA"


def draw_ew(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a star with the light curve of a contact binary (`shape_class`).

    Periods about 0.4 d with a tail of early types, and a few ellipsoidal giants of weeks and months (Paczynski et al.
    2006); temperatures that rise with the period (Qian 2017); fill-out of up to a half, mass ratios below 1 (Rucinski
    1997). Most have the same temperature within some per cent; the others, in poor thermal contact, have unequal
    minima (B types, Csizmadia & Klagyivik 2004). Those seen at less than 60 degrees vary so little that catalogues lack
    them (Rucinski 1997; Paczynski et al. 2006). Spots make the maxima of some uneven.
    """
    giant, warm = rng.random() < 0.025, rng.random() < 0.7
    early = rng.random() < 0.35

    def system() -> _System:
        log_period = rng.uniform(0.7, 2.2) if giant else rng.normal(-0.12, 0.2) if early else rng.normal(-0.42, 0.075)
        temperature = float(np.clip(6000 + 5500 * (log_period + 0.40) + rng.normal(0, 300), 4000, 20000))
        temperature = 4500.0 if giant else temperature
        fill = rng.uniform(1.0, 1.045) if warm else rng.uniform(0.98, 1.03)
        ratio = rng.normal(0.96, 0.05) if warm else rng.uniform(0.65, 0.95)
        binary = Binary(
            mass_ratio=rng.uniform(0.12, 0.95),
            fill=(fill, fill),
            temperature=(temperature, temperature * ratio),
            inclination=float(np.arccos(rng.uniform(0, 0.5))),
        )
        uneven = rng.normal(0, 0.015) if rng.random() < 0.5 else 0.0
        return _System(binary, 10 ** max(log_period, -0.66), uneven, _third_light(rng))

    return _called("EW", rng, scene, system)


def draw_eb(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a star with the light curve of a beta Lyrae star (`shape_class`).

    Both stars large in their lobes, the second often filling it, temperatures unequal.
    """

    def system() -> _System:
        log_period = rng.normal(-0.05, 0.25) if rng.random() < 0.75 else rng.normal(0.8, 0.45)
        temperature = float(10 ** rng.uniform(3.75, 4.2))
        binary = Binary(
            mass_ratio=rng.uniform(0.2, 0.95),
            fill=(rng.uniform(0.75, 1.0), rng.uniform(0.88, 1.02)),
            temperature=(temperature, rng.uniform(0.55, 1.0) * temperature),
            inclination=float(np.arccos(rng.uniform(0, 0.6))),
        )
        return _System(binary, 10 ** max(log_period, -0.6), rng.normal(0, 0.01), _third_light(rng))

    return _called("EB", rng, scene, system)


def draw_ea(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a star with flat light between narrow eclipses (`shape_class`).

    Most are detached: both stars well inside their lobes, circular below three days or so and beyond that often
    eccentric (Van Eylen, Winn & Albrecht 2016); the period is that of the orbit, also where the minima are equal. The
    others are Algols: a hot star beside a cool, light one that fills its lobe (Budding et al. 2004). Eclipses come by
    the geometry's own chance (inclination below the sum of the radii).
    """
    algol = rng.random() < 0.25

    def system() -> _System:
        longest = min(2.3, np.log10(scene.stop - scene.start) - 0.3)
        log_period = float(np.clip(rng.normal(0.42, 0.33), -0.25, longest))
        period = 10**log_period
        # stars of a given size fill less of a wider orbit (Kepler's third law: separation grows as period to the 2/3)
        size = rng.uniform(0.5, 1.4, 2) * period ** (-2 / 3)
        temperature = float(10 ** rng.uniform(3.7, 4.25))
        eccentricity = 0.0
        if algol:
            mass_ratio, ratio = rng.uniform(0.12, 0.45), rng.uniform(0.45, 0.75)
            fill = float(np.clip(size[0], 0.15, 0.6)), rng.uniform(0.95, 1.0)
        else:
            mass_ratio = 1 - abs(rng.normal(0, 0.35)) if rng.random() < 0.6 else rng.uniform(0.25, 1.0)
            mass_ratio = float(np.clip(mass_ratio, 0.2, 1.0))
            ratio = float(np.clip(rng.normal(0.9, 0.13), 0.4, 1.0))
            fill = float(np.clip(size[0], 0.05, 0.72)), float(np.clip(size[1], 0.05, 0.72))
            if period > 2.5 and rng.random() < 0.45:
                eccentricity = float(min(rng.rayleigh(0.15), 0.6))
        reach = fill[0] * lobe_radius(1 / mass_ratio) + fill[1] * lobe_radius(mass_ratio)
        binary = Binary(
            mass_ratio=mass_ratio,
            fill=fill,
            temperature=(temperature, temperature * ratio),
            inclination=float(np.arccos(rng.uniform(0, 0.7 * reach))),
            eccentricity=eccentricity,
            periastron=rng.uniform(0, 2 * np.pi),
        )
        return _System(binary, period, 0.0, _third_light(rng))

    return _called("EA", rng, scene, system)


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


def _called(class_: str, rng: np.random.Generator, scene: Scene, system: Callable[[], _System]) -> Signal:
    """The first of the drawn systems that observers would call so (of `_DRAWS`; else the last)."""
    even = np.arange(_PHASES) / _PHASES
    for _ in range(_DRAWS):
        drawn = system()
        if drawn.binary.eccentricity:
            break
        flux = binary_light(drawn.binary, even, _NODES[2:3])[0]
        if shape_class((1 - drawn.third) * flux + drawn.third) == class_:
            break
    return _signal(class_, rng, scene, drawn)


def _signal(class_: str, rng: np.random.Generator, scene: Scene, system: _System) -> Signal:
    """A signal from a binary's light: computed on a grid that is dense in the eclipses, then interpolated."""
    binary, period, third = system.binary, system.period, system.third
    t0 = scene.start + rng.random() * period
    grid = _phases(binary)
    flux = binary_light(binary, grid, _NODES)
    flux = flux / np.quantile(flux, 0.9, axis=1, keepdims=True)
    magnitude = -2.5 * np.log10((1 - third) * flux + third) + system.uneven * np.sin(2 * np.pi * grid)
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
