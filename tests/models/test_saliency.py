from dataclasses import replace

import numpy as np
import pytest

from swope.models.classifier import Classifier
from swope.models.classifier.saliency import saliency
from swope.pipeline.fold import phase_of
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star
from tests.models.stars import made_star


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return Classifier.pretrained()


def eclipses(star: Star) -> np.ndarray:
    """Phases of the rows in eclipse: the made star is faint there and flat elsewhere."""
    good = star.curve.good
    return phase_of(good.time, star.period.period, star.period.t0)[good.value > np.median(good.value) + 0.15]


def away(phase: float, others: np.ndarray) -> float:
    return float(np.abs((phase - others + 0.5) % 1.0 - 0.5).min())


def test_the_eclipses_make_an_algol(shipped: Classifier) -> None:
    stars = [made_star("EA", seed, 200) for seed in range(300, 310)]
    found = saliency(shipped, stars)
    assert found.weight.shape == (10, 32)
    algols = [i for i, name in enumerate(found.types) if name == "EA"]
    assert len(algols) >= 7
    for i in algols:
        near = np.array([away(phase, eclipses(stars[i])) < 0.05 for phase in found.phase])
        assert found.weight[i, near].mean() > found.weight[i, ~near].mean()
        assert away(found.phase[found.weight[i].argmax()], eclipses(stars[i])) < 0.06


def test_phases_follow_the_epoch(shipped: Classifier) -> None:
    star = made_star("EA", 320, 200)
    moved = replace(star, period=replace(star.period, t0=star.period.t0 + 0.25 * star.period.period))
    first, second = saliency(shipped, [star]).weight[0], saliency(shipped, [moved]).weight[0]
    # a quarter of a turn is eight of the thirty-two stretches; the bins of the mean fold may fall elsewhere
    assert np.corrcoef(np.roll(first, -8), second)[0, 1] > 0.9


def test_phases_that_nobody_saw_weigh_nothing(shipped: Classifier) -> None:
    star = made_star("RRAB", 330, 200)
    good = star.curve.good
    phase = phase_of(good.time, star.period.period, star.period.t0)
    gap = replace(star, curve=good.where((phase < 0.4) | (phase > 0.6)))
    found = saliency(shipped, [gap])
    empty = np.abs(found.phase - 0.5) < 0.05
    assert (found.weight[0, empty] == 0.0).all()
    assert (found.weight[0, ~empty] != 0.0).any()


def test_several_bands_are_flat_each_at_its_own_level(shipped: Classifier) -> None:
    star = made_star("EA", 340, 200)
    one, band = star.curve.good, np.array(["V", "I"])[np.arange(200) % 2]
    level = [LightCurve.of("two", one.time, one.value - move * (band == "I"), one.error, band) for move in (0.0, 3.0)]
    found = saliency(shipped, [replace(star, curve=curve) for curve in level])
    np.testing.assert_allclose(found.weight[1], found.weight[0], atol=1e-3)
    assert np.ptp(found.weight[0]) > 0.1


def test_stars_without_period_or_class_have_no_weights(shipped: Classifier) -> None:
    short = Star(LightCurve.of("short", np.arange(3.0), np.arange(3.0)), PeriodResult(period=1.0, t0=0.0))
    same = Star(LightCurve.of("same", np.arange(30.0), np.ones(30)), PeriodResult(period=1.5, t0=0.0))
    found = saliency(shipped, [made_star("CST", 350), short, same])
    assert np.isnan(found.weight[:2]).all()
    assert found.types[1] is None
    np.testing.assert_allclose(found.weight[2], 0.0, atol=1e-9)
    assert len(saliency(shipped, []).weight) == 0


def test_a_stretch_must_leave_something(shipped: Classifier) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        saliency(shipped, [], width=1.0)
