"""The two ends of the non-uniform Fourier transform: points spread on grids, and power from the sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.period.kernels.fourier import turns

ComplexArray = NDArray[np.complex64]
SingleArray = NDArray[np.float32]

#: Points of the spreading kernel.
WIDTH = 8


@compiled(fast=True)
def spread(
    time: FloatArray,
    signal: FloatArray,
    weight: FloatArray,
    step: float,
    centre: float,
    block: int,
    pieces: FloatArray,
    work: ComplexArray,
) -> None:
    """Spread weighted values and weights on the grids of several neighbouring blocks of frequencies.

    Parameters
    ----------
    time : (n,) days from 0 on.
    signal, weight : (n,) weight times value, weight.
    step : cycles a day between frequencies.
    centre : index of the first block's central frequency, in steps.
    block : frequencies a block.
    pieces : (degree + 1, WIDTH) the spreading kernel as a polynomial in each cell of its width, from the highest power
        down; the variable runs from -1 to 1 over the cell.
    work : (3 * blocks, length) complex, zeros; filled with the grids of signal, weight, and weight at twice the
        frequency, block after block.
    """
    length = work.shape[1]
    blocks = work.shape[0] // 3
    degree = pieces.shape[0]
    psi = np.empty(WIDTH)
    # a grid as real and imaginary parts in turn, and each value of the kernel twice
    parts = work.view(np.float32)
    pairs = np.empty((2, 2 * WIDTH), dtype=np.float32)
    start = np.empty(2, dtype=np.int64)
    cosine, sine = np.empty(time.size), np.empty(time.size)
    onward_cosine, onward_sine = np.empty(time.size), np.empty(time.size)
    turns(time, centre * step, cosine, sine)
    turns(time, block * step, onward_cosine, onward_sine)
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
                pairs[double, 2 * j] = psi[j]
                pairs[double, 2 * j + 1] = psi[j]
            start[double] = int(lowest) % length
        turn = complex(cosine[i], -sine[i])
        onward = complex(onward_cosine[i], -onward_sine[i])
        for b in range(blocks):
            _add(parts[3 * b], pairs[0], start[0], turn * signal[i])
            _add(parts[3 * b + 1], pairs[0], start[0], turn * weight[i])
            _add(parts[3 * b + 2], pairs[1], start[1], turn * turn * weight[i])
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
