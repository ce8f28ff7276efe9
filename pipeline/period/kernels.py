"""Compiled inner loops of the period search. Import this module only where it is used: numba takes half a second."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.lightcurve import FloatArray, IntArray

ComplexArray = NDArray[np.complex64]
SingleArray = NDArray[np.float32]

TWO_PI = 2.0 * np.pi


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
    pieces : (degree + 1, width) the spreading kernel as a polynomial in each cell of its width, from the highest power
        down; the variable runs from -1 to 1 over the cell.
    work : (3 * blocks, length) complex, zeros; filled with the grids of signal, weight, and weight at twice the
        frequency, block after block.
    """
    length = work.shape[1]
    blocks = work.shape[0] // 3
    degree, width = pieces.shape
    psi = np.empty((2, width))
    cell = np.empty((2, width), dtype=np.int64)
    for i in range(time.size):
        for double in range(2):
            position = (double + 1) * step * time[i] * length
            start = np.ceil(position - 0.5 * width)
            x = 2.0 * (start - position + 0.5 * width) - 1.0
            for j in range(width):
                psi[double, j] = pieces[0, j]
            for d in range(1, degree):
                for j in range(width):
                    psi[double, j] = psi[double, j] * x + pieces[d, j]
            at = int(start) % length
            for j in range(width):
                cell[double, j] = at + j if at + j < length else at + j - length
        cycles = centre * step * time[i]
        cycles -= np.floor(cycles)
        turn = complex(np.cos(TWO_PI * cycles), -np.sin(TWO_PI * cycles))
        ahead = block * step * time[i]
        ahead -= np.floor(ahead)
        onward = complex(np.cos(TWO_PI * ahead), -np.sin(TWO_PI * ahead))
        for b in range(blocks):
            one = turn * signal[i]
            two = turn * weight[i]
            three = turn * turn * weight[i]
            for j in range(width):
                work[3 * b, cell[0, j]] += one * psi[0, j]
                work[3 * b + 1, cell[0, j]] += two * psi[0, j]
                work[3 * b + 2, cell[1, j]] += three * psi[1, j]
            turn *= onward


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
        for start in range(best_start + 2 * best_width, best_start + bins - 2 * best_width):
            before = (start - 1) % bins
            in_w, in_y = w[before + best_width] - w[before], y[before + best_width] - y[before]
            rest_w = total_w - best_w - in_w
            if in_w > 0.0 and rest_w > 0.0:
                found = best_y**2 / best_w + in_y * in_y / in_w + (total_y - best_y - in_y) ** 2 / rest_w
                two = max(two, found)
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
        begin = j_first * pace + 0.5 - first
        for j in range(min(j_last, int((last + 0.49) / pace)) + 1 - j_first):
            total[j] += power[np.int32(begin + j * pace)]
    recent_at, recent_is = 0, -1
    for i in range(total.size):
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
    tau, ratio : (m,) damping times in days, variances of the walk.
    out : (m, 2) filled: log likelihood less a constant, of the walk alone and with the sinusoid.
    """
    mean = np.empty(4)
    apart = np.empty(4)
    product = np.empty((4, 4))
    cosine, sine = np.empty(time.size), np.empty(time.size)
    for i in range(0, time.size, stride):
        cycle = frequency * time[i]
        angle = TWO_PI * (cycle - np.floor(cycle))
        cosine[i] = np.cos(angle)
        sine[i] = np.sin(angle)
    for m in range(tau.size):
        mean[:] = 0.0
        product[:] = 0.0
        variance = ratio[m]
        log_det, determinant = 0.0, 1.0
        count = 0
        previous = time[0]
        for i in range(0, time.size, stride):
            if ratio[m] > 0.0:
                decay = np.exp((previous - time[i]) / tau[m])
                variance = ratio[m] + decay * decay * (variance - ratio[m])
                for c in range(4):
                    mean[c] *= decay
            previous = time[i]
            total = variance + noise[i]
            apart[0] = 1.0 - mean[0]
            apart[1] = cosine[i] - mean[1]
            apart[2] = sine[i] - mean[2]
            apart[3] = value[i] - mean[3]
            # logarithms are dear: one for many points
            determinant *= total
            count += 1
            if not 1e-100 < determinant < 1e100:
                log_det += np.log(determinant)
                determinant = 1.0
            inverse = 1.0 / total
            gain = variance * inverse
            for c in range(4):
                for d in range(c + 1):
                    product[c, d] += apart[c] * apart[d] * inverse
            for c in range(4):
                mean[c] += gain * apart[c]
            variance *= 1.0 - gain
        log_det += np.log(determinant)
        left = product[3, 3]
        for c in range(3):
            pivot = max(product[c, c], 1e-12)
            for d in range(c + 1, 4):
                share = product[d, c] / pivot
                for e in range(c + 1, d + 1):
                    product[d, e] -= share * product[e, c]
            if c == 0:
                left = max(product[3, 3], 1e-12)
        out[m, 0] = -0.5 * (log_det + count * np.log(left / count))
        out[m, 1] = -0.5 * (log_det + count * np.log(max(product[3, 3], 1e-12) / count))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def fourier_basis(time: FloatArray, frequency: float, terms: int) -> FloatArray:
    """(n, 2 terms + 1) constant, then cosine and sine of each harmonic of a frequency (cycles a day) at times (n,)."""
    basis = np.empty((time.size, 2 * terms + 1))
    for i in range(time.size):
        cycle = frequency * time[i]
        angle = TWO_PI * (cycle - np.floor(cycle))
        once = complex(np.cos(angle), np.sin(angle))
        turn = once
        basis[i, 0] = 1.0
        for k in range(terms):
            basis[i, 2 * k + 1] = turn.real
            basis[i, 2 * k + 2] = turn.imag
            turn *= once
    return basis


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
