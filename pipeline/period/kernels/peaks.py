"""The highest maxima of a periodogram."""

from __future__ import annotations

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

#: Sums that are looked at together, and powers of which the highest is known beforehand (two to this power).
_CHUNK, _BLOCK = 64, 6

#: What rounding may add to a sum, relatively.
_ROUNDING = 1e-12


@compiled(fast=True)
def block_maxima(power: FloatArray) -> FloatArray:
    """The highest of every so many powers (size,), for `peaks`."""
    blocks = ((power.size - 1) >> _BLOCK) + 1
    top = np.empty(blocks)
    for b in range(blocks):
        some = power[b << _BLOCK : (b + 1) << _BLOCK]
        highest = 0.0
        for i in range(some.size):
            highest = some[i] if some[i] > highest else highest
        top[b] = highest
    return top


@compiled(fast=True)
def peaks(
    power: FloatArray,
    top: FloatArray,
    first: int,
    harmonics: int,
    stride: float,
    apart: float,
    high: float,
    index: FloatArray,
    height: FloatArray,
) -> int:
    """The highest separate maxima of the summed power of the first harmonics of a frequency.

    Where the highest powers that each harmonic could meet do not add up to as much as the maxima known already, nothing
    is summed.

    Parameters
    ----------
    power : (size,) periodogram at ``(first + k) * step``.
    top : its `block_maxima`.
    first : index of its lowest frequency.
    harmonics : how many harmonics are summed.
    stride : distance of the fundamental frequencies that are tried, in steps.
    apart : smallest distance of two maxima, in steps.
    high : highest fundamental frequency, in steps.
    index, height : (m,) filled with the fundamental frequencies in units of ``stride`` and their sums, unordered.

    Returns
    -------
    Number of maxima found, at most m.
    """
    most = index.size
    count = 0
    least = 0
    last = first + power.size - 1
    j_first, j_last = int(np.ceil(first / stride)), int(np.floor(min(high, last) / stride))
    size = max(0, j_last + 1 - j_first)
    # of each harmonic the first place, the advance from one fundamental to the next, and how many have it; places in
    # whole numbers of 2**-32 steps: to make an index of them is a shift, and quicker than from a double
    start, advance, reach = (
        np.empty(harmonics, dtype=np.int64),
        np.empty(harmonics, dtype=np.int64),
        np.empty(harmonics, dtype=np.int64),
    )
    for h in range(harmonics):
        pace = stride * (h + 1)
        start[h] = int((j_first * pace + 0.5 - first) * 2.0**32)
        advance[h] = int(pace * 2.0**32)
        reach[h] = min(j_last, int((last + 0.4999) / pace)) + 1 - j_first
    # the sums of a chunk, between those of its neighbours
    total = np.empty(_CHUNK + 2)
    recent_at, recent_is = 0, -1
    for begin in range(0, size, _CHUNK):
        end = min(begin + _CHUNK, size)
        if count == most:
            bound = 0.0
            for h in range(harmonics):
                beyond = min(end, reach[h])
                if begin < beyond:
                    highest = 0.0
                    low, up = (start[h] + begin * advance[h]) >> 32, (start[h] + (beyond - 1) * advance[h]) >> 32
                    for b in range(low >> _BLOCK, (up >> _BLOCK) + 1):
                        highest = top[b] if top[b] > highest else highest
                    bound += highest
            if bound * (1.0 + _ROUNDING) <= height[least]:
                continue
        for i in range(_CHUNK + 2):
            total[i] = 0.0
        before = max(begin - 1, 0)
        for h in range(harmonics):
            place, onward = start[h] + before * advance[h], advance[h]
            there = total[before + 1 - begin :]
            for i in range(min(end + 1, reach[h]) - before):
                there[i] += power[(place + i * onward) >> 32]
        for i in range(1, end - begin + 1):
            current = total[i]
            if count == most and current <= height[least]:
                continue
            if not (current >= total[i - 1] and current > total[i + 1]):
                continue
            j = j_first + begin + i - 1
            if recent_is >= 0 and (j - recent_at) * stride < apart:
                if current > height[recent_is]:
                    height[recent_is] = current
                    index[recent_is] = j
                    recent_at = j
                    least = int(np.argmin(height[:count]))
            elif count < most:
                index[count] = j
                height[count] = current
                recent_is, recent_at = count, j
                count += 1
                least = int(np.argmin(height[:count]))
            else:
                index[least] = j
                height[least] = current
                recent_is, recent_at = least, j
                least = int(np.argmin(height))
    return count
