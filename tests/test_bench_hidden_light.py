import numpy as np
import pytest

from swope.pipeline.lightcurve import LightCurve
from tests.bench.hidden_light import hidden_light, impossible


def binary(first: float, second: float, period: float = 2.0, noise: float = 0.01, at: float = 0.5) -> LightCurve:
    """A detached binary with eclipses of these depths in magnitudes."""
    rng = np.random.default_rng(4)
    time = np.sort(rng.uniform(0.0, 400.0, 3000))
    phase = time / period % 1.0
    in_first, in_second = np.minimum(phase, 1.0 - phase) < 0.03, np.abs(phase - at) < 0.03
    value = 12.0 + first * in_first + second * in_second + rng.normal(0.0, noise, len(time))
    return LightCurve.of("binary", time, value, np.full(len(time), noise))


@pytest.mark.parametrize(
    ("first", "second", "at"), [(0.7, 0.7, 0.5), (1.2, 0.3, 0.5), (0.5, 0.1, 0.52), (0.4, 0.0, 0.5)]
)
def test_both_eclipses_hide_what_their_depths_say(first: float, second: float, at: float) -> None:
    star = binary(first, second, at=at)
    share, error = hidden_light(star, 2.0)
    assert share == pytest.approx(2.0 - 10 ** (-0.4 * first) - 10 ** (-0.4 * second), abs=max(4.0 * error, 0.01))
    assert not impossible(star, 2.0)


def test_two_eclipses_that_hide_more_than_all_light_are_impossible_and_one_is_not() -> None:
    assert impossible(binary(1.5, 1.5), 2.0)
    assert not impossible(binary(1.5, 1.5), 1.0)


def test_a_sum_near_all_light_is_possible_within_its_error() -> None:
    assert not impossible(binary(0.76, 0.76, noise=0.3), 2.0)


def test_where_there_are_no_two_eclipses_nothing_is_said() -> None:
    few = LightCurve.of("few", np.arange(3.0), np.array([12.0, 13.0, 12.0]), np.full(3, 0.1))
    for star, period in ((few, 2.0), (binary(1.5, 1.5), float("nan"))):
        assert np.isnan(hidden_light(star, period)).all()
        assert not impossible(star, period)
