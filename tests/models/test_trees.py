import numpy as np
import pytest

from swope.models.classifier.trees import Forest, grown


def squares(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds in the four quadrants, opposite ones alike: no single threshold parts them; and eight idle features."""
    table = np.random.default_rng(seed).normal(size=(n, 10)).astype(np.float32)
    return table, (table[:, 0] * table[:, 1] > 0).astype(np.int64)


def forest_of(table: np.ndarray, kind: np.ndarray, seed: int = 0, least: int = 1) -> Forest:
    return grown(table, np.eye(2, dtype=np.float32)[kind], kind, even(len(kind)), 100, 8, least, seed)


def even(n: int) -> np.ndarray:
    return np.ones(n, dtype=np.float32)


def test_what_no_single_threshold_parts_is_learnt() -> None:
    forest = forest_of(*squares(1000, 1))
    table, kind = squares(400, 2)
    said = forest.probabilities(table)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=1e-5)
    assert np.mean(said.argmax(axis=1) == kind) > 0.85


def test_it_does_as_well_as_the_usual_implementation() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    learn, kind = squares(500, 3)
    table, truth = squares(1000, 4)
    usual = ensemble.ExtraTreesClassifier(100, max_features=8, random_state=0).fit(learn, kind).predict(table)
    own = forest_of(learn, kind).probabilities(table).argmax(axis=1)
    assert np.mean(own == truth) == pytest.approx(np.mean(usual == truth), abs=0.04)


def test_trees_beside_trees_say_the_mean_of_both() -> None:
    table, kind = squares(300, 6)
    one, other = forest_of(table, kind, 1), forest_of(table[:40], kind[:40], 2)
    both = one.beside(other)
    np.testing.assert_allclose(
        both.probabilities(table), 0.5 * (one.probabilities(table) + other.probabilities(table)), atol=1e-6
    )
    assert {name: array.dtype for name, array in both.arrays().items()} == {
        name: array.dtype for name, array in one.arrays().items()
    }


def test_weight_is_worth_what_more_stars_are() -> None:
    rng = np.random.default_rng(5)
    table = rng.normal(size=(400, 4)).astype(np.float32)
    kind = (rng.random(400) < 0.2).astype(np.int64)
    meant = np.eye(2, dtype=np.float32)[kind]
    weight = np.where(kind == 1, 4.0, 1.0).astype(np.float32)
    forest = grown(table, meant, kind, weight, 40, 2, 100, 0)
    assert forest.probabilities(table)[:, 1].mean() == pytest.approx(0.5, abs=0.07)


def test_leaves_hold_what_a_star_may_be_and_are_as_large_as_asked() -> None:
    table = np.zeros((30, 3), dtype=np.float32)
    meant = np.tile(np.array([0.5, 0.5, 0.0], dtype=np.float32), (30, 1))
    forest = grown(table, meant, np.zeros(30, dtype=np.int64), even(30), 3, 2, 1, 0)
    np.testing.assert_allclose(forest.probabilities(table), meant, atol=1e-5)
    assert len(forest.shares) == 3
    small, large = (len(forest_of(*squares(300, 6), least=least).shares) for least in (1, 20))
    assert large <= 100 * 300 / 20 < small


def test_the_same_seed_grows_the_same_forest_and_no_answer_depends_on_company() -> None:
    table, kind = squares(200, 7)
    first, other = (forest_of(table, kind, seed=3) for _ in range(2))
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name])
    np.testing.assert_array_equal(first.probabilities(table[5:6]), first.probabilities(table)[5:6])


def test_neighbouring_numbers_are_parted() -> None:
    low = np.float32(1.0)
    table = np.repeat(np.array([low, np.nextafter(low, np.float32(2.0))]), 10)[:, None]
    kind = np.repeat([0, 1], 10)
    forest = grown(table, np.eye(2, dtype=np.float32)[kind], kind, even(20), 5, 1, 1, 0)
    assert (forest.probabilities(table).argmax(axis=1) == kind).all()
