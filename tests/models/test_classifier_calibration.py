import numpy as np
import pytest

from swope.models.classifier.answer import Abstention, ClassifierOptions
from swope.models.classifier.calibration import Judged

TYPES = 3


def judged(n: int, sharpness: float, seed: int = 1) -> Judged:
    """Stars of which networks say log probabilities, so many times too sharp, and the trees nothing."""
    rng = np.random.default_rng(seed)
    said = rng.normal(scale=1.5, size=(n, TYPES))
    share = np.exp(said) / np.exp(said).sum(axis=1, keepdims=True)
    drawn = np.array([rng.choice(TYPES, p=one) for one in share])
    logits = (sharpness * said)[:, None].astype(np.float32)
    meant = np.eye(TYPES, dtype=np.float32)[drawn]
    return Judged(logits, np.full((n, TYPES), 1.0 / TYPES), np.zeros(n), meant, np.ones((n, 1, TYPES), dtype=bool))


@pytest.mark.parametrize("seed", range(6))
def test_two_stars_are_not_believed_over_a_start(seed: int) -> None:
    alone, after = (judged(2, 1.0, seed).likeliest(before) for before in (None, (2.0, 0.8)))
    assert abs(np.log(after[0] / 2.0)) < 0.4
    assert abs(after[1] - 0.8) < 0.3
    assert abs(np.log(after[0] / 2.0)) < abs(np.log(alone[0] / 2.0))


def test_many_stars_say_their_own_temperature() -> None:
    for sharpness in (1.0, 3.0):
        assert judged(4000, sharpness).likeliest((1.8, 0.8))[0] == pytest.approx(sharpness, rel=0.12)


@pytest.mark.parametrize(("n", "mine"), [(2, 0.02), (100, 0.5), (9900, 0.99)])
def test_limits_of_the_flags_are_those_of_a_start_until_there_are_stars_to_say_them(n: int, mine: float) -> None:
    stars, options = judged(n, 1.0), ClassifierOptions()
    probability, unlikeness = np.full((n, TYPES), 0.8), np.full(n, 2.0)
    alone = stars.abstention(probability, unlikeness, options)
    after = stars.abstention(probability, unlikeness, options, Abstention(least=0.4, most=10.0, kept=0.9, risk=0.1))
    assert (alone.least, alone.most) == (0.8, 2.0)
    assert after.least == pytest.approx(0.4 + mine * 0.4, abs=0.01)
    assert after.most == pytest.approx(10.0 - mine * 8.0, abs=0.05)
