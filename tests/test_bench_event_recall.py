"""What the bench of weak events lays on stars, and what could be seen of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.event_tail import OrdinaryTail
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.star import Star
from tests.bench.event_oracle import Known, claims, likeliest, seen
from tests.bench.event_recall import ORACLE_AT, laid_on
from tests.bench.forecast_events_data import Quiet, integrated, quiet
from tests.bench.hidden import dip
from tests.bench.statespace_data import NO_PERIOD

SIGMA = 0.02


def steady(seed: int = 1, rows: int = 300) -> Quiet:
    """A constant star seen every night with white noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(float(rows)) + rng.uniform(-0.1, 0.1, rows)
    curve = clean(LightCurve.of("steady", time, 14.0 + rng.normal(0.0, SIGMA, rows), np.full(rows, SIGMA)))
    one = quiet("simulated", Star(curve, NO_PERIOD))
    assert one is not None
    return one


def test_the_integrated_signal_to_noise_is_that_of_the_white_errors() -> None:
    one = steady()
    change = 0.1 * dip((one.star.curve.time - 150.0) / 10.0)
    # of ten rows and some on the flanks, each five sigmas
    assert integrated(one, change) == pytest.approx(float(np.sqrt(np.sum((change / SIGMA) ** 2))), rel=0.15)


def test_the_oracle_finds_what_was_laid_and_nothing_in_noise() -> None:
    one = steady()
    shape = dip((one.star.curve.time - 150.0) / 10.0)
    unit = shape / integrated(one, shape)
    # a gain of the square of the S/N, less what the tries cost and within what chance adds
    for snr in (8.0, 15.0):
        known = Known.of(one.fitted)
        gain = known.with_change(snr * unit / one.fitted.prepared.scale).gain(unit)
        assert (snr - 3.0) ** 2 < gain < (snr + 3.0) ** 2
        assert known.decades(gain) == pytest.approx(seen(one, snr * unit))
    assert claims([seen(one, 15.0 * unit), seen(one, 1.0 * unit)], None) == [True, False]
    assert Known.of(one.fitted).gain(unit) < 16.0


def test_ordinary_stars_of_white_noise_look_as_likely_as_chance_says() -> None:
    found = [likeliest(steady(seed, 120).star) for seed in range(30)]
    assert all(one is not None and one < 3.0 for one in found)
    # against stars that go as far, the oracle claims less
    tail = OrdinaryTail(3e-3, 12.0, 2.0)
    assert claims([10.0, 40.0], None) == [True, True]
    assert claims([10.0, 40.0], tail) == [False, True]


def test_a_place_for_each_event_is_laid_with_its_oracle() -> None:
    laid = [one for one in laid_on(steady()) if one.snr == ORACLE_AT]
    assert {one.name for one in laid} == {"dip", "flare"}
    assert all(one.oracle > 20.0 for one in laid)


def test_what_oscillates_is_whitened_by_its_oscillator() -> None:
    rng = np.random.default_rng(5)
    time = np.arange(600.0)
    kernel = np.exp(-np.arange(100) / 57.0) * np.sin(np.arange(100) / 9.5)
    path = np.convolve(rng.normal(size=699), kernel, "valid")
    value = 14.0 + 0.2 * path / np.std(path) + rng.normal(0.0, 0.005, 600)
    one = quiet("simulated", Star(clean(LightCurve.of("turns", time, value, np.full(600, 0.005))), NO_PERIOD))
    assert one is not None
    assert one.fitted.structure.endswith("oscillator")
    change = 0.1 * dip((time - 300.0) / 30.0)
    # what the change alone costs the likelihood, were it the star's brightness
    model, series = one.fitted.plain.model, one.fitted.prepared.series.distrusting(np.ones(600))
    costs = [
        model.loglike(replace(series, value=size * change / one.fitted.prepared.scale), restricted=False)
        for size in (0.0, 1.0)
    ]
    scatter = 1.4826 * float(np.nanmedian(np.abs(one.fitted.innovation)))
    assert integrated(one, change) == pytest.approx(np.sqrt(2.0 * (costs[0] - costs[1])) / scatter, rel=1e-6)
