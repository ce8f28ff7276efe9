"""What the noise of neighbouring rows has in common."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.event_noise import common_noise
from swope.pipeline.lightcurve import FloatArray

TIME = np.arange(600.0)
NEAR = np.arange(280, 320, dtype=np.int32)
BUSY = (TIME >= 295.0) & (TIME <= 304.0)


def bell(days: FloatArray) -> FloatArray:
    out: FloatArray = np.exp(-0.5 * (days / 3.0) ** 2)
    return out


def noise(seed: int, memory: float = 0.0) -> FloatArray:
    """(600,) of unit variance, each row remembering so much of the one before."""
    kick = np.random.default_rng(seed).standard_normal(len(TIME)) * np.sqrt(1.0 - memory**2)
    out = np.empty(len(TIME))
    out[0] = kick[0]
    for i in range(1, len(TIME)):
        out[i] = memory * out[i - 1] + kick[i]
    return out


def factor(deviation: FloatArray, sigma: float = 1.0, time: FloatArray = TIME) -> float:
    return common_noise(bell, 300.0, 8.0, time, deviation, np.full(len(time), sigma), NEAR, BUSY[: len(time)])


def test_errors_that_are_right_stay_as_they_are() -> None:
    assert np.median([factor(noise(seed)) for seed in range(20)]) == pytest.approx(1.0, abs=0.1)


def test_rows_that_err_together_tell_a_height_less_well() -> None:
    assert np.median([factor(noise(seed, 0.7)) for seed in range(20)]) > 1.6


@given(st.integers(0, 20), st.floats(0.3, 3.0))
def test_errors_that_are_quoted_wrong_are_put_right(seed: int, times: float) -> None:
    deviation = noise(seed)
    assert factor(deviation, times) == pytest.approx(max(0.25, factor(deviation) / times))


@given(st.integers(0, 20), st.floats(-5.0, 5.0), st.floats(-0.1, 0.1))
def test_a_level_and_a_slope_are_no_noise(seed: int, level: float, slope: float) -> None:
    deviation = noise(seed)
    assert factor(deviation + level + slope * TIME) == pytest.approx(factor(deviation))


def test_an_event_elsewhere_is_left_out() -> None:
    deviation = noise(1)
    assert factor(deviation + 50.0 * BUSY) == factor(deviation)


def test_few_quiet_rows_tell_nothing() -> None:
    assert factor(noise(1)[:330], 2.0, TIME[:330]) != 1.0
    busy = TIME > 50.0
    sigma = np.full(len(TIME), 2.0)
    assert common_noise(bell, 300.0, 8.0, TIME, noise(1), sigma, NEAR, busy) == 1.0


def test_a_star_that_never_strays_keeps_some_error() -> None:
    assert factor(np.zeros(len(TIME))) == 0.25
