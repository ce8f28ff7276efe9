"""Banks of linear-Gaussian filters, compiled: each forecasts every row of a star from the rows before it.

Rows that are not learnt from are forecast like the others, but leave no trace.
"""

from __future__ import annotations

import math

import numpy as np

from swope.models.forecaster.filters import LOG_T, NU_MOST
from swope.pipeline.compiled import compiled

#: Squared standardised innovation above which a row moves a filter less than its error would let it.
_CLIP = 9.0

#: Degrees of freedom of the prior on the noise's scale; it gathers no more than `NU_MOST`, so that it can follow.
_NU_FIRST = 4

#: Numbers that stay in the processor's cache while their logarithms are taken.
_NUMBERS = 16384

#: Sums may be taken in any order; infinite numbers are what they are.
_ORDER = {"contract", "reassoc", "nsz"}


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
    mean, variance, log_density : (n, m) of each row before it was seen; the variance includes the row's noise.
    """
    m, d = prior.shape
    mean, spread, miss2 = np.empty((3, len(time), m))
    if smooth >= 0 or m > d:
        rates, which = np.unique(decay, return_inverse=True)
        which = np.ascontiguousarray(which.reshape(decay.shape).T)
        _many(time, value, noise, design, prior.T.copy(), rates, which, smooth, learnt, mean, spread, miss2)
    else:
        _wide(time, value, noise, design, prior, decay, learnt, mean, spread, miss2)
    # each row learnt from is one degree of freedom more
    known = np.cumsum(learnt) - learnt
    nu = np.minimum(_NU_FIRST + known, NU_MOST)[:, None]
    together = max(1, _NUMBERS // m)
    for begin in range(0, len(time), together):
        some = slice(begin, begin + together)
        _log_densities(nu[some], spread[some], miss2[some])
        # variance of Student's t, finite from three degrees of freedom on
        spread[some] *= nu[some] / (nu[some] - 2.0)
    return mean, spread, miss2


def _log_densities(nu: np.ndarray, spread: np.ndarray, miss2: np.ndarray) -> None:
    """Logarithms of Student's densities, (n, m), in place of the squared misses.

    NumPy takes many logarithms in the time of one, but not log1p.

    Parameters
    ----------
    nu : (n, 1) degrees of freedom.
    spread, miss2 : (n, m) squared scales and squared misses.
    """
    log_scale = np.log(spread)
    miss2 /= nu * spread
    miss2 += 1.0
    np.log(miss2, out=miss2)
    miss2 *= nu + 1
    miss2 += log_scale
    miss2 *= -0.5
    miss2 += LOG_T[nu]


@compiled(fast=_ORDER)
def _many(
    time: np.ndarray,
    value: np.ndarray,
    noise: np.ndarray,
    design: np.ndarray,
    prior: np.ndarray,
    rates: np.ndarray,
    which: np.ndarray,
    smooth: int,
    learnt: np.ndarray,
    mean: np.ndarray,
    squared_scale: np.ndarray,
    squared_miss: np.ndarray,
) -> None:
    """Of `linear_bank`, many filters of few states: all filters go through the rows together.

    Parameters
    ----------
    prior : (d, m).
    rates, which : (r,), (d, m) the rates at which states forget, ascending, and which of them each has.
    mean, squared_scale, squared_miss : (n, m) filled: mean, squared scale and squared miss before a row was seen.
    """
    n, d = design.shape
    m = prior.shape[1]
    # of the symmetric covariances the lower half; after the last row that was learnt from, and carried on to a row
    state, cov, now, spread = np.empty((d, m)), np.empty((d, d, m)), np.empty((d, m)), np.empty((d, d, m))
    keep, gain, scale, known, inverse = np.empty((d, m)), np.empty((d, m)), np.empty(m), np.empty(m), np.empty(m)
    stays = np.empty(len(rates))
    for f in range(m):
        for j in range(d):
            state[j, f], keep[j, f] = 0.0, 1.0
            for k in range(j):
                cov[j, k, f] = 0.0
            cov[j, j, f] = prior[j, f]
        if smooth >= 0:
            bend = rates[which[smooth, f]]
            cov[smooth + 1, smooth + 1, f] = prior[smooth, f] * bend * bend
        scale[f] = 1.0
    nu, last = _NU_FIRST, -1
    for i in range(n):
        gap = time[i] - time[last] if last >= 0 else 0.0
        for r in range(len(rates)):
            stays[r] = math.exp(-gap * rates[r])
        for j in range(d):
            for f in range(m):
                keep[j, f] = stays[which[j, f]] if j != smooth else 1.0
                now[j, f] = keep[j, f] * state[j, f]
            for k in range(j + 1):
                for f in range(m):
                    spread[j, k, f] = cov[j, k, f] * (keep[j, f] * keep[k, f])
            for f in range(m):
                spread[j, j, f] += prior[j, f] * (1.0 - keep[j, f] * keep[j, f])
        if smooth >= 0 and gap > 0.0:
            _glide(now, spread, smooth, gap, rates, which, stays, prior)
        for j in range(d):
            for f in range(m):
                gain[j, f] = spread[j, j, f] * design[i, j]
        for j in range(d):
            for k in range(j):
                x, y = design[i, j], design[i, k]
                if x != 0.0 or y != 0.0:
                    for f in range(m):
                        gain[j, f] += spread[j, k, f] * y
                        gain[k, f] += spread[j, k, f] * x
        for f in range(m):
            known[f], mean[i, f] = 0.0, 0.0
        for j in range(d):
            for f in range(m):
                mean[i, f] += design[i, j] * now[j, f]
                known[f] += design[i, j] * gain[j, f]
        for f in range(m):
            miss = value[i] - mean[i, f]
            seen = known[f] if known[f] > 0.0 else 0.0
            squared_scale[i, f] = (seen + noise[i]) * scale[f]
            squared_miss[i, f] = miss * miss
            far = miss * miss / squared_scale[i, f]
            inverse[f] = 1.0 / (seen + noise[i] * (far / _CLIP if far > _CLIP else 1.0))
            if learnt[i]:
                scale[f] *= (nu + (far if far < _CLIP else _CLIP)) / (nu + 1.0)
        if not learnt[i]:
            continue
        last = i
        for j in range(d):
            for f in range(m):
                keep[j, f] = gain[j, f] * inverse[f]
                state[j, f] = now[j, f] + keep[j, f] * (value[i] - mean[i, f])
            for k in range(j + 1):
                for f in range(m):
                    cov[j, k, f] = spread[j, k, f] - keep[j, f] * gain[k, f]
        nu = min(nu + 1, NU_MOST)


@compiled(fast=_ORDER)
def _glide(
    state: np.ndarray,
    cov: np.ndarray,
    at: int,
    gap: float,
    rates: np.ndarray,
    which: np.ndarray,
    stays: np.ndarray,
    prior: np.ndarray,
) -> None:
    """Carry a smooth process (value at `at`, slope after it) over a gap."""
    after = at + 1
    for f in range(state.shape[1]):
        rate, phi, variance = rates[which[at, f]], stays[which[at, f]], prior[at, f]
        a, b = phi * (1.0 + rate * gap), phi * gap
        c, e = -phi * rate * rate * gap, phi * (1.0 - rate * gap)
        slope = variance * rate * rate
        state[at, f], state[after, f] = a * state[at, f] + b * state[after, f], c * state[at, f] + e * state[after, f]
        for k in range(at):
            x, y = cov[at, k, f], cov[after, k, f]
            cov[at, k, f], cov[after, k, f] = a * x + b * y, c * x + e * y
        for k in range(after + 1, state.shape[0]):
            x, y = cov[k, at, f], cov[k, after, f]
            cov[k, at, f], cov[k, after, f] = a * x + b * y, c * x + e * y
        x, y, z = cov[at, at, f] - variance, cov[after, at, f], cov[after, after, f] - slope
        cov[at, at, f] = variance + a * a * x + 2.0 * a * b * y + b * b * z
        cov[after, at, f] = a * c * x + (a * e + b * c) * y + b * e * z
        cov[after, after, f] = slope + c * c * x + 2.0 * c * e * y + e * e * z


@compiled(fast=_ORDER)
def _wide(
    time: np.ndarray,
    value: np.ndarray,
    noise: np.ndarray,
    design: np.ndarray,
    prior: np.ndarray,
    decay: np.ndarray,
    learnt: np.ndarray,
    mean: np.ndarray,
    squared_scale: np.ndarray,
    squared_miss: np.ndarray,
) -> None:
    """Of `linear_bank`, few filters of many states: one after the other, once over the covariances a row.

    What a row teaches the covariances is taken from them when the next row carries them on.

    Parameters
    ----------
    mean, squared_scale, squared_miss : as of `_many`.
    """
    n, d = design.shape
    cov, phi, grown, state = np.empty((d, d)), np.empty(d), np.empty(d), np.empty(d)
    gain, taught, found = np.empty(d), np.empty(d), np.empty(d)
    for f in range(prior.shape[0]):
        moves = False
        for j in range(d):
            for k in range(d):
                cov[j, k] = 0.0
            cov[j, j] = prior[f, j]
            state[j], phi[j], grown[j], gain[j], taught[j] = 0.0, 1.0, 0.0, 0.0, 0.0
            moves |= decay[f, j] > 0.0
        scale, nu, last = 1.0, _NU_FIRST, -1
        for i in range(n):
            gap = time[i] - time[last] if last >= 0 else 0.0
            for j in range(d if moves else 0):
                # neighbouring states often share a rate, and exponentials are dear
                if j > 0 and decay[f, j] == decay[f, j - 1]:
                    phi[j] = phi[j - 1]
                else:
                    phi[j] = math.exp(-gap * decay[f, j]) if gap > 0.0 and decay[f, j] > 0.0 else 1.0
                grown[j] = prior[f, j] * (1.0 - phi[j] * phi[j])
            forecast, known = 0.0, 0.0
            for j in range(d):
                step, keep, total = taught[j], phi[j], grown[j] * design[i, j]
                if not learnt[i]:
                    for k in range(d):
                        total += (cov[j, k] - step * gain[k]) * (keep * phi[k]) * design[i, k]
                elif moves:
                    for k in range(d):
                        entry = (cov[j, k] - step * gain[k]) * (keep * phi[k])
                        cov[j, k] = entry
                        total += entry * design[i, k]
                    cov[j, j] += grown[j]
                else:
                    for k in range(d):
                        entry = cov[j, k] - step * gain[k]
                        cov[j, k] = entry
                        total += entry * design[i, k]
                found[j] = total
                forecast += design[i, j] * keep * state[j]
                known += design[i, j] * total
            known = max(known, 0.0)
            spread = known + noise[i]
            miss = value[i] - forecast
            z2 = miss * miss / (spread * scale)
            mean[i, f] = forecast
            squared_scale[i, f] = spread * scale
            squared_miss[i, f] = miss * miss
            if not learnt[i]:
                continue
            last = i
            if z2 > _CLIP:
                spread = known + noise[i] * z2 / _CLIP
            inverse = 1.0 / spread
            for j in range(d):
                gain[j], taught[j] = found[j], found[j] * inverse
                state[j] = phi[j] * state[j] + taught[j] * miss
            scale = scale * (nu + min(z2, _CLIP)) / (nu + 1.0)
            nu = min(nu + 1, NU_MOST)
