"""What the numbers of a light curve mean: magnitudes and fluxes turned into one another, and errors that are missing.

Whatever its kind, ``curve.sign * curve.value`` grows where the star brightens; here is what needs more than the sign.
"""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import FloatArray, Kind
from swope.pipeline.median import median, quantiles

#: Magnitudes for a relative change of flux by its own size: 2.5 / ln 10.
MAGNITUDES = 1.0857

#: Where more than this share of the fluxes is not above zero there is no light to measure changes by: a logarithm
#: would be that of noise. Such fluxes, differences as a rule, count as varying by so many magnitudes.
DARK, DARK_RANGE = 0.05, 0.1

#: The median absolute difference of two Gaussians times this is their standard deviation.
_OF_STEPS = 1.0483


def brightening(value: FloatArray, error: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
    """Magnitudes by which a star is brighter than its median, and their errors.

    Parameters
    ----------
    value, error : (n,) of one band, n at least 1; missing errors are NaN, and stay so.
    kind : of both; where there is no light (`DARK`), fluxes get a standard deviation of `DARK_RANGE`.
    """
    middle = median(value)
    if kind == "mag":
        return middle - value, error
    if quantiles(value, (DARK,))[0] > 0:
        safe = np.maximum(value, 0.02 * middle)
        return 2.5 * np.log10(safe / middle), MAGNITUDES * error / safe
    scale = DARK_RANGE / max(float(np.std(value)), 1e-30)
    return scale * (value - middle), scale * error


def relative_flux(value: FloatArray, kind: Kind) -> FloatArray:
    """(n,) fluxes over their median; where that is not above zero, in standard deviations about 1.

    Parameters
    ----------
    value : (n,) of one band, n at least 1.
    kind : of the values.
    """
    flux = value if kind == "flux" else 10.0 ** (-0.4 * (value - median(value)))
    middle = median(flux)
    relative: FloatArray = flux / middle if middle > 0 else flux / max(1e-12, float(np.std(flux))) + 1.0
    return relative


def magnitude_range(value: FloatArray, kind: Kind) -> tuple[float, float]:
    """Range in magnitudes between the 5th and the 95th percentile, and magnitudes for one unit of the values.

    Parameters
    ----------
    value : (n,) of one band, n at least 1.
    kind : of the values; fluxes that are not all above zero count as ranging over `DARK_RANGE`, as their zero says
        nothing about the star.
    """
    low, middle, high = quantiles(value, (0.05, 0.5, 0.95))
    unit = 1.0
    if kind == "flux":
        unit = MAGNITUDES / middle if middle > 0 and low > 0 else DARK_RANGE / max(high - low, 1e-300)
    return float((high - low) * unit), float(unit)


def typical_error(error: FloatArray, value: FloatArray) -> float:
    """The usual error of one band's rows in time order; 0 where nothing tells it.

    It is the median of those that are given; where none is, the scatter of neighbours stands in for them.

    Parameters
    ----------
    error, value : (n,); missing errors are NaN.
    """
    given = error[np.isfinite(error)]
    if len(given):
        return median(given)
    steps = np.abs(np.diff(value))
    return _OF_STEPS * median(steps) if len(steps) else 0.0


def errors_or(error: FloatArray, usual: FloatArray | float, least: FloatArray | float) -> FloatArray:
    """(n,) the errors; the usual one where there is none, and none below the least."""
    filled: FloatArray = np.maximum(np.where(np.isfinite(error), error, usual), least)
    return filled
