"""Light of a close binary: two stars of Roche shape that eclipse, distort and heat each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.light import planck

#: Surface elements of each star.
ELEMENTS = 600


@dataclass(frozen=True)
class Binary:
    """A binary star.

    Attributes
    ----------
    mass_ratio : mass of the second star over that of the first.
    fill : of each star, its polar radius over the polar radius of its Roche lobe; a little above 1 for contact.
    temperature : of each star's pole, kelvin.
    inclination : radians; pi/2 is edge on.
    eccentricity, periastron : of the orbit; argument of periastron in radians.
    """

    mass_ratio: float
    fill: tuple[float, float]
    temperature: tuple[float, float]
    inclination: float
    eccentricity: float = 0.0
    periastron: float = 0.0


@dataclass(frozen=True, eq=False)
class _Mesh:
    """One star's surface, its centre at the origin, its companion on the +x axis at distance 1."""

    point: FloatArray
    normal: FloatArray
    area: FloatArray
    gravity: FloatArray
    axes: FloatArray


def lobe_radius(mass_ratio: float) -> float:
    """Volume radius of a Roche lobe over the separation, by the star's mass over its companion's (Eggleton 1983)."""
    root = mass_ratio ** (1 / 3)
    return float(0.49 * root**2 / (0.6 * root**2 + np.log1p(root)))


def binary_light(binary: Binary, phase: FloatArray, wavelength: FloatArray) -> FloatArray:
    """Flux of the binary over its orbit.

    Roche surfaces (Kopal 1959; Wilson & Devinney 1971) on a Fibonacci mesh, Planck intensities, linear limb
    darkening, gravity darkening with exponent 0.08 below 7,200 K (Lucy 1967) and 0.25 above (von Zeipel 1924),
    simple reflection with albedo 0.5 or 1 (Wilson 1990), and eclipses by the companion's best ellipsoid with an edge
    softened to the mesh's grain. On eccentric orbits the shapes are those at the mean separation.

    Parameters
    ----------
    phase : (n,) mean-anomaly phase in cycles; 0 is the conjunction in which the second star stands before the first.
    wavelength : (m,) micrometres.

    Returns
    -------
    (m, n) flux, each row with mean 1 over the given phases.
    """
    q = binary.mass_ratio
    meshes = (_mesh(q, binary.fill[0]), _mesh(1 / q, binary.fill[1]))
    temperature = [_temperatures(meshes, binary, star) for star in (0, 1)]
    distance, angle = _orbit(binary, phase)
    sin_i, cos_i = np.sin(binary.inclination), np.cos(binary.inclination)
    # the second star's frame is the first's turned by half a turn about z
    views = [
        np.column_stack([sign * sin_i * np.cos(angle), -sign * sin_i * np.sin(angle), np.full(len(phase), cos_i)])
        for sign in (1.0, -1.0)
    ]
    flux = np.zeros((len(wavelength), len(phase)))
    for star in (0, 1):
        mesh, other = meshes[star], meshes[1 - star]
        cosine = np.maximum(views[star] @ mesh.normal.T, 0.0)
        seen = cosine * (1.0 - _hidden(mesh.point, other.axes, views[star], distance))
        intensity = planck(wavelength[:, None], temperature[star][None, :]) * mesh.area
        # linear limb darkening grows towards the blue and for cooler stars (after the tables of Claret 2000)
        limb = np.clip(0.55 * (0.55 / wavelength) * (6000 / binary.temperature[star]) ** 0.5, 0.1, 0.9)[:, None]
        flux += (intensity * (1 - limb)) @ seen.T + (intensity * limb) @ (seen * cosine).T
    normalised: FloatArray = flux / flux.mean(axis=1, keepdims=True)
    return normalised


def _inner_point(q: float) -> float:
    """Distance of the inner Lagrange point from the star whose companion is q times as heavy."""
    low, high = 1e-3, 1 - 1e-3
    for _ in range(50):
        x = (low + high) / 2
        slope = -1 / x**2 + q * (1 / (1 - x) ** 2 - 1) + (q + 1) * x
        low, high = (x, high) if slope < 0 else (low, x)
    return (low + high) / 2


def _potential(r: FloatArray, direction: FloatArray, q: float) -> FloatArray:
    x, z = direction[:, 0], direction[:, 2]
    near = 1 / np.sqrt(1 - 2 * x * r + r**2) - x * r
    potential: FloatArray = 1 / r + q * near + (q + 1) / 2 * r**2 * (1 - z**2)
    return potential


def _radius(direction: FloatArray, level: float, limit: FloatArray, q: float) -> FloatArray:
    """Radius at which the potential falls to a level, by bisection, no farther than a limit in each direction."""
    low, high = np.full(len(direction), 1e-4), limit.copy()
    for _ in range(40):
        middle = (low + high) / 2
        inside = _potential(middle, direction, q) > level
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return (low + high) / 2


def _mesh(q: float, fill: float) -> _Mesh:
    pole = np.array([[0.0, 0.0, 1.0]])
    neck = _inner_point(q)
    critical = float(_potential(np.array([neck]), np.array([[1.0, 0.0, 0.0]]), q)[0])
    lobe_pole = float(_radius(pole, critical, np.array([1.0]), q)[0])
    level = float(_potential(np.array([fill * lobe_pole]), pole, q)[0])

    k = np.arange(ELEMENTS) + 0.5
    z = 1 - 2 * k / ELEMENTS
    turn = np.pi * (1 + 5**0.5) * k
    direction = np.column_stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z])
    axes = np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    directions = np.vstack([direction, axes])
    # nothing reaches past the plane of the neck, which cuts the two stars of a contact binary apart
    limit = np.minimum(neck / np.maximum(directions[:, 0], 1e-9), max(1.2 * lobe_pole, neck))
    radius = _radius(directions, level, limit, q)
    point = radius[:ELEMENTS, None] * direction

    to_other = point - np.array([1.0, 0.0, 0.0])
    gradient = (
        point / radius[:ELEMENTS, None] ** 3
        + q * (to_other / np.linalg.norm(to_other, axis=1, keepdims=True) ** 3 + np.array([1.0, 0.0, 0.0]))
        - (q + 1) * point * np.array([1.0, 1.0, 0.0])
    )
    gravity = np.maximum(np.linalg.norm(gradient, axis=1), 1e-6)
    normal = gradient / gravity[:, None]
    slant = np.maximum((normal * direction).sum(axis=1), 0.3)
    area = 4 * np.pi / ELEMENTS * radius[:ELEMENTS] ** 2 / slant
    at_pole = float(gravity[np.argmax(direction[:, 2])])
    return _Mesh(point, normal, area, gravity / at_pole, radius[ELEMENTS:])


def _temperatures(meshes: tuple[_Mesh, _Mesh], binary: Binary, star: int) -> FloatArray:
    """Local temperatures, with gravity darkening and the companion's heat."""
    mesh, pole, other = meshes[star], binary.temperature[star], binary.temperature[1 - star]
    exponent = 0.08 if pole < 7200 else 0.25
    albedo = 0.5 if pole < 7200 else 1.0
    towards = np.array([1.0, 0.0, 0.0]) - mesh.point
    gap = np.linalg.norm(towards, axis=1)
    cosine = np.maximum((towards * mesh.normal).sum(axis=1) / gap, 0.0)
    size = float(np.prod(meshes[1 - star].axes) ** (1 / 3))
    heat = albedo * (other / pole) ** 4 * np.minimum(size / gap, 1.0) ** 2 * cosine
    local: FloatArray = pole * (mesh.gravity ** (4 * exponent) + heat) ** 0.25
    return local


def _orbit(binary: Binary, phase: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Separation (mean 1) and angle from conjunction, by Kepler's equation."""
    e, omega = binary.eccentricity, binary.periastron
    if e == 0:
        return np.ones_like(phase), 2 * np.pi * phase
    conjunction = np.pi / 2 - omega
    start = 2 * np.arctan(np.sqrt((1 - e) / (1 + e)) * np.tan(conjunction / 2))
    mean = 2 * np.pi * phase + start - e * np.sin(start)
    eccentric = mean + e * np.sin(mean)
    for _ in range(30):
        eccentric = eccentric - (eccentric - e * np.sin(eccentric) - mean) / (1 - e * np.cos(eccentric))
    true = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(eccentric / 2), np.sqrt(1 - e) * np.cos(eccentric / 2))
    return 1 - e * np.cos(eccentric), true - conjunction


def _hidden(point: FloatArray, axes: FloatArray, view: FloatArray, distance: FloatArray) -> FloatArray:
    """(phases, points) share of each point's light that the companion's ellipsoid holds back."""
    along = view / axes
    length = (along**2).sum(axis=1)[:, None]
    # the companion's centre lies at (distance, 0, 0): relative places differ from phase to phase in x alone
    y_z = point[:, 1:] / axes[1:]
    x = (point[:, 0][None, :] - distance[:, None]) / axes[0]
    depth = along[:, 0:1] * x + along[:, 1:] @ y_z.T
    nearest = np.sqrt(np.maximum(x**2 + (y_z**2).sum(axis=1)[None, :] - depth**2 / length, 0.0))
    size = float(np.linalg.norm(point, axis=1).mean())
    grain = size * np.sqrt(4 * np.pi / ELEMENTS) / float(axes.mean()) / 4
    covered: FloatArray = np.where(depth < 0, 1 / (1 + np.exp(np.clip((nearest - 1) / grain, -40, 40))), 0.0)
    return covered
