"""Stars that are strange for a point that stands alone."""

from dataclasses import replace

import numpy as np
import pytest

from swope.models.analysis import AnalysisOptions, analyze
from swope.models.lone_points import PAIR, beyond_all, lone_points
from swope.models.registry import load_models
from swope.pipeline.clean import clean
from swope.pipeline.demote import FLAGS
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import LightCurve


def contact_binary(seed: int = 0) -> LightCurve:
    """An ordinary contact binary, 300 nights."""
    rng = np.random.default_rng(seed)
    time = np.sort(2_452_000.0 + np.floor(rng.uniform(0, 2000, 300)) + 0.3 * rng.random(300))
    value = 12.0 + 0.25 * np.cos(4.0 * np.pi * time / 0.3789) + rng.normal(0, 0.03, 300)
    return LightCurve.of("contact", time, value, np.full(300, 0.03))


def test_values_beyond_all_others() -> None:
    value = np.random.default_rng(1).normal(size=200)
    assert not beyond_all(value).any()
    for far in ([9.0], [-9.0], [9.0, 9.1], [9.0, -9.0]):
        some = value.copy()
        some[: len(far)] = far
        assert np.flatnonzero(beyond_all(some)).tolist() == list(range(len(far)))
    many = value.copy()
    many[: PAIR + 1] = 9.0
    assert not beyond_all(many).any()


def test_a_visit_stands_alone_with_its_exposures_that_are_off() -> None:
    """Four exposures a night: all of one night are off, and one of another; two nights in a row are no exception."""
    rng = np.random.default_rng(2)
    time = 2_453_000.0 + (np.arange(60.0)[:, None] * 8.0 + np.arange(4.0) * 0.01).ravel()
    value = 14.0 + rng.normal(0, 0.03, 240)
    value[40:44] -= 0.7
    value[121] -= 0.8
    curve = clean(LightCurve.of("visits", time, value, np.full(240, 0.03)))
    assert np.flatnonzero(lone_points(curve, [])).tolist() == [40, 41, 42, 43, 121]
    mean, sigma = np.full(240, -14.0), np.full(240, 0.03)
    made = Forecast("a", "toy", time, curve.good.band, curve.good.bands, -value, mean, sigma, -1.0)
    assert np.flatnonzero(lone_points(curve, [made])).tolist() == [40, 41, 42, 43, 121]
    value[44:48] -= 0.7
    value[48:52] -= 0.7
    again = clean(LightCurve.of("visits", time, value, np.full(240, 0.03)))
    assert np.flatnonzero(lone_points(again, [replace(made, value=-value)])).tolist() == [121]


def test_a_failed_forecast_stands_alone_between_good_ones() -> None:
    curve = clean(contact_binary())
    n = len(curve.good)
    mean = np.full(n, curve.good.value.mean())
    value = mean + 0.1
    value[[20, 60, 61]] += 10.0
    value[[100, 101]] += [10.0, -10.0]
    mean[0] = np.nan
    made = Forecast("a", "toy", curve.good.time, curve.good.band, curve.good.bands, value, mean, np.ones(n), -1.0)
    assert np.flatnonzero(lone_points(curve, [made])).tolist() == [20]
    assert not lone_points(curve, [replace(made, value=value[1:])]).any()
    assert not lone_points(curve, []).any()


@pytest.mark.parametrize("offset", [-2.0, 4.0])
def test_a_star_with_a_point_apart_is_flagged_and_its_pvalue_stays(offset: float) -> None:
    whole = contact_binary()
    value = whole.value.copy()
    value[150] += offset
    ordinary, apart = analyze([clean(whole), clean(replace(whole, value=value))], load_models(), AnalysisOptions())
    assert ordinary.row["anomaly_flag"] is None
    assert apart.row["anomaly_pvalue"] < 0.05 < ordinary.row["anomaly_pvalue"]
    assert apart.row["anomaly_flag"] == "lone_points"
    assert ordinary.row["confirmed_pvalue"] is None
    assert apart.row["confirmed_pvalue"] == pytest.approx(ordinary.row["anomaly_pvalue"], rel=0.5)
    assert apart.row["anomaly_reason"].endswith(FLAGS["lone_points"])


def test_a_fading_of_many_points_is_not() -> None:
    whole = contact_binary()
    value = whole.value + 1.5 * np.exp(-0.5 * ((whole.time - 2_453_000.0) / 60.0) ** 2)
    (fading,) = analyze([clean(replace(whole, value=value))], load_models(), AnalysisOptions())
    assert fading.row["anomaly_pvalue"] < 0.05
    assert fading.row["anomaly_flag"] is None


def test_an_event_stays_one_without_a_point_that_stands_alone() -> None:
    whole = contact_binary()
    value = whole.value + 0.8 * (np.abs(whole.time - 2_453_000.0) < 30.0)
    value[20] += 2.5
    (fading,) = analyze([clean(replace(whole, value=value))], load_models(), AnalysisOptions())
    assert fading.events
    assert fading.row["anomaly_pvalue"] < 0.01
    assert fading.row["anomaly_flag"] is None


def test_every_detector_scores_as_it_assesses() -> None:
    from swope.models.detector import Batch, ScoringDetector
    from swope.models.inputs import inputs_of
    from swope.pipeline.events import EventOptions
    from tests.models.stars import made_star

    stars = [made_star(kind, seed, n) for seed, (kind, n) in enumerate([("RRAB", 60), ("EA", 120), ("CST", 9)])]
    batch = Batch(stars, inputs_of(stars), EventOptions())
    for detector in load_models().detectors.values():
        assert isinstance(detector, ScoringDetector)
        assessed = [one.pvalue for one in detector.assess(batch)]
        np.testing.assert_array_equal(detector.score(stars).pvalue, assessed)
