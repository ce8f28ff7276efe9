"""The fast periodogram is astropy's, and knows how many frequencies are independent."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.period.grid import Grid
from swope.pipeline.period.spectrum import periodogram


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 300), st.integers(10, 5000), st.integers(50, 30000), st.integers(0, 2**31))
def test_power_is_that_of_the_plain_sums(points: int, first: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 1000, points))
    error = rng.uniform(0.05, 0.5, points)
    value = np.sin(2 * np.pi * 0.31 * time) + error * rng.normal(size=points)
    grid = Grid(first, size, 0.2 / 1000)
    power = periodogram(time, value, error**-2, grid).power
    some = rng.integers(size, size=50)
    frequency = grid.frequency[some]
    truth = LombScargle(time, value, error).power(frequency, method="slow")
    # 0 stands for a degenerate fit, which is rare beyond the lowest frequencies
    fitted = power[some] > 0
    assert fitted.mean() > 0.8
    assert power[some][fitted] == pytest.approx(truth[fitted], abs=5e-3)
    assert np.median(np.abs(power[some][fitted] - truth[fitted])) < 1e-4


def test_a_constant_has_no_power() -> None:
    spectrum = periodogram(np.arange(20.0), np.full(20, 3.0), np.ones(20), Grid(1, 100, 0.01))
    assert (spectrum.power == 0).all()


def test_one_phase_only_is_no_detection() -> None:
    time = np.arange(200.0)
    spectrum = periodogram(time, np.random.default_rng(0).normal(size=200), np.ones(200), Grid(995, 10, 0.001))
    # at one cycle a day, a nightly clock sees one phase only
    assert spectrum.power[5] == 0


def test_independent_frequencies_are_fewer_where_the_window_repeats() -> None:
    rng = np.random.default_rng(0)
    anywhen = np.sort(rng.uniform(0, 1000, 300))
    nightly = np.floor(anywhen) + 0.001 * rng.random(300)
    grid = Grid(1, 50000, 0.2 / 1000)
    value = rng.normal(size=300)
    free = periodogram(anywhen, value, np.ones(300), grid).independent
    bound = periodogram(nightly, value, np.ones(300), grid).independent
    assert bound < 0.3 * free
    # the largest of oversampled powers of 10,000 frequencies behaves as of some times as many (Baluev 2008)
    assert 1.0 < free / 10000 < 6.0


@pytest.mark.parametrize("points", [60, 800])
def test_powers_are_the_same_wherever_the_range_ends(points: int) -> None:
    """The blocks in which they are computed are fewer at the end."""
    rng = np.random.default_rng(1)
    time, value = np.sort(rng.uniform(0, 1000, points)), rng.normal(size=points)
    whole = periodogram(time, value, np.ones(points), Grid(3, 150_000, 0.2 / 1000)).power
    for size in (10, 5760, 5761, 11_600, 23_041, 40_000, 100_000):
        part = periodogram(time, value, np.ones(points), Grid(3, size, 0.2 / 1000)).power
        assert part == pytest.approx(whole[:size], abs=1e-6)
