"""A star followed from night to night."""

from __future__ import annotations

import json

import numpy as np
import pytest

from swope.models.statespace import (
    StarFit,
    StateSpace,
    fit_star,
    follow,
    predict,
    record_after,
    record_before,
    record_json,
    record_of,
)
from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star
from tests.bench.statespace_data import curves, damped_walk, with_periods
from tests.real_data import real_data


def _star(n: int = 240, bands: int = 2) -> Star:
    """A periodic star with a walk, one rotten row, some repeated times and some rows without an error."""
    rng = np.random.default_rng(31)
    time = 2450000.0 + np.sort(np.round(rng.uniform(0, 900, n), 1))
    band = np.array(["g", "r"])[rng.integers(0, bands, n)]
    value = 15 + 0.3 * np.sin(2 * np.pi * time / 3.7) + 0.1 * damped_walk(time, 40.0, rng) + (band == "r")
    value = value + 0.02 * rng.normal(size=n)
    value[n // 2] += 3.0
    error = np.where(rng.uniform(size=n) < 0.1, np.nan, 0.02)
    curve = clean(LightCurve.of("star", time, value, error, band=band))
    return Star(curve, PeriodResult(period=3.7, fap=1e-10))


def _fit(star: Star) -> StarFit:
    fitted = fit_star(star)
    assert not isinstance(fitted, str)
    return fitted


def test_night_by_night_through_the_record_is_the_full_pass() -> None:
    star = _star()
    whole = StateSpace().forecast([star])[0]
    assert whole is not None
    record = record_before(_fit(star))
    good = star.curve.good
    mean, sigma = [], []
    for night in np.array_split(np.arange(len(good)), 17):
        record, found = follow(record_of(record_json(record)), good.where(night))
        mean.append(found.mean)
        sigma.append(found.sigma)
    np.testing.assert_array_equal(np.concatenate(mean), whole.mean)
    np.testing.assert_array_equal(np.concatenate(sigma), whole.sigma)
    assert json.loads(record_json(record)) == json.loads(record_json(record_after(_fit(star))))


def test_a_record_does_not_grow() -> None:
    fitted = _fit(_star())
    before, after = record_before(fitted), record_after(fitted)
    assert after.record.state.shape == before.record.state.shape
    assert after.record.covariance.shape == before.record.covariance.shape
    assert len(record_json(after)) < 20_000


def test_nights_without_rows_and_of_one_band_are_borne() -> None:
    star = _star()
    record = record_after(_fit(star))
    same, nothing = follow(record, star.curve.where(np.zeros(len(star.curve), dtype=bool)))
    assert record_json(same) == record_json(record)
    assert len(nothing.time) == 0
    last = float(star.curve.time[-1])
    one = LightCurve.of("star", [last + 1.0, last + 1.0], [16.0, 16.01], None, band="r")
    _, found = follow(record, one)
    assert found.bands == ("g", "r")
    assert found.band.tolist() == [1, 1]
    assert np.all(np.isfinite(found.innovation))


def test_a_prediction_is_in_the_stars_own_unit() -> None:
    star = _star()
    fitted = _fit(star)
    last = float(star.curve.time[-1])
    time = last + np.array([0.5, 1.0, 500.0])
    mean, sigma = predict(record_after(fitted), time, "r")
    truth = 16 + 0.3 * np.sin(2 * np.pi * time / 3.7)
    assert np.all(np.abs(mean - truth) < 4 * sigma)
    assert 0.05 < sigma[2] < 0.3
    assert sigma[0] < sigma[2]


def test_what_does_not_go_on_is_refused() -> None:
    star = _star()
    record = record_after(_fit(star))
    last = float(star.curve.time[-1])
    with pytest.raises(ValueError, match="does not go on"):
        follow(record, LightCurve.of("another", [last + 1], [15.0], [0.1], band="g"))
    with pytest.raises(ValueError, match="does not go on"):
        follow(record, LightCurve.of("star", [last + 1], [15.0], [0.1], band="g", kind="flux"))
    with pytest.raises(ValueError, match="band 'i' is not among those fitted, 'g', 'r'"):
        follow(record, LightCurve.of("star", [last + 1], [15.0], [0.1], band="i"))
    with pytest.raises(ValueError, match="earlier"):
        follow(record, LightCurve.of("star", [last - 1], [15.0], [0.1], band="g"))
    with pytest.raises(ValueError, match="band '' is not among"):
        predict(record, np.array([last + 1]))


@pytest.mark.parametrize("text", ["", "{}", '{"record": 3}', "[1, 2]"])
def test_another_text_is_no_record(text: str) -> None:
    with pytest.raises(ValueError, match="not a record of the state-space model"):
        record_of(text)


def test_real_stars_followed_night_by_night() -> None:
    real_data("asas_acvs/light_curves.parquet")
    for star in with_periods(curves("asas_acvs/light_curves.parquet", 5)):
        fitted = fit_star(star)
        if isinstance(fitted, str):
            continue
        good = star.curve.good
        first, rest = good.where(np.arange(len(good)) < 20), good.where(np.arange(len(good)) >= 20)
        record, a = follow(record_before(fitted), first)
        _, b = follow(record_of(record_json(record)), rest)
        whole = StateSpace().forecast([star])[0]
        assert whole is not None
        np.testing.assert_array_equal(np.concatenate([a.mean, b.mean]), whole.mean)
