"""The forecaster as a whole: causal, independent of company, saved as it was, honest about what it cannot do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swope.models.forecaster import Forecaster, ForecasterOptions
from swope.models.forecaster.steps import WARM_UP
from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.star import Star


def variable(seed: int, n: int = 60, *, bands: int = 1, kind: str = "mag", errors: bool = True) -> Star:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 300, n))
    period = float(rng.uniform(0.4, 8.0))
    noise = rng.uniform(0.01, 0.05, n)
    value = 12 + 0.3 * np.sin(2 * np.pi * time / period) + noise * rng.standard_normal(n)
    names = np.array(["g", "r", "i"])[rng.integers(0, bands, n)]
    curve = LightCurve.of(f"star-{seed}", time, value, noise if errors else None, names, kind=kind)
    return Star(clean(curve), PeriodResult(period=period, t0=0.0))


@pytest.fixture(scope="module")
def trained() -> Forecaster:
    options = ForecasterOptions(units=8, epochs=2, window=32, batch=8, calibration_share=0.3)
    return Forecaster.fit([variable(i) for i in range(60)], options)


def test_later_rows_never_change_earlier_forecasts(trained: Forecaster) -> None:
    star = variable(1001, 200, bands=3)
    begun = Star(star.curve.where(np.arange(120)), star.period)
    whole, part = trained.forecast([star])[0], trained.forecast([begun])[0]
    assert whole is not None
    assert part is not None
    np.testing.assert_allclose(whole.mean[:120], part.mean, rtol=1e-5)
    np.testing.assert_allclose(whole.sigma[:120], part.sigma, rtol=1e-4)


def test_a_row_does_not_foretell_itself(trained: Forecaster) -> None:
    star = variable(1002, 80)
    value = star.curve.value.copy()
    value[50] -= 3.0
    other = Star(replace(star.curve, value=value), star.period)
    one, two = trained.forecast([star, other])
    assert one is not None
    assert two is not None
    np.testing.assert_array_equal(one.mean[:51], two.mean[:51])
    assert two.innovation[50] > 20
    assert not np.array_equal(one.mean[51:], two.mean[51:])


def test_company_and_order_do_not_matter(trained: Forecaster) -> None:
    stars = [variable(i, 20 + 3 * i) for i in range(70)]
    together = trained.forecast(stars)
    for i in (0, 33, 69):
        alone = trained.forecast([stars[i]])[0]
        ours = together[i]
        assert alone is not None
        assert ours is not None
        np.testing.assert_array_equal(alone.mean, ours.mean)
        np.testing.assert_array_equal(alone.sigma, ours.sigma)
    np.testing.assert_array_equal(trained.score(stars).score[::-1], trained.score(stars[::-1]).score)


def test_saved_and_loaded_it_is_the_same(trained: Forecaster, tmp_path: Path) -> None:
    trained.save(tmp_path)
    again = Forecaster.load(tmp_path)
    assert again.model_id == trained.model_id
    star = variable(7)
    np.testing.assert_array_equal(again.score([star]).score, trained.score([star]).score)


def test_weights_of_another_shape_are_refused(trained: Forecaster, tmp_path: Path) -> None:
    trained.save(tmp_path)
    manifest = json.loads((tmp_path / "model.json").read_text())
    manifest["settings"]["options"]["units"] += 1
    (tmp_path / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="train it again"):
        Forecaster.load(tmp_path)


def test_the_shipped_weights_load_and_have_a_card() -> None:
    shipped = Forecaster.pretrained()
    assert shipped.model_id.startswith("forecaster-")
    assert "split" in shipped.card
    assert np.isfinite(shipped.score([variable(5, 80)]).pvalue).all()


def test_the_same_seed_trains_the_same_model() -> None:
    options = ForecasterOptions(units=4, epochs=1, window=16, batch=8, calibration_share=0.3)
    stars = [variable(i, 30) for i in range(40)]
    assert Forecaster.fit(stars, options).model_id == Forecaster.fit(stars, options).model_id


def test_too_few_rows_have_a_reason(trained: Forecaster) -> None:
    stars = [variable(1, n) for n in (0, 1, WARM_UP, 12)]
    assert [one is None for one in trained.forecast(stars)] == [True, True, True, False]
    scores = trained.score(stars)
    assert np.isnan(scores.score).all()
    assert all(reason is not None and "good rows" in reason.text for reason in scores.reason)


def test_calibrated_anew_the_network_is_the_same(trained: Forecaster) -> None:
    noisy = [variable(3000 + i, 80) for i in range(30)]
    curves = [replace(star.curve, value=star.curve.value + 0.3 * np.sin(1e3 * star.curve.time)) for star in noisy]
    again = trained.calibrated([Star(curve, star.period) for curve, star in zip(curves, noisy, strict=True)])
    assert again.network is trained.network
    assert len(again.calibration.null) == 30
    before, after = trained.forecast(noisy[:1])[0], again.forecast(noisy[:1])[0]
    assert before is not None
    assert after is not None
    np.testing.assert_allclose(after.mean, before.mean)
    assert not np.allclose(after.sigma[10:], before.sigma[10:])
    with pytest.raises(ValueError, match="a calibration needs two"):
        trained.calibrated(noisy[:1])


def test_too_few_stars_to_train_on() -> None:
    with pytest.raises(ValueError, match="some twenty stars"):
        Forecaster.fit([variable(1), variable(2)])


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_units_do_not_matter(trained: Forecaster, scale: float) -> None:
    star = variable(3, kind="flux")
    curve = star.curve
    scaled = Star(replace(curve, value=scale * curve.value, error=scale * curve.error), star.period)
    one, two = trained.forecast([star, scaled])
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(two.mean, scale * one.mean, rtol=1e-5)
    np.testing.assert_allclose(two.innovation, one.innovation, rtol=1e-3, atol=1e-3)


def test_magnitudes_and_fluxes_are_one_another_upside_down(trained: Forecaster) -> None:
    star = variable(4, kind="flux")
    mirrored = Star(replace(star.curve, value=-star.curve.value, kind="mag"), star.period)
    one, two = trained.forecast([star, mirrored])
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(two.mean, -one.mean)
    np.testing.assert_allclose(two.innovation, one.innovation)


@pytest.mark.parametrize("value", [0.0, 15.0])
def test_a_constant_star_without_errors_is_forecast(trained: Forecaster, value: float) -> None:
    curve = clean(LightCurve.of("flat", np.arange(30.0), np.full(30, value)))
    forecast = trained.forecast([Star(curve, PeriodResult(reason="constant"))])[0]
    assert forecast is not None
    np.testing.assert_allclose(forecast.mean[WARM_UP:], value, atol=1e-6)
    assert (forecast.sigma[WARM_UP:] > 0).all()


def test_an_outburst_scores_high(trained: Forecaster) -> None:
    ordinary = [variable(2000 + i, 100) for i in range(20)]
    strange = ordinary[0]
    value = strange.curve.value - np.where(strange.curve.time > 200, 1.5, 0.0)
    outburst = Star(replace(strange.curve, value=value), strange.period)
    scores = trained.score([*ordinary, outburst])
    assert scores.score[-1] > np.max(scores.score[:-1])
    assert scores.pvalue[-1] <= scores.pvalue[:-1].min()
