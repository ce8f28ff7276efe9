from dataclasses import replace

import numpy as np
import pytest

from tests.bench.references import brightness_says, judge, judge_by_brightness, of_one_day, remade
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


def test_brightness_tells_the_alias_from_the_period() -> None:
    rng = np.random.default_rng(0)
    dim, bright = rng.uniform(0.45, 0.7, 200), rng.uniform(1.0, 5.0, 100)
    true = np.concatenate([dim, bright])
    magnitude = np.concatenate([np.full(200, 19.0), 16.3 - 3.0 * np.log10(bright)]) + rng.normal(0.0, 0.15, 300)
    alias = np.where(true < 1.0, 1.0 / (1.0 / true - 1.0), 1.0 / (1.0 / true + 1.0))
    found, reference = true.copy(), true.copy()
    reference[:50] = alias[:50]
    found[250:] = alias[250:]
    agree = found == reference
    says = brightness_says(found, reference, magnitude, agree)
    np.testing.assert_allclose(says[agree], 1.0)
    np.testing.assert_allclose(brightness_says(reference, found, magnitude, agree), 1.0 / says)
    hangs = (true < 1.0) != (alias < 1.0)
    assert (says[:50][hangs[:50]] > 10.0).mean() > 0.9
    assert (says[250:][hangs[250:]] < 0.1).mean() > 0.9


def test_only_stars_whose_label_hangs_on_the_period_are_asked() -> None:
    stars = [made_star("RRAB", seed, 60) for seed in range(6)]
    labelled = [Labelled("made", star, "RRAB", star.period.period) for star in stars]
    labelled[0] = replace(labelled[0], period=2.5 * stars[0].period.period)
    said, contradicted = judge_by_brightness(labelled)
    assert contradicted == []
    assert (said["stars"], said["agree"], said["hang"]) == (6, 5, 1)
    assert said["for_found"] == said["for_reference"] == 0  # no other star has such a period: any magnitude will do


def test_references_that_crowd_at_the_day_are_counted_beside_those_that_may_be_there() -> None:
    even = 1.0 / np.arange(0.8, 1.2, 0.002)
    day, chance = of_one_day(even)
    assert day.sum() == pytest.approx(chance, abs=1.0) == pytest.approx(2.0 / 60.0 / 0.002, abs=1.0)
    crowd = np.concatenate([even, np.full(50, 0.9965), np.full(20, 1.1)])
    day, chance = of_one_day(crowd)
    assert day[-70:-20].all()
    assert not day[-20:].any()
    assert chance == pytest.approx(of_one_day(even)[1])
