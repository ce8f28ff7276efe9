import numpy as np
import pytest

from models.classifier.trees import Forest, grown


def squares(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds in the four quadrants, opposite ones alike: no single threshold parts them; and eight idle features."""
    table = np.random.default_rng(seed).normal(size=(n, 10)).astype(np.float32)
    return table, (table[:, 0] * table[:, 1] > 0).astype(np.int64)


def forest_of(table: np.ndarray, kind: np.ndarray, seed: int = 0, least: int = 1) -> tuple[Forest, np.ndarray]:
    return grown(table, np.eye(2, dtype=np.float32)[kind], kind, np.arange(len(kind)), 60, 5, least, seed)


def test_what_no_single_threshold_parts_is_learnt() -> None:
    forest, unseen = forest_of(*squares(600, 1))
    table, kind = squares(400, 2)
    said = forest.probabilities(table)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=1e-6)
    right = np.mean(said.argmax(axis=1) == kind)
    assert right > 0.9
    assert np.mean(unseen.argmax(axis=1) == squares(600, 1)[1]) == pytest.approx(right, abs=0.05)


def test_it_does_as_well_as_the_usual_implementation() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    learn, kind = squares(500, 3)
    table, truth = squares(1000, 4)
    usual = ensemble.RandomForestClassifier(60, max_features=5, random_state=0).fit(learn, kind).predict(table)
    own = forest_of(learn, kind)[0].probabilities(table).argmax(axis=1)
    assert np.mean(own == truth) == pytest.approx(np.mean(usual == truth), abs=0.04)


def test_trees_that_did_not_see_a_star_know_nothing_of_it_even_where_it_stands_twice() -> None:
    rng = np.random.default_rng(5)
    table = np.repeat(rng.normal(size=(200, 10)).astype(np.float32), 2, axis=0)
    kind = np.repeat(rng.integers(0, 2, 200), 2)
    meant = np.eye(2, dtype=np.float32)[kind]
    forest, unseen = grown(table, meant, kind, np.arange(400) // 2, 60, 5, 1, 0)
    assert np.mean(forest.probabilities(table).argmax(axis=1) == kind) > 0.95
    assert np.mean(unseen.argmax(axis=1) == kind) < 0.65


def test_leaves_hold_what_a_star_may_be_and_are_as_large_as_asked() -> None:
    table = np.zeros((30, 3), dtype=np.float32)
    meant = np.tile(np.array([0.5, 0.5, 0.0], dtype=np.float32), (30, 1))
    forest, _ = grown(table, meant, np.zeros(30, dtype=np.int64), np.arange(30), 3, 2, 1, 0)
    np.testing.assert_allclose(forest.probabilities(table), meant, atol=1e-6)
    assert len(forest.shares) == 3
    small, large = (len(forest_of(*squares(300, 6), least=least)[0].shares) for least in (1, 20))
    assert large <= 60 * 300 / 20 < small


def test_the_same_seed_grows_the_same_forest_and_no_answer_depends_on_company() -> None:
    table, kind = squares(200, 7)
    first, other = (forest_of(table, kind, seed=3)[0] for _ in range(2))
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name])
    np.testing.assert_array_equal(first.probabilities(table[5:6]), first.probabilities(table)[5:6])


def test_neighbouring_numbers_are_parted() -> None:
    low = np.float32(1.0)
    table = np.repeat(np.array([low, np.nextafter(low, np.float32(2.0))]), 10)[:, None]
    kind = np.repeat([0, 1], 10)
    forest, _ = grown(table, np.eye(2, dtype=np.float32)[kind], kind, np.arange(20), 5, 1, 1, 0)
    assert (forest.probabilities(table).argmax(axis=1) == kind).all()
