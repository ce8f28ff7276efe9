"""The final model: number of terms, period, error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.period.kernels.fourier import fourier_equations, frequency_slope
from swope.pipeline.period.refine import refine
from swope.pipeline.period.sample import prepare
from tests.pipeline.period.curves import star


def test_a_sinusoid_with_forty_points_gets_one_term() -> None:
    chosen = []
    for seed in range(20):
        sample = prepare(star("sine", 0.61, 40, 0.1, seed=seed).good)
        assert sample is not None
        chosen.append(refine(sample, 1 / 0.61).terms)
    assert np.mean(np.array(chosen) == 1) >= 0.8


def test_a_sharp_shape_gets_many_terms() -> None:
    sample = prepare(star("saw", 0.61, 300, 0.02).good)
    assert sample is not None
    assert refine(sample, 1 / 0.61).terms >= 4


@pytest.mark.parametrize("bands", [("V",), ("g", "r")])
def test_the_error_of_the_period_is_honest(bands: tuple[str, ...]) -> None:
    pulls = []
    for seed in range(40):
        sample = prepare(star("sine", 0.61, 150, 0.1, seed=seed, bands=bands).good)
        assert sample is not None
        best = refine(sample, 1 / 0.61 + 0.02 / sample.span)
        pulls.append((best.frequency - 1 / 0.61) / best.frequency_err)
    assert 0.7 < np.std(pulls) < 1.4
    assert abs(np.mean(pulls)) < 0.6


def _basis(time: np.ndarray, frequency: float, terms: int) -> np.ndarray:
    angle = 2.0 * np.pi * frequency * time[:, None] * np.arange(1, terms + 1)
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(len(time), -1)
    return np.concatenate([np.ones((len(time), 1)), waves], axis=1)


@settings(max_examples=25, deadline=None)
@given(points=st.integers(20, 700), terms=st.integers(1, 8), frequency=st.floats(1e-3, 20.0), seed=st.integers(0, 99))
def test_the_equations_are_those_of_the_basis_and_the_slope_is_a_derivative(
    points: int, terms: int, frequency: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 50, points))
    value, weight = rng.normal(size=points), rng.uniform(0.1, 2.0, points)
    basis = _basis(time, frequency, terms)
    matrix, right = fourier_equations(time, value, weight, frequency, terms)
    np.testing.assert_allclose(matrix, basis.T @ (weight[:, None] * basis), atol=1e-8)
    np.testing.assert_allclose(right, basis.T @ (weight * value), atol=1e-8)

    series, middle, step = rng.normal(size=2 * terms + 1), 25.0, 1e-7
    square, slope, strength, product = frequency_slope(time, value, weight, frequency, series, middle)
    left = value - basis @ series
    # about the middle, phases there do not change with the frequency
    turned = (time - middle) * step / frequency
    change = (_basis(time + turned, frequency, terms) - _basis(time - turned, frequency, terms)) @ series / (2 * step)
    np.testing.assert_allclose(square, np.sum(weight * left**2), rtol=1e-9)
    scale = np.sqrt(np.sum(weight * change**2))
    np.testing.assert_allclose(strength, scale**2, rtol=1e-4)
    np.testing.assert_allclose(slope, np.sum(weight * change * left), atol=1e-4 * scale * np.sqrt(square))
    np.testing.assert_allclose(product, basis.T @ (weight * change), atol=1e-4 * scale * np.sqrt(points))
