"""RR Lyrae stars of few points, by how such stars look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period.search import Search, search
from swope.pipeline.period.templates import (
    FREEDOM,
    MOST,
    PHASES,
    SCALE,
    evidence,
    known,
    likeliest,
    points_of,
    refined,
    wavelength_of,
    weighed,
)
from swope.pipeline.split import held_out
from tests.bench.periods import LIMITS, SPARSE
from tests.bench.periods_data import right, s82
from tests.real_data import real_data

BANDS = "ugriz"


def rr_lyrae(seed: int, period: float, points: int = 26, noise: float = 0.02) -> LightCurve:
    """One of the known curves, a little larger or smaller than known, at random times in random bands."""
    rng = np.random.default_rng(seed)
    curves = known("close")
    nearest = int(np.argmin(np.abs(curves.log_period - np.log(period))))
    time, band = np.sort(rng.uniform(0.0, 3000.0, points)), rng.integers(5, size=points)
    cycle = curves.twice(np.array([wavelength_of(name) for name in BANDS]), 512)[nearest]
    place = ((time / period + rng.random()) % 1.0 * 512).astype(int)
    value = 17.0 + 0.1 * band - rng.normal(1.0, 0.1) * cycle[band, place] + rng.normal(0.0, noise, points)
    return clean(LightCurve.of(f"{seed}", time, value, np.full(points, noise), [BANDS[b] for b in band]))


def found(curve: LightCurve) -> Search:
    one = search(curve, LIMITS)
    assert not isinstance(one, str)
    return one


def test_the_evidence_is_that_of_dense_algebra() -> None:
    curves, points = known("close"), points_of(rr_lyrae(1, 0.6).good)
    bins, frequency = 32, np.array([1 / 0.6, 2.3])
    cycle = curves.twice(points.wavelength, bins)
    n, weight = len(points.time), points.weight
    level = (points.band[:, None] == np.arange(len(points.wavelength))).astype(float)
    # of a Gaussian with the amplitude's scatter and levels of any size, less what the levels take
    root = np.sqrt(weight)[:, None] * level
    rest = np.eye(n) - root @ np.linalg.pinv(root)
    value = np.sqrt(weight) * points.value

    def of(f: float) -> float:
        total = 0.0
        cell = (points.time * f % 1.0 * bins).astype(int)
        for k, share in enumerate(curves.share):
            off = (-np.log(f) - curves.log_period[k]) / curves.spread[k]
            density = share / curves.spread[k] / np.sqrt(2 * np.pi) * np.exp(-0.5 * off**2)
            for shift in range(bins):
                wave = rest @ (np.sqrt(weight) * cycle[k, points.band, cell + shift])
                covariance = np.eye(n) + SCALE**2 * np.outer(wave, wave)
                beside = value - wave
                square = beside @ np.linalg.solve(covariance, beside)
                likely = -0.5 * np.linalg.slogdet(covariance)[1]
                likely -= 0.5 * (FREEDOM + n) * np.log((FREEDOM + square) / (FREEDOM + value @ value))
                total += density * np.exp(likely) / bins
        return float(np.log(total))

    assert evidence(points, frequency, curves, bins) == pytest.approx([of(f) for f in frequency], abs=1e-4)


def test_a_phase_or_a_level_more_changes_nothing() -> None:
    curve = rr_lyrae(2, 0.55)
    frequency = np.array([1 / 0.55, 1 / 0.55 + 1.0])
    before = evidence(points_of(curve.good), frequency, known("close"), PHASES["close"])
    higher = replace(curve, value=curve.value + 0.7 * curve.band)
    assert evidence(points_of(higher.good), frequency, known("close"), PHASES["close"]) == pytest.approx(before)


def test_bands_are_known_by_their_names_and_other_ones_are_between() -> None:
    assert wavelength_of("zg") == wavelength_of("g") < wavelength_of("V") < wavelength_of("sdss_r")
    assert wavelength_of("") == wavelength_of("white") == wavelength_of("V")
    amplitude = np.ptp(known("close").twice(np.array([wavelength_of(name) for name in "gVr"]), 64), axis=2).mean(axis=0)
    assert amplitude[0] > amplitude[1] > amplitude[2] > 0.3


@pytest.mark.parametrize("period", [0.32, 0.48, 0.57, 0.7])
def test_the_period_of_few_points_over_five_bands_is_found(period: float) -> None:
    hits = [right(1 / found(rr_lyrae(seed, period)).candidates.frequency[0], period, 3000.0) for seed in range(8)]
    assert sum(hits) >= 7


def test_without_templates_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_they_are(_points: object, _frequency: object, probability: FloatArray, *_rest: object) -> FloatArray:
        return probability

    curves = [rr_lyrae(seed, 0.57, noise=0.12) for seed in range(20, 40)]

    def hits() -> int:
        return sum(right(1 / found(curve).candidates.frequency[0], 0.57, 3000.0) for curve in curves)

    by_templates = hits()
    monkeypatch.setattr("swope.pipeline.period.search.weighed", as_they_are)
    assert by_templates >= hits() + 5


def test_the_first_look_finds_what_the_close_look_chooses() -> None:
    curve = rr_lyrae(3, 0.61)
    one, points = found(curve), points_of(curve.good)
    likely = likeliest(points, one.grid, one.spectrum.power, known("first"))
    assert np.abs(likely - 1 / 0.61).min() < 0.2 / points.span
    assert np.diff(np.sort(likely)).min() >= 0.3 / points.span
    moved, score = refined(points, likely, known("close"))
    assert abs(moved[np.argmax(score)] - 1 / 0.61) < 0.05 / points.span


def test_probabilities_stay_probabilities_and_those_of_other_periods_stay_as_they_are() -> None:
    points, before = points_of(rr_lyrae(4, 0.6).good), np.array([0.6, 0.3, 0.1])
    after = weighed(points, np.array([1 / 0.6, 1.1, 3.1]), before, 10.0, known("close"))
    assert after.sum() == pytest.approx(1.0)
    assert after[0] > 0.9
    np.testing.assert_array_equal(weighed(points, np.array([0.1, 0.02, 9.0]), before, 10.0, known("close")), before)


def test_a_fold_of_another_shape_and_shared_nights_speak_against_it() -> None:
    points, before = points_of(rr_lyrae(5, 0.6).good), np.array([0.3, 0.7])
    frequency = np.array([1 / 0.6, 1.1])

    def first(fold: float, nights: float) -> float:
        return float(weighed(replace(points, nights=nights), frequency, before, fold, known("close"))[0])

    assert points.nights == pytest.approx(1.0)
    assert first(20.0, 1.0) > first(60.0, 1.0) > 0.3 * 0.99
    assert first(60.0, 1.0) > first(60.0, 0.3)


def test_points_of_a_night_count_in_each_band_by_itself() -> None:
    time = np.array([0.0, 0.01, 0.02, 5.0, 5.01, 5.02])
    curve = LightCurve.of("x", time, np.arange(6.0), np.full(6, 0.1), list("ggrggr"))
    assert points_of(clean(curve).good).nights == pytest.approx(4 / 6)


def spoilt(change: Callable[[FloatArray], FloatArray]) -> LightCurve:
    curve = rr_lyrae(6, 0.6)
    return clean(replace(curve, value=change(curve.value)))


@pytest.mark.parametrize(
    "change",
    [lambda x: 1e30 * x, lambda x: np.where(x == x.max(), 1e80, x), lambda x: np.round(x)],
    ids=["great", "one of them great", "rounded"],
)
def test_no_values_are_beyond_it(change: Callable[[FloatArray], FloatArray]) -> None:
    curve = spoilt(change)
    assert np.abs(points_of(curve.good).value).max() <= 2 * MOST
    one = search(curve, LIMITS)
    if not isinstance(one, str):
        assert one.probability.sum() == pytest.approx(1.0)


def test_rr_lyrae_stars_of_stripe_82_that_no_curve_was_learnt_from() -> None:
    real_data("s82_rrlyrae")
    stars = [star for star in s82(epochs=SPARSE) if held_out(star.curve.object_id)]
    hits = [
        right(1 / found(star.curve).candidates.frequency[0], star.period, float(np.ptp(star.curve.time)))
        for star in stars
    ]
    # 53 of them without templates
    assert sum(hits) >= 63
