"""What a star's own nights say of two periods, for the period benchmark."""

import math

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from tests.bench.periods_disputed import DECIDED, sided


def observed(shape, period: float, seed: int, nights: int = 260, noise: float = 0.05) -> LightCurve:
    """A star seen once a night from one place, so that aliases of a day lie near."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.choice(1500, nights, replace=False)) + 0.15 * rng.random(nights)
    value = 15.0 + shape(2 * np.pi * times / period) + noise * rng.normal(size=nights)
    return clean(LightCurve.of(f"s{seed}", times, value, np.full(nights, noise)))


def pulsating(angle):
    return 0.2 * np.cos(angle) + 0.05 * np.cos(2 * angle + 1.0)


def unequal(angle):
    return 0.2 * np.cos(2 * angle) + 0.06 * np.cos(angle)


@pytest.mark.parametrize("seed", range(4))
def test_a_star_sides_with_its_period_against_an_alias_of_a_day(seed):
    curve = observed(pulsating, 0.29, seed)
    alias = 1.0 / (1.0 / 0.29 - 1.0)
    assert sided(curve, 0.29, alias) > DECIDED
    assert sided(curve, alias, 0.29) < -DECIDED


@pytest.mark.parametrize("seed", range(4))
def test_a_binary_with_unequal_minima_sides_with_its_orbit_not_with_half_of_it(seed):
    curve = observed(unequal, 0.41, seed)
    assert sided(curve, 0.41, 0.205) > DECIDED


def narrow(angle):
    """Two eclipses of which the second is shallower, each a fiftieth of the orbit."""
    phase = angle / (2 * np.pi) % 1.0
    return 0.8 * (np.abs(phase - 0.5) < 0.01) + 0.5 * (np.minimum(phase, 1.0 - phase) < 0.01)


@pytest.mark.parametrize("seed", range(4))
def test_narrow_eclipses_decide_nothing_between_a_period_and_its_double_but_aliases(seed):
    # the fold at half of the orbit, whose eclipses last twice as long, foretold better
    curve = observed(narrow, 2.41, seed, nights=700, noise=0.02)
    assert math.isnan(sided(curve, 2.41, 1.205))
    assert math.isnan(sided(curve, 1.205, 2.41))
    assert not math.isnan(sided(curve, 2.41, 1.0 / (1.0 / 2.41 + 1.0)))


@pytest.mark.parametrize("seed", range(6))
def test_a_sine_does_not_side_with_twice_its_period_and_noise_with_none(seed):
    assert sided(observed(np.cos, 0.37, seed), 0.74, 0.37) < DECIDED
    assert abs(sided(observed(lambda angle: 0.0 * angle, 0.37, seed), 0.37, 1.9)) < DECIDED


def test_a_reference_given_to_five_digits_is_no_worse_for_it():
    curve = observed(pulsating, 0.290312, 7)
    assert abs(sided(curve, 0.290312, 0.29031)) < DECIDED


def test_few_nights_and_no_period_decide_nothing():
    assert math.isnan(sided(observed(pulsating, 0.29, 1, nights=15), 0.29, 0.41))
    assert math.isnan(sided(observed(pulsating, 0.29, 1), math.nan, 0.41))
