"""A light curve small enough for the gallery: some hundred points of four bytes each."""

from __future__ import annotations

import base64

import numpy as np

from swope.pipeline.fold import phase_of
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.report.extremes import bulk
from swope.pipeline.report.panels import band_order

#: Points of a thumbnail, besides its lowest and highest.
POINTS = 120


def thumbnail(curve: LightCurve, period: float | None, t0: float | None) -> str | None:
    """Some usable rows in base64, four bytes each: time, brightness, phase, and the place of the band by wavelength.

    Brightness is up and reaches from 1 to 254 over the bulk of the points (`extremes.bulk`); 0 and 255 lie beyond. The
    rows are evenly spread over the curve, with the faintest and the brightest; None where there are fewer than two.

    Parameters
    ----------
    period, t0 : days; None: phases are zero.
    """
    good = curve.good
    finite = np.flatnonzero(np.isfinite(good.value) & np.isfinite(good.time))
    if len(finite) < 2:
        return None
    bright = -good.value if good.kind == "mag" else good.value
    spread = np.round(np.linspace(0, len(finite) - 1, POINTS)).astype(int)
    ends = [int(bright[finite].argmin()), int(bright[finite].argmax())]
    row = finite[np.unique([*spread, *ends])]
    held = bulk(bright, good.band)
    low, high = float(held.min()), float(held.max())
    place = np.empty(len(good.bands), dtype=np.uint8)
    place[band_order(good.bands)] = np.arange(len(good.bands)) % 7
    time = (good.time[row] - good.time[finite].min()) / max(float(np.ptp(good.time[finite])), 1e-12)
    inside = np.round(1 + 253 * (bright[row] - low) / max(high - low, 1e-300))
    phase = phase_of(good.time[row], period, t0) if period is not None and t0 is not None else np.zeros(len(row))
    points = np.column_stack(
        [np.round(255 * time), np.clip(inside, 0, 255), np.minimum(np.floor(256 * phase), 255), place[good.band[row]]]
    )
    return base64.b64encode(points.astype(np.uint8).tobytes()).decode()
