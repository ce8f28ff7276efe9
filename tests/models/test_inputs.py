from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.models.circular import circular_block, pooled
from swope.models.inputs import BINS, FACTORS, Inputs, course_tensor, fold_tensor, inputs_of, refolded, sigma_of
from swope.models.keras_backend import keras
from swope.models.scaling import Scaling
from swope.pipeline.clean import clean
from swope.pipeline.features import brightness
from swope.pipeline.fold import fold
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodFlag, PeriodResult
from swope.pipeline.star import Star
from tests.models.stars import made_star


def test_bins_agree_with_the_fold_of_the_catalog() -> None:
    star = made_star("EA", 1, 300)
    bright = brightness(star.curve)
    tensor = fold_tensor(bright, star.period.period)
    width = float(np.subtract(*np.percentile(bright.value, (95, 5))))
    middle = float(np.median(bright.value))
    # the tensor's own phase zero is the maximum of the first harmonic; look for the turn that agrees
    steps = np.linspace(0.0, 1.0, BINS * 40, endpoint=False)
    best = np.inf
    for step in steps:
        known = fold(bright, star.period.period, bright.time[0] + step * star.period.period, BINS)
        value = (known.value[0] - middle) / width
        best = min(best, float(np.nanmax(np.abs(value - tensor[:, 0]))))
    assert best < 0.05


def test_the_epoch_of_the_period_search_does_not_matter() -> None:
    star = made_star("RRAB", 1)
    moved = replace(star, period=replace(star.period, t0=star.period.t0 + 0.1234))
    first, second = inputs_of([star]), inputs_of([moved])
    np.testing.assert_array_equal(first.folds, second.folds)
    np.testing.assert_array_equal(first.folded, second.folded)


def test_stars_do_not_depend_on_their_company() -> None:
    stars = [made_star(kind, seed) for seed in range(3) for kind in ("RRAB", "EA", "CST")]
    together = inputs_of(stars)
    alone = Inputs.join([inputs_of([star]) for star in stars])
    for name in (field.name for field in fields(Inputs)):
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


def test_another_period_changes_the_first_fold_as_if_all_were_made_anew() -> None:
    stars = [made_star("RRAB", 1), made_star("RRAB", 1), made_star("CST", 2), made_star("EA", 3, 4)]
    before = inputs_of(stars)
    periods = [replace(star.period, period=1.3 * star.period.period) for star in stars]
    stars = [replace(star, period=period) for star, period in zip(stars, periods, strict=True)]
    found, asked = refolded(before, stars), inputs_of(stars)
    for name in ("course", "plain", "survey", "found", "points"):
        np.testing.assert_array_equal(getattr(found, name), getattr(asked, name))
    for name in ("folds", "folded"):
        np.testing.assert_array_equal(getattr(found, name)[:, 0], getattr(asked, name)[:, 0])
    assert not found.folds[:, 1:].any()


@pytest.mark.parametrize(
    ("flag", "doubted"), [("half", [2.0]), ("double", [0.5]), ("alias", []), ("few_cycles", []), (None, [])]
)
def test_what_the_search_nearly_took_is_doubted(flag: PeriodFlag | None, doubted: list[float]) -> None:
    star = made_star("EA", 1)
    inputs = inputs_of([replace(star, period=replace(star.period, flag=flag)), made_star("CST", 1)])
    assert [factor for factor, doubt in zip(FACTORS, inputs.doubted[0], strict=True) if doubt] == doubted
    assert not inputs.doubted[1].any()


def test_hard_stars_give_finite_folds() -> None:
    period = PeriodResult(period=1.0, t0=0.0)
    curves = [
        LightCurve.of("one", [1.0], [2.0]),
        LightCurve.of("none", [], []),
        LightCurve.of("flat", np.arange(30.0), np.ones(30)),
        LightCurve.of("one phase", np.arange(30.0), np.arange(30.0)),
        LightCurve.of("six", np.arange(6.0) * 1.37, np.arange(6.0)),
        LightCurve.of("nan", np.arange(30.0), np.full(30, np.nan)),
    ]
    found = inputs_of([Star(clean(curve), period) for curve in curves])
    assert np.isfinite(found.folds).all()
    assert np.isfinite(found.course).all()
    assert found.found.tolist() == [False, False, False, True, True, False]
    assert np.isfinite(found.folded[found.found]).all()
    assert found.folds.shape[1] == len(FACTORS)


def test_a_course_is_the_curve_in_even_steps() -> None:
    # a supernova of 120 nights, then a season without any, then ten nights more
    time = np.concatenate([np.arange(120.0), 300.0 + np.arange(10.0)])
    value = 20.0 - 3.0 * np.exp(-0.5 * ((time - 40.0) / 15.0) ** 2)
    curve = clean(LightCurve.of("SN", time, value, np.full(130, 0.05)))
    course = course_tensor(brightness(curve))
    step = 309.0 / (BINS - 1)
    assert course.shape == (BINS, 3)
    assert course[:, 0].argmax() == round(40.0 / step)
    empty = np.arange(round(120.0 / step) + 1, round(300.0 / step))
    assert (course[empty, 2] == 0.0).all()
    np.testing.assert_allclose(sigma_of(course[None].astype(np.float32))[0, empty], 1.0)
    between = np.diff(course[empty, 0])
    np.testing.assert_allclose(between, between[0], atol=1e-12)
    # five nights make a step, and a third of their errors is that of their mean
    width = float(np.subtract(*np.percentile(value, (95, 5))))
    np.testing.assert_allclose(2.0 ** (4.0 * course[2, 1]), 0.05 / np.sqrt(5.0) / width, rtol=1e-6)


@given(st.integers(5, 400), st.integers(0, 10**6), st.floats(1e-3, 1e5))
def test_a_course_has_all_points_in_its_steps(n: int, seed: int, span: float) -> None:
    rng = np.random.default_rng(seed)
    curve = LightCurve.of("any", np.sort(rng.uniform(0.0, span, n)), rng.normal(15.0, 0.3, n), np.full(n, 0.1))
    course = course_tensor(brightness(clean(curve)))
    assert np.isfinite(course).all()
    points = (2.0 ** course[:, 2] - 1.0) * len(clean(curve).good) / BINS
    assert points.sum() == pytest.approx(len(clean(curve).good))
    assert min(points[0], points[-1]) > 0.9


def test_convolution_on_the_circle_turns_with_the_fold() -> None:
    k = keras()
    k.utils.set_random_seed(0)
    given = k.Input((1, 16, 2))
    block = circular_block(circular_block(given, 4, 5), 4, 3, 2)
    network = k.Model(given, [block, pooled(block)])
    x = np.random.default_rng(0).normal(size=(3, 1, 16, 2)).astype("float32")
    maps, pools = (np.asarray(y) for y in network(x, training=False))
    turned_maps, turned_pools = (np.asarray(y) for y in network(np.roll(x, 5, axis=2), training=False))
    np.testing.assert_allclose(np.roll(maps, 5, axis=2), turned_maps, atol=1e-6)
    np.testing.assert_allclose(pools, turned_pools, atol=1e-6)


def test_scaling_makes_the_missing_ordinary_and_the_far_harmless() -> None:
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(5.0, 2.0, (500, 1)), np.full((500, 1), 3.0), np.full((500, 1), np.nan)], 1)
    scaling = Scaling.of(features)
    scaled = scaling.apply(np.array([[5.0, 3.0, np.nan], [1e9, -np.inf, 1.0]]))
    assert np.isfinite(scaled).all()
    np.testing.assert_allclose(scaled[0], 0.0, atol=0.1)
    assert abs(scaled).max() <= 4.0
