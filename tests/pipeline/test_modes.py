import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.features import REST, brightness, rest_features
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.modes import MODES, mode_features

#: Periods in days: the first overtone of an RR Lyrae star.
PERIOD = 0.36


def times(n: int = 300, span: float = 1500.0, seed: int = 3) -> FloatArray:
    """Times without a rhythm, so that no mode has an alias."""
    return np.sort(np.random.default_rng(seed).uniform(0.0, span, n))


def modes(time: FloatArray, value: FloatArray, period: float = PERIOD) -> dict[str, float]:
    return dict(zip(MODES, mode_features(time, value, period).tolist(), strict=True))


def noise(n: int, seed: int = 5) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 0.02, n)


@pytest.mark.parametrize(
    ("ratio", "side", "narrow"),
    [
        (0.744, "slower", "rrd_slower"),
        (0.72, "slower", None),
        (0.80, "slower", "overtone_slower"),
        (1.25, "faster", "overtone_faster"),
        (1.344, "faster", "rrd_faster"),
    ],
)
def test_a_second_mode_is_seen_where_it_is(ratio: float, side: str, narrow: str | None) -> None:
    time = times()
    found = modes(time, 0.03 * np.sin(2.0 * np.pi * ratio / PERIOD * time) + noise(len(time)))
    assert found[f"ratio_{side}"] == pytest.approx(ratio, abs=0.001)
    # a sinusoid of amplitude a in noise of variance s^2 has n a^2 / 4 over the mean power, of both together
    expected = np.log10(len(time) / 4.0 * 0.03**2 / (0.02**2 + 0.03**2 / 2.0))
    assert found[f"power_{side}"] == pytest.approx(expected, abs=0.12)
    if narrow is not None:
        assert found[f"power_{narrow}"] == found[f"power_{side}"]
    others = {name for name in MODES if name.startswith("power") and name not in (f"power_{side}", f"power_{narrow}")}
    assert all(found[name] < expected - 0.3 for name in others)


def test_noise_shows_no_mode_and_a_modulation_lies_beside() -> None:
    time = times()
    quiet = modes(time, noise(len(time)))
    assert all(quiet[name] < 1.2 for name in MODES if name.startswith("power"))
    modulated = modes(time, 0.03 * np.sin(2.0 * np.pi * (1.0 / PERIOD + 0.03) * time) + noise(len(time)))
    assert modulated["power_beside"] > quiet["power_beside"] + 0.5


def test_what_is_left_of_a_fold_shows_the_second_mode_of_a_star() -> None:
    time = times(400)
    value = 0.2 * np.cos(2 * np.pi * time / PERIOD) + 0.08 * np.cos(2 * np.pi * 0.744 / PERIOD * time + 1.0)
    star = LightCurve.of("rrd", time, 15.0 - value - noise(400), np.full(400, 0.02))
    found = dict(zip(REST, rest_features(brightness(star), PERIOD).tolist(), strict=True))
    assert found["ratio_slower"] == pytest.approx(0.744, abs=0.001)
    assert found["power_rrd_slower"] > 1.5


def test_of_few_cycles_of_nothing_left_and_of_too_many_frequencies_nothing_is_said() -> None:
    time = times()
    for period, value in ((100.0, noise(len(time))), (PERIOD, np.zeros(len(time))), (1e-4, noise(len(time)))):
        assert np.isnan(mode_features(time, value, period)).all()


def test_one_wild_value_is_no_mode() -> None:
    time = times()
    value = noise(len(time))
    before = modes(time, value)
    value[100] += 5.0
    after = modes(time, value)
    assert all(abs(after[name] - before[name]) < 0.3 for name in MODES if name.startswith("power"))


@given(scale=st.floats(1e-3, 1e3), level=st.floats(-20.0, 20.0), shift=st.floats(0.0, 5e4))
def test_scale_level_and_the_zero_of_time_do_not_matter(scale: float, level: float, shift: float) -> None:
    time = times(120)
    value = 0.05 * np.sin(2.0 * np.pi * 0.744 / PERIOD * time) + noise(len(time))
    one, other = mode_features(time, value, PERIOD), mode_features(time + shift, scale * value + level, PERIOD)
    np.testing.assert_allclose(one, other, atol=0.01)
