import numpy as np

from tests.bench.verdicts import NEXT, SAID, measured, next_stars


def made(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interesting stars in a clump of their own, ranked as chance would."""
    rng = np.random.default_rng(0)
    odd = rng.random(n) < 0.25
    return rng.permutation(n) + 1.0, rng.normal(size=(n, 2)) + 20.0 * odd[:, None], odd


def test_no_star_is_judged_twice_or_shown_again() -> None:
    rank, place, odd = made()
    for rounds in ((SAID,), (5, 5, 5, 5)):
        judged, after = next_stars(rank, place, odd, rounds)
        assert len(judged) == SAID
        assert len(after) == NEXT
        assert len({*judged.tolist(), *after.tolist()}) == SAID + NEXT
    at_once, _ = next_stars(rank, place, odd, (SAID,))
    assert at_once.tolist() == np.argsort(rank)[:SAID].tolist()


def test_a_kind_that_stands_apart_is_found_and_one_that_does_not_is_not() -> None:
    rank, place, odd = made()
    apart = measured(rank, place, odd, 3)["20 at once"]
    assert apart["next 50"] > 0.9
    assert apart["next 50 without"] < 0.5
    mixed = measured(rank, place * 0.0, odd, 3)["20 at once"]
    assert abs(mixed["gain of the next 50"]) < 1e-9
