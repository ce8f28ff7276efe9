"""The gains of a filter of one state against the recursion as it is written in books, and its exponentials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.models.statespace import DampedWalk, Level, Noise, Seasonal, Series
from swope.models.statespace.kernels.gains import decay, gains
from swope.models.statespace.kernels.smoother import backward, solve


@settings(max_examples=50, deadline=None)
@given(rate=st.floats(-1e3, 0.0), steps=st.lists(st.floats(0.0, 1e4), min_size=1, max_size=20))
def test_decays_are_exponentials(rate: float, steps: list[float]) -> None:
    keep = np.empty(len(steps))
    decay(np.array(steps), rate, keep)
    assert keep == pytest.approx(np.exp(rate * np.array(steps)), rel=1e-14, abs=1e-300)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 1000),
    unit=st.floats(-25.0, 25.0),
    tau=st.floats(-3.0, 4.0),
    sigma=st.floats(-3.0, 3.0),
    walking=st.booleans(),
    bands=st.integers(1, 2),
)
def test_gains_are_those_of_the_filter(
    seed: int, unit: float, tau: float, sigma: float, walking: bool, bands: int
) -> None:
    """In units so large or small that the product of all variances is beyond what a number holds."""
    rng = np.random.default_rng(seed)
    time = np.sort(np.round(rng.uniform(0, 90, 60), 0))
    error = np.where(rng.random(60) < 0.2, np.inf, rng.uniform(0.1, 1.0, 60) * 10**unit)
    inflate = np.where(rng.random(60) < 0.1, 7.0, 1.0)
    band = rng.integers(0, bands, 60).astype(np.int32)
    series = Series.of(time, np.zeros(60), error, band, inflate=inflate, bands=bands)
    power = 10 ** (2 * sigma + 2 * unit) if walking else 0.0
    model = Level() + Noise(1.5, (0.1 * 10**unit, 0.0)[:bands])
    if walking:
        model = model + DampedWalk(math.sqrt(power), 10**tau, amplitude=(1.0, 0.4)[:bands])
    found = gains(np.empty(0), model.layout(series).problem)
    spread, logs, observed = power, 0.0, 0
    for t in range(60):
        keep = math.exp(-series.step[t] / 10**tau)
        # what is left of the walk and what is new of it, without the difference of numbers that may be nearly alike
        spread = spread * keep**2 - power * math.expm1(-2 * series.step[t] / 10**tau)
        assert found.spread[t] == pytest.approx(spread, rel=1e-9, abs=0)
        if not np.isfinite(error[t]):
            assert found.gain[t] == found.inverse[t] == found.seen[t] == 0.0
            continue
        see = (1.0, 0.4)[band[t]] if walking else 0.0
        noise = (1.5**2 * error[t] ** 2 + (0.1 * 10**unit * (band[t] == 0)) ** 2) * inflate[t]
        variance = noise + see**2 * spread
        assert found.inverse[t] == pytest.approx(1 / variance, rel=1e-9)
        assert found.gain[t] == pytest.approx(see * spread / variance, rel=1e-9)
        # less (see spread)^2 / variance, likewise
        spread *= noise / variance
        logs += math.log(variance)
        observed += 1
    assert found.logs == pytest.approx(logs, rel=1e-9, abs=1e-9)
    assert found.observed == observed


def test_a_variance_of_nothing_is_no_number() -> None:
    series = Series.of(np.arange(3.0), np.zeros(3), np.ones(3), inflate=np.array([1.0, 0.0, 1.0]))
    assert math.isnan(gains(np.empty(0), (Level() + Noise(1.0, ())).layout(series).problem).logs)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), tau=st.floats(0.01, 1e4), sigma=st.floats(0.0, 3.0), walking=st.booleans())
def test_the_quick_way_back_is_the_general_one(seed: int, tau: float, sigma: float, walking: bool) -> None:
    rng = np.random.default_rng(seed)
    time = np.sort(np.round(rng.uniform(0, 90, 60), 0))
    error = np.where(rng.random(60) < 0.2, np.inf, rng.uniform(0.1, 1.0, 60))
    band = rng.integers(0, 2, 60).astype(np.int32)
    series = Series.of(time, rng.normal(size=60), error, band, bands=2)
    model = Level() + Noise(1.2, (0.1, 0.3)) + Seasonal(7.7, 2)
    if walking:
        model = model + DampedWalk(sigma, tau, amplitude=(1.0, 0.4))
    problem = model.layout(series).problem
    quick, general = solve(np.empty(0), problem), backward(np.empty(0), problem)
    for name in quick._fields:
        assert getattr(quick, name) == pytest.approx(getattr(general, name), rel=1e-8, abs=1e-8), name
