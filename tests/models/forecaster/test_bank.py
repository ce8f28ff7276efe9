"""The banks of filters against dense Gaussian processes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from swope.models.forecaster.bank import linear_bank


def _quiet(n: int, d: int, seed: int) -> tuple[np.ndarray, ...]:
    """A process drawn from the filter's own model, with noise large enough that no row is clipped."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 50, n))
    design = rng.standard_normal((n, d))
    prior = rng.uniform(0.1, 2.0, (1, d))
    decay = np.where(rng.random((1, d)) < 0.5, 0.0, rng.uniform(0.05, 1.0, (1, d)))
    noise = rng.uniform(0.5, 1.5, n)
    return time, design, prior, decay, noise


def _dense(time: np.ndarray, design: np.ndarray, prior: np.ndarray, decay: np.ndarray) -> np.ndarray:
    apart = np.abs(time[:, None] - time[None, :])
    return sum(
        prior[j] * np.exp(-decay[j] * apart) * np.outer(design[:, j], design[:, j]) for j in range(design.shape[1])
    )


@given(st.integers(0, 10_000), st.integers(2, 25), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_linear_bank_is_the_dense_gaussian_process(seed: int, n: int, d: int) -> None:
    time, design, prior, decay, noise = _quiet(n, d, seed)
    covariance = _dense(time, design, prior[0], decay[0]) + np.diag(noise)
    value = 0.5 * np.random.default_rng(seed + 1).multivariate_normal(np.zeros(n), covariance)
    mean, variance, log_density = linear_bank(time, value, noise, design, prior, decay, -1, np.ones(n, dtype=bool))
    scale, nu = 1.0, 4
    for i in range(n):
        weights = np.linalg.solve(covariance[:i, :i], covariance[:i, i])
        spread = covariance[i, i] - weights @ covariance[:i, i]
        miss = value[i] - weights @ value[:i]
        if miss**2 / (scale * spread) > 9:
            return
        assert mean[i, 0] == pytest.approx(weights @ value[:i], abs=1e-8)
        assert variance[i, 0] == pytest.approx(scale * spread * nu / (nu - 2), rel=1e-8)
        expected = stats.t.logpdf(miss, nu, scale=np.sqrt(scale * spread))
        assert log_density[i, 0] == pytest.approx(expected, abs=1e-8)
        scale = (nu * scale + miss**2 / spread) / (nu + 1)
        nu += 1


def test_a_gliding_level_is_the_dense_matern_process() -> None:
    rng = np.random.default_rng(8)
    n, rate, power = 40, 0.3, 2.0
    time, noise = np.sort(rng.uniform(0, 60, n)), rng.uniform(0.3, 0.6, n)
    apart = rate * np.abs(time[:, None] - time[None, :])
    covariance = power * (1 + apart) * np.exp(-apart) + 5.0 + np.diag(noise)
    value = 0.3 * rng.multivariate_normal(np.zeros(n), covariance)
    design = np.stack([np.ones(n), np.ones(n), np.zeros(n)], axis=1)
    prior, decay = np.array([[5.0, power, 0.0]]), np.array([[0.0, rate, 0.0]])
    mean, _, _ = linear_bank(time, value, noise, design, prior, decay, 1, np.ones(n, dtype=bool))
    for i in range(1, n):
        expected = np.linalg.solve(covariance[:i, :i], covariance[:i, i]) @ value[:i]
        assert mean[i, 0] == pytest.approx(expected, abs=1e-8)


def test_a_wild_row_moves_the_filter_little() -> None:
    n = 60
    time = np.arange(n, dtype=float)
    value = np.zeros(n)
    value[40] = 100.0
    one = np.ones((n, 1))
    mean, _, _ = linear_bank(
        time, value, np.ones(n), one, np.array([[10.0]]), np.zeros((1, 1)), -1, np.ones(n, dtype=bool)
    )
    assert abs(mean[41, 0]) < 0.3


@given(st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_many_filters_at_once_are_what_each_is_alone(seed: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 40, d + 3
    time, design, _, _, noise = _quiet(n, d, seed)
    prior, learnt = rng.uniform(0.1, 2.0, (m, d)), rng.random(n) < 0.8
    decay = rng.choice([0.0, 0.05, 0.3], (m, d))
    # some rows are far out
    value = rng.standard_t(1.5, n)
    together = linear_bank(time, value, noise, design, prior, decay, -1, learnt)
    for f in range(m):
        alone = linear_bank(time, value, noise, design, prior[f : f + 1], decay[f : f + 1], -1, learnt)
        for mine, its in zip(together, alone, strict=True):
            assert mine[:, f] == pytest.approx(its[:, 0], rel=1e-8, abs=1e-8)


def test_a_row_that_is_not_learnt_from_leaves_no_trace() -> None:
    rng = np.random.default_rng(9)
    time, design, prior, decay, noise = _quiet(50, 3, 9)
    value, learnt = rng.standard_normal(50), rng.random(50) < 0.6
    for copies, smooth in ((1, -1), (5, -1), (1, 1)):
        many = np.repeat(prior, copies, axis=0), np.repeat(decay, copies, axis=0)
        whole = linear_bank(time, value, noise, design, *many, smooth, learnt)
        rest = [part[learnt] for part in (time, value, noise, design)]
        for mine, its in zip(whole, linear_bank(*rest, *many, smooth, np.ones(learnt.sum(), dtype=bool)), strict=True):
            np.testing.assert_allclose(mine[learnt], its, rtol=1e-12)


def test_the_first_rows_of_a_long_star_are_forecast_as_those_of_a_short_one() -> None:
    """A long star's logarithms are taken some rows at a time."""
    rng = np.random.default_rng(2)
    n, some, m = 9000, 40, 6
    time, value, noise = np.sort(rng.uniform(0, 900, n)), rng.normal(size=n), rng.uniform(0.5, 1.5, n)
    learnt, prior, decay = rng.random(n) < 0.9, rng.uniform(0.1, 2.0, (m, 1)), rng.uniform(0.05, 1.0, (m, 1))
    whole = linear_bank(time, value, noise, np.ones((n, 1)), prior, decay, -1, learnt)
    for begin in (0, 2700, n - some):
        end = begin + some
        part = linear_bank(time[:end], value[:end], noise[:end], np.ones((end, 1)), prior, decay, -1, learnt[:end])
        for its, mine in zip(whole, part, strict=True):
            np.testing.assert_array_equal(its[begin:end], mine[begin:end])
