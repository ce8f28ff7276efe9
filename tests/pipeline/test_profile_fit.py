"""Profiles of events: as wide as they say, and fitted as well as SciPy fits them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from swope.pipeline.event_profiles import (
    BELL,
    BRIGHTENINGS,
    DECLINE,
    FADES,
    FLARE,
    MOST_LOST,
    SOFT,
    TRAPEZOID,
    Profile,
)
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.profile_fit import fit_profile, profile
from swope.pipeline.simulate.bursts import flare_shape

PROFILES = BRIGHTENINGS + FADES


def values(one: Profile, time: FloatArray, own: FloatArray) -> FloatArray:
    out = np.empty(len(time))
    profile(one.family, time, own, len(own), out)
    return out


@given(st.sampled_from(PROFILES), st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_a_profile_is_one_at_its_peak_and_has_a_share_of_it_at_its_two_sides(
    one: Profile, seed: int, part: float
) -> None:
    rng = np.random.default_rng(seed)
    own = np.concatenate([rng.uniform(-2.0, 2.0, 1), rng.uniform(-1.5, 1.5, len(one.start[0]) - 1)])
    if one.family == TRAPEZOID:
        own[2] = rng.uniform(0.01, 1.0)
    if one.family == SOFT:
        # as far as a fit may go: the profile ends ten widths away, which one of heavier wings would not
        own[2] = one.start[0][2] + rng.uniform(-1.0, 1.0) * one.reach[1]
    if one.family == DECLINE:
        own[4] = rng.uniform(0.0, MOST_LOST)
    before, after = one.sides(own, part)
    found = values(one, own[0] + np.array([-before, 0.0, after]), own)
    # the template's own sides are known to four digits
    assert found == pytest.approx([part, 1.0, part], abs=0.01 if one.family == FLARE else 1e-9)


def test_a_flare_is_the_simulated_one() -> None:
    time = np.linspace(-3.0, 9.0, 500)
    (flare,) = (one for one in BRIGHTENINGS if one.family == FLARE)
    assert values(flare, time, np.array([0.0, np.log(0.2709 + 0.6422)])) == pytest.approx(flare_shape(time))


@pytest.mark.parametrize("one", [one for one in PROFILES if one.family in (SOFT, BELL)] + [BRIGHTENINGS[4]])
def test_a_fit_is_scipys_where_the_profile_is_smooth(one: Profile) -> None:
    rng = np.random.default_rng(3)
    start, reach = np.array(one.start[0]), np.array(one.reach)
    for _ in range(10):
        time = np.sort(rng.uniform(-3.0, 3.0, 80))
        sigma = rng.uniform(0.03, 0.06, 80)
        true = start + rng.uniform(-0.3, 0.3, len(start))
        value = values(one, time, true) + 0.1 - 0.05 * time + sigma * rng.standard_t(3, 80)
        numbers, jacobian = np.empty(len(start) + 3), np.empty((80, len(start) + 3))
        cost = fit_profile(one.family, time, value, sigma, start, reach, numbers, jacobian)

        def left(all_: FloatArray, time: FloatArray = time, value: FloatArray = value) -> FloatArray:
            line = all_[-3] * values(one, time, all_[:-3]) + all_[-2] + all_[-1] * time
            return np.asarray((value - line) / sigma)  # noqa: B023

        away = np.concatenate([[3.0], reach])
        bounds = np.r_[start - away, 0.0, -20.0, -20.0], np.r_[start + away, 20.0, 20.0, 20.0]
        known = least_squares(
            left, np.r_[start, 1.0, 0.0, 0.0], "3-point", bounds, loss="soft_l1", f_scale=3.0, xtol=1e-12
        )
        assert cost <= known.cost * (1.0 + 1e-6)
        if cost > known.cost * (1.0 - 1e-6) and not known.active_mask.any():
            size = np.abs(known.jac).max(axis=0)
            assert jacobian / size == pytest.approx(known.jac / size, abs=0.02)


def test_numbers_stay_in_their_ranges() -> None:
    rng = np.random.default_rng(4)
    time = np.sort(rng.uniform(-3.0, 3.0, 60))
    for one in PROFILES:
        for value in (rng.normal(0.0, 1.0, 60), -time, np.zeros(60), np.where(np.arange(60) == 30, 1e6, 0.0)):
            for start in one.start:
                numbers, jacobian = np.empty(len(start) + 3), np.empty((60, len(start) + 3))
                reach = np.array(one.reach)
                cost = fit_profile(one.family, time, value, np.ones(60), np.array(start), reach, numbers, jacobian)
                assert np.isfinite(cost)
                assert np.isfinite(numbers).all()
                assert np.isfinite(jacobian).all()
                assert (np.abs(numbers[:-3] - start) <= np.array([3.0, *reach]) + 1e-12).all()
                assert 0.0 <= numbers[-3] <= 20.0


def test_a_share_is_held_at_the_end_of_its_range() -> None:
    # straight from the peak down: nothing is lost on a plateau, which is at the end of what may be
    time = np.linspace(-2.0, 3.0, 101)
    value = np.interp(time, [-0.5, 0.0, 0.6, 1.6], [0.0, 1.0, 1.0, 0.0])
    (one,) = (one for one in PROFILES if one.family == DECLINE)
    ends = []
    for start in one.start:
        numbers, jacobian = np.empty(8), np.empty((101, 8))
        sigma, reach = np.full(101, 0.01), np.array(one.reach)
        ends.append((fit_profile(DECLINE, time, value, sigma, np.array(start), reach, numbers, jacobian), numbers))
    cost, numbers = min(ends, key=lambda end: end[0])
    assert cost < 1e-3
    assert numbers[:4] == pytest.approx([0.0, np.log(0.5), 0.0, np.log(0.6)], abs=1e-3)
    assert numbers[4] == pytest.approx(0.0, abs=1e-3)
