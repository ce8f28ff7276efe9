from pipeline.star import Star
from pipeline.lightcurve import FloatArray
import numpy as np
def clipped(star: Star) -> FloatArray:
    """(n,) good rows' distance from the folded curve, or from the median, in robust standard deviations of their band."""
    good = star.curve.good
    trusted = star.period.found and star.period.fap <= 1e-3
    cell = np.floor(np.mod(good.time / star.period.period, 1.0) * 20).astype(int) if trusted else np.zeros(len(good), int)
    out = np.zeros(len(good))
    for b in range(len(good.bands)):
        mine = np.flatnonzero(good.band == b)
        if not len(mine):
            continue
        left = good.sign * good.value[mine]
        for c in np.unique(cell[mine]):
            rows = cell[mine] == c
            left[rows] -= np.median(left[rows])
        spread = 1.4826 * float(np.median(np.abs(left)))
        out[mine] = left / spread if spread > 0 else 0.0
    return out
