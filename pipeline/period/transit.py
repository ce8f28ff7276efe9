"""Transits in dense, even photometry: a box search on a flattened curve, planet after planet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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

#: Days that a planet with a period of a day takes to cross the middle of a star of solar density.
CENTRAL = 0.075

#: Stretches of frequency whose median power is the usual one.
STRETCHES = 40

#: So many separate peaks of the coarse search are looked at closely, at so many frequencies each.
PEAKS, NEIGHBOURS = 24, 17

#: Frequencies whose box has this share of the highest power are one plateau.
PLATEAU = 0.9

#: A transit must have been seen at least this often; and as often whole, with so much of the rows that twice its length
#: should have: what ends at a gap is more often what the instrument does there.
LEAST_TRANSITS = 2
WHOLE = 2 / 3


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

    A box least-squares search (Kovacs, Zucker & Mazeh 2002, A&A 391, 369), coarse by fast folding, then fine about the
    highest peaks, on frequencies spaced as the duration of a transit asks (Ofir 2014, A&A 561, A138). The longest
    period is half the span, so that two transits are seen.

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
    if len(time) < LEAST_POINTS // 4:
        return None
    origin = float(time[0])
    span = float(time[-1] - origin)
    shortest = max(min_period or SHORTEST, 2.5 * DURATIONS[0])
    longest = min(max_period or span, 0.5 * span)
    if longest <= shortest:
        return None
    scatter = 1.4826 * float(np.median(np.abs(flat - np.median(flat))))
    value = np.clip(flat - np.median(flat), -50.0 * scatter, None)
    found = _best_box(time - origin, value, shortest, longest)
    duration, depth, period = found.duration, found.depth, 1.0 / found.frequency
    t0 = origin + (found.start + 0.5 * duration) % period
    inside = np.abs((time - t0 + 0.5 * period) % period - 0.5 * period) < 0.5 * duration
    epochs = np.rint((time[inside] - t0) / period).astype(np.int64)
    transits = len(np.unique(epochs))
    if transits < LEAST_TRANSITS or depth <= 0 or _seen_whole(time, t0, period, duration) < LEAST_TRANSITS:
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


def _seen_whole(time: FloatArray, t0: float, period: float, duration: float) -> int:
    """How many transits of a series have most of the rows that belong to them and their surroundings.

    This is the test Rubble of the Kepler catalogue (Thompson et al. 2018, ApJS 235, 38, appendix A.3).
    """
    epoch = np.rint((time - t0) / period).astype(np.int64)
    near = np.abs(time - t0 - epoch * period) < duration
    rows = 2.0 * duration / max(float(np.median(np.diff(time))), 1e-6)
    return int(np.count_nonzero(np.unique(epoch[near], return_counts=True)[1] >= WHOLE * rows))


class _Box(NamedTuple):
    """A box-shaped dip: cycles a day, days after time 0, days, relative flux; square root of its gain."""

    frequency: float
    start: float
    duration: float
    depth: float
    power: float


def _best_box(time: FloatArray, value: FloatArray, shortest: float, longest: float) -> _Box:
    """The box that stands out most above what is usual at its frequency.

    Its power is a ragged plateau along the frequency, whose middle is nearer the truth than its highest point.

    Parameters
    ----------
    time, value : (n,) days from 0 on, of mean near zero.
    shortest, longest : days.
    """
    frequency, trend = _nominees(time, value, shortest, longest)
    power = np.array([box.power for box in _boxes(time, value, frequency)])
    best = int(np.argmax(power - trend))
    width = 4.0 * float(_spacing(frequency[best], float(time[-1])))
    plateau = (np.abs(frequency - frequency[best]) <= width) & (power >= PLATEAU * power[best])
    middle, highest = _boxes(time, value, np.array([frequency[plateau].mean(), frequency[best]]))
    return middle if middle.power >= PLATEAU * highest.power else highest


def _boxes(time: FloatArray, value: FloatArray, frequency: FloatArray) -> list[_Box]:
    """The best box of the fold at each frequency (m,)."""
    from swope.pipeline.period.kernels.boxes import boxes

    power, start, duration, depth = np.empty((4, frequency.size))
    boxes(time, value, frequency, np.asarray(DURATIONS), power, start, duration, depth)
    columns = (column.tolist() for column in (frequency, start, duration, depth, power))
    return [_Box(*row) for row in zip(*columns, strict=True)]


def _nominees(time: FloatArray, value: FloatArray, shortest: float, longest: float) -> tuple[FloatArray, FloatArray]:
    """(m,) frequencies about the highest peaks of a coarse search, and the box power that is usual at each.

    Period after period, octave by octave, the points are folded in steps of time as coarse as the transits of the
    octave allow: what a transit needs to be seen at all is far less than what it needs to be measured.

    Parameters
    ----------
    time, value : (n,) days from 0 on, of mean near zero.
    shortest, longest : days.
    """
    period, power = (np.concatenate(parts) for parts in zip(*_octaves(time, value, shortest, longest), strict=True))
    frequency = 1.0 / period
    trend = _usual(frequency, power)
    excess = power - trend
    span = float(time[-1])
    chosen: list[int] = []
    highest = np.argpartition(-excess, min(PEAKS * NEIGHBOURS, len(excess) - 1))[: PEAKS * NEIGHBOURS]
    for i in highest[np.argsort(-excess[highest], kind="stable")].tolist():
        if all(abs(frequency[i] - frequency[k]) > 2.0 * _spacing(frequency[k], span) for k in chosen):
            chosen.append(i)
            if len(chosen) == PEAKS:
                break
    centre = frequency[chosen]
    around = np.linspace(-2.0, 2.0, NEIGHBOURS)
    fine = centre[:, None] + around * _spacing(centre, span)[:, None]
    inside = (fine >= 1.0 / longest) & (fine <= 1.0 / shortest)
    return fine[inside], np.broadcast_to(trend[chosen][:, None], fine.shape)[inside]


def _octaves(
    time: FloatArray, value: FloatArray, shortest: float, longest: float
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Periods in days, ascending from the shortest to the longest, and their box power; octave after octave."""
    from swope.pipeline.period.kernels.folding import folded_boxes, rows_for

    while shortest < longest:
        end = min(2.0 * shortest, longest)
        central = _central(shortest)
        step = max(0.5 * DURATIONS[0], central / 4.0)
        cell = np.floor(time / step).astype(np.int64)
        count = np.bincount(cell).astype(np.float32)
        total = np.bincount(cell, value).astype(np.float32)
        # transits of orbits that do not cross the middle of the star last less long
        widths = np.unique([max(1, round(d / step)) for d in DURATIONS if d >= central / 3.0 or d == DURATIONS[-1]])
        first, last = int(shortest / step), int(end / step)
        period, power = np.empty((2, sum(rows_for(count.size, bins) for bins in range(first, last + 1))))
        folded_boxes(count, total, first, last, widths, period, power)
        within = (period * step >= shortest) & (period * step <= end)
        yield period[within] * step, power[within]
        shortest = end


def _central(period: float) -> float:
    """Days that a planet of this period takes to cross the middle of a star of solar density (Ofir 2014, eq. 4)."""
    return float(CENTRAL * period ** (1.0 / 3.0))


def _spacing(frequency: FloatArray, span: float) -> FloatArray:
    """Difference of frequencies by which such a transit moves a third of its duration over the span."""
    moved: FloatArray = 0.33 * CENTRAL * frequency ** (2.0 / 3.0) / span
    return moved


def _usual(frequency: FloatArray, power: FloatArray) -> FloatArray:
    """Slow trend of the box power along descending frequencies: medians of stretches, joined by straight lines.

    The stretches are evenly spaced as independent frequencies are, in cube roots (`_spacing`).
    """
    place = -np.cbrt(frequency)
    edges = np.searchsorted(place, np.linspace(place[0], place[-1], STRETCHES + 1)[1:-1])
    filled = [(at, part) for at, part in zip(np.split(place, edges), np.split(power, edges), strict=True) if len(part)]
    trend: FloatArray = np.interp(place, [at.mean() for at, _ in filled], [np.median(part) for _, part in filled])
    return trend
