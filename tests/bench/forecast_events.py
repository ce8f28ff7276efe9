import numpy as np

from models.statespace.star import StarFit
from pipeline.lightcurve import FloatArray
from tests.bench.forecast_events_data import still_residual


def clipped(fitted: StarFit) -> FloatArray:
    """(n,) residuals from levels and folded curve, in robust standard deviations of their band and error."""
    series = fitted.prepared.series
    left = still_residual(fitted) / series.error
    for b in range(series.bands):
        rows = series.band == b
        spread = 1.4826 * float(np.median(np.abs(left[rows])))
        left[rows] = left[rows] / spread if spread > 0 else 0.0
    return left
