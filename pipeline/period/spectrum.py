"""The one-term Lomb-Scargle periodogram with a floating mean, by a non-uniform fast Fourier transform in small blocks.

The sums over the points that the periodogram needs (Zechmeister & Kuerster 2009, A&A 496, 577, eq. 4-15) are
non-uniform discrete Fourier transforms of type 1. One long transform is bound by memory; many short ones, each
around its own central frequency, stay in the processor's cache and are computed several at a time by SciPy's
single-precision FFT. Spreading uses the "exponential of semicircle" kernel (Barnett, Magland & af Klinteberg 2019,
SIAM J. Sci. Comput. 41, C479). Sums are good to about 1e-5 of the sum of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.period.grid import Grid

#: Length of a block's FFT for few points, and for many (each point is spread once a block), and how many are many. No
#: powers of two: rows that far apart share the same few lines of the cache.
SHORT, LONG = 7680, 30720
MANY = 700

#: Share of the FFT's frequencies that are used.
USED = 0.75

#: Degree of the polynomials that stand for the spreading kernel: they are good to 1e-6.
DEGREE = 9

#: Blocks that are transformed together: three sums each, so that the FFT sees a multiple of four rows.
TOGETHER = 4


#: How often the largest power of white noise behaves as if there were more independent frequencies than the window's
#: participation number says; measured on white noise at the cadences of ASAS, EROS and Stripe 82.
PARTICIPATION = 4.2


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A periodogram.

    Attributes
    ----------
    power : (grid.size,) in [0, 1]: share of the weighted variance that a sinusoid with a free mean explains.
    independent : effective number of independent frequencies: of the grid's range, less what the window repeats.
    """

    power: FloatArray
    independent: float


def periodogram(time: FloatArray, value: FloatArray, weight: FloatArray, grid: Grid) -> Spectrum:
    """Lomb-Scargle power at each frequency of the grid.

    Parameters
    ----------
    time : (n,) days; best counted from a time near the observations.
    value : (n,) any unit.
    weight : (n,) positive, for example 1/error^2; any scale.
    grid : the frequencies.

    Returns
    -------
    The power in astropy's "standard" normalisation; 0 where the fit is degenerate (all observations at one phase) or
    the values do not vary.
    """
    from scipy.fft import fft

    from swope.pipeline.period.kernels.transform import power_of_sums, spread, spreading

    weight = weight / weight.sum()
    value = value - np.sum(weight * value)
    variance = float(np.sum(weight * value**2))
    power = np.zeros(grid.size)
    if not variance > 0:
        return Spectrum(power, 1.0)
    length = LONG if len(time) > MANY else SHORT
    block = int(USED * length)
    taper, pieces = _taper(length)
    blocks = -(-grid.size // block)
    work = np.empty((3 * TOGETHER, length), dtype=np.complex64)
    shifted = np.ascontiguousarray(time - time.min())
    signal = value * weight / np.sqrt(variance)
    how = spreading(shifted, grid.step, block, length, pieces)
    participation = 0.0
    for first in range(0, blocks, TOGETHER):
        centre = grid.first + first * block + block // 2
        # in the end fewer blocks are left, but the FFT sees a multiple of four rows all the same
        left = min(TOGETHER, blocks - first)
        rows = work[: 4 * left]
        rows[:] = 0
        spread(shifted, signal, weight, centre * grid.step, how, rows[: 3 * left])
        sums = fft(rows, axis=1, overwrite_x=True)[: 3 * left]
        some = power[first * block : (first + TOGETHER) * block]
        participation += power_of_sums(sums, taper, block, first * block / grid.size, 1.0 / grid.size, some)
    # frequencies that the window makes copies of one another count once: the number of those that a noise peak does
    # not share, (range)^2 over the double integral of the window's fourth power
    # (two steps stand for the window's central peak, of which a grid that starts higher sees nothing)
    independent = max(1.0, PARTICIPATION * grid.size / (2.0 * (participation + 2.0)))
    return Spectrum(power, independent)


@lru_cache(maxsize=2)
def _taper(length: int) -> tuple[NDArray[np.float32], FloatArray]:
    """One over the Fourier transform of the spreading kernel at modes -block/2..block/2 - 1, and the kernel's pieces.

    The kernel is ``exp(beta * (sqrt(1 - x^2) - 1))`` over its width, -1 < x < 1; in each of its cells a polynomial
    stands for it, the highest power first, (DEGREE + 1, WIDTH).
    """
    from swope.pipeline.period.kernels.transform import WIDTH

    block = int(USED * length)
    beta = 0.976 * np.pi * WIDTH * (1.0 - 0.5 * USED)
    node, share = np.polynomial.legendre.leggauss(64)
    psi = np.exp(beta * (np.sqrt(1.0 - node**2) - 1.0)) * share * WIDTH / 2.0
    mode = np.arange(-(block // 2), block - block // 2)
    transform = np.cos(2.0 * np.pi * np.outer(mode / length, node * WIDTH / 2.0)) @ psi
    inside = np.cos(np.pi * (np.arange(64) + 0.5) / 64)
    x = (2.0 * np.arange(WIDTH)[:, None] + 1.0 + inside - WIDTH) / WIDTH
    kernel = np.exp(beta * (np.sqrt(1.0 - x**2) - 1.0))
    pieces = np.polynomial.polynomial.polyfit(inside, kernel.T, DEGREE)[::-1]
    return (1.0 / transform).astype(np.float32), np.ascontiguousarray(pieces)
