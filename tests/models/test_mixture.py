from __future__ import annotations

import numpy as np
from scipy.stats import kstest, multivariate_normal

from models.autoencoder.mixture import MixtureDensity, _fitted, _normal_scores


def two_clouds(n: int, seed: int) -> np.ndarray:
    """Two thirds at 0 with correlated axes, one third at (8, -8)."""
    rng = np.random.default_rng(seed)
    first = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.8], [0.8, 1.0]], 2 * n // 3)
    second = rng.multivariate_normal([8.0, -8.0], 0.25 * np.eye(2), n - len(first))
    return np.concatenate([first, second])


def test_the_fit_finds_the_components() -> None:
    weight, mean, covariance = _fitted(two_clouds(6000, 0), 2, 1)
    order = np.argsort(mean[:, 0])
    np.testing.assert_allclose(weight[order], [2 / 3, 1 / 3], atol=1e-3)
    np.testing.assert_allclose(mean[order], [[0, 0], [8, -8]], atol=0.06)
    floor = 0.05 * np.eye(2)
    np.testing.assert_allclose(covariance[order[0]] - floor, [[1.0, 0.8], [0.8, 1.0]], atol=0.08)
    np.testing.assert_allclose(covariance[order[1]] - floor, 0.25 * np.eye(2), atol=0.03)


def test_the_rarity_is_the_density_of_the_mixture() -> None:
    points = two_clouds(3000, 1)
    found = MixtureDensity.of(points, 4, 2, 1)
    places = _normal_scores(points, found.knots) @ found.turn.astype(float)
    density = np.zeros(len(points))
    for weight, mean, whiten in zip(found.weight, found.mean, found.whiten, strict=True):
        inverse = np.linalg.inv(whiten.astype(float))
        density += weight * multivariate_normal(mean, inverse.T @ inverse).pdf(places)
    np.testing.assert_allclose(found.rarity(points), -np.log(2 * np.pi * density), atol=1e-4)


def test_a_point_off_the_way_of_a_cloud_is_rarer_than_one_along_it() -> None:
    found = MixtureDensity.of(two_clouds(3000, 2), 6, 2, 1)
    along, across, astray = found.rarity(np.array([[1.0, 1.0], [1.2, -1.2], [8.0, 2.0]]))
    assert across > along + 1
    assert astray > along + 3


def test_normal_scores_follow_the_shares_of_known_values() -> None:
    rng = np.random.default_rng(3)
    known = np.stack([rng.lognormal(0, 2, 4000), np.r_[np.zeros(2000), np.arange(2000.0)]], axis=1)
    knots = MixtureDensity.of(known, 1, 2, 1).knots
    scores = _normal_scores(known, knots)
    assert kstest(scores[:, 0], "norm").statistic < 0.03
    # half of the values are alike: all have the score of the middle of that half
    np.testing.assert_allclose(scores[:2000, 1], -0.674, atol=0.02)
    far = _normal_scores(np.array([[1e9, -1e9]]), knots)
    assert far[0, 0] == -far[0, 1] == 3.7


def test_rarity_does_not_depend_on_company() -> None:
    points = two_clouds(500, 4)
    found = MixtureDensity.of(points, 5, 2, 1)
    np.testing.assert_array_equal(found.rarity(points)[100:103], found.rarity(points[100:103]))


def test_a_column_without_variation_and_few_points_are_no_harm() -> None:
    points = np.concatenate([two_clouds(40, 5), np.full((40, 1), 7.0)], axis=1)
    assert np.isfinite(MixtureDensity.of(points, 20, 3, 1).rarity(points)).all()
