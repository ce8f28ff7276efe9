"""Which of two periods a star itself sides with: what half of its nights foretell of the other half.

A reference period may be wrong too. Where a search disagrees with it, a fold is fitted at each of the two periods to a
random half of the star's nights and judged by what it says of the other half, which neither fit has seen, and the other
way round (cross-validation; Stone 1974, JRSS B 36, 111). So the longer period wins only where its second half looks
different, and an alias only where it foretells better. Between a period and its double eclipses narrower than the waves
of a fold decide nothing: it follows them the better the longer they last, whichever period is true.
"""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.features import brightness
from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve

#: A star sides with a period where its nights foretell better by so many standard errors.
DECIDED = 4.0

#: Fewer nights decide nothing.
LEAST_NIGHTS = 20

#: Harmonics of a fold, at most; how far a period may be off, and the step, in cycles over the span.
HARMONICS, OFF, STEP = 8, 2.0, 0.1

#: Eclipses in which fewer of the points lie below half depth are narrow; noise has one in seven there.
NARROW = 1.0 / HARMONICS

#: Degrees of freedom of the residuals, which have outliers.
_NU = 4.0


def sided(curve: LightCurve, one: float, other: float, seed: int = 0) -> float:
    """How much better a star's nights are foretold by one period than by another, in standard errors.

    Parameters
    ----------
    curve : cleaned.
    one, other : periods, days.
    seed : of the choice of nights.

    Returns
    -------
    Positive where the first period foretells better, 0 where neither foretells anything; NaN where the nights are too
    few, and where the one period is twice the other and eclipses are narrow.
    """
    good = curve.good
    if not (one > 0 and other > 0) or len(good) == 0:
        return math.nan
    if abs(abs(math.log2(one / other)) - 1.0) < 0.01 and _eclipsed(good) < NARROW:
        return math.nan
    night = np.unique(np.floor(good.time), return_inverse=True)[1]
    nights = int(night.max()) + 1
    if nights < LEAST_NIGHTS:
        return math.nan
    half = np.zeros(nights, dtype=bool)
    half[np.random.default_rng(seed).permutation(nights)[: nights // 2]] = True
    gain = np.zeros(len(good))
    for learn in (half[night], ~half[night]):
        for band in range(len(good.bands)):
            rows = np.flatnonzero(good.band == band)
            if min(learn[rows].sum(), (~learn[rows]).sum()) < 12:
                continue
            first, second = (foretold(good, rows, learn[rows], period) for period in (one, other))
            gain[rows] += first - second
    by_night = np.bincount(night, gain)
    spread = math.sqrt(float(np.sum(by_night**2)))
    return float(np.sum(by_night)) / spread if spread > 0 else 0.0


def _eclipsed(good: LightCurve) -> float:
    """Share of the points that lie below half of the depth of the faintest."""
    value = brightness(good).value
    faint, usual = np.percentile(value, (2, 50))
    return float(np.mean(value < 0.5 * (faint + usual)))


def foretold(good: LightCurve, rows: np.ndarray, learn: BoolArray, period: float) -> FloatArray:
    """(k,) log density of a band's rows under the fold of those learned from; 0 for these.

    Parameters
    ----------
    rows : (k,) the band's.
    learn : (k,) which of them are learned from.
    period : days; the fold may move by `OFF` cycles over the span.
    """
    time, value = good.time[rows] - good.time[0], good.value[rows]
    span = max(float(np.ptp(time)), 1e-9)
    count = min(HARMONICS, (int(learn.sum()) - 2) // 4)
    tries = [1.0 / period + shift / span for shift in np.arange(-OFF, OFF + STEP / 2, STEP)]
    fits = [_fold(time, value, learn, frequency, count) for frequency in tries if frequency > 0]
    _, residual = min(fits, key=lambda fit: fit[0])
    scale = 1.4826 * float(np.median(np.abs(residual[learn]))) or 1e-12
    density = -math.log(scale) - 0.5 * (_NU + 1.0) * np.log1p((residual / scale) ** 2 / _NU)
    return np.where(learn, 0.0, density)


def _fold(
    time: FloatArray, value: FloatArray, learn: BoolArray, frequency: float, count: int
) -> tuple[float, FloatArray]:
    """Criterion of the best number of harmonics (Schwarz 1978), clipped once, and the residuals (k,) of all rows."""
    angle = 2.0 * np.pi * (frequency * time % 1.0)
    waves = [f(order * angle) for order in range(1, count + 1) for f in (np.cos, np.sin)]
    columns = np.stack([np.ones(len(time)), *waves], axis=1)
    weight = np.ones(int(learn.sum()))
    best: tuple[float, FloatArray] = (np.inf, value)
    for _ in range(2):
        q, r = np.linalg.qr(columns[learn] * weight[:, None])
        part = q.T @ (value[learn] * weight)
        squares = np.maximum(np.sum((value[learn] * weight) ** 2) - np.cumsum(part**2), 1e-12)[::2]
        n = len(weight)
        criteria = n * np.log(squares / n) + math.log(n) * (1 + 2 * np.arange(len(squares)))
        kept = 1 + 2 * int(np.argmin(criteria))
        residual = value - columns[:, :kept] @ np.linalg.solve(r[:kept, :kept], part[:kept])
        best = float(criteria.min()), residual
        spread = 1.4826 * float(np.median(np.abs(residual[learn])))
        weight = 1.0 / np.maximum(1.0, np.abs(residual[learn]) / max(3.0 * spread, 1e-12))
    return best
