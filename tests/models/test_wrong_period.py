from dataclasses import replace

import pytest

from models.autoencoder import Autoencoder
from models.autoencoder.wrong_period import WRONG_PERIOD
from pipeline.star import Star
from tests.models.stars import made_star


@pytest.fixture(scope="module")
def shipped() -> Autoencoder:
    return Autoencoder.pretrained()


def misfolded(star: Star, others: tuple[float, ...]) -> Star:
    """The star at a period that is not its own, with these as runners-up."""
    return replace(star, period=replace(star.period, period=1.37 * star.period.period, others=others))


def test_a_strange_fold_at_a_wrong_period_is_told_from_a_strange_star(shipped: Autoencoder) -> None:
    right = [made_star("RRAB", seed, 200) for seed in range(900, 940)]
    wrong = [misfolded(star, (star.period.period,)) for star in right]
    lost = [misfolded(star, (0.71 * star.period.period,)) for star in right]
    scores = [shipped.score(stars) for stars in (right, wrong, lost)]
    strange = scores[1].pvalue <= 0.05
    assert strange.sum() >= 5
    usual, found, missed = (shipped.flags(*pair) for pair in zip((right, wrong, lost), scores, strict=True))
    assert sum(flag == WRONG_PERIOD for flag, asked in zip(found, strange, strict=True) if asked) >= 0.8 * strange.sum()
    assert not any(flag for flag, asked in zip(found, strange, strict=True) if not asked)
    assert sum(flag is not None for flag in usual) <= 1
    # where the true period is not among the likely ones, nothing can be said
    assert sum(flag is not None for flag in missed) < 0.3 * strange.sum()


def test_ordinary_stars_and_stars_without_a_period_are_not_asked(shipped: Autoencoder) -> None:
    stars = [made_star("CST", 1), made_star("EA", 2)]
    assert shipped.flags(stars, shipped.score(stars)) == (None, None)
    assert shipped.flags([], shipped.score([])) == ()
