"""How a star's points are merged and weighed."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.period.sample import prepare
from tests.pipeline.period.curves import star


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(1e-3, 1e3), bands=st.sampled_from([("V",), ("g", "r")]), seed=st.integers(0, 99))
def test_only_how_errors_compare_with_one_another_counts(factor: float, bands: tuple[str, ...], seed: int) -> None:
    good = star("saw", 0.61, 80, 0.05, seed, bands).good
    error = good.error * np.random.default_rng(seed).uniform(0.3, 3.0, len(good))
    one, other = prepare(replace(good, error=error)), prepare(replace(good, error=factor * error))
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(other.weight, one.weight, rtol=1e-9)
    np.testing.assert_allclose(other.value, one.value, rtol=1e-9, atol=1e-12)


def test_a_large_error_weighs_little_and_a_small_one_not_beyond_measure() -> None:
    good = star("sine", 0.61, 100, 0.05).good
    error = np.full(100, 0.05)
    error[0], error[1], error[2] = 0.5, 1e-6, np.nan
    sample = prepare(replace(good, error=error))
    assert sample is not None
    usual = sample.weight[3]
    np.testing.assert_allclose(sample.weight[:3] / usual, [2 / 101, 2.0, 1.0], rtol=1e-6)


def test_without_any_errors_all_points_weigh_the_same() -> None:
    good = star("sine", 0.61, 100, 0.05).good
    for error in (np.nan, 0.0):
        sample = prepare(replace(good, error=np.full(100, error)))
        assert sample is not None
        np.testing.assert_allclose(sample.weight, 1.0)
