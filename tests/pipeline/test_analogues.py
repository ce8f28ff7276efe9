from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.analogues import CLASS_WEIGHT, nearest, places


def test_units_of_the_latent_axes_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    latent, probability = rng.normal(size=(30, 4)).astype(np.float32), rng.dirichlet(np.ones(3), 30)
    scaled = (latent * np.array([1.0, 100.0, 0.01, 3.0]) + 5.0).astype(np.float32)
    for star in range(30):
        one, other = (nearest(places(some, probability), star, 5) for some in (latent, scaled))
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_allclose(one[1], other[1], rtol=1e-4)


def test_classes_differ_by_their_hellinger_distance() -> None:
    place = places(np.zeros((3, 2), dtype=np.float32), np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]))
    assert np.isfinite(place).all()
    assert np.linalg.norm(place[0] - place[1]) == pytest.approx(CLASS_WEIGHT)
    # Hellinger distance of (1, 0) and (1/2, 1/2)
    assert np.linalg.norm(place[0] - place[2]) == pytest.approx(CLASS_WEIGHT * np.sqrt(1 - np.sqrt(0.5)))


@given(st.integers(2, 40), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_the_nearest_are_those_of_brute_force(m: int, n: int, seed: int) -> None:
    place = np.random.default_rng(seed).integers(0, 4, (m, 2)).astype(float)
    star = seed % m
    found, distance = nearest(place, star, n)
    every = sorted((float(np.hypot(*(place[i] - place[star]))), i) for i in range(m) if i != star)[:n]
    assert found.tolist() == [i for _, i in every]
    np.testing.assert_allclose(distance, [d for d, _ in every])
