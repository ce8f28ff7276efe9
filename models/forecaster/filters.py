"""Causal forecasts, compiled: of every row of a star from the rows before it, in one pass over the rows.

Rows that are not learnt from are forecast like the others, but leave no trace.
"""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.compiled import compiled

#: Most degrees of freedom of a Student's t.
NU_MOST = 200

#: Degrees of freedom given to a neighbour average, which gathers few points.
_NU_NEIGHBOURS = 6

#: Forecasts whose log weight is so far below the best are left out of an average.
_NEGLIGIBLE = 12.0

#: Of each number of degrees of freedom, the log density of Student's t in its middle; 0 for none.
LOG_T = np.array(
    [0.0]
    + [math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi) for nu in range(1, NU_MOST + 1)]
)


@compiled()
def log_t(z2: float, scale2: float, nu: int) -> float:
    """Log density of Student's t with `nu` (an integer up to 200) degrees of freedom at squared distance `z2`."""
    density: float = LOG_T[nu] - 0.5 * math.log(scale2) - 0.5 * (nu + 1) * math.log1p(z2 / nu)
    return density


@compiled()
def fourier(phase: np.ndarray, harmonics: int) -> np.ndarray:
    """(n, 2 * harmonics) cosine and sine of each harmonic of the phases (n,), by the angle-addition recurrence."""
    n = len(phase)
    out = np.empty((n, 2 * harmonics))
    for i in range(n):
        angle = 2.0 * math.pi * phase[i]
        c1, s1 = math.cos(angle), math.sin(angle)
        c, s = c1, s1
        for k in range(harmonics):
            out[i, 2 * k] = c
            out[i, 2 * k + 1] = s
            c, s = c * c1 - s * s1, s * c1 + c * s1
    return out


@compiled()
def _bands(band: np.ndarray) -> int:
    """How many bands the indices (n,) name."""
    most = -1
    for i in range(len(band)):
        most = max(most, band[i])
    return most + 1


@compiled()
def neighbours(
    phase: np.ndarray,
    value: np.ndarray,
    noise: np.ndarray,
    band: np.ndarray,
    widths: np.ndarray,
    reach: int,
    learnt: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forecast each row by the earlier rows of its band at nearly its phase (Epanechnikov weights).

    Parameters
    ----------
    phase : (n,) in [0, 1).
    value, noise, band : (n,) as for `swope.models.forecaster.bank.linear_bank`; the band's index.
    widths : (m,) half-widths of the kernels in phase, the widest first.
    reach : how many rows back to look.
    learnt : (n,) whether a row is learnt from.

    Returns
    -------
    mean, variance, log_density : (m, n) of each row before it was seen; the band's own past where no row is near.
    """
    n, m = len(phase), len(widths)
    bands = _bands(band)
    count = np.zeros(bands)
    total = np.zeros(bands)
    square = np.zeros(bands)
    mean = np.empty((m, n))
    variance = np.empty((m, n))
    log_density = np.empty((m, n))
    weight = np.empty(m)
    first = np.empty(m)
    second = np.empty(m)
    # the rows known in each cell of phase, the latest first: only those in a row's own and the next cells can be near
    cells = int(1.0 / widths[0])
    cells, around = (cells, 3) if cells >= 3 else (1, 1)
    latest = np.full(cells, -1)
    older, place = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    known = 0
    for i in range(n):
        b = band[i]
        overall = total[b] / count[b] if count[b] > 0 else 0.0
        wide = (square[b] + noise[i]) / (count[b] + 1.0)
        # the whole past of the band counts as half a neighbour, so that a lone neighbour does not rule
        for f in range(m):
            weight[f] = 0.5
            first[f] = 0.5 * overall
            second[f] = 0.5 * (wide + overall * overall)
        own = min(int(phase[i] * cells), cells - 1)
        for beside in range(around):
            j = latest[(own + beside + cells - around // 2) % cells]
            while j >= 0 and place[j] >= known - reach:
                apart = abs(phase[i] - phase[j])
                apart = min(apart, 1.0 - apart)
                if apart < widths[0] and band[j] == b:
                    for f in range(m):
                        if apart < widths[f]:
                            w = 1.0 - (apart / widths[f]) ** 2
                            weight[f] += w
                            first[f] += w * value[j]
                            second[f] += w * value[j] * value[j]
                j = older[j]
        for f in range(m):
            mean[f, i] = first[f] / weight[f]
            local = max(second[f] / weight[f] - mean[f, i] * mean[f, i], 0.0)
            variance[f, i] = max(local, 0.25 * noise[i]) * (1.0 + 1.0 / weight[f])
            miss = value[i] - mean[f, i]
            log_density[f, i] = log_t(miss * miss / variance[f, i], variance[f, i], _NU_NEIGHBOURS)
        if not learnt[i]:
            continue
        older[i], place[i], latest[own] = latest[own], known, i
        known += 1
        count[b] += 1.0
        change = value[i] - overall
        total[b] += value[i]
        square[b] += change * (value[i] - total[b] / count[b])
    return mean, variance, log_density


@compiled()
def average(
    mean: np.ndarray,
    variance: np.ndarray,
    log_density: np.ndarray,
    learnt: np.ndarray,
    log_prior: np.ndarray,
    forget: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average m forecasts of n rows by what each foretold of the rows before (Raftery+2010, dynamic model averaging).

    Parameters
    ----------
    mean, variance, log_density : (n, m) of each forecast.
    learnt : (n,) whether a row is learnt from.
    log_prior : (m,) logarithm of each forecast's weight at first, up to a constant.
    forget : what is left, a row later, of the logarithm of what the rows before gave a forecast for weight.

    Returns
    -------
    mean, variance, log_density : (n,) of their mixture, each row's weights made from earlier rows only.
    """
    n, m = mean.shape
    log_weight = np.empty(m)
    weight = np.empty(m)
    for f in range(m):
        log_weight[f] = log_prior[f]
    out_mean = np.empty(n)
    out_variance = np.empty(n)
    out_log = np.empty(n)
    for i in range(n):
        top = log_weight[0]
        for f in range(1, m):
            top = max(top, log_weight[f])
        total = 0.0
        first = 0.0
        highest = log_density[i, 0]
        for f in range(m):
            # a forecast this unlikely changes nothing, and exponentials are dear
            weight[f] = math.exp(log_weight[f] - top) if log_weight[f] > top - _NEGLIGIBLE else 0.0
            total += weight[f]
            first += weight[f] * mean[i, f]
            highest = max(highest, log_density[i, f])
        first /= total
        second = 0.0
        density = 0.0
        for f in range(m):
            if weight[f] > 0.0:
                w = weight[f] / total
                second += w * (variance[i, f] + (mean[i, f] - first) ** 2)
                density += w * math.exp(log_density[i, f] - highest)
        out_mean[i] = first
        out_variance[i] = second
        out_log[i] = math.log(max(density, 1e-300)) + highest
        if not learnt[i]:
            continue
        for f in range(m):
            log_weight[f] = forget * (log_weight[f] - top) + log_density[i, f]
    return out_mean, out_variance, out_log


@compiled()
def causal_noise(value: np.ndarray, error: np.ndarray, band: np.ndarray, first: int, learnt: np.ndarray) -> np.ndarray:
    """Noise variance of each row from its own quoted error and the errors before it.

    Where errors are missing, half the mean squared step between rows of a band stands in (von Neumann 1941). The first
    `first` rows of the star, which are never forecast, share what is known after them.

    Parameters
    ----------
    value, error, band : (n,) unit u; u, NaN where not given; index of the band.
    learnt : (n,) whether a row is learnt from.

    Returns
    -------
    (n,) u^2, positive.
    """
    n = len(value)
    bands = _bands(band)
    last = np.empty(bands)
    for b in range(bands):
        last[b] = np.nan
    quoted = 0.0
    quoted_count = 0
    stepped = 0.0
    stepped_count = 0
    out = np.empty(n)
    known = 0
    # a source that quotes nothing and never changes still needs a positive variance
    floor = 1e-30
    for i in range(n):
        own = 0.0 if math.isnan(error[i]) else error[i] * error[i]
        count = quoted_count + (0 if math.isnan(error[i]) else 1)
        typical = (quoted + own) / count if count > 0 else 0.0
        if count == 0 and stepped_count > 0:
            typical = stepped / stepped_count
        out[i] = typical if math.isnan(error[i]) else 0.5 * (own + typical)
        if not learnt[i]:
            out[i] = max(out[i], floor)
            continue
        if known == first and count == 0:
            for j in range(i + 1):
                out[j] = max(typical, floor)
        out[i] = max(out[i], floor)
        quoted += own
        quoted_count = count
        if not math.isnan(last[band[i]]):
            stepped += 0.5 * (value[i] - last[band[i]]) ** 2
            stepped_count += 1
        last[band[i]] = value[i]
        floor = max(floor, 1e-12 * value[i] * value[i])
        known += 1
    return out


@compiled()
def forgetting_sums(terms: np.ndarray, memory: float) -> np.ndarray:
    """(m, n) of terms (m, n): each with the sum before it times `memory`."""
    sums = np.empty_like(terms)
    for i in range(terms.shape[0]):
        total = 0.0
        for j in range(terms.shape[1]):
            total = terms[i, j] + memory * total
            sums[i, j] = total
    return sums
