"""The two ends of the non-uniform Fourier transform: points spread on grids, and power from the sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.period.kernels.fourier import turns

ComplexArray = NDArray[np.complex64]
SingleArray = NDArray[np.float32]

#: Points of the spreading kernel.
WIDTH = 8


class Spreading(NamedTuple):
    """How each point is spread, which is the same around every central frequency.

    Attributes
    ----------
    kernel : (n, 2, 2 WIDTH) the spreading kernel at the point's place on the grid, each value twice, and at twice its
        place.
    start : (n, 2) the grid's first point that it covers.
    cosine, sine : (n,) of the point's phase from one block of frequencies to the next.
    """

    kernel: SingleArray
    start: NDArray[np.int64]
    cosine: FloatArray
    sine: FloatArray


@compiled(fast=True)
def spreading(time: FloatArray, step: float, block: int, length: int, pieces: FloatArray) -> Spreading:
    """How the points of a series are spread.

    Parameters
    ----------
    time : (n,) days from 0 on.
    step : cycles a day between frequencies.
    block : frequencies a block.
    length : points of the grid.
    pieces : (degree + 1, WIDTH) the spreading kernel as a polynomial in each cell of its width, from the highest power
        down; the variable runs from -1 to 1 over the cell.
    """
    degree = pieces.shape[0]
    psi = np.empty(WIDTH)
    kernel, start = np.empty((time.size, 2, 2 * WIDTH), dtype=np.float32), np.empty((time.size, 2), dtype=np.int64)
    cosine, sine = np.empty(time.size), np.empty(time.size)
    turns(time, block * step, cosine, sine)
    for i in range(time.size):
        for double in range(2):
            position = (double + 1) * step * time[i] * length
            lowest = np.ceil(position - 0.5 * WIDTH)
            x = 2.0 * (lowest - position + 0.5 * WIDTH) - 1.0
            for j in range(WIDTH):
                psi[j] = pieces[0, j]
            for d in range(1, degree):
                for j in range(WIDTH):
                    psi[j] = psi[j] * x + pieces[d, j]
            for j in range(WIDTH):
                kernel[i, double, 2 * j] = psi[j]
                kernel[i, double, 2 * j + 1] = psi[j]
            start[i, double] = int(lowest) % length
    return Spreading(kernel, start, cosine, sine)


@compiled(fast=True)
def spread(
    time: FloatArray,
    signal: FloatArray,
    weight: FloatArray,
    frequency: float,
    how: Spreading,
    work: ComplexArray,
) -> None:
    """Spread weighted values and weights on the grids of several neighbouring blocks of frequencies.

    Parameters
    ----------
    time : (n,) days from 0 on.
    signal, weight : (n,) weight times value, weight.
    frequency : the first block's central frequency, cycles a day.
    how : `spreading` of the times.
    work : (3 * blocks, length) complex, zeros; filled with the grids of signal, weight, and weight at twice the
        frequency, block after block.
    """
    blocks = work.shape[0] // 3
    # a grid as real and imaginary parts in turn
    parts = work.view(np.float32)
    cosine, sine = np.empty(time.size), np.empty(time.size)
    turns(time, frequency, cosine, sine)
    for i in range(time.size):
        once, twice, first, second = how.kernel[i, 0], how.kernel[i, 1], how.start[i, 0], how.start[i, 1]
        turn = complex(cosine[i], -sine[i])
        onward = complex(how.cosine[i], -how.sine[i])
        for b in range(blocks):
            _add(parts[3 * b], once, first, turn * signal[i])
            _add(parts[3 * b + 1], once, first, turn * weight[i])
            _add(parts[3 * b + 2], twice, second, turn * turn * weight[i])
            turn *= onward


@compiled(fast=True)
def _add(grid: SingleArray, pairs: SingleArray, start: int, value: complex) -> None:
    """Add a value times the spreading kernel to a grid from one of its places on; what goes beyond its end comes round.

    Parameters
    ----------
    grid : (2 length,) real and imaginary parts in turn.
    pairs : (2 WIDTH,) the kernel, each value twice.
    """
    real, imaginary = np.float32(value.real), np.float32(value.imag)
    inside = min(WIDTH, grid.size // 2 - start)
    there = grid[2 * start : 2 * (start + inside)]
    for j in range(inside):
        there[2 * j] += real * pairs[2 * j]
        there[2 * j + 1] += imaginary * pairs[2 * j + 1]
    for j in range(inside, WIDTH):
        grid[2 * (j - inside)] += real * pairs[2 * j]
        grid[2 * (j - inside) + 1] += imaginary * pairs[2 * j + 1]


@compiled(fast=True)
def power_of_sums(
    sums: ComplexArray, taper: SingleArray, block: int, done: float, share: float, power: SingleArray
) -> float:
    """Power from the transformed grids of `spread`, written into `power` (as many frequencies as it holds).

    Parameters
    ----------
    sums : (3 * blocks, length) complex64; mode j of a block stands at index j - block / 2, modulo the length. The
        third grid of a block is of times twice as far, so that its mode j is twice the frequency of mode j.
    taper : (block,) one over the transform of the spreading kernel.
    done, share : the first frequency's place in the whole range, from 0 to 1, and one frequency's share of the range.

    Returns
    -------
    Sum over these frequencies of the fourth power of the window times what is left of the range beyond.
    """
    participation = 0.0
    length = sums.shape[1]
    half = block // 2
    one, two = np.float32(1.0), np.float32(2.0)
    for b in range(sums.shape[0] // 3):
        for side in range(2):
            first = 0 if side == 0 else half
            start = length - half if side == 0 else 0
            count = min(half, power.size - b * block - first)
            if count <= 0:
                break
            y = sums[3 * b, start : start + count]
            w = sums[3 * b + 1, start : start + count]
            v = sums[3 * b + 2, start : start + count]
            for j in range(count):
                scale = taper[first + j]
                yc, ys = y[j].real * scale, y[j].imag * scale
                c, s = w[j].real * scale, w[j].imag * scale
                cc = (one + v[j].real * scale) / two - c * c
                ss = (one - v[j].real * scale) / two - s * s
                cs = v[j].imag * scale / two - c * s
                determinant = cc * ss - cs * cs
                found = (yc * yc * ss - two * yc * ys * cs + ys * ys * cc) / determinant
                power[b * block + first + j] = found if determinant > np.float32(1e-3) else np.float32(0.0)
                window = c * c + s * s
                participation += window * window * (1.0 - done - share * (b * block + first + j))
    return participation
