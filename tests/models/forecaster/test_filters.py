"""The compiled forecasts against SciPy's Student t, and sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

from swope.models.forecaster.filters import (
    average,
    causal_noise,
    forgetting_sums,
    fourier,
    log_t,
    neighbours,
)


@given(st.floats(0, 1e4), st.floats(1e-6, 1e6), st.integers(1, 200))
@settings(deadline=None)
def test_log_t(z2: float, scale2: float, nu: int) -> None:
    expected = stats.t.logpdf(np.sqrt(z2 * scale2), nu, scale=np.sqrt(scale2))
    assert log_t(z2, scale2, nu) == pytest.approx(expected, abs=1e-9)


def test_fourier() -> None:
    phase = np.random.default_rng(0).random(50)
    angle = 2 * np.pi * np.outer(phase, np.arange(1, 17))
    expected = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(50, -1)
    np.testing.assert_allclose(fourier(phase, 16), expected, atol=1e-12)


def test_neighbours_by_brute_force() -> None:
    rng = np.random.default_rng(3)
    n, width = 80, 0.1
    phase, value, noise = rng.random(n), rng.standard_normal(n), rng.uniform(0.5, 1.0, n)
    band = rng.integers(0, 2, n)
    both, variances, _ = neighbours(phase, value, noise, band, np.array([0.3, width]), 50, np.ones(n, dtype=bool))
    mean, variance = both[1], variances[1]
    for i in range(1, n):
        before = np.flatnonzero(band[:i] == band[i])
        overall = value[before].mean() if len(before) else 0.0
        near = before[before >= i - 50]
        apart = np.abs(phase[near] - phase[i])
        weight = np.maximum(1 - (np.minimum(apart, 1 - apart) / width) ** 2, 0)
        expected = (weight @ value[near] + 0.5 * overall) / (weight.sum() + 0.5)
        assert mean[i] == pytest.approx(expected, abs=1e-10)
        assert variance[i] >= 0.25 * noise[i]


def test_average_weighs_by_what_was_foretold_before() -> None:
    rng = np.random.default_rng(4)
    m, n = 3, 30
    mean, variance = rng.standard_normal((m, n)), rng.uniform(0.5, 2.0, (m, n))
    log_density = stats.norm.logpdf(rng.standard_normal(n), mean, np.sqrt(variance))
    prior = np.array([0.0, -1.0, 0.5])
    got_mean, got_variance, got_log = average(
        mean.T.copy(), variance.T.copy(), log_density.T.copy(), np.ones(n, dtype=bool), prior, 0.98
    )
    evidence = prior
    for i in range(n):
        weight = np.exp(evidence - evidence.max())
        weight /= weight.sum()
        centre = weight @ mean[:, i]
        assert got_mean[i] == pytest.approx(centre, abs=1e-4)
        assert got_variance[i] == pytest.approx(weight @ (variance[:, i] + (mean[:, i] - centre) ** 2), rel=1e-3)
        assert got_log[i] == pytest.approx(np.log(weight @ np.exp(log_density[:, i])), abs=1e-3)
        evidence = 0.98 * evidence + log_density[:, i]


def test_causal_noise_looks_back_only() -> None:
    rng = np.random.default_rng(5)
    value, error = rng.standard_normal(40), rng.uniform(0.1, 0.2, 40)
    band, every = np.zeros(40, dtype=np.int64), np.ones(40, dtype=bool)
    for errors in (error, np.full(40, np.nan), np.where(rng.random(40) < 0.3, np.nan, error)):
        whole = causal_noise(value, errors, band, 5, every)
        np.testing.assert_array_equal(whole[:25], causal_noise(value[:25], errors[:25], band[:25], 5, every[:25]))
        assert (whole > 0).all()
    np.testing.assert_allclose(causal_noise(value, np.full(40, 0.1), band, 5, every), 0.01)


def test_forgetting_sums_are_those_of_a_recursive_filter() -> None:
    terms = np.random.default_rng(4).standard_normal((3, 50))
    np.testing.assert_array_equal(forgetting_sums(terms, 0.9), signal.lfilter([1.0], [1.0, -0.9], terms, axis=1))
