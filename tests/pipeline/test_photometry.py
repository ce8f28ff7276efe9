"""Magnitudes, fluxes and missing errors: one rule each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.photometry import brightening, errors_or, magnitude_range, relative_flux, typical_error


@given(st.integers(0, 1000), st.floats(0.01, 0.2), st.floats(1e-3, 1e6))
def test_a_star_is_the_same_in_magnitudes_and_in_fluxes(seed: int, size: float, level: float) -> None:
    rng = np.random.default_rng(seed)
    # an odd number, so that the median is one of them in both
    mag = 15.0 + size * rng.normal(size=101)
    flux = level * 10 ** (-0.4 * (mag - 15.0))
    error = np.full(101, 0.01)
    ours, own = brightening(mag, error, "mag")
    theirs, their_own = brightening(flux, error * flux / 1.0857, "flux")
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert own == pytest.approx(their_own, abs=1e-9)
    assert relative_flux(mag, "mag") == pytest.approx(relative_flux(flux, "flux"), rel=1e-9)


def test_differences_of_flux_have_a_range_all_the_same() -> None:
    value = np.linspace(-5.0, 5.0, 51)
    up, error = brightening(value, np.full(51, np.nan), "flux")
    assert np.std(up) == pytest.approx(0.1)
    assert np.isnan(error).all()
    span, unit = magnitude_range(value, "flux")
    assert (span, unit) == (pytest.approx(0.1), pytest.approx(0.1 / 9.0))
    assert np.all(np.diff(relative_flux(value, "flux")) > 0)


def test_where_no_error_is_given_the_scatter_of_neighbours_stands_in() -> None:
    rng = np.random.default_rng(1)
    value = np.linspace(0.0, 20.0, 4000) + 0.3 * rng.normal(size=4000)
    assert typical_error(np.full(4000, np.nan), value) == pytest.approx(0.3, rel=0.05)
    given_ = np.where(rng.random(4000) < 0.5, np.nan, 0.02)
    assert typical_error(given_, value) == 0.02
    assert typical_error(np.full(1, np.nan), value[:1]) == 0.0


def test_missing_errors_are_filled_and_tiny_ones_raised() -> None:
    assert errors_or(np.array([np.nan, 0.5, 1e-9]), 0.1, 0.02).tolist() == [0.1, 0.5, 0.02]
