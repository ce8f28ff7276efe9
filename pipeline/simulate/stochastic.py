"""Active galactic nuclei: damped random walks."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.light import amplitude_ratio
from swope.pipeline.simulate.signal import Scene, Signal


def draw_agn(rng: np.random.Generator, scene: Scene) -> Signal:  # noqa: ARG001
    """Draw an active galactic nucleus.

    A damped random walk with the structure function at infinity and damping time of MacLeod et al. 2010 (eq. 7, table
    1) at 0.545 micrometres in the rest frame, for absolute magnitudes, redshifts and black-hole masses of their sample;
    the redder bands follow the same walk with a smaller amplitude.
    """
    redshift = rng.uniform(0.1, 2.0)
    absolute = rng.normal(-24.5, 1.3)
    log_mass = 2.0 - 0.27 * absolute + rng.normal(0, 0.3)
    rest = np.log10(0.545 / (1 + redshift) / 0.4)
    log_sf = -0.51 - 0.479 * rest + 0.131 * (absolute + 23) + 0.18 * (log_mass - 9) + rng.normal(0, 0.15)
    log_tau = 2.4 + 0.17 * rest + 0.03 * (absolute + 23) + 0.21 * (log_mass - 9) + rng.normal(0, 0.25)
    tau = 10**log_tau * (1 + redshift)
    sigma = 10**log_sf / np.sqrt(2)
    seed = int(rng.integers(2**63))

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        instants, where = np.unique(time, return_inverse=True)
        walk = damped_walk(instants, tau, sigma, np.random.default_rng(seed))
        magnitude: FloatArray = amplitude_ratio("AGN", wavelength) * walk[where]
        return magnitude

    return Signal("AGN", 12000.0, change, steady=False)


def damped_walk(time: FloatArray, tau: float, sigma: float, rng: np.random.Generator) -> FloatArray:
    """Draw a stationary damped random walk (Ornstein-Uhlenbeck process) at ascending times.

    Parameters
    ----------
    time : (n,) ascending, days.
    tau : damping time, days.
    sigma : standard deviation of the stationary process.

    Returns
    -------
    (n,) the walk, by its exact transition (Kelly, Bechtold & Siemiginowska 2009, eqs. 5 and 6).
    """
    keep = np.exp(-np.diff(time, prepend=-np.inf) / tau)
    kick = sigma * np.sqrt(1 - keep**2) * rng.normal(size=len(time))
    walk = np.empty(len(time))
    state = 0.0
    for k in range(len(time)):
        state = keep[k] * state + kick[k]
        walk[k] = state
    return walk
