from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.features import (
    FOLDED,
    PLAIN,
    REST,
    SEARCH,
    STRUCTURE,
    SURVEY,
    brightness,
    errors_of,
    fold_features,
    plain_features,
    rest_features,
    search_features,
    structure_features,
    survey_features,
)
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult

RNG_SEED = 7


def wave(n: int = 201, kind: str = "mag", error: float | None = 0.02) -> LightCurve:
    rng = np.random.default_rng(RNG_SEED)
    time = np.sort(rng.uniform(0.0, 300.0, n))
    phase = time / 0.7
    bright = 0.4 * np.cos(2 * np.pi * phase) + 0.15 * np.cos(4 * np.pi * phase + 0.8) + rng.normal(0.0, 0.01, n)
    value = 11.0 - bright if kind == "mag" else 500.0 * 10 ** (0.4 * bright)
    return clean(LightCurve.of("a", time, value, None if error is None else np.full(n, error), "V", kind=kind))


def feature(names: tuple[str, ...], values: np.ndarray, name: str) -> float:
    return float(values[names.index(name)])


def test_brightness_of_magnitudes_and_of_fluxes_is_the_same() -> None:
    np.testing.assert_allclose(brightness(wave()).value, brightness(wave(kind="flux")).value, atol=1e-9)


def test_bands_come_to_one_zero_and_one_amplitude() -> None:
    one = wave()
    n = len(one)
    middle = float(np.median(one.value))
    two = LightCurve.of(
        "b",
        np.concatenate([one.time, one.time + 1e-4]),
        np.concatenate([one.value, 14.0 + 0.5 * (one.value - middle)]),
        None,
        ["V"] * n + ["r"] * n,
    )
    bright = brightness(clean(two))
    assert len(bright.bands) == 1
    np.testing.assert_allclose(bright.value[::2], bright.value[1::2], atol=1e-9)


def test_features_do_not_know_magnitude_date_or_zero_point() -> None:
    one = wave()
    other = LightCurve.of("a", one.time + 2.45e6, one.value + 3.0, one.error, "r")
    np.testing.assert_allclose(plain_features(brightness(one)), plain_features(brightness(other)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        fold_features(brightness(one), 0.7), fold_features(brightness(other), 0.7), rtol=1e-4, atol=1e-4
    )


def test_the_series_of_a_known_wave_is_found() -> None:
    values = fold_features(brightness(wave()), 0.7)
    assert feature(FOLDED, values, "log_period") == pytest.approx(np.log10(0.7))
    assert feature(FOLDED, values, "explained") > 0.99
    assert feature(FOLDED, values, "string_length") < 0.05
    assert feature(FOLDED, values, "log_amplitude_1") == pytest.approx(np.log10(0.4), abs=0.01)
    assert feature(FOLDED, values, "ratio_21") == pytest.approx(0.15 / 0.4, rel=0.05)
    assert feature(FOLDED, values, "cos_phi_21") == pytest.approx(np.cos(0.8), abs=0.05)
    assert abs(feature(FOLDED, values, "sin_phi_21")) == pytest.approx(np.sin(0.8), abs=0.05)


def test_at_a_wrong_period_nothing_is_explained() -> None:
    values = fold_features(brightness(wave()), 0.7543)
    assert feature(FOLDED, values, "explained") < 0.2
    assert feature(FOLDED, values, "string_length") > 0.7


def test_the_second_minimum_of_two_unequal_ones_is_measured() -> None:
    time = np.linspace(0.0, 50.0, 800)
    phase = time / 2.0
    fall = 0.5 * np.cos(2 * np.pi * 2 * phase) + 0.1 * np.sin(2 * np.pi * phase)
    values = fold_features(brightness(LightCurve.of("a", time, -fall)), 2.0)
    assert feature(FOLDED, values, "second_place") < 0.02
    assert 0.5 < feature(FOLDED, values, "depth") < 1.0
    assert feature(FOLDED, values, "even_share") > 0.9


def test_slow_curves_are_told_from_fast_ones() -> None:
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0.0, 1000.0, 400))
    slow = LightCurve.of("a", time, np.sin(2 * np.pi * time / 500.0), np.full(400, 0.01))
    assert feature(PLAIN, plain_features(brightness(slow)), "slow_30") > 0.95
    assert abs(feature(PLAIN, plain_features(brightness(wave())), "slow_30")) < 0.3


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_points_have_no_features(n: int) -> None:
    curve = LightCurve.of("a", np.arange(float(n)), np.arange(float(n)))
    assert np.isnan(plain_features(brightness(curve))).all()
    assert np.isnan(fold_features(brightness(curve), 1.0)).all()
    assert np.isnan(structure_features(brightness(curve))).all()
    assert np.isnan(rest_features(brightness(curve), 1.0)).all()
    assert np.isnan(survey_features(curve)).all()


def test_a_constant_curve_has_no_features() -> None:
    curve = LightCurve.of("a", np.arange(20.0), np.full(20, 3.0))
    assert np.isnan(plain_features(brightness(curve))).all()
    assert np.isnan(fold_features(brightness(curve), 1.0)).all()
    assert np.isnan(structure_features(brightness(curve))).all()
    assert np.isnan(rest_features(brightness(curve), 1.0)).all()


def test_missing_errors_are_the_scatter_of_neighbours() -> None:
    rng = np.random.default_rng(1)
    noise = LightCurve.of("a", np.arange(4000.0), rng.normal(0.0, 0.1, 4000), kind="flux")
    assert np.median(errors_of(noise)) == pytest.approx(0.1, rel=0.05)
    assert np.isfinite(plain_features(brightness(wave(error=None)))).all()


def test_differences_of_flux_about_zero_have_features() -> None:
    rng = np.random.default_rng(2)
    curve = LightCurve.of("a", np.arange(50.0), rng.normal(-1.0, 5.0, 50), np.full(50, 5.0), kind="flux", unit="adu")
    assert np.isfinite(plain_features(brightness(curve))).all()


def test_a_transient_looks_the_same_whatever_side_of_zero_its_noise_lies() -> None:
    rng = np.random.default_rng(4)
    time = np.arange(120.0)
    flux = rng.normal(0.0, 10.0, 120) + 300.0 * np.exp(-0.5 * ((time - 60.0) / 8.0) ** 2)
    flux -= np.median(flux)
    low, high = (
        brightness(LightCurve.of("a", time, flux + shift, np.full(120, 10.0), kind="flux")) for shift in (-0.1, 0.1)
    )
    np.testing.assert_allclose(low.value, high.value, atol=1e-9)
    np.testing.assert_allclose(plain_features(low), plain_features(high), atol=1e-4)


def test_magnitude_and_colour() -> None:
    one = wave()
    both = LightCurve.of(
        "a", np.tile(one.time, 2), np.concatenate([one.value, one.value - 0.7]), None, ["b"] * 201 + ["r"] * 201
    )
    values = survey_features(clean(both))
    assert feature(SURVEY, values, "second_colour") == pytest.approx(0.7)
    assert feature(SURVEY, values, "second_scale") == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("level", [0.0, -3.0])
def test_a_flux_without_light_has_neither_magnitude_nor_width(level: float) -> None:
    time = np.arange(60.0)
    value = np.concatenate([5.0 + np.sin(time), level + np.sin(2 * np.pi * (time + 0.5) / 60.0).round(9)])
    band = ["b"] * 60 + ["r"] * 60
    for bands in (band, band[::-1]):
        both = clean(LightCurve.of("a", np.tile(time, 2), value, None, bands, kind="flux"))
        assert np.median(value[60:]) == level
        first, second, colour, scale, _ = survey_features(both)
        assert np.isnan([first, second]).sum() == 1
        assert np.isnan([colour, scale]).all()


def test_the_structure_function_is_one_for_noise_and_falls_with_the_square_of_the_time_for_a_slope() -> None:
    rng = np.random.default_rng(3)
    time = np.sort(rng.uniform(0.0, 500.0, 800))
    noise = LightCurve.of("a", time, rng.normal(0.0, 0.1, 800), np.full(800, 0.1), kind="flux")
    np.testing.assert_allclose(structure_features(noise)[:9], 1.0, atol=0.15)
    slope = replace(noise, value=0.01 * time)
    found = structure_features(slope)
    place = STRUCTURE.index("structure_10")
    # pairs 10 to 25 and 25 to 60 days apart, about as many at each distance
    squares = [(b**3 - a**3) / (3 * (b - a)) for a, b in ((10.0, 25.0), (25.0, 60.0))]
    np.testing.assert_allclose(found[place : place + 2], np.array(squares) * 1e-4 / (2 * slope.value.var()), rtol=0.05)
    assert np.isnan(found[STRUCTURE.index("structure_400")]) or found[-2] > found[place]


def test_pairs_that_are_not_there_have_no_structure() -> None:
    time = np.arange(40.0) * 7.0
    found = structure_features(LightCurve.of("a", time, np.sin(time), np.full(40, 0.01), kind="flux"))
    assert np.isnan(found[STRUCTURE.index("structure_0.6")])
    assert np.isfinite(found[STRUCTURE.index("structure_25")])


def test_the_rest_of_a_fold_is_its_noise_unless_a_second_mode_is_there() -> None:
    one = brightness(wave())
    values = rest_features(one, 0.7)
    assert 10 ** feature(REST, values, "rest_share") == pytest.approx(0.01 / one.value.std(), rel=0.1)
    assert feature(REST, values, "rest_noise") == pytest.approx(np.log10(0.5), abs=0.05)
    assert feature(REST, values, "rest_eta") == pytest.approx(2.0, abs=0.3)
    slow = replace(one, value=one.value + 0.1 * np.sin(2 * np.pi * one.time / 200.0))
    assert feature(REST, rest_features(slow, 0.7), "rest_slow_30") > 0.8
    assert feature(REST, rest_features(slow, 0.7), "rest_share") > feature(REST, values, "rest_share") + 0.5


def test_distance_from_the_galactic_plane() -> None:
    place = SURVEY.index("latitude")
    for ra, dec, expected in ((192.8595, 27.1283, 90.0), (266.4051, -28.9362, 0.0), (83.822, -5.391, 19.38)):
        assert survey_features(replace(wave(), ra=ra, dec=dec))[place] == pytest.approx(expected, abs=0.1)
    assert np.isnan(survey_features(wave())[place])


def test_what_the_search_found_beside_the_period_is_relative_to_it() -> None:
    found = PeriodResult(period=2.0, noise_fap=1e-4, others=(20.0, 0.2), terms=3)
    values = search_features(found)
    np.testing.assert_allclose(values, [1.0, -1.0, np.nan, np.nan, -4.0, 3.0])
    assert len(values) == len(SEARCH)
    assert search_features(replace(found, noise_fap=0.0))[SEARCH.index("log_fap")] == -30.0
    assert np.isnan(search_features(PeriodResult(period=1.0, t0=0.0))).all()
