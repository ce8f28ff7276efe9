"""How well the fold at each frequency is explained by shapes of several kinds."""

from __future__ import annotations

import numpy as np

from swope.pipeline.bins import add_to_bins
from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray, IntArray

#: Numbers that a processor computes at a time, at least.
LANES = 4


@compiled(fast=True)
def ridged(
    matrix: FloatArray, ridge: FloatArray, right: FloatArray, size: int, work: FloatArray
) -> tuple[float, float]:
    """Quadratic form right' (matrix + diag ridge)^-1 right and log determinant, by elimination in `work`.

    Parameters
    ----------
    matrix : (at least size, at least size) symmetric; its upper half is read.
    work : (size, size + 1) or wider, of finite numbers; left with the upper triangular system, its right side in column
        `size`. Quickest where it is `LANES` numbers wide or a multiple: rows as long as one another are computed
        several numbers at a time, below the diagonal and beyond the right side for nothing.
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
        row = work[k]
        for i in range(k + 1, size):
            share, below = row[i] * inverse, work[i]
            for j in range(work.shape[1]):
                below[j] -= share * row[j]
    return quadratic, np.log(determinant)


@compiled(fast=True)
def moments(
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


@compiled(fast=True)
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
    flat_w, flat_y = np.empty(n_bands * bins), np.empty(n_bands * bins)
    total_w, total_y = flat_w.reshape(n_bands, bins), flat_y.reshape(n_bands, bins)
    merged_w = np.empty(2 * bins)
    merged_y = np.empty(2 * bins)
    cw, sw = np.empty(2 * terms + 1), np.empty(2 * terms + 1)
    matrix, right = np.empty((size, size)), np.empty(size)
    ridge, work = np.empty(size), np.zeros((size, (size // LANES + 1) * LANES))
    cross, gain = np.empty(size), np.empty(bins)
    cell = np.empty(n, dtype=np.int32)
    first = band.astype(np.int32) * np.int32(bins)
    weighted = weight * value
    for m in range(frequency.size):
        add_to_bins(time, first, weight, weighted, frequency[m], 0.0, bins, cell, flat_w, flat_y)
        for j in range(bins):
            merged_w[j] = 0.0
            merged_y[j] = 0.0
        for b in range(n_bands):
            for j in range(bins):
                merged_w[j] += total_w[b, j]
                merged_y[j] += total_y[b, j]
        moments(merged_w[:bins], merged_y[:bins], cosine, sine, terms, cw, sw, right, matrix)
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
        for k in range(size):
            ridge[k] = 1e-3
        explained, _ = ridged(matrix, ridge, right, size, work)
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
                explained, _ = ridged(matrix, ridge, right, used, work)
                spread_ = min(1.0, max(1e-4, (n - explained) / max(1.0, n - n_bands - used)))
                log_prior += used * np.log(spread_ / noise)
                for k in range(used):
                    ridge[k] *= spread_ / noise
            explained, log_det = ridged(matrix, ridge, right, used, work)
            out[m, d] = 0.5 * (log_prior - log_det - n * np.log(spread_) - (n - explained) / spread_ + n)
        out[m, decays.shape[0]] = _boxes(merged_w, merged_y, bins, n, gain)


@compiled(fast=True)
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
