"""Transits in dense, even photometry: a box search on a flattened curve, planet after planet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period.grid import cadence_of
from swope.pipeline.photometry import relative_flux

#: Photometry with at least this many points and a cadence below this many days is searched for transits.
LEAST_POINTS = 500
LONGEST_CADENCE = 0.1

#: Points are averaged in steps of this many days first (a transit lasts hours), and never more finely than they came.
STEP = 1.0 / 48.0

#: Window of the running median that flattens the curve, in days: longer than transits, shorter than spots and drifts.
WINDOW = 1.5

#: Durations tried, in days.
DURATIONS = (0.08, 0.12, 0.18, 0.27, 0.4)

#: Shortest orbital period searched, in days.
SHORTEST = 0.4

#: Signal detection efficiency and signal-to-noise ratio from which a transit counts (the bench states the rate of
#: false alarms: inverted curves).
LEAST_SNR = 7.5

#: Below this orbital period, in days, a wave of the whole curve may pass for transits.
LONGEST_WAVE = 5.0

#: A transit must have been seen at least this often.
LEAST_TRANSITS = 2


@dataclass(frozen=True)
class Transit:
    """One transit signal.

    Attributes
    ----------
    period : days.
    t0 : middle of a transit, in the light curve's own time.
    duration : days.
    depth : relative flux.
    snr : depth over its error, the error from the scatter of means as long as the transit (red noise included).
    transits : number of transits with observations.
    """

    period: float
    t0: float
    duration: float
    depth: float
    snr: float
    transits: int


def is_dense(time: FloatArray) -> bool:
    """Whether a cadence is dense enough to search for transits.

    Parameters
    ----------
    time : (n,) ascending, days.
    """
    if len(time) < LEAST_POINTS:
        return False
    cadence, _ = cadence_of(time)
    return bool(cadence < LONGEST_CADENCE and len(time) * cadence > 0.2 * (time[-1] - time[0]))


def find_transits(
    curve: LightCurve, most: int = 3, min_period: float | None = None, max_period: float | None = None
) -> tuple[Transit, ...]:
    """Transits of up to `most` planets, each masked before the next is searched for.

    A box least-squares search (Kovacs, Zucker & Mazeh 2002, A&A 391, 369) on frequencies spaced as the duration of a
    transit asks (Ofir 2014, A&A 561, A138), longest period half the span so that two transits are seen.

    Parameters
    ----------
    curve : a cleaned light curve; its densest band's good rows are used.
    most : number of planets at most.
    min_period, max_period : days; None: 0.4 d and half the span.

    Returns
    -------
    The signals above the threshold, in the order found; empty for curves that are not dense.
    """
    good = curve.good
    if len(good) == 0:
        return ()
    good = _densest(good)
    if not is_dense(good.time):
        return ()
    time, flux = _even_steps(good)
    flat = flatten(time, flux)
    found: list[Transit] = []
    keep = np.isfinite(flat)
    for _ in range(most):
        signal = _search(time[keep], flat[keep], min_period, max_period)
        if signal is None or signal.snr < LEAST_SNR or is_wave(time, flux, signal):
            break
        found.append(signal)
        distance = (time - signal.t0 + 0.5 * signal.period) % signal.period - 0.5 * signal.period
        keep &= np.abs(distance) > 0.75 * signal.duration
        if keep.sum() < LEAST_POINTS // 4:
            break
    return tuple(found)


def deepest(curve: LightCurve, period: float, epochs: Sequence[float]) -> float:
    """Which of several series of transits with one period is the deepest, by the median within the shortest duration.

    Parameters
    ----------
    curve : a cleaned light curve; its densest band's good rows are used.
    period : days between the transits of a series.
    epochs : middle of a transit of each series, in the light curve's own time.

    Returns
    -------
    The epoch of that series; of those as deep as one another, or not observed at all, the first.
    """
    time, flux = _even_steps(_densest(curve.good))
    flat = flatten(time, flux)
    levels = []
    for middle in epochs:
        distance = np.abs((time - middle + 0.5 * period) % period - 0.5 * period)
        inside = flat[(distance < 0.5 * DURATIONS[0]) & np.isfinite(flat)]
        levels.append(float(np.median(inside)) if inside.size else math.inf)
    return epochs[int(np.argmin(levels))]


def is_wave(time: FloatArray, flux: FloatArray, signal: Transit) -> bool:
    """Whether a sinusoid at the period, its half or its double is as deep outside the transits as they are.

    This is the test SWEET of the Kepler catalogue (Thompson et al. 2018, ApJS 235, 38, section A.3.6): spots leave
    dips in a flattened curve.

    Parameters
    ----------
    time, flux : (n,) ascending, days; relative flux, not flattened.
    signal : what was found in the flattened curve.
    """
    if signal.period > LONGEST_WAVE:
        return False
    distance = np.abs((time - signal.t0 + 0.5 * signal.period) % signal.period - 0.5 * signal.period)
    low, high = np.percentile(flux, (1.0, 99.0))
    outside = (distance > 0.75 * signal.duration) & (flux >= low) & (flux <= high)
    at, value = time[outside] - time[0], flux[outside]
    for factor in (0.5, 1.0, 2.0):
        angle = 2.0 * np.pi * at / (factor * signal.period)
        # slow drifts are no wave
        drift = np.polynomial.legendre.legvander(2.0 * at / max(float(at[-1]), 1e-6) - 1.0, 3)
        basis = np.column_stack([np.cos(angle), np.sin(angle), drift])
        solved = np.linalg.lstsq(basis, value, rcond=None)[0]
        noise = float(np.std(value - basis @ solved))
        amplitude = math.hypot(solved[0], solved[1])
        if 2.0 * amplitude > signal.depth and amplitude > 5.0 * noise * math.sqrt(2.0 / len(value)):
            return True
    return False


def flatten(time: FloatArray, flux: FloatArray, window: float = WINDOW) -> FloatArray:
    """Relative flux less a running median, flares cut; NaN where a stretch is too short for a median.

    Parameters
    ----------
    time : (n,) ascending, days.
    flux : (n,) relative flux about 1.
    window : days.
    """
    half = 0.5 * window
    low = np.searchsorted(time, time - half)
    high = np.searchsorted(time, time + half, side="right")
    from swope.pipeline.period.kernels.boxes import running_median

    trend = running_median(flux, low, high)
    flat = flux - trend
    scatter = 1.4826 * float(np.median(np.abs(flat)))
    enough = high - low >= max(8, int(0.3 * window / max(float(np.median(np.diff(time))), 1e-6)))
    return np.where((flat > 4.0 * scatter) | ~enough, np.nan, flat)


def _densest(good: LightCurve) -> LightCurve:
    """The rows of the band with the most."""
    return good.where(good.band == int(np.argmax(np.bincount(good.band))))


def _even_steps(good: LightCurve) -> tuple[FloatArray, FloatArray]:
    """Time and relative flux averaged in steps of `STEP` (or as they came, where coarser)."""
    flux = relative_flux(good.value, good.kind)
    index = np.floor((good.time - good.time[0]) / STEP).astype(np.int64)
    _, inverse, count = np.unique(index, return_inverse=True, return_counts=True)
    if len(count) > 0.7 * len(flux):
        return good.time, flux
    return np.bincount(inverse, good.time) / count, np.bincount(inverse, flux) / count


def _search(time: FloatArray, flat: FloatArray, min_period: float | None, max_period: float | None) -> Transit | None:
    """The strongest box, or None where no period fits."""
    from swope.pipeline.period.kernels.boxes import boxes

    if len(time) < LEAST_POINTS // 4:
        return None
    origin = float(time[0])
    span = float(time[-1] - origin)
    shortest = max(min_period or SHORTEST, 2.5 * DURATIONS[0])
    longest = min(max_period or span, 0.5 * span)
    if longest <= shortest:
        return None
    frequency = _frequencies(shortest, longest, span)
    scatter = 1.4826 * float(np.median(np.abs(flat - np.median(flat))))
    value = np.clip(flat - np.median(flat), -50.0 * scatter, None)
    power, start, length, depths = np.empty((4, frequency.size))
    boxes(time - origin, value, frequency, np.asarray(DURATIONS), power, start, length, depths)
    trend = _running(power)
    best = int(np.argmax(power - trend))
    duration, depth = float(length[best]), float(depths[best])
    period = float(1.0 / frequency[best])
    t0 = origin + float((start[best] + 0.5 * duration) % period)
    inside = np.abs((time - t0 + 0.5 * period) % period - 0.5 * period) < 0.5 * duration
    epochs = np.rint((time[inside] - t0) / period).astype(np.int64)
    transits = len(np.unique(epochs))
    if transits < LEAST_TRANSITS or depth <= 0:
        return None
    each = np.bincount(epochs - epochs.min())
    seen = np.bincount(epochs - epochs.min(), -value[inside])[each > 0] / each[each > 0]
    number = each[each > 0]
    # red noise: how means over one transit's duration scatter outside the transits (Pont, Zucker & Queloz 2006)
    outside = value[~inside]
    rows = max(1, round(duration / max(float(np.median(np.diff(time))), 1e-6)))
    means = outside[: len(outside) // rows * rows].reshape(-1, rows).mean(axis=1)
    noise = max(1.4826 * float(np.median(np.abs(means - np.median(means)))), scatter / math.sqrt(rows))
    error = noise / math.sqrt(float(np.sum(number / rows)))
    # one deep event (a flare's dip, a jump) must not carry the signal: every transit counts at most twice the median
    fair = float(np.sum(np.minimum(seen, 2.0 * np.median(seen)) * number) / number.sum())
    return Transit(period, t0, duration, depth, max(0.0, fair / error), transits)


def _frequencies(shortest: float, longest: float, span: float) -> FloatArray:
    """Frequencies spaced so that a transit of a central crossing of a Sun-like star moves a third of its duration."""
    low, high = 1.0 / longest, 1.0 / shortest
    # duration in days of a central transit of a star of solar density: 0.075 P^(1/3) (Ofir 2014, eq. 4)
    factor = 0.33 * 0.075 / span
    # df = factor * P^(1/3) * f = factor * f^(2/3): cube roots are evenly spaced
    number = int(np.ceil(3.0 * (high ** (1.0 / 3.0) - low ** (1.0 / 3.0)) / factor)) + 1
    frequency: FloatArray = np.linspace(low ** (1.0 / 3.0), high ** (1.0 / 3.0), number) ** 3
    return frequency


def _running(power: FloatArray) -> FloatArray:
    """Slow trend of the box power along the frequencies: medians of stretches, joined by straight lines."""
    stretch = max(20, power.size // 40)
    edges = np.arange(0, power.size, stretch)
    level = np.array([np.median(power[e : e + stretch]) for e in edges])
    trend: FloatArray = np.interp(np.arange(power.size), edges + 0.5 * stretch, level)
    return trend
