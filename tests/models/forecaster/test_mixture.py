"""Mixtures of Gaussians against numerical integrals and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from swope.models.forecaster.mixture import Mixture


def _drawn(seed: int, n: int = 5, g: int = 4) -> Mixture:
    rng = np.random.default_rng(seed)
    weight = rng.dirichlet(np.ones(g), n)
    return Mixture(weight, rng.uniform(-3, 3, (n, g)), 10 ** rng.uniform(-2, 1, (n, g)))


@given(st.integers(0, 10_000), st.floats(1e-3, 1 - 1e-3))
@example(927, 0.9188936143951958)
@settings(max_examples=300, deadline=None)
def test_quantile_inverts_the_distribution(seed: int, level: float) -> None:
    mixture = _drawn(seed)
    np.testing.assert_allclose(mixture.cdf(mixture.quantile(level)), level, atol=1e-6)


def test_density_and_distribution_are_scipys() -> None:
    mixture = _drawn(1)
    value = np.linspace(-2, 2, 5)
    density = np.sum(mixture.weight * stats.norm.pdf(value[:, None], mixture.mean, mixture.sigma), axis=1)
    np.testing.assert_allclose(mixture.log_density(value), np.log(density))
    below = np.sum(mixture.weight * stats.norm.cdf(value[:, None], mixture.mean, mixture.sigma), axis=1)
    np.testing.assert_allclose(mixture.cdf(value), below)


@pytest.mark.parametrize("seed", range(3))
def test_moments_and_crps_by_quadrature(seed: int) -> None:
    mixture = _drawn(seed, n=1)
    grid = np.linspace(-200, 200, 400_001)
    many = Mixture(*(np.repeat(part, len(grid), axis=0) for part in (mixture.weight, mixture.mean, mixture.sigma)))
    cdf, density = many.cdf(grid), np.exp(many.log_density(grid))
    step = grid[1] - grid[0]
    centre = np.sum(grid * density) * step
    assert mixture.centre()[0] == pytest.approx(centre, abs=1e-5)
    assert mixture.spread()[0] == pytest.approx(np.sqrt(np.sum((grid - centre) ** 2 * density) * step), rel=1e-5)
    value = 0.7
    expected = np.sum((cdf - (grid >= value)) ** 2) * step
    assert mixture.crps(np.array([value]))[0] == pytest.approx(expected, rel=1e-3)


def test_a_single_gaussian_has_the_known_crps() -> None:
    one = np.ones((1, 1))
    # Gneiting & Raftery 2007, eq. 21, at the mean
    assert Mixture(one, 0 * one, one).crps(np.zeros(1))[0] == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi))
