from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from swope.pipeline import rerank
from swope.pipeline.rerank import interest

NONE = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)


def catalog(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two clumps of stars, far apart, with ranks that tell nothing of them."""
    rng = np.random.default_rng(seed)
    place = rng.normal(0.0, 1.0, (n, 3)) + 40.0 * (np.arange(n) % 2)[:, None]
    return rng.permutation(n) + 1.0, place


def test_nothing_said_is_the_anomaly_rank() -> None:
    rank, place = catalog()
    assert np.argsort(-interest(rank, place, *NONE)).tolist() == np.argsort(rank).tolist()


@pytest.mark.parametrize("liked", [True, False])
def test_a_verdict_moves_its_kin_and_leaves_the_order_of_the_others(liked: bool) -> None:
    rank, place = catalog()
    before = interest(rank, place, *NONE)
    after = interest(rank, place, np.array([0]), np.array([liked]))
    kin, others = np.arange(60) % 2 == 0, np.arange(60) % 2 == 1
    moved = (after - before)[kin]
    assert (moved > 0).all() if liked else (moved < 0).all()
    np.testing.assert_allclose(after[others], before[others], atol=1e-12)


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_it_is_the_maximum_of_the_posterior(seed: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    rank, place = catalog(30, seed)
    judged, liked = rng.choice(30, m, replace=False), rng.random(m) < 0.5
    found = interest(rank, place, judged, liked)
    mean = interest(rank, place, *NONE)
    distance = np.linalg.norm(place[:, None] - place[None], axis=2)
    every = rerank._HEIGHT**2 * np.exp(-0.5 * (distance / rerank._REACH) ** 2)
    own = every[np.ix_(judged, judged)] + 1e-10 * np.eye(m)
    sign = np.where(liked, 1.0, -1.0)
    inverse = np.linalg.inv(own)

    def loss(f: np.ndarray) -> float:
        left = f - mean[judged]
        return float(np.logaddexp(0, -sign * f).sum() + 0.5 * left @ inverse @ left)

    best = minimize(loss, found[judged], method="BFGS", options={"gtol": 1e-9})
    assert loss(found[judged]) <= best.fun + 1e-6
    # and the others follow from those judged as the covariance says
    np.testing.assert_allclose(found, mean + every[:, judged] @ inverse @ (found[judged] - mean[judged]), atol=1e-4)


def test_many_verdicts_that_contradict_each_other_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    rank, place = catalog(400)
    place[:] = 0.0
    judged = np.arange(200)
    found = interest(rank, place, judged, judged % 2 == 0)
    assert np.isfinite(found).all()
    # of stars at one place nothing can be told apart: the order stays
    assert np.argsort(-found, kind="stable").tolist() == np.argsort(rank).tolist()
    monkeypatch.setattr(rerank, "_BLOCK", 7)
    np.testing.assert_allclose(interest(rank, place, judged, judged % 2 == 0), found, atol=1e-9)
