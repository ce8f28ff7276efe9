from dataclasses import replace

import numpy as np
import pytest

from swope.models.autoencoder import Autoencoder
from swope.models.autoencoder.wrong_period import WRONG_PERIOD
from swope.models.inputs import inputs_of
from tests.models.stars import made_star


@pytest.fixture(scope="module")
def shipped() -> Autoencoder:
    return Autoencoder.pretrained()


def test_a_strange_fold_at_a_wrong_period_is_told_from_a_strange_star(shipped: Autoencoder) -> None:
    right = [made_star("RRAB", seed, 100) for seed in range(900, 930)]
    wrong = [
        replace(star, period=replace(star.period, period=1.37 * star.period.period, others=(star.period.period,)))
        for star in right
    ]
    usual, smeared = shipped.score(right), shipped.score(wrong)
    strange = smeared.pvalue <= 0.05
    assert strange.sum() >= 10
    found = np.array([flag == WRONG_PERIOD for flag in shipped.flags(wrong, inputs_of(wrong), smeared)])
    assert found[strange].mean() > 0.8
    assert not found[~strange].any()
    assert sum(flag is not None for flag in shipped.flags(right, inputs_of(right), usual)) <= 1


def test_ordinary_stars_and_stars_without_a_period_are_not_asked(shipped: Autoencoder) -> None:
    stars = [made_star("CST", 1), made_star("EA", 2)]
    assert shipped.flags(stars, inputs_of(stars), shipped.score(stars)) == (None, None)
    assert shipped.flags([], inputs_of([]), shipped.score([])) == ()
