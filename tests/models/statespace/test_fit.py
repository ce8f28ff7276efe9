"""Fitting, following one observation at a time, forecasting and smoothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from swope.models.statespace import (
    DampedWalk,
    Level,
    Model,
    Noise,
    Oscillator,
    Regressors,
    Seasonal,
    Series,
    Trend,
    fit,
    forecast,
    smooth,
    start,
    update,
)
from swope.models.statespace.fit import contradictions
from tests.bench.statespace_data import damped_walk
from tests.bench.statespace_oracles import oscillation


def _walk_series(n: int = 500, tau: float = 12.0, seed: int = 0) -> Series:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 2000, n))
    error = rng.uniform(0.1, 0.3, n)
    return Series.of(time, 5 + damped_walk(time, tau, rng) + error * rng.normal(size=n), error)


def test_fit_finds_a_damped_walk_within_its_uncertainty() -> None:
    fitted = fit(Level() + DampedWalk() + Noise(1.0, None), _walk_series(), restricted=True)
    assert fitted.converged
    tau = dict(zip(fitted.names, fitted.theta, strict=True))["walk.tau"]
    assert abs(tau - math.log(12.0)) < 3 * fitted.uncertainty("walk.tau")
    assert 0.05 < fitted.uncertainty("walk.tau") < 0.5


def test_fit_is_a_maximum() -> None:
    series = _walk_series()
    fitted = fit(Level() + DampedWalk() + Noise(1.0, None), series, restricted=True)
    walk = next(t for t in fitted.model.terms if isinstance(t, DampedWalk))
    noise = next(t for t in fitted.model.terms if isinstance(t, Noise))
    best = (Level() + walk + noise).loglike(series)
    assert best == pytest.approx(fitted.loglike, rel=1e-9)
    assert walk.sigma is not None
    assert walk.tau is not None
    for factor in (0.97, 1.03):
        assert (Level() + DampedWalk(walk.sigma * factor, walk.tau) + noise).loglike(series) < best
        assert (Level() + DampedWalk(walk.sigma, walk.tau * factor) + noise).loglike(series) < best


def test_fit_recovers_an_oscillator() -> None:
    rng = np.random.default_rng(3)
    time = np.sort(rng.uniform(0, 1000, 400))
    lag = np.abs(time[:, None] - time[None, :])
    value = np.linalg.cholesky(oscillation(lag, 2 * np.pi / 20, 10.0) + 1e-8 * np.eye(400)) @ rng.normal(size=400)
    series = Series.of(time, value + 0.1 * rng.normal(size=400), np.full(400, 0.1))
    guess = np.log([1.0, 2 * np.pi / 22, 3.0])
    fitted = fit(Level() + Oscillator() + Noise(1.0, ()), series, starts=(guess,))
    found = next(t for t in fitted.model.terms if isinstance(t, Oscillator))
    assert found.period == pytest.approx(20, rel=0.03)


def test_a_fit_near_another_comes_to_the_same_maximum_in_fewer_steps() -> None:
    model, series = Level() + DampedWalk() + Noise(1.0, None), _walk_series()
    cold = fit(model, series)
    again = fit(model, series, near=cold)
    assert again.loglike == pytest.approx(cold.loglike, abs=2e-3)
    assert again.steps < cold.steps
    # what has other parameters is none
    np.testing.assert_array_equal(fit(model, series, near=fit(Level() + Noise(None), series)).theta, cold.theta)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit(Level() + Seasonal(3.0, 2), Series.of(np.arange(5.0), np.zeros(5)))


def _model() -> Model:
    return Trend(0.1, 0.001) + Seasonal(7.3, 2) + DampedWalk(1.0, 15.0) + Noise(1.1, (0.05,))


def _prior(model: Model, series: Series) -> np.ndarray:
    return np.full(model.layout(series).problem.rows.shape[1] - 1, 10.0)


def test_night_by_night_equals_all_at_once() -> None:
    series = _walk_series(200)
    model = _model()
    for limit in (math.inf, 3.0):
        begin = start(model, series, _prior(model, series), limit)
        whole, mean, sigma = update(begin, series)
        record, means, sigmas = begin, [], []
        for lo, hi in ((0, 1), (1, 60), (60, 61), (61, 200)):
            part = Series.of(series.time[lo:hi], series.value[lo:hi], series.error[lo:hi])
            record, m, s = update(record, part)
            means.append(m)
            sigmas.append(s)
        np.testing.assert_array_equal(np.concatenate(means), mean)
        np.testing.assert_array_equal(np.concatenate(sigmas), sigma)
        np.testing.assert_array_equal(record.state, whole.state)
        np.testing.assert_array_equal(record.covariance, whole.covariance)


def test_one_step_forecasts_equal_the_dense_conditional() -> None:
    series = _walk_series(60)
    model = Level() + DampedWalk(1.0, 15.0)
    _, mean, sigma = update(start(model, series, np.array([10.0])), series)
    lag = np.abs(series.time[:, None] - series.time[None, :])
    covariance = np.exp(-lag / 15.0) + 100.0 + np.diag(series.error**2)
    for i in (1, 7, 59):
        weight = np.linalg.solve(covariance[:i, :i], covariance[:i, i])
        assert mean[i] == pytest.approx(weight @ series.value[:i], rel=1e-8)
        assert sigma[i] ** 2 == pytest.approx(covariance[i, i] - weight @ covariance[:i, i], rel=1e-8)


def test_forecast_far_ahead_is_the_level_and_the_walks_width() -> None:
    series = _walk_series(300)
    model = Level() + DampedWalk(1.0, 15.0)
    record, _, _ = update(start(model, series, np.array([10.0])), series)
    mean, sigma = forecast(record, series.time[-1] + np.array([0.0, 1.0, 1e6]))
    assert sigma[0] < sigma[1] < sigma[2]
    assert mean[2] == pytest.approx(record.coefficient[0], rel=1e-9)
    assert sigma[2] == pytest.approx(math.hypot(1.0, math.sqrt(record.covariance[0, 0])), rel=1e-9)


def test_forecasts_with_regressors_need_them() -> None:
    rng = np.random.default_rng(9)
    time, airmass = np.arange(80.0), rng.uniform(1, 2, (80, 1))
    value = 3.0 + 0.5 * airmass[:, 0] + 0.01 * rng.normal(size=80)
    series = Series.of(time, value, np.full(80, 0.01), regressors=airmass)
    model = Level() + Regressors()
    record, _, _ = update(start(model, series, np.full(2, 10.0)), series)
    mean, sigma = forecast(record, np.array([80.0, 90.0]), regressors=np.array([[1.0], [2.0]]))
    np.testing.assert_allclose(mean, [3.5, 4.0], atol=0.02)
    assert np.all(sigma < 0.02)
    with pytest.raises(ValueError, match="as many regressors"):
        forecast(record, np.array([80.0]))


def test_an_earlier_row_is_refused() -> None:
    series = _walk_series(20)
    model = Model((Level(0.1),))
    record, _, _ = update(start(model, series, np.array([10.0])), series)
    with pytest.raises(ValueError, match="earlier"):
        update(record, Series.of(series.time[:1], series.value[:1]))


def test_a_rotten_row_does_not_spoil_the_next_forecasts() -> None:
    series = _walk_series(200)
    spoiled = series.value.copy()
    spoiled[100] += 50.0
    rotten = Series.of(series.time, spoiled, series.error)
    model = Level() + DampedWalk(1.0, 15.0)
    clean = update(start(model, series, np.array([10.0]), 4.0), series)[1]
    linear = update(start(model, series, np.array([10.0])), rotten)[1]
    robust = update(start(model, series, np.array([10.0]), 4.0), rotten)[1]
    assert np.abs(robust - clean)[101:].max() < 0.2 * np.abs(linear - clean)[101:].max()


def test_smoothing_equals_the_dense_solution() -> None:
    rng = np.random.default_rng(5)
    n = 60
    time = np.sort(rng.uniform(0, 100, n))
    error = rng.uniform(0.1, 0.3, n)
    error[[5, 30]] = np.inf
    series = Series.of(time, rng.normal(size=n), error)
    model = Level() + Seasonal(9.1, 1) + DampedWalk(1.0, 30.0) + Oscillator(0.5, 7.0, 2.0)
    found = smooth(model, series)

    seen = np.isfinite(error)
    lag = np.abs(time[:, None] - time[None, :])
    signal = np.exp(-lag / 30) + 0.25 * oscillation(lag, 2 * np.pi / 7, 2.0)
    inverse = np.linalg.inv(signal[np.ix_(seen, seen)] + np.diag(error[seen] ** 2))
    x = model.layout(series).problem.rows[:, :-1]
    coefficient_covariance = np.linalg.inv(x[seen].T @ inverse @ x[seen])
    beta = coefficient_covariance @ x[seen].T @ inverse @ series.value[seen]
    cross = signal[:, seen]
    mean = x @ beta + cross @ inverse @ (series.value[seen] - x[seen] @ beta)
    bare = x - cross @ inverse @ x[seen]
    variance = np.diag(signal - cross @ inverse @ cross.T + bare @ coefficient_covariance @ bare.T)
    np.testing.assert_allclose(found.mean, mean, atol=1e-9)
    np.testing.assert_allclose(found.sigma, np.sqrt(variance), atol=1e-9)
    projection = inverse - inverse @ x[seen] @ coefficient_covariance @ x[seen].T @ inverse
    alone = projection @ series.value[seen] / np.sqrt(np.diag(projection))
    np.testing.assert_allclose(found.alone[seen], alone, atol=1e-9)
    step = (time[seen][None, :] >= time[seen][:, None]).astype(float)[1:]
    shift = step @ projection @ series.value[seen]
    shift /= np.sqrt(np.einsum("ij,jk,ik->i", step, projection, step))
    np.testing.assert_allclose(found.shift[seen][1:], shift, atol=1e-8)


@pytest.mark.parametrize("walk", [True, False])
def test_contradictions_are_what_the_other_rows_say_of_each(walk: bool) -> None:
    series = _walk_series(60)
    fitted = fit(Level() + Noise() + DampedWalk() if walk else Level() + Noise(), series)
    left, sigma = contradictions(fitted.theta, fitted.layout.problem)
    np.testing.assert_allclose(left, smooth(fitted.model, series).alone, rtol=1e-9, atol=1e-9)
    for row in (0, 23, 59):
        error = series.error.copy()
        error[row] = np.inf
        others = smooth(fitted.model, Series.of(series.time, series.value, error))
        # it is as sure of the row as the others are, with the row's own noise
        noise = fitted.model.layout(series).problem
        own = noise.error2[row] * noise.fixed[-2, 0] ** 2 + noise.fixed[-1, 0] ** 2
        together = math.hypot(others.sigma[row], math.sqrt(own))
        assert left[row] == pytest.approx((series.value[row] - others.mean[row]) / together, rel=1e-6)
        # in units of the inverse covariance: what a row gains by an event of some size is its square over sigma
        assert 1.0 / sigma[row] == pytest.approx(1.0 / together, rel=1e-6)
