import numpy as np

from swope.models.classifier.votes import learnt, spoken, table_of


def test_the_forest_sees_all_candidates_and_stands_no_stars() -> None:
    def seen(folded: np.ndarray, plain: np.ndarray) -> np.ndarray:
        n = len(plain)
        folds, course, closed = (np.zeros((n, *shape), np.float32) for shape in ((3, 64, 3), (64, 3), (3,)))
        return table_of([folds, course, folded, plain, closed])

    assert seen(np.zeros((0, 3, 5), np.float32), np.zeros((0, 2), np.float32)).shape == (0, 17)
    rng = np.random.default_rng(0)
    folded, plain = rng.random((4, 3, 5), np.float32), rng.random((4, 2), np.float32)
    table = seen(folded, plain)
    np.testing.assert_array_equal(table[:, 5:10], folded[:, 1])
    np.testing.assert_array_equal(table[:, 15:], plain)


def test_an_open_label_teaches_each_of_its_types_alike() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(["E", "RRAB"], 40)
    table = (rng.random((80, 3)) + 5.0 * (labels == "RRAB")[:, None]).astype(np.float32)
    meant = np.where(labels[:, None] == "E", [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]).astype(np.float32)
    forest = learnt(table, meant, labels, np.ones(80, dtype=np.float32), 20, 1, 2.0, 0)
    np.testing.assert_allclose(forest.probabilities(table[:1]), [[0.5, 0.5, 0.0]], atol=1e-5)


def test_what_a_forest_says_is_the_same_for_every_candidate_and_never_certain() -> None:
    said = spoken(np.array([[1.0, 0.0]]), 1.0)
    assert said.shape == (1, 1, 2)
    assert np.isfinite(said).all()
    assert not spoken(np.array([[1.0, 0.0]]), 0.0).any()
