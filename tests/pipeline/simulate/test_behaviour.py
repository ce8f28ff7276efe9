from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.simulate.bursts import ANOMALIES, flare_shape, with_anomaly
from swope.pipeline.simulate.classes import KINDS
from swope.pipeline.simulate.fourier import Shape
from swope.pipeline.simulate.light import amplitude_ratio, colour
from swope.pipeline.simulate.pulsating import cepheid_shape
from swope.pipeline.simulate.signal import Scene, Signal
from swope.pipeline.simulate.sky import Site, altitude, moon, sun
from swope.pipeline.simulate.stochastic import damped_walk

SCENE = Scene(2455000.0, 2456000.0, 0.02)
V = 0.545


@pytest.mark.parametrize("class_", list(KINDS))
def test_every_class_is_finite_at_any_time_and_pure(class_: str) -> None:
    signal = KINDS[class_].draw(np.random.default_rng(4), SCENE)
    time = np.sort(np.random.default_rng(5).uniform(SCENE.start, SCENE.stop, 400))
    first = signal.change(time, np.full(400, V))
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, signal.change(time, np.full(400, V)))
    assert signal.class_ == class_
    assert np.isfinite(signal.change(time, np.full(400, 0.9))).all()


@pytest.mark.parametrize("class_", ["RRAB", "RRC", "DCEP", "EW", "EB", "EA", "EP", "ACV"])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_strictly_periodic_classes_repeat_and_t0_is_the_extremum(class_: str, seed: int) -> None:
    signal = KINDS[class_].draw(np.random.default_rng(seed), SCENE)
    cycle = signal.t0 + signal.period * np.arange(400) / 400
    wave = signal.change(cycle, np.full(400, V))
    if class_ not in ("RRAB", "RRC"):  # some of these are modulated
        np.testing.assert_allclose(wave, signal.change(cycle + 3 * signal.period, np.full(400, V)), atol=1e-3)
        peak = wave.max() if class_ in ("EW", "EB", "EA", "EP") else wave.min()
        assert wave[0] == pytest.approx(peak, abs=0.05 * np.ptp(wave) + 1e-9)


def test_a_shape_has_unit_amplitude_and_its_maximum_at_zero() -> None:
    shape = Shape(np.array([1.0, 0.4, 0.2]), np.array([0.0, 2.3, 5.0]))
    wave = shape(np.arange(1000) / 1000)
    assert np.ptp(wave) == pytest.approx(1, abs=1e-3)
    assert wave[0] == pytest.approx(wave.min(), abs=1e-3)


def test_cepheids_follow_the_hertzsprung_progression() -> None:
    # the fraction of the cycle spent rising: short for short periods, longest about the ten-day resonance
    rise = []
    for log_period in (0.5, 1.0, 1.3):
        wave = cepheid_shape(log_period, np.zeros(4))(np.arange(500) / 500)
        rise.append(1 - np.argmax(wave) / 500)
    assert rise[0] < 0.35
    assert rise[1] > rise[0] + 0.05
    assert rise[2] < rise[1]


def test_a_damped_walk_has_its_variance_and_its_correlation() -> None:
    time = np.arange(200000) * 1.0
    walk = damped_walk(time, 20.0, 0.2, np.random.default_rng(1))
    assert walk.std() == pytest.approx(0.2, rel=0.05)
    assert np.corrcoef(walk[:-20], walk[20:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


def test_a_flare_peaks_at_zero_with_unit_width() -> None:
    time = np.linspace(-2, 20, 22001)
    flux = flare_shape(time)
    assert time[flux.argmax()] == pytest.approx(0, abs=0.01)
    above = time[flux > 0.5 * flux.max()]
    assert above[-1] - above[0] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("kind", ANOMALIES)
def test_an_anomaly_is_largest_at_its_peak_and_gone_long_after(kind: str) -> None:
    quiet = Signal("CST", 5000.0, lambda time, _: np.zeros_like(time))
    odd = with_anomaly(quiet, kind, np.random.default_rng(2), SCENE)
    (event,) = odd.events
    at = np.array([event.peak, event.peak + 400 * (event.end - event.peak)])
    change = np.abs(odd.change(at, np.full(2, V)))
    assert change[0] > 0.3
    assert change[1] < 0.01
    assert event.start < event.peak < event.end


def test_an_unknown_anomaly_is_refused_by_name() -> None:
    quiet = Signal("CST", 5000.0, lambda time, _: np.zeros_like(time))
    with pytest.raises(ValueError, match="no anomaly 'comet'"):
        with_anomaly(quiet, "comet", np.random.default_rng(2), SCENE)


def test_amplitudes_fall_towards_the_red_and_hot_stars_are_blue() -> None:
    assert np.all(np.diff(amplitude_ratio("RR", np.array([0.477, 0.623, 0.763]))) < 0)
    assert colour(np.array([0.477]), 20000.0)[0] < colour(np.array([0.477]), 4000.0)[0]


def test_sun_moon_and_altitude_agree_with_astropy() -> None:
    from astropy import units as u
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body, get_sun
    from astropy.time import Time
    from astropy.utils import iers

    time = np.array([2451600.3, 2453333.7, 2455000.1])
    site = Site(-70.7, -29.0)
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("iers_degraded_accuracy", "ignore"):
        when = Time(time, format="jd")
        place = EarthLocation(lon=site.longitude * u.deg, lat=site.latitude * u.deg)
        exact_sun = get_sun(when)
        exact_moon = get_body("moon", when, place)
        exact = SkyCoord(120 * u.deg, -40 * u.deg).transform_to(AltAz(obstime=when, location=place)).alt.deg
    np.testing.assert_allclose(sun(time)[1], exact_sun.dec.deg, atol=0.3)
    np.testing.assert_allclose(altitude(time, 120.0, -40.0, site), exact, atol=0.4)
    ra, _, lit = moon(time)
    assert np.abs((ra - exact_moon.ra.deg + 180) % 360 - 180).max() < 4
    elongation = exact_moon.separation(exact_sun).deg
    np.testing.assert_allclose(lit, (1 - np.cos(np.radians(elongation))) / 2, atol=0.06)
