"""The compiled search for nearest points against all distances sorted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swope.models.autoencoder.nearest import nearest


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 9), st.data())
def test_the_nearest_points_are_those_of_all_distances_sorted(seed, points, axes, data):
    k = data.draw(st.integers(1, points))
    rng = np.random.default_rng(seed)
    # whole numbers: many points lie equally far
    memory = rng.integers(-2, 3, (points, axes)).astype(np.float32)
    place = rng.integers(-2, 3, axes).astype(np.float32)
    distances = np.sqrt(((memory.astype(float) - place) ** 2).sum(axis=1))
    order = np.argsort(distances, kind="stable")[:k]
    distance, index = nearest(memory, place, k)
    assert np.array_equal(index, order)
    assert np.allclose(distance, distances[order], rtol=1e-15, atol=0.0)
