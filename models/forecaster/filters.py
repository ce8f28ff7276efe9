"""Causal filters, compiled: each forecasts every row of a star from the rows before it, in one pass over the rows.

Rows that are not learnt from are forecast like the others, but leave no trace.
"""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.compiled import compiled

#: Squared standardised innovation above which a row moves a filter less than its error would let it.
_CLIP = 9.0

#: Degrees of freedom of the prior on the noise's scale, and the most that it may gather (so that it can follow).
_NU_FIRST, _NU_MOST = 4, 200

#: Degrees of freedom given to a neighbour average, which gathers few points.
_NU_NEIGHBOURS = 6

#: Forecasts whose log weight is so far below the best are left out of an average.
_NEGLIGIBLE = 12.0

_LOG_T = np.array(
    [0.0]
    + [math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi) for nu in range(1, _NU_MOST + 1)]
)


@compiled()
def log_t(z2: float, scale2: float, nu: int) -> float:
    """Log density of Student's t with `nu` (an integer up to 200) degrees of freedom at squared distance `z2`."""
    density: float = _LOG_T[nu] - 0.5 * math.log(scale2) - 0.5 * (nu + 1) * math.log1p(z2 / nu)
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
def _glide(state: np.ndarray, cov: np.ndarray, at: int, rate: float, phi: float, gap: float, variance: float) -> None:
    """Carry a smooth process (value at `at`, slope after it) over a gap."""
    a, b = phi * (1.0 + rate * gap), phi * gap
    c, e = -phi * rate * rate * gap, phi * (1.0 - rate * gap)
    slope = variance * rate * rate
    state[at], state[at + 1] = a * state[at] + b * state[at + 1], c * state[at] + e * state[at + 1]
    for k in range(len(state)):
        cov[at, k], cov[at + 1, k] = a * cov[at, k] + b * cov[at + 1, k], c * cov[at, k] + e * cov[at + 1, k]
    for k in range(len(state)):
        cov[k, at], cov[k, at + 1] = a * cov[k, at] + b * cov[k, at + 1], c * cov[k, at] + e * cov[k, at + 1]
    cov[at, at] += variance - a * a * variance - b * b * slope
    cross = -a * c * variance - b * e * slope
    cov[at, at + 1] += cross
    cov[at + 1, at] += cross
    cov[at + 1, at + 1] += slope - c * c * variance - e * e * slope


@compiled()
def _copy(state: np.ndarray, cov: np.ndarray, to_state: np.ndarray, to_cov: np.ndarray) -> None:
    for j in range(len(state)):
        to_state[j] = state[j]
        for k in range(len(state)):
            to_cov[j, k] = cov[j, k]


def linear_bank(
    time: np.ndarray,
    value: np.ndarray,
    noise: np.ndarray,
    design: np.ndarray,
    prior: np.ndarray,
    decay: np.ndarray,
    smooth: int,
    learnt: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run a bank of linear-Gaussian filters that share a design: ``value = design @ state + noise``.

    Each state is a constant (rate 0) or an Ornstein-Uhlenbeck process, with its prior for stationary variance; one may
    be a smooth process (Matern 3/2; Hartikainen & Sarkka 2010, eq. 9) whose slope is the state after it.
    The noise variances are known up to one factor, which each filter learns (conjugate inverse gamma), so that its
    predictive density is Student's t. West & Harrison 1997, Bayesian Forecasting and Dynamic Models, section 4.6; the
    weight of a row more than three sigma out is cut (Huber 1981).

    Parameters
    ----------
    time : (n,) days, ascending.
    value : (n,) what is forecast, any unit u.
    noise : (n,) u^2, variance of each row up to the learned factor.
    design : (n, d) how each row sees the states.
    prior : (m, d) u^2, prior variance of each state for each of the m filters.
    decay : (m, d) 1/days, rate at which each state forgets; 0 for a constant.
    smooth : index of the smooth process, -1 for none; its prior gives that of its slope too.
    learnt : (n,) whether a row is learnt from; the others may be later than the row after them.

    Returns
    -------
    mean, variance, log_density : (m, n) of each row before it was seen; the variance includes the row's noise.
    """
    mean, spread, miss2 = _filtered(time, value, noise, design, prior, decay, smooth, learnt)
    # each row learnt from is one degree of freedom more; NumPy takes many logarithms in the time of one
    known = np.cumsum(learnt) - learnt
    nu = np.minimum(_NU_FIRST + known, _NU_MOST)
    log_density = _LOG_T[nu] - 0.5 * (np.log(spread) + (nu + 1) * np.log1p(miss2 / (nu * spread)))
    # variance of Student's t, finite from three degrees of freedom on
    return mean, spread * (nu / (nu - 2.0)), log_density


@compiled(fast={"contract", "reassoc", "nsz"})
def _filtered(
    time: np.ndarray,
    value: np.ndarray,
    noise: np.ndarray,
    design: np.ndarray,
    prior: np.ndarray,
    decay: np.ndarray,
    smooth: int,
    learnt: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of `linear_bank`: mean, squared scale and squared miss (m, n) of each row before it was seen."""
    n, d = design.shape
    m = prior.shape[0]
    mean = np.empty((m, n))
    squared_scale = np.empty((m, n))
    squared_miss = np.empty((m, n))
    cov = np.empty((d, d))
    state = np.empty(d)
    kept_cov = np.empty((d, d))
    kept_state = np.empty(d)
    gain = np.empty(d)
    phi = np.ones(d)
    moving = np.empty(d, dtype=np.int64)
    for f in range(m):
        moves = 0
        for j in range(d):
            for k in range(d):
                cov[j, k] = 0.0
            cov[j, j] = prior[f, j]
            state[j], phi[j] = 0.0, 1.0
            if decay[f, j] > 0 and j != smooth:
                moving[moves] = j
                moves += 1
        bend = 0.0
        if smooth >= 0:
            bend = decay[f, smooth]
            cov[smooth + 1, smooth + 1] = prior[f, smooth] * bend * bend
        scale = 1.0
        nu = _NU_FIRST
        last = -1
        for i in range(n):
            if not learnt[i]:
                _copy(state, cov, kept_state, kept_cov)
            if last >= 0 and time[i] > time[last]:
                gap = time[i] - time[last]
                for q in range(moves):
                    j = moving[q]
                    # neighbouring states often share a rate, and exponentials are dear
                    known_rate = q > 0 and decay[f, j] == decay[f, moving[q - 1]]
                    phi[j] = phi[moving[q - 1]] if known_rate else math.exp(-gap * decay[f, j])
                    state[j] *= phi[j]
                if moves > 2:
                    for j in range(d):
                        for k in range(d):
                            cov[j, k] *= phi[j] * phi[k]
                else:
                    for q in range(moves):
                        j = moving[q]
                        for k in range(d):
                            cov[j, k] *= phi[j]
                        for k in range(d):
                            cov[k, j] *= phi[j]
                for q in range(moves):
                    j = moving[q]
                    cov[j, j] += prior[f, j] * (1.0 - phi[j] * phi[j])
                if bend > 0:
                    _glide(state, cov, smooth, bend, math.exp(-gap * bend), gap, prior[f, smooth])
            forecast = 0.0
            known = 0.0
            for j in range(d):
                total = 0.0
                for k in range(d):
                    total += cov[j, k] * design[i, k]
                gain[j] = total
                forecast += design[i, j] * state[j]
                known += design[i, j] * total
            known = max(known, 0.0)
            spread = known + noise[i]
            miss = value[i] - forecast
            z2 = miss * miss / (spread * scale)
            mean[f, i] = forecast
            squared_scale[f, i] = spread * scale
            squared_miss[f, i] = miss * miss
            if not learnt[i]:
                _copy(kept_state, kept_cov, state, cov)
                continue
            last = i
            if z2 > _CLIP:
                spread = known + noise[i] * z2 / _CLIP
            inverse = 1.0 / spread
            for j in range(d):
                step = gain[j] * inverse
                state[j] += step * miss
                for k in range(d):
                    cov[j, k] -= step * gain[k]
            scale = scale * (nu + min(z2, _CLIP)) / (nu + 1.0)
            nu = min(nu + 1, _NU_MOST)
    return mean, squared_scale, squared_miss


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
    value, noise, band : (n,) as for `linear_bank`; the band's index.
    widths : (m,) half-widths of the kernels in phase, the widest first.
    reach : how many rows back to look.
    learnt : (n,) whether a row is learnt from.

    Returns
    -------
    mean, variance, log_density : (m, n) as for `linear_bank`; the band's own past where no row is near.
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
    rows = np.empty(n, dtype=np.int64)
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
        for k in range(max(0, known - reach), known):
            j = rows[k]
            apart = abs(phase[i] - phase[j])
            apart = min(apart, 1.0 - apart)
            if apart >= widths[0] or band[j] != b:
                continue
            for f in range(m):
                if apart < widths[f]:
                    w = 1.0 - (apart / widths[f]) ** 2
                    weight[f] += w
                    first[f] += w * value[j]
                    second[f] += w * value[j] * value[j]
        for f in range(m):
            mean[f, i] = first[f] / weight[f]
            local = max(second[f] / weight[f] - mean[f, i] * mean[f, i], 0.0)
            variance[f, i] = max(local, 0.25 * noise[i]) * (1.0 + 1.0 / weight[f])
            miss = value[i] - mean[f, i]
            log_density[f, i] = log_t(miss * miss / variance[f, i], variance[f, i], _NU_NEIGHBOURS)
        if not learnt[i]:
            continue
        rows[known] = i
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
    mean, variance, log_density : (m, n) of each forecast.
    learnt : (n,) whether a row is learnt from.
    log_prior : (m,) logarithm of each forecast's weight at first, up to a constant.
    forget : what is left, a row later, of the logarithm of what the rows before gave a forecast for weight.

    Returns
    -------
    mean, variance, log_density : (n,) of their mixture, each row's weights made from earlier rows only.
    """
    m, n = mean.shape
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
        highest = log_density[0, i]
        for f in range(m):
            # a forecast this unlikely changes nothing, and exponentials are dear
            weight[f] = math.exp(log_weight[f] - top) if log_weight[f] > top - _NEGLIGIBLE else 0.0
            total += weight[f]
            first += weight[f] * mean[f, i]
            highest = max(highest, log_density[f, i])
        first /= total
        second = 0.0
        density = 0.0
        for f in range(m):
            if weight[f] > 0.0:
                w = weight[f] / total
                second += w * (variance[f, i] + (mean[f, i] - first) ** 2)
                density += w * math.exp(log_density[f, i] - highest)
        out_mean[i] = first
        out_variance[i] = second
        out_log[i] = math.log(max(density, 1e-300)) + highest
        if not learnt[i]:
            continue
        for f in range(m):
            log_weight[f] = forget * (log_weight[f] - top) + log_density[f, i]
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
