from __future__ import annotations

import numpy as np
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from swope.models import kinds
from swope.models.kinds import KnownKinds, grouped


def three_kinds(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of three kinds in five dimensions, of which the first two tell them apart and the third is wide in all."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, n)
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])[kind]
    points = rng.normal(size=(n, 5)) * [1.0, 0.5, 9.0, 1.0, 1.0]
    points[:, :2] += centres
    return points, kind


def test_the_axes_are_those_of_discriminant_analysis(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(kinds, "_ROUND_WITHIN", 0.0)
    monkeypatch.setattr(kinds, "_ROUND_BETWEEN", 0.0)
    points, kind = three_kinds(3000, 0)
    found = KnownKinds.of(points, kind, 2)
    oracle = LinearDiscriminantAnalysis(solver="eigen").fit(points, kind).scalings_[:, :2]
    signs = np.sign((found.turn * oracle).sum(axis=0))
    np.testing.assert_allclose(found.turn * signs, oracle, rtol=1e-3, atol=1e-4)
    places = (points - found.centre) @ found.turn
    within = sum(np.cov(places[kind == k].T, bias=True) * np.mean(kind == k) for k in range(3))
    np.testing.assert_allclose(within, np.eye(2), atol=1e-3)


def test_the_rarity_is_the_density_of_gaussians() -> None:
    points, kind = three_kinds(600, 1)
    found = KnownKinds.of(points, kind, 3)
    asked = three_kinds(50, 2)[0]
    places = found.places(asked)
    np.testing.assert_allclose(places, (asked - found.centre) @ found.turn.astype(float), rtol=1e-9, atol=1e-9)
    density, highest = np.zeros(len(asked)), 0.0
    for weight, mean, whiten in zip(found.weight, found.mean, found.whiten, strict=True):
        inverse = np.linalg.inv(whiten.astype(float))
        gaussian = multivariate_normal(mean, inverse.T @ inverse)
        density += weight * gaussian.pdf(places)
        highest += weight * gaussian.pdf(mean)
    np.testing.assert_allclose(found.rarity(places), np.log(1.0 - np.log(density / highest)), atol=1e-3)


def test_what_lies_between_the_kinds_is_strange_and_what_is_wide_in_all_is_not() -> None:
    found = KnownKinds.of(*three_kinds(2000, 3), 4)
    asked = np.array([[6.0, 0, 0, 0, 0], [6.0, 0, 15.0, 0, 0], [3.0, 3.0, 0, 0, 0], [6.0, 0, 0, 7.0, 0]])
    known, wide, between, thin = found.rarity(found.places(asked))
    assert between > wide + 1.0
    assert wide - known < between - known
    # an axis that tells no two kinds apart, but is narrow in all of them
    assert thin > wide + 1.0


def test_rarity_does_not_depend_on_company() -> None:
    found = KnownKinds.of(*three_kinds(300, 4), 3)
    asked = three_kinds(60, 5)[0]
    together = found.rarity(found.places(asked))
    np.testing.assert_array_equal(found.rarity(found.places(asked[20:23])), together[20:23])
    assert found.rarity(found.places(asked[:0])).shape == (0,)


def test_kinds_of_a_single_star_and_columns_without_variation_are_no_harm() -> None:
    points, kind = three_kinds(90, 6)
    points = np.concatenate([points, np.full((90, 1), 7.0)], axis=1)
    for some in (np.where(np.arange(90) == 4, 3, kind), np.arange(90), np.zeros(90, dtype=int)):
        found = KnownKinds.of(points, some, 12)
        assert np.isfinite(found.rarity(found.places(points))).all()


def test_groups_are_the_clouds() -> None:
    points, kind = three_kinds(600, 7)
    group = grouped(points[:, :2], 3, 1)
    assert sorted(np.unique(group)) == [0, 1, 2]
    pairs = {(int(a), int(b)) for a, b in zip(kind, group, strict=True)}
    common = [(a, b) for a, b in pairs if np.mean((kind == a) & (group == b)) > 0.02]
    assert len(common) == 3
    # more groups than there are different points
    assert grouped(np.repeat(points[:2], 20, axis=0), 5, 1).max() <= 1
