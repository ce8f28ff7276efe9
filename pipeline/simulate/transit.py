"""Light of a star while a planet passes before it."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import FloatArray

#: Rings into which the star's disc is divided.
RINGS = 200


def transit_flux(separation: FloatArray, radius: float, limb: tuple[float, float]) -> FloatArray:
    """Flux of a limb-darkened star behind a dark disc.

    Each ring of the star loses the arc that the disc covers (Mandel & Agol 2002, section 2), with quadratic limb
    darkening; the integral over the rings is done by Gauss-Legendre quadrature over the covered radii.

    Parameters
    ----------
    separation : (n,) distance of the centres in stellar radii; infinite where the planet is behind.
    radius : the planet's radius in stellar radii.
    limb : quadratic coefficients.

    Returns
    -------
    (n,) flux, 1 out of transit.
    """
    flux = np.ones_like(separation)
    near = np.flatnonzero(separation < 1 + radius)
    if near.size == 0:
        return flux
    z = separation[near][:, None]
    node, weight = np.polynomial.legendre.leggauss(RINGS)
    low, high = np.maximum(z - radius, 0.0), np.minimum(z + radius, 1.0)
    # a disc that covers the centre covers whole rings near it
    low = np.where(z < radius, 0.0, low)
    r = (low + high) / 2 + (high - low) / 2 * node
    cosine = (r**2 + z**2 - radius**2) / np.maximum(2 * r * z, 1e-12)
    arc = np.where(r + z <= radius, np.pi, np.arccos(np.clip(cosine, -1, 1)))
    mu = np.sqrt(np.maximum(1 - r**2, 0.0))
    intensity = 1 - limb[0] * (1 - mu) - limb[1] * (1 - mu) ** 2
    lost = ((high - low)[:, 0] / 2) * (intensity * 2 * r * arc * weight).sum(axis=1)
    whole = np.pi * (1 - limb[0] / 3 - limb[1] / 6)
    flux[near] = 1 - lost / whole
    return flux
