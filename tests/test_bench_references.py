from dataclasses import replace

import numpy as np
import pytest

from tests.bench.references import judge, remade
from tests.bench.training_set import Labelled
from tests.models.stars import made_star


def test_a_star_made_anew_has_its_times_its_series_and_its_noise() -> None:
    star = made_star("RRAB", 3, 200)
    good = star.curve.good
    twin = remade(star.curve, star.period.period, np.random.default_rng(0))
    np.testing.assert_array_equal(twin.time, good.time)
    change = twin.value - good.value
    # the noise of both is 0.03 mag; the series of four terms leaves a little of the shape as well
    assert 0.9 < change.std() / (0.03 * 2**0.5) < 2.0
    wrong = remade(star.curve, 1.3 * star.period.period, np.random.default_rng(0))
    assert (wrong.value - good.value).std() > 3 * change.std()


def test_a_wrong_reference_is_told_from_a_hard_one() -> None:
    stars = [made_star("RRAB", seed, 120) for seed in range(8)]
    period = [star.period.period for star in stars]
    # the alias of a day, at which stars that are seen at all hours do not fold
    alias = [1.0 / (1.0 / p + 1.0) for p in period[:4]] + period[4:]
    labelled = [
        Labelled("made", replace(star, period=replace(star.period, period=p)), "RRAB", reference)
        for star, p, reference in zip(stars, period, alias, strict=True)
    ]
    found = judge(labelled[4:])
    assert found["agree"] == found["were_they_true"] == 1.0
    assert np.isnan(found["of_the_others"])
    assert judge(labelled)["agree"] == pytest.approx(0.5)
