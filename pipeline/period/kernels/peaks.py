"""The highest maxima of a periodogram."""

from __future__ import annotations

import numpy as np

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

#: Sums that are looked at together.
_CHUNK = 256


@compiled(fast=True)
def peaks(
    power: FloatArray,
    first: int,
    harmonics: int,
    stride: float,
    apart: float,
    high: float,
    index: FloatArray,
    height: FloatArray,
) -> int:
    """The highest separate maxima of the summed power of the first harmonics of a frequency.

    Parameters
    ----------
    power : (size,) periodogram at ``(first + k) * step``.
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
    total = np.zeros(max(0, j_last + 1 - j_first))
    for h in range(1, harmonics + 1):
        pace = stride * h
        # whole numbers of 2**-32 steps: to make an index of them is a shift, and quicker than from a double
        begin, advance = int((j_first * pace + 0.5 - first) * 2.0**32), int(pace * 2.0**32)
        for j in range(min(j_last, int((last + 0.4999) / pace)) + 1 - j_first):
            total[j] += power[(begin + j * advance) >> 32]
    recent_at, recent_is = 0, -1
    for begin in range(0, total.size, _CHUNK):
        end = min(begin + _CHUNK, total.size)
        if count == most:
            highest = 0.0
            for i in range(begin, end):
                highest = total[i] if total[i] > highest else highest
            if highest <= height[least]:
                continue
        for i in range(begin, end):
            current = total[i]
            if count == most and current <= height[least]:
                continue
            previous = total[i - 1] if i > 0 else 0.0
            following = total[i + 1] if i + 1 < total.size else 0.0
            if not (current >= previous and current > following):
                continue
            j = j_first + i
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
