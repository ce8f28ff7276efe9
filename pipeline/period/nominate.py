"""Which frequencies deserve a closer look: the peaks of the cheap periodogram, their harmonics and their aliases."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.period.grid import Grid

#: Number of harmonics whose power is summed, and how many maxima of each sum are nominated, for a grid of this size;
#: fewer, down to the least share, for a smaller one, which has fewer peaks that are noise.
SUMS = ((1, 32), (2, 16), (3, 16), (5, 16), (8, 12))
FULL_SIZE, LEAST_SHARE = 200_000, 0.6

#: A nominee's frequency is also tried times these.
MULTIPLES = (1.0, 0.5, 2.0, 1.0 / 3.0)

#: Cycles a day by which a nightly, seasonal observer shifts a frequency: day, sidereal day, two days, month, year.
ALIASES = (1.0, 1.0027379, 2.0, 2.0054758, 1.0 / 29.530589, 1.0 / 365.2425)

#: Nominees nearer than this to the one before, in 1/span, are left out.
NEAR = 0.05

#: The aliases of so many of the strongest maxima are nominated.
ALIASED = 4

#: Of fewer points than this more peaks of noise are as high as the true one, and a closer look costs less: as many
#: times more are nominated, up to the latter. Chosen on Stripe 82 thinned to 26 points, of stars that are not held out.
FEW_POINTS = 100
MOST_MORE = 4.0


def times_more(points: int) -> float:
    """How many times more frequencies are worth a closer look where there are so few points."""
    return min(max(FEW_POINTS / max(points, 1), 1.0), MOST_MORE)


def nominate(power: FloatArray, grid: Grid, span: float, points: int) -> FloatArray:
    """Frequencies to be judged by their folds, ascending and without near-repeats.

    Parameters
    ----------
    power : (grid.size,) one-term periodogram.
    grid : its frequencies.
    span : days between first and last point.
    points : how many there are.

    Returns
    -------
    (m,) cycles a day, within the grid's limits; m is some hundreds at most, and some thousands of few points.
    """
    from swope.pipeline.period.kernels.peaks import block_maxima, peaks

    more = times_more(points)
    share = min(1.0, max(LEAST_SHARE, grid.size / FULL_SIZE)) * more
    found, top = [], block_maxima(power)
    for harmonics, most in SUMS:
        number = round(most * share)
        index, height = np.zeros(number), np.zeros(number)
        stride = min(1.0, 2.5 / harmonics)
        high = (grid.first + grid.size - 1) / (1 if harmonics < 2 else 2 if harmonics < 4 else 6)
        count = peaks(power, top, grid.first, harmonics, stride, 1.0 / (span * grid.step), high, index, height)
        order = np.argsort(-height[:count], kind="stable")
        at = index[:count][order] * grid.step * stride
        if harmonics == 1:
            at = _interpolated(power, grid, at)
        found.append(at[:, None] * np.asarray(MULTIPLES))
        strong = at[: round(ALIASED * more), None]
        shift = np.asarray(ALIASES)
        for alias in (strong + shift, np.abs(strong - shift)):
            found.append(alias[:, :, None] * np.asarray((1.0, 0.5)))
    frequency: FloatArray = np.sort(np.concatenate([part.ravel() for part in found]))
    frequency = frequency[(frequency >= grid.lowest * (1 - 1e-9)) & (frequency <= grid.highest * (1 + 1e-9))]
    if frequency.size == 0:
        return frequency
    kept: FloatArray = frequency[np.concatenate([[True], np.diff(frequency) > NEAR / span])]
    return kept


def _interpolated(power: FloatArray, grid: Grid, frequency: FloatArray) -> FloatArray:
    """Maxima of the parabolas through each peak and its neighbours."""
    k = np.clip(np.rint(frequency / grid.step).astype(np.int64) - grid.first, 1, max(1, grid.size - 2))
    if grid.size < 3:
        return frequency
    left, middle, right = power[k - 1], power[k], power[k + 1]
    bend = left - 2.0 * middle + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    at: FloatArray = (grid.first + k + np.clip(shift, -0.5, 0.5)) * grid.step
    return at
