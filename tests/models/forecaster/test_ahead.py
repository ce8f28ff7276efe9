"""Forecasts of later rows: the very one-step forecasts of the curves without the rows between, and causal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from swope.models.forecaster import Forecaster, ForecasterOptions
from swope.models.forecaster.network import Cell
from swope.models.forecaster.sequence import Questions, Sequence, ahead_of, drawn_ahead
from swope.models.forecaster.steps import steps_of
from swope.models.forecaster.variations import varied
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.star import Star
from tests.models.forecaster.test_forecaster import variable

LINES = ("inputs", "target", "mean", "variance", "noise", "log_weight", "centre", "unit", "ready", "reach")


@pytest.fixture(scope="module", params=["lstm", "gru", "rnn"])
def trained(request: pytest.FixtureRequest) -> Forecaster:
    cell: Cell = request.param
    options = ForecasterOptions(cell=cell, units=6, epochs=2, window=64, batch=8, calibration_share=0.3)
    return Forecaster.fit([variable(i) for i in range(40)], options)


def _without_between(star: Star, origin: int, row: int) -> Star:
    return Star(star.curve.where(np.r_[0 : origin + 1, row]), star.period)


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("errors", [True, False])
@pytest.mark.parametrize("found", [True, False])
def test_the_steps_are_those_of_the_curve_without_the_rows_between(bands: int, errors: bool, found: bool) -> None:
    star = variable(11, 90, bands=bands, errors=errors)
    star = star if found else Star(star.curve, PeriodResult(reason="none"))
    asked = Questions.of_rows(star.curve, np.array([20, 20, 41, 60]), np.array([22, 36, 49, 89]))
    whole, plain = steps_of(star, asked), steps_of(star)
    assert whole is not None
    assert plain is not None
    at = np.flatnonzero(~whole.learnt)
    for place, origin, row in zip(at, asked.origin, (22, 36, 49, 89), strict=True):
        thinned = steps_of(_without_between(star, int(origin), row))
        for name in LINES:
            ours, oracle = getattr(whole, name)[place], getattr(thinned, name)[-1]
            np.testing.assert_allclose(ours, oracle, rtol=1e-6, atol=1e-7, err_msg=name)
    for name in LINES:
        np.testing.assert_array_equal(getattr(whole, name)[whole.learnt], getattr(plain, name), err_msg=name)


def test_the_forecasts_are_those_of_the_curve_without_the_rows_between(trained: Forecaster) -> None:
    star = variable(12, 150, bands=2)
    origin, row = ahead_of(150, (2, 8, 32), 25)
    found = trained.ahead([star], (2, 8, 32), 25)[0]
    assert found is not None
    for i in range(len(origin)):
        thinned = trained.forecast([_without_between(star, int(origin[i]), int(row[i]))])[0]
        assert thinned is not None
        assert found.mean[i] == pytest.approx(thinned.mean[-1], rel=1e-5)
        assert found.sigma[i] == pytest.approx(thinned.sigma[-1], rel=1e-4)
    one = trained.forecast([star])[0]
    again = trained.predictive([star], [Questions.of_rows(star.curve, origin, row)])[0]
    assert one is not None
    assert again is not None
    steps, mixture = again
    mean = (steps.centre + steps.unit * mixture.centre())[steps.next]
    np.testing.assert_allclose(-mean, one.mean[np.isfinite(one.mean)], rtol=1e-5)


def test_rows_after_the_origin_change_nothing(trained: Forecaster) -> None:
    star = variable(13, 100)
    value = star.curve.value.copy()
    value[50:] -= 2.0
    other = Star(replace(star.curve, value=value), star.period)
    one, two = trained.ahead([star, other], (4, 16), 10)
    assert one is not None
    assert two is not None
    before = one.asked.origin < 50
    np.testing.assert_array_equal(one.mean[before], two.mean[before])
    np.testing.assert_array_equal(one.sigma[before], two.sigma[before])
    assert not np.array_equal(one.mean[~before], two.mean[~before])


def test_what_is_to_come_is_what_an_observed_row_would_have_been_forecast(trained: Forecaster) -> None:
    star = variable(14, 100, bands=2)
    begun = Star(star.curve.where(np.arange(70)), star.period)
    curve = star.curve
    rows = np.flatnonzero(curve.band[70:] == 0) + 70
    future = trained.predict(begun, curve.time[rows], curve.bands[0], curve.error[rows])
    known = trained.answer([star], [Questions.of_rows(curve, np.full(len(rows), 69), rows)])[0]
    assert future is not None
    assert known is not None
    np.testing.assert_allclose(future.mean, known.mean, rtol=1e-6)
    np.testing.assert_allclose(future.sigma, known.sigma, rtol=1e-5)
    # magnitudes: the fainter quantile is the larger number
    assert (future.quantile(0.9) > future.quantile(0.1)).all()
    inside = (future.quantile(0.8413) - future.quantile(0.1587)) / 2
    np.testing.assert_allclose(inside, future.sigma, rtol=1e-3)


def test_the_order_of_the_times_asked_for_does_not_matter(trained: Forecaster) -> None:
    star = variable(15, 60)
    times = star.curve.time[-1] + np.array([30.0, 1.0, 7.0])
    mixed, sorted_ = trained.predict(star, times), trained.predict(star, np.sort(times))
    assert mixed is not None
    assert sorted_ is not None
    np.testing.assert_allclose(mixed.mean[np.argsort(times)], sorted_.mean, rtol=1e-6)
    assert np.isfinite(mixed.sigma).all()


def test_what_cannot_be_asked_is_said(trained: Forecaster) -> None:
    star = variable(16, 60, bands=2)
    with pytest.raises(ValueError, match="never seen in band 'z'; name one of 'g', 'r'"):
        trained.predict(star, star.curve.time[-1:] + 1.0, "z")
    with pytest.raises(ValueError, match="rows are known up to"):
        trained.predict(star, star.curve.time[-1:] - 1.0, "g")
    short = Star(star.curve.where(np.arange(3)), star.period)
    assert trained.predict(short, short.curve.time[-1:] + 1.0, "g") is None


def test_the_sequence_by_hand() -> None:
    curve = LightCurve.of("s", np.arange(4.0), np.arange(4.0), None, np.array(["a", "b", "a", "a"]))
    rows = Sequence.of(curve, Questions.of_rows(curve, np.array([0, 1]), np.array([3, 2])))
    np.testing.assert_array_equal(rows.time, [0, 3, 1, 2, 2, 3])
    np.testing.assert_array_equal(rows.learnt, [True, False, True, False, True, True])
    np.testing.assert_array_equal(rows.before, [-1, 0, 0, 2, 2, 4])
    np.testing.assert_array_equal(rows.known, [0, 1, 1, 2, 2, 3])
    np.testing.assert_array_equal(rows.known_in_band, [0, 1, 0, 1, 1, 2])
    np.testing.assert_array_equal(rows.before_in_band, [0, 0, 2, 0, 0, 4])
    np.testing.assert_array_equal(rows.reach, [0, 0, 0, 1, 1, 1])


def test_rows_asked_for() -> None:
    origin, row = ahead_of(20, (2, 8), 8)
    np.testing.assert_array_equal(origin, [7, 7, 15])
    np.testing.assert_array_equal(row, [9, 15, 17])
    assert len(ahead_of(5, (2,), 8)[0]) == 0
    origin, row = drawn_ahead(500, 0.3, 40, np.random.default_rng(0))
    assert (np.diff(origin) >= 0).all()
    assert row.max() < 500
    assert set(row - origin) <= set(range(2, 41))
    assert {2, 40} <= set(row - origin)


def test_a_varied_star_is_a_star_observed_less_well() -> None:
    star = variable(17, 200)
    fewer, noisier = 0, 0
    for seed in range(20):
        curve = varied(star, np.random.default_rng(seed)).curve
        at = np.searchsorted(star.curve.time, curve.time)
        np.testing.assert_array_equal(star.curve.time[at], curve.time)
        growth = curve.error / star.curve.error[at]
        assert growth.min() >= 1.0
        np.testing.assert_allclose(growth, growth[0])
        fewer += len(curve) < 200
        noisier += growth[0] > 1.0
        if growth[0] > 1.0:
            added = (curve.value - star.curve.value[at]) / np.sqrt(curve.error**2 - star.curve.error[at] ** 2)
            assert 0.7 < added.std() < 1.3
    assert 5 < fewer < 20
    assert 2 < noisier < 15
