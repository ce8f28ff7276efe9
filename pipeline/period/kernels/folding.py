"""The fast folding algorithm: the best box at every period between two, in N log N instead of N for each period."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray

SingleArray = NDArray[np.float32]

#: Profiles whose running sums are taken together: those of one wait for each other, those of several do not.
_TOGETHER = 4


@compiled()
def rows_for(points: int, bins: int) -> int:
    """Cycles of so many bins that hold the points, the next power of two."""
    rows = 1
    while rows * bins < points:
        rows *= 2
    return rows


@compiled(fast=True)
def _merge(head: SingleArray, tail: SingleArray, shift: int, out: SingleArray) -> None:
    """Add to one profile (bins,) another that is read from `shift` bins on and comes round."""
    # slices, so that no index may be negative, and several are added at a time
    turn = head.size - shift
    later, rest, after = tail[shift:], head[turn:], out[turn:]
    for j in range(turn):
        out[j] = head[j] + later[j]
    for j in range(shift):
        after[j] = rest[j] + tail[j]


@compiled(fast=True)
def _fold(rows: int, bins: int, a: SingleArray, b: SingleArray) -> bool:
    """Add up the rows of a series, the later ones from ever later bins on; in place of either array, the other to work.

    Parameters
    ----------
    rows : a power of two.
    a, b : (at least rows * bins,) the series; anything.

    Returns
    -------
    Whether the profiles are in b. In the one at ``s * bins`` each row begins ``s / (rows - 1)`` bins after the last.
    """
    size, swapped = 1, False
    while size < rows:
        for start in range(0, rows, 2 * size):
            for j in range(size):
                one, other, at = (start + j) * bins, (start + size + j) * bins, (start + 2 * j) * bins
                head, tail = a[one : one + bins], a[other : other + bins]
                # of a drift by s bins over all the rows the second half sees the half of it, from the half on
                _merge(head, tail, j % bins, b[at : at + bins])
                _merge(head, tail, (j + 1) % bins, b[at + bins : at + 2 * bins])
        a, b = b, a
        swapped = not swapped
        size *= 2
    return swapped


@compiled(fast=True)
def _running_sums(profiles: SingleArray, bins: int, rows: int, sums: SingleArray) -> None:
    """Fill the sums of the bins before each, and of all bins, for `_TOGETHER` profiles; the last again beyond `rows`.

    Parameters
    ----------
    profiles : (rows * bins,).
    sums : (`_TOGETHER`, at least bins + 1).
    """
    last = rows - 1
    first, second = profiles, profiles[min(1, last) * bins :]
    third, fourth = profiles[min(2, last) * bins :], profiles[min(3, last) * bins :]
    one, two, three, four = sums[0], sums[1], sums[2], sums[3]
    a, b, c, d = np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for j in range(bins):
        one[j], two[j], three[j], four[j] = a, b, c, d
        a += first[j]
        b += second[j]
        c += third[j]
        d += fourth[j]
    one[bins], two[bins], three[bins], four[bins] = a, b, c, d


@compiled(fast=True)
def _best_box(
    counts: SingleArray, totals: SingleArray, bins: int, widths: NDArray[np.int64], most: int, gain: SingleArray
) -> float:
    """Gain in the sum of squares of the best box-shaped dip of a profile.

    The best of each start is kept, and the best of these looked for in the end, in halves: a single running maximum is
    never computed several at a time.

    Parameters
    ----------
    counts, totals : (at least bins + most + 1,) running sums of the number of points and of their values, from zero
        before the first bin to that of all; filled up with a second round.
    widths : (w,) of the boxes, in bins; those above `most` are left out.
    gain : (at least bins,) to work in.
    """
    zero, room = np.float32(0.0), np.float32(2.5)
    n, everything = counts[bins], totals[bins]
    for j in range(bins):
        gain[j] = zero
    for j in range(1, most + 1):
        counts[bins + j], totals[bins + j] = n + counts[j], everything + totals[j]
    for w in range(widths.size):
        width = widths[w]
        if width > most:
            break
        # without a branch, so that it is computed several at a time
        end_count, end_total = counts[width : width + bins], totals[width : width + bins]
        for start in range(bins):
            inside = end_count[start] - counts[start]
            lack = everything * inside - n * (end_total[start] - totals[start])
            rest = n - inside
            fewest = inside if inside < rest else rest
            lack = lack if lack > zero else zero
            # with too few points on either side nothing is found
            lack = lack if fewest > room else zero
            share = inside * rest
            found = lack * lack / (share if share > room else room)
            gain[start] = found if found > gain[start] else gain[start]
    size = bins
    while size > 1:
        half = (size + 1) // 2
        others = gain[half:size]
        for j in range(size - half):
            gain[j] = others[j] if others[j] > gain[j] else gain[j]
        size = half
    return float(gain[0] / n)


@compiled(fast=True)
def folded_boxes(
    count: SingleArray,
    total: SingleArray,
    first: int,
    last: int,
    widths: NDArray[np.int64],
    period: FloatArray,
    power: FloatArray,
) -> int:
    """Best box-shaped dip at all periods from `first` to a little over `last` + 1 steps.

    Every two neighbouring periods differ by a step or less over the whole series (Staelin 1969, Proc. IEEE 57, 724; for
    transits Shahaf et al. 2022, MNRAS 513, 2732).

    Parameters
    ----------
    count, total : (n,) of an even series: number of points in each step, and the sum of their values.
    first, last : periods in steps.
    widths : (w,) of the boxes, in steps, ascending; none is wider than a fifth of the period.
    period, power : filled from their start on: periods in steps; square root of the dip's gain in the sum of squares.

    Returns
    -------
    How many periods there are.
    """
    n = count.size
    room = 0
    for bins in range(first, last + 1):
        size = bins * rows_for(n, bins)
        room = size if size > room else room
    c, y = np.empty(room, dtype=np.float32), np.empty(room, dtype=np.float32)
    other_c, other_y = np.empty(room, dtype=np.float32), np.empty(room, dtype=np.float32)
    counts = np.empty((_TOGETHER, 2 * last + 2), dtype=np.float32)
    totals = np.empty((_TOGETHER, 2 * last + 2), dtype=np.float32)
    gain = np.empty(last, dtype=np.float32)
    found = 0
    for bins in range(first, last + 1):
        rows = rows_for(n, bins)
        for i in range(rows * bins):
            c[i] = count[i] if i < n else np.float32(0.0)
            y[i] = total[i] if i < n else np.float32(0.0)
        if _fold(rows, bins, c, other_c):
            folded_c, folded_y = other_c, other_y
        else:
            folded_c, folded_y = c, y
        _fold(rows, bins, y, other_y)
        most = bins // 5
        for s in range(rows):
            if s % _TOGETHER == 0:
                _running_sums(folded_c[s * bins :], bins, rows - s, counts)
                _running_sums(folded_y[s * bins :], bins, rows - s, totals)
            # what drifts by a whole cycle in the end has come a cycle less often
            period[found] = bins * bins / (bins - s / (rows - 1.0)) if rows > 1 else bins
            best = _best_box(counts[s % _TOGETHER], totals[s % _TOGETHER], bins, widths, most, gain)
            power[found] = np.sqrt(best)
            found += 1
    return found
