"""Compiled inner loops of the period search. Import this module only where it is used: numba takes half a second."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray, IntArray
from swope.pipeline.period.spectrum import WIDTH

ComplexArray = NDArray[np.complex64]
SingleArray = NDArray[np.float32]

TWO_PI = 2.0 * np.pi

#: Points whose sums are taken together, so that their phases stay in the first cache; and sums looked at together.
_CHUNK = 256


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
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
    cosine, sine, onward_cosine, onward_sine = np.empty((4, time.size))
    _turns(time, centre * step, cosine, sine)
    _turns(time, block * step, onward_cosine, onward_sine)
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _ridge(
    matrix: FloatArray, ridge: FloatArray, right: FloatArray, size: int, work: FloatArray
) -> tuple[float, float]:
    """Quadratic form right' (matrix + diag ridge)^-1 right and log determinant, by elimination in `work`.

    Parameters
    ----------
    matrix : (at least size, at least size) symmetric; its upper half is read.
    work : (size, size + 1) or larger; left with the upper triangular system, its right side in column `size`.
    """
    for i in range(size):
        for j in range(i, size):
            work[i, j] = matrix[i, j]
        work[i, i] += ridge[i]
        work[i, size] = right[i]
    quadratic = 0.0
    determinant = 1.0
    for k in range(size):
        pivot = max(work[k, k], 1e-9)
        work[k, k] = pivot
        # a product of at most 17 pivots, each between 1e-9 and some millions, is far from the limits of a double
        determinant *= pivot
        inverse = 1.0 / pivot
        quadratic += work[k, size] * work[k, size] * inverse
        for i in range(k + 1, size):
            share = work[k, i] * inverse
            for j in range(i, size + 1):
                work[i, j] -= share * work[k, j]
    return quadratic, np.log(determinant)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _moments(
    w: FloatArray,
    y: FloatArray,
    cosine: FloatArray,
    sine: FloatArray,
    terms: int,
    cw: FloatArray,
    sw: FloatArray,
    right: FloatArray,
    matrix: FloatArray,
) -> None:
    """Normal equations of a Fourier series without a constant on binned phases.

    Parameters
    ----------
    w, y : (bins,) sums of weights and of weighted values.
    cosine, sine : (2 terms + 1, bins) of the bins' centres.
    cw, sw : (2 terms + 1,) filled: sums of the weights times each cosine and sine.
    right, matrix : (2 terms,), (2 terms, 2 terms) filled: cosine and sine of each harmonic in turn; the upper half.
    """
    bins = w.size
    for k in range(2 * terms + 1):
        c, s = 0.0, 0.0
        for j in range(bins):
            c += w[j] * cosine[k, j]
            s += w[j] * sine[k, j]
        cw[k] = c
        sw[k] = s
    for k in range(terms):
        c, s = 0.0, 0.0
        for j in range(bins):
            c += y[j] * cosine[k + 1, j]
            s += y[j] * sine[k + 1, j]
        right[2 * k] = c
        right[2 * k + 1] = s
        for h in range(k + 1):
            up, down = k + h + 2, k - h
            matrix[2 * h, 2 * k] = 0.5 * (cw[down] + cw[up])
            matrix[2 * h + 1, 2 * k + 1] = 0.5 * (cw[down] - cw[up])
            matrix[2 * h, 2 * k + 1] = 0.5 * (sw[up] + sw[down])
            if h < k:
                matrix[2 * h + 1, 2 * k] = 0.5 * (sw[up] - sw[down])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def evidence(
    time: FloatArray,
    band: IntArray,
    value: FloatArray,
    weight: FloatArray,
    n_bands: int,
    frequency: FloatArray,
    cosine: FloatArray,
    sine: FloatArray,
    decays: FloatArray,
    out: FloatArray,
) -> None:
    """Log evidence of several shapes at each frequency, against no variation.

    Parameters
    ----------
    time, band, value, weight : (n,) prepared points: zero mean, unit weighted variance, weights of mean 1.
    frequency : (m,) cycles a day.
    cosine, sine : (2 terms + 1, bins) of the phase bins' centres.
    decays : (d, terms) prior variance of each harmonic's coefficients, one row a shape prior.
    out : (m, d + 1) filled: one column a shape prior, then the box.
    """
    n = time.size
    bins = cosine.shape[1]
    terms = decays.shape[1]
    size = 2 * terms
    total_w = np.empty((n_bands, bins))
    total_y = np.empty((n_bands, bins))
    merged_w = np.empty(2 * bins)
    merged_y = np.empty(2 * bins)
    cw, sw = np.empty(2 * terms + 1), np.empty(2 * terms + 1)
    matrix, right = np.empty((size, size)), np.empty(size)
    ridge, work = np.empty(size), np.empty((size, size + 1))
    cross, gain = np.empty(size), np.empty(bins)
    cell = np.empty(n, dtype=np.int32)
    first = band.astype(np.int32) * np.int32(bins)
    weighted = weight * value
    flat_w, flat_y = total_w.ravel(), total_y.ravel()
    for m in range(frequency.size):
        total_w[:] = 0.0
        total_y[:] = 0.0
        f = frequency[m]
        for i in range(n):
            cycle = f * time[i]
            cell[i] = first[i] + min(np.int32((cycle - np.floor(cycle)) * bins), np.int32(bins - 1))
        for i in range(n):
            flat_w[cell[i]] += weight[i]
            flat_y[cell[i]] += weighted[i]
        for j in range(bins):
            merged_w[j] = 0.0
            merged_y[j] = 0.0
        for b in range(n_bands):
            for j in range(bins):
                merged_w[j] += total_w[b, j]
                merged_y[j] += total_y[b, j]
        _moments(merged_w[:bins], merged_y[:bins], cosine, sine, terms, cw, sw, right, matrix)
        for b in range(n_bands):
            w_band, y_band = 0.0, 0.0
            for j in range(bins):
                w_band += total_w[b, j]
                y_band += total_y[b, j]
            if w_band <= 0.0:
                continue
            for k in range(terms):
                c, s = cw[k + 1], sw[k + 1]
                if n_bands > 1:
                    c, s = 0.0, 0.0
                    for j in range(bins):
                        c += total_w[b, j] * cosine[k + 1, j]
                        s += total_w[b, j] * sine[k + 1, j]
                cross[2 * k] = c
                cross[2 * k + 1] = s
            for i in range(size):
                share = cross[i] / w_band
                right[i] -= share * y_band
                for j in range(i, size):
                    matrix[i, j] -= share * cross[j]
        ridge[:] = 1e-3
        explained, _ = _ridge(matrix, ridge, right, size, work)
        noise = max(1e-4, (n - explained) / max(1.0, n - n_bands - size))
        noise = min(noise, 1.0)
        for d in range(decays.shape[0]):
            used = size
            log_prior = 0.0
            for k in range(terms):
                if decays[d, k] <= 0.0:
                    used = 2 * k
                    break
                ridge[2 * k] = noise / decays[d, k]
                ridge[2 * k + 1] = ridge[2 * k]
                log_prior += 2.0 * np.log(ridge[2 * k])
            spread_ = noise
            if used < size:
                explained, _ = _ridge(matrix, ridge, right, used, work)
                spread_ = min(1.0, max(1e-4, (n - explained) / max(1.0, n - n_bands - used)))
                log_prior += used * np.log(spread_ / noise)
                for k in range(used):
                    ridge[k] *= spread_ / noise
            explained, log_det = _ridge(matrix, ridge, right, used, work)
            out[m, d] = 0.5 * (log_prior - log_det - n * np.log(spread_) - (n - explained) / spread_ + n)
        out[m, decays.shape[0]] = _boxes(merged_w, merged_y, bins, n, gain)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _boxes(w: FloatArray, y: FloatArray, bins: int, n: int, gain: FloatArray) -> float:
    """Log likelihood gain of one or two dips in the folded bins, less the price of their parameters (BIC).

    Parameters
    ----------
    w, y : (2 bins,) weights and weighted values of the bins, in the first half; both are overwritten.
    n : number of points.
    gain : (bins,) to work in.
    """
    for j in range(bins):
        w[bins + j] = w[j]
        y[bins + j] = y[j]
    for j in range(1, 2 * bins):
        w[j] += w[j - 1]
        y[j] += y[j - 1]
    total_w, total_y = w[bins - 1], y[bins - 1]
    best, best_start, best_width = 0.0, 0, 1
    for width in (2, 3, 5, 8, 13, 21):
        # a dip that starts at bin start + 1, so that the last one starts at the first bin of the second round
        end_w, end_y = w[width : width + bins], y[width : width + bins]
        for start in range(bins):
            in_w, in_y = end_w[start] - w[start], end_y[start] - y[start]
            rest_w, rest_y = total_w - in_w, total_y - in_y
            # without a branch, so that it is computed several at a time; empty bins give next to nothing
            found = (in_y * in_y * rest_w + rest_y * rest_y * in_w) / (in_w * rest_w + 1e-9)
            gain[start] = found if in_y < 0.0 else 0.0
        highest = 0.0
        for start in range(bins):
            highest = gain[start] if gain[start] > highest else highest
        if highest > best:
            best, best_width = highest, width
            for start in range(bins):
                if gain[start] == highest:
                    best_start = start + 1
                    break
    two = best
    if best > 0.0:
        best_w = w[best_start + best_width - 1] - w[best_start - 1]
        best_y = y[best_start + best_width - 1] - y[best_start - 1]
        # another one of that width, a width or more away from it
        begin = (best_start - 1) % bins + 2 * best_width
        begin -= bins if begin >= bins else 0
        places = bins - 4 * best_width
        end_w, end_y = w[begin + best_width :], y[begin + best_width :]
        left_w, left_y = total_w - best_w, total_y - best_y
        highest = 0.0
        for k in range(places):
            in_w, in_y = end_w[k] - w[begin + k], end_y[k] - y[begin + k]
            rest_w, rest_y = left_w - in_w, left_y - in_y
            found = (in_y * in_y * rest_w + rest_y * rest_y * in_w) / (in_w * rest_w + 1e-9)
            highest = found if found > highest else highest
        two = max(best, best_y**2 / best_w + highest)
    left_one, left_two = max(1.0 - best / n, 1e-4), max(1.0 - two / n, 1e-4)
    price = np.log(n)
    best_gain: float = max(-0.5 * n * np.log(left_one) - 2.0 * price, -0.5 * n * np.log(left_two) - 3.0 * price)
    return best_gain


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def shapes(
    time: FloatArray,
    value: FloatArray,
    weight: FloatArray,
    frequency: FloatArray,
    cosine: FloatArray,
    sine: FloatArray,
    decay: FloatArray,
    out: FloatArray,
) -> None:
    """What the merged fold at each frequency looks like.

    Parameters
    ----------
    time, value, weight : (n,) prepared points.
    frequency : (m,) cycles a day.
    cosine, sine : (2 terms + 1, bins) of the phase bins' centres.
    decay : (terms,) prior variance of each harmonic's coefficients.
    out : (m, 16) filled: noise variance about the smooth curve; its variance; its skewness; the share of its variance
        in odd harmonics; the share that mirroring about the best axis leaves out; the largest gap in phase; the
        difference of its two deepest minima over its range; the depth of the second minimum over its range; then of
        the binned points themselves: the width of the best box-shaped dip in phase; its depth; the depth half a cycle
        later over it; the difference of the two over its error; that error over the depth; the skewness of the smooth
        curve's slope (positive for a fast rise); and, outside the dips, the cosine that has one and the one that has
        two cycles a period, with the dip at phase 0, each over its error.
    """
    n = time.size
    bins = cosine.shape[1]
    terms = decay.size
    size = 2 * terms
    w, y = np.empty(bins), np.empty(bins)
    cw, sw = np.empty(size + 1), np.empty(size + 1)
    waves, product = np.empty((size, size)), np.empty(size)
    matrix, right = np.empty((size + 1, size + 1)), np.empty(size + 1)
    ridge, work = np.empty(size + 1), np.empty((size + 1, size + 2))
    row = np.empty(size + 1)
    curve = np.empty(bins)
    cell = np.empty(n, dtype=np.int32)
    weighted = weight * value
    turn_cosine = np.cos(TWO_PI * np.arange(bins) / bins)
    turn_sine = np.sin(TWO_PI * np.arange(bins) / bins)
    for m in range(frequency.size):
        w[:] = 0.0
        y[:] = 0.0
        f = frequency[m]
        for i in range(n):
            cycle = f * time[i]
            cell[i] = min(np.int32((cycle - np.floor(cycle)) * bins), np.int32(bins - 1))
        for i in range(n):
            w[cell[i]] += weight[i]
            y[cell[i]] += weighted[i]
        _moments(w, y, cosine, sine, terms, cw, sw, product, waves)
        matrix[0, 0] = cw[0]
        right[0] = 0.0
        for j in range(bins):
            right[0] += y[j]
        for k in range(terms):
            matrix[0, 2 * k + 1] = cw[k + 1]
            matrix[0, 2 * k + 2] = sw[k + 1]
        for a in range(size):
            right[a + 1] = product[a]
            for b in range(a, size):
                matrix[a + 1, b + 1] = waves[a, b]
        noise = 0.3
        for _ in range(3):
            ridge[0] = 1e-6
            for k in range(terms):
                ridge[2 * k + 1] = noise / decay[k]
                ridge[2 * k + 2] = ridge[2 * k + 1]
            explained, _log_det = _ridge(matrix, ridge, right, size + 1, work)
            noise = min(1.0, max(1e-4, 1.0 - explained / n))
        for a in range(size, -1, -1):
            total = work[a, size + 1]
            for b in range(a + 1, size + 1):
                total -= work[a, b] * row[b]
            row[a] = total / work[a, a]
        variance, odd, mirrored = 0.0, 0.0, 0.0
        for k in range(terms):
            strength = 0.5 * (row[2 * k + 1] ** 2 + row[2 * k + 2] ** 2)
            variance += strength
            if k % 2 == 0:
                odd += strength
        for j in range(bins):
            total = 0.0
            for k in range(terms):
                total += row[2 * k + 1] * cosine[k + 1, j] + row[2 * k + 2] * sine[k + 1, j]
            curve[j] = total
        skewness = 0.0
        for j in range(bins):
            skewness += curve[j] ** 3
        variance = max(variance, 1e-9)
        skewness /= bins * variance**1.5
        # the curve times its mirror image about each axis, by the coefficients: the bins are equally spaced
        for axis in range(bins):
            total = 0.0
            for k in range(terms):
                a_k, b_k = row[2 * k + 1], row[2 * k + 2]
                at = (k + 1) * axis % bins
                total += 0.5 * (a_k * a_k - b_k * b_k) * turn_cosine[at] + a_k * b_k * turn_sine[at]
            mirrored = max(mirrored, total)
        gap, run = 0, 0
        for j in range(2 * bins):
            run = 0 if w[j % bins] > 0.0 else run + 1
            gap = max(gap, run)
        low, high = curve.min(), curve.max()
        second = high
        lowest = int(curve.argmin())
        for j in range(bins):
            apart = abs((j - lowest + bins // 2) % bins - bins // 2)
            local = curve[j] <= curve[j - 1] and curve[j] <= curve[(j + 1) % bins]
            if local and apart > bins // 8:
                second = min(second, curve[j])
        top = high
        if second < high:
            at = 0
            for j in range(bins):
                if curve[j] == second:
                    at = j
            # the lower of the two maxima that part the minima
            left, right_ = low, low
            j = lowest
            while j != at:
                left = max(left, curve[j])
                j = (j + 1) % bins
            while j != lowest:
                right_ = max(right_, curve[j])
                j = (j + 1) % bins
            top = min(left, right_)
        reach = max(high - low, 1e-9)
        out[m, 0] = noise
        out[m, 1] = variance
        out[m, 2] = skewness
        out[m, 3] = odd / variance
        out[m, 4] = 1.0 - mirrored / variance
        out[m, 5] = min(gap, bins) / bins
        out[m, 6] = (second - low) / reach
        out[m, 7] = (top - second) / reach
        best, start, width = 0.0, 0, 1
        total_w, total_y = 0.0, 0.0
        for j in range(bins):
            total_w += w[j]
            total_y += y[j]
        for wide in (3, 5, 8, 13, 21):
            in_w, in_y = 0.0, 0.0
            for j in range(wide):
                in_w += w[j]
                in_y += y[j]
            for j in range(bins):
                if in_w > 0.0 and in_y < 0.0 and in_w < total_w:
                    gain = in_y * in_y / in_w + (total_y - in_y) ** 2 / (total_w - in_w)
                    if gain > best:
                        best, start, width = gain, j, wide
                in_w += w[(j + wide) % bins] - w[j]
                in_y += y[(j + wide) % bins] - y[j]
        in_w, in_y, half_w, half_y, rest_w, rest_y = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(bins):
            at = (j - start + bins) % bins
            later = (at + bins // 2) % bins
            if at < width:
                in_w += w[j]
                in_y += y[j]
            elif later < width:
                half_w += w[j]
                half_y += y[j]
            elif min(at, bins - at) > width and min(later, bins - later) > width:
                rest_w += w[j]
                rest_y += y[j]
        level = rest_y / rest_w if rest_w > 0.0 else high
        depth = level - in_y / in_w if in_w > 0.0 else 0.0
        other = level - half_y / half_w if half_w > 0.0 else depth
        out[m, 8] = width / bins
        out[m, 9] = depth
        out[m, 10] = min(2.0, max(-1.0, other / max(depth, 1e-3)))
        error = np.sqrt(noise / max(in_w, 0.3) + noise / max(half_w, 0.3))
        out[m, 11] = (depth - other) / error
        out[m, 12] = error / max(depth, 1e-3)
        square, cube = 0.0, 0.0
        for j in range(bins):
            slope = curve[(j + 1) % bins] - curve[j]
            square += slope**2
            cube += slope**3
        out[m, 13] = cube / bins / max(1e-12, square / bins) ** 1.5
        for order in range(1, 3):
            sum_w, sum_x, sum_y, sum_xx, sum_xy = 1e-9, 0.0, 0.0, 1e-9, 0.0
            for j in range(bins):
                at = (j - start + bins) % bins
                later = (at + bins // 2) % bins
                if min(at, bins - at) > width and min(later, bins - later) > width:
                    x = np.cos(TWO_PI * order * (j - start - 0.5 * (width - 1)) / bins)
                    sum_w += w[j]
                    sum_x += w[j] * x
                    sum_y += y[j]
                    sum_xx += w[j] * x * x
                    sum_xy += y[j] * x
            spread_x = max(1e-6, sum_xx - sum_x * sum_x / sum_w)
            out[m, 13 + order] = (sum_xy - sum_x * sum_y / sum_w) / np.sqrt(spread_x * noise)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def red_noise(
    time: FloatArray,
    value: FloatArray,
    noise: FloatArray,
    frequency: float,
    stride: int,
    tau: FloatArray,
    ratio: FloatArray,
    out: FloatArray,
) -> None:
    """Log likelihood of a damped random walk, alone and with a sinusoid, at pairs of its two parameters.

    The walk is a Gaussian process of exponential covariance, so that a Kalman filter needs one pass (Kelly, Bechtold &
    Siemiginowska 2009, ApJ 698, 895, eq. 6-12); mean, sinusoid and overall scale are profiled by least squares on the
    innovations of the data, the constant, the cosine and the sine, which all pass the same filter.

    Parameters
    ----------
    time, value, noise : (n,) days ascending; values; variances of the white part.
    frequency : cycles a day of the sinusoid.
    stride : every so many points are used.
    tau, ratio : (m,) damping times in days, variances of the walk; quickest where equal times follow one another.
    out : (m, 2) filled: log likelihood less a constant, of the walk alone and with the sinusoid.
    """
    count = (time.size + stride - 1) // stride
    gap, white, cosine, sine, seen, decay = np.empty((6, count))
    for k in range(count):
        i = k * stride
        cycle = frequency * time[i]
        angle = TWO_PI * (cycle - np.floor(cycle))
        cosine[k] = np.cos(angle)
        sine[k] = np.sin(angle)
        gap[k] = time[i - stride] - time[i] if k > 0 else 0.0
        white[k] = noise[i]
        seen[k] = value[i]
    product = np.empty((4, 4))
    for m in range(tau.size):
        if m == 0 or tau[m] != tau[m - 1]:
            for k in range(count):
                decay[k] = np.exp(gap[k] / tau[m])
        walk = ratio[m]
        variance = walk
        log_det, determinant = 0.0, 1.0
        # the filter's means of the four series, in single variables: arrays would be written to memory at every step
        level, wave, turn, light = 0.0, 0.0, 0.0, 0.0
        level_level, level_wave, level_turn, level_light = 0.0, 0.0, 0.0, 0.0
        wave_wave, wave_turn, wave_light = 0.0, 0.0, 0.0
        turn_turn, turn_light, light_light = 0.0, 0.0, 0.0
        for k in range(count):
            kept = decay[k]
            variance = walk + kept * kept * (variance - walk)
            total = variance + white[k]
            inverse = 1.0 / total
            gain = variance * inverse
            variance -= variance * gain
            # logarithms are dear: one for many points
            determinant *= total
            if not 1e-100 < determinant < 1e100:
                log_det += np.log(determinant)
                determinant = 1.0
            a = 1.0 - kept * level
            b = cosine[k] - kept * wave
            c = sine[k] - kept * turn
            d = seen[k] - kept * light
            level = kept * level + gain * a
            wave = kept * wave + gain * b
            turn = kept * turn + gain * c
            light = kept * light + gain * d
            level_level += a * a * inverse
            level_wave += a * b * inverse
            level_turn += a * c * inverse
            level_light += a * d * inverse
            wave_wave += b * b * inverse
            wave_turn += b * c * inverse
            wave_light += b * d * inverse
            turn_turn += c * c * inverse
            turn_light += c * d * inverse
            light_light += d * d * inverse
        log_det += np.log(determinant)
        product[0, 0], product[1, 0], product[2, 0], product[3, 0] = level_level, level_wave, level_turn, level_light
        product[1, 1], product[2, 1], product[3, 1] = wave_wave, wave_turn, wave_light
        product[2, 2], product[3, 2], product[3, 3] = turn_turn, turn_light, light_light
        left = light_light
        for column in range(3):
            pivot = max(product[column, column], 1e-12)
            for row in range(column + 1, 4):
                share = product[row, column] / pivot
                for k in range(column + 1, row + 1):
                    product[row, k] -= share * product[k, column]
            if column == 0:
                left = max(product[3, 3], 1e-12)
        out[m, 0] = -0.5 * (log_det + count * np.log(left / count))
        out[m, 1] = -0.5 * (log_det + count * np.log(max(product[3, 3], 1e-12) / count))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _turns(time: FloatArray, frequency: float, cosine: FloatArray, sine: FloatArray) -> None:
    """Cosine and sine of the phase of times (n,) at a frequency, to 1e-13, filled into two arrays (n,).

    The Taylor series of half the angle, which is at most a quarter of a turn: several points at a time.
    """
    for i in range(time.size):
        cycle = frequency * time[i]
        half = np.pi * (cycle - np.rint(cycle))
        x = half * half
        c = 1.0 - x / 2.0 * (1.0 - x / 12.0 * (1.0 - x / 30.0 * (1.0 - x / 56.0 * (1.0 - x / 90.0 * (
            1.0 - x / 132.0 * (1.0 - x / 182.0 * (1.0 - x / 240.0 * (1.0 - x / 306.0))))))))  # fmt: skip
        s = half * (1.0 - x / 6.0 * (1.0 - x / 20.0 * (1.0 - x / 42.0 * (1.0 - x / 72.0 * (1.0 - x / 110.0 * (
            1.0 - x / 156.0 * (1.0 - x / 210.0 * (1.0 - x / 272.0 * (1.0 - x / 342.0)))))))))  # fmt: skip
        cosine[i] = 1.0 - 2.0 * s * s
        sine[i] = 2.0 * s * c


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def fourier_equations(
    time: FloatArray, value: FloatArray, weight: FloatArray, frequency: float, terms: int
) -> tuple[FloatArray, FloatArray]:
    """Normal equations of a Fourier series: matrix (2 terms + 1, 2 terms + 1) and right side (2 terms + 1,).

    The parameters are a constant, then cosine and sine of each harmonic.

    Parameters
    ----------
    time, value, weight : (n,) days, any unit, positive.
    frequency : cycles a day.
    """
    orders = 2 * terms + 1
    sums = np.zeros((4, orders))
    cosine, sine, c, s = np.empty((4, _CHUNK))
    for first in range(0, time.size, _CHUNK):
        t, y, w = time[first : first + _CHUNK], value[first : first + _CHUNK], weight[first : first + _CHUNK]
        _turns(t, frequency, cosine, sine)
        c[:] = 1.0
        s[:] = 0.0
        for k in range(orders):
            one, two = 0.0, 0.0
            for i in range(t.size):
                one += w[i] * c[i]
                two += w[i] * s[i]
            sums[0, k] += one
            sums[1, k] += two
            if k <= terms:
                one, two = 0.0, 0.0
                for i in range(t.size):
                    one += w[i] * y[i] * c[i]
                    two += w[i] * y[i] * s[i]
                sums[2, k] += one
                sums[3, k] += two
            for i in range(t.size):
                ahead = c[i] * cosine[i] - s[i] * sine[i]
                s[i] = s[i] * cosine[i] + c[i] * sine[i]
                c[i] = ahead
    matrix, right = np.empty((orders, orders)), np.empty(orders)
    matrix[0, 0] = sums[0, 0]
    right[0] = sums[2, 0]
    for k in range(1, terms + 1):
        matrix[0, 2 * k - 1] = matrix[2 * k - 1, 0] = sums[0, k]
        matrix[0, 2 * k] = matrix[2 * k, 0] = sums[1, k]
        right[2 * k - 1] = sums[2, k]
        right[2 * k] = sums[3, k]
        for h in range(1, terms + 1):
            apart = abs(k - h)
            side = 1.0 if k >= h else -1.0
            matrix[2 * h - 1, 2 * k - 1] = 0.5 * (sums[0, apart] + sums[0, k + h])
            matrix[2 * h, 2 * k] = 0.5 * (sums[0, apart] - sums[0, k + h])
            matrix[2 * h - 1, 2 * k] = 0.5 * (sums[1, k + h] + side * sums[1, apart])
            matrix[2 * k, 2 * h - 1] = matrix[2 * h - 1, 2 * k]
    return matrix, right


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def frequency_slope(
    time: FloatArray, value: FloatArray, weight: FloatArray, frequency: float, series: FloatArray, middle: float
) -> tuple[float, float, float, FloatArray]:
    """How a Fourier series of given coefficients changes with its frequency.

    With r what the series leaves and u its derivative by the frequency at each point, for phases counted from `middle`:

    Parameters
    ----------
    time, value, weight : (n,) days, the unit of the coefficients, positive.
    frequency : cycles a day.
    series : (2 terms + 1,) a constant, then cosine and sine of each harmonic.
    middle : days.

    Returns
    -------
    The weighted sums of r r, u r and u u, and (2 terms + 1,) of u times the constant, each cosine and each sine.
    """
    terms = series.size // 2
    square, slope, strength = 0.0, 0.0, 0.0
    product = np.zeros(series.size)
    cosine, sine, c, s, left, change = np.empty((6, _CHUNK))
    for first in range(0, time.size, _CHUNK):
        t, y, w = time[first : first + _CHUNK], value[first : first + _CHUNK], weight[first : first + _CHUNK]
        _turns(t, frequency, cosine, sine)
        for i in range(t.size):
            c[i] = cosine[i]
            s[i] = sine[i]
            left[i] = y[i] - series[0]
            change[i] = 0.0
        for k in range(1, terms + 1):
            a, b = series[2 * k - 1], series[2 * k]
            for i in range(t.size):
                left[i] -= a * c[i] + b * s[i]
                change[i] += k * (b * c[i] - a * s[i])
                ahead = c[i] * cosine[i] - s[i] * sine[i]
                s[i] = s[i] * cosine[i] + c[i] * sine[i]
                c[i] = ahead
        total = 0.0
        for i in range(t.size):
            change[i] *= TWO_PI * (t[i] - middle)
            square += w[i] * left[i] * left[i]
            slope += w[i] * change[i] * left[i]
            strength += w[i] * change[i] * change[i]
            change[i] *= w[i]
            total += change[i]
            c[i] = cosine[i]
            s[i] = sine[i]
        product[0] += total
        for k in range(1, terms + 1):
            one, two = 0.0, 0.0
            for i in range(t.size):
                one += change[i] * c[i]
                two += change[i] * s[i]
                ahead = c[i] * cosine[i] - s[i] * sine[i]
                s[i] = s[i] * cosine[i] + c[i] * sine[i]
                c[i] = ahead
            product[2 * k - 1] += one
            product[2 * k] += two
    return square, slope, strength, product


@njit(cache=True, nogil=True)
def running_median(value: FloatArray, low: NDArray[np.int64], high: NDArray[np.int64]) -> FloatArray:
    """(n,) medians of ``value[low[i] : high[i]]``."""
    out = np.empty(value.size)
    for i in range(value.size):
        out[i] = np.median(value[low[i] : high[i]])
    return out


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def boxes(
    time: FloatArray,
    value: FloatArray,
    frequency: FloatArray,
    durations: FloatArray,
    power: FloatArray,
    detail: FloatArray,
) -> None:
    """Best box-shaped dip of each folded curve.

    Parameters
    ----------
    time, value : (n,) days from 0 on; values of mean near zero, equal weights.
    frequency : (m,) cycles a day.
    durations : (d,) days.
    power : (m,) filled with the dip's gain in the sum of squares, square root.
    detail : (m, 3) filled: start of the dip in days after time 0, its duration, its depth.
    """
    n = time.size
    most = int(4.0 / (durations[0] * frequency.min())) + 8
    count, total = np.empty(2 * most), np.empty(2 * most)
    for m in range(frequency.size):
        f = frequency[m]
        # a quarter of the shortest duration a bin
        bins = max(16, min(most, int(np.ceil(4.0 / (durations[0] * f)))))
        count[: 2 * bins] = 0.0
        total[: 2 * bins] = 0.0
        for i in range(n):
            cycle = f * time[i]
            j = int((cycle - np.floor(cycle)) * bins)
            if j >= bins:
                j = bins - 1
            count[j] += 1.0
            total[j] += value[i]
        everything = 0.0
        for j in range(bins):
            everything += total[j]
        for j in range(bins):
            count[bins + j] = count[j]
            total[bins + j] = total[j]
        for j in range(1, 2 * bins):
            count[j] += count[j - 1]
            total[j] += total[j - 1]
        best = 0.0
        detail[m, 0], detail[m, 1], detail[m, 2] = 0.0, durations[0], 0.0
        for d in range(durations.size):
            width = int(durations[d] * f * bins + 0.5)
            if width < 1 or width > bins // 5:
                continue
            for start in range(1, bins + 1):
                inside = count[start + width - 1] - count[start - 1]
                if inside < 3.0:
                    continue
                dip = total[start + width - 1] - total[start - 1]
                if dip >= 0.0:
                    continue
                rest = (everything - dip) / (n - inside)
                depth = rest - dip / inside
                gain = depth * depth * inside * (n - inside) / n
                if depth > 0.0 and gain > best:
                    best = gain
                    detail[m, 0] = (start % bins) / (bins * f)
                    detail[m, 1] = width / (bins * f)
                    detail[m, 2] = depth
        power[m] = np.sqrt(best)
