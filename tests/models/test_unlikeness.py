from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from swope.models.classifier.unlikeness import Unlikeness, kinds_of, rarity_of, signs_of
from swope.models.classifier.votes import COLUMNS, table_of
from swope.models.inputs import FACTORS
from swope.pipeline.features import FOLDED, PLAIN, REST, SEARCH, STRUCTURE, SURVEY


def table_of_kinds(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of stars of three kinds, which the first two of twenty tell apart."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, n)
    table = rng.normal(size=(n, 20)).astype(np.float32)
    table[:, :2] += np.array([[0, 0], [8, 0], [0, 8]])[kind]
    return table, np.array(["EA", "EW", "RRAB"])[kind]


def votes_for(n: int, shares: list[float]) -> np.ndarray:
    return np.tile(np.array(shares), (n, 1))


def made() -> Unlikeness:
    table, labels = table_of_kinds(900, 1)
    kinds = kinds_of(table[:600], labels[:600])
    votes = np.random.default_rng(2).dirichlet([5.0, 1.0, 1.0], 300)
    return Unlikeness.of(kinds, signs_of(votes, rarity_of(kinds, table[600:])))


def test_the_first_sign_is_the_entropy_of_the_votes() -> None:
    votes = np.random.default_rng(0).dirichlet(np.ones(6), 40)
    np.testing.assert_allclose(signs_of(votes, np.zeros(40))[:, 0], entropy(votes, axis=1), atol=1e-3)
    assert signs_of(np.array([[1.0, 0.0, 0.0]]), np.zeros(1))[0, 0] == pytest.approx(0.0, abs=1e-3)


def test_both_signs_have_the_same_spread_among_known_stars() -> None:
    table, labels = table_of_kinds(900, 1)
    kinds = kinds_of(table, labels)
    signs = signs_of(np.random.default_rng(2).dirichlet(np.ones(3), 900), rarity_of(kinds, table))
    np.testing.assert_allclose((signs / Unlikeness.of(kinds, signs).spread).std(axis=0), 1.0)
    alike = Unlikeness.of(kinds, np.ones((2, 2)))
    assert np.isfinite(alike.added(signs)).all()


def test_unlike_is_where_no_star_was_though_all_trees_agree_and_where_they_do_not() -> None:
    unlike = made()
    known, _ = table_of_kinds(200, 3)
    usual = unlike(votes_for(200, [0.9, 0.05, 0.05]), known)
    far = np.zeros((1, 20), dtype=np.float32)
    far[0, :2] = 8.0, 8.0
    assert unlike(votes_for(1, [0.9, 0.05, 0.05]), far)[0] > np.quantile(usual, 0.99)
    many = unlike(votes_for(200, [0.34, 0.33, 0.33]), known)
    assert np.median(many) > np.quantile(usual, 0.99)


def test_what_is_stored_says_the_same_bit_by_bit_in_any_company() -> None:
    unlike = made()
    table, _ = table_of_kinds(50, 4)
    votes = np.random.default_rng(5).dirichlet(np.ones(3), 50)
    whole = unlike(votes, table)
    again = Unlikeness.stored(unlike.arrays())
    np.testing.assert_array_equal(again(votes, table), whole)
    for i in (0, 17, 49):
        np.testing.assert_array_equal(again(votes[i : i + 1], table[i : i + 1]), whole[i : i + 1])


@pytest.mark.parametrize("feature", ["amplitude", "rest_noise", "found"])
def test_what_tells_surveys_apart_makes_no_star_rare(feature: str) -> None:
    rng = np.random.default_rng(6)
    table = rng.normal(size=(400, len(COLUMNS))).astype(np.float32)
    # all known stars have a period
    table[:, COLUMNS.index("found")] = 0.0
    kinds = kinds_of(table, np.array(["EA", "EW"] * 200))
    elsewhere = table.copy()
    elsewhere[:, COLUMNS.index(feature)] -= 4.0
    np.testing.assert_array_equal(rarity_of(kinds, elsewhere), rarity_of(kinds, table))
    elsewhere[:, COLUMNS.index("log_period")] -= 4.0
    assert np.median(rarity_of(kinds, elsewhere) - rarity_of(kinds, table)) > 0.1


def test_the_features_have_the_names_of_their_columns() -> None:
    plain = len(PLAIN) + 1 + len(STRUCTURE) + len(REST) + len(SEARCH)
    unused = np.zeros((1, 1))
    table = table_of([unused, unused, np.zeros((1, len(FACTORS), len(FOLDED))), np.arange(plain)[None], unused])
    assert table.shape[1] == len(COLUMNS) - len(SURVEY)
    assert table[0, COLUMNS.index("found")] == len(PLAIN)
    assert table[0, COLUMNS.index(SEARCH[-1])] == plain - 1
