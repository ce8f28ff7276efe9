"""Bands, colours of hot bodies, and how amplitudes shrink towards the red."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from swope.pipeline.lightcurve import FloatArray

#: Effective wavelengths in micrometres (SDSS: Fukugita et al. 1996; Johnson-Cousins: Bessell 1990; Rubin: Ivezic et al.
#: 2019; Kepler and TESS: their instrument handbooks; "C" is Catalina's unfiltered CCD).
WAVELENGTH: MappingProxyType[str, float] = MappingProxyType(
    {
        "u": 0.355,
        "g": 0.477,
        "r": 0.623,
        "i": 0.763,
        "z": 0.905,
        "y": 0.971,
        "B": 0.437,
        "V": 0.545,
        "R": 0.641,
        "I": 0.798,
        "C": 0.60,
        "b_E": 0.56,
        "r_E": 0.76,
        "Kepler": 0.64,
        "TESS": 0.79,
    }
)

#: Second radiation constant h c / k in micrometre kelvin.
_HC_K = 14387.77

#: Amplitude against that in V, by wavelength (micrometres). RR Lyrae: u, g, r, i, z ratios of Sesar et al. 2010;
#: Cepheids: Klagyivik & Szabados 2009 (B, V, I); delta Scuti: Petersen & Christensen-Dalsgaard 1996 (B, V, I);
#: Miras: Iwanek et al. 2021 (V, I); AGN: MacLeod et al. 2010 (amplitude falls as wavelength to the -0.48).
AMPLITUDE: MappingProxyType[str, tuple[tuple[float, ...], tuple[float, ...]]] = MappingProxyType(
    {
        "RR": ((0.355, 0.477, 0.545, 0.623, 0.763, 0.905), (1.17, 1.17, 1.0, 0.83, 0.655, 0.60)),
        "DCEP": ((0.355, 0.437, 0.545, 0.641, 0.798, 0.97), (1.9, 1.5, 1.0, 0.8, 0.6, 0.5)),
        "DSCT": ((0.355, 0.437, 0.545, 0.641, 0.798, 0.97), (1.3, 1.3, 1.0, 0.8, 0.6, 0.5)),
        "M": ((0.355, 0.477, 0.545, 0.623, 0.763, 0.905, 0.97), (1.1, 1.05, 1.0, 0.9, 0.55, 0.42, 0.4)),
        "spot": ((0.355, 0.477, 0.545, 0.763, 0.97), (1.2, 1.1, 1.0, 0.7, 0.6)),
        "hot": ((0.355, 0.477, 0.545, 0.763, 0.97), (1.3, 1.05, 1.0, 0.9, 0.85)),
        "AGN": ((0.355, 0.477, 0.545, 0.623, 0.763, 0.905), (1.23, 1.07, 1.0, 0.94, 0.85, 0.78)),
    }
)


def amplitude_ratio(family: str, wavelength: FloatArray) -> FloatArray:
    """(n,) amplitude at each wavelength (micrometres) against that in V, by interpolation in `AMPLITUDE`."""
    ratio: FloatArray = np.interp(wavelength, *AMPLITUDE[family])
    return ratio


def planck(wavelength: FloatArray, temperature: FloatArray) -> FloatArray:
    """Planck's B_nu up to a constant, wavelengths in micrometres and temperatures in kelvin, broadcast together."""
    brightness: FloatArray = wavelength**-3.0 / np.expm1(_HC_K / (wavelength * temperature))
    return brightness


def colour(wavelength: FloatArray, temperature: float) -> FloatArray:
    """(n,) AB magnitude of a black body at each wavelength, less that in V.

    Real photospheres differ from black bodies by some tenths, most in the ultraviolet; the simulator's stars need
    plausible colours, not standard ones.
    """
    reference = planck(np.array(WAVELENGTH["V"]), np.array(temperature))
    magnitude: FloatArray = -2.5 * np.log10(planck(wavelength, np.array(temperature)) / reference)
    return magnitude
