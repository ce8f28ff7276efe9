"""BJD_TDB against astropy's own."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time

from swope.pipeline.ingest.clocks import convertible, light_time, to_bjd_tdb
from swope.pipeline.ingest.parts import IngestOptions
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import Clock

#: At the centre of the Earth, where a geocentric clock stands.
CENTRE = EarthLocation.from_geocentric(0, 0, 0, unit="m")
DAYS = np.linspace(2448000.3, 2459000.7, 60)
PLACES = [(0.4458, -56.758), (83.63, 22.01), (270.0, 66.5), (266.4, -28.9)]
MILLISECOND = 1e-3 / 86400


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("the network was asked"))


@pytest.mark.parametrize(("ra", "dec"), PLACES)
def test_geocentric_utc_agrees_with_astropys_light_travel_time(ra: float, dec: float) -> None:
    when = Time(DAYS, format="jd", scale="utc", location=CENTRE)
    there = SkyCoord(ra, dec, unit="deg")
    expected = (when.tdb + when.light_travel_time(there, "barycentric", ephemeris="builtin")).jd
    got = to_bjd_tdb(DAYS, Clock.parse("JD_UTC"), ra, dec)
    assert np.max(np.abs(got - expected)) < MILLISECOND


@pytest.mark.parametrize(("ra", "dec"), PLACES)
@pytest.mark.parametrize("scale", ["utc", "tt"])
def test_heliocentric_times_come_back_to_the_same_moment(ra: float, dec: float, scale: str) -> None:
    when = Time(DAYS, format="jd", scale=scale, location=CENTRE)
    there = SkyCoord(ra, dec, unit="deg")
    helio = DAYS + when.light_travel_time(there, "heliocentric", ephemeris="builtin").to_value(u.day)
    expected = (when.tdb + when.light_travel_time(there, "barycentric", ephemeris="builtin")).jd
    got = to_bjd_tdb(helio, Clock.parse(f"HJD_{scale}"), ra, dec)
    assert np.max(np.abs(got - expected)) < MILLISECOND


def test_a_barycentric_clock_changes_its_scale_only() -> None:
    got = to_bjd_tdb(DAYS, Clock.parse("BJD_UTC"), float("nan"), float("nan"))
    np.testing.assert_allclose(got, Time(DAYS, format="jd", scale="utc").tdb.jd, rtol=0, atol=MILLISECOND)
    np.testing.assert_array_equal(to_bjd_tdb(DAYS, Clock.parse("BKJD"), 1.0, 1.0), DAYS)


def test_the_earth_is_never_farther_than_it_is() -> None:
    # 1.0167 au at aphelion, and the Sun up to 0.01 au from the barycentre, at 8.317 minutes an au
    for centre, most in (("sun", 8.457), ("barycentre", 8.54)):
        minutes = light_time(DAYS, 120.0, 20.0, centre) * 1440
        assert np.abs(minutes).max() < most
        assert minutes.max() > 5
        assert minutes.min() < -5


def test_bad_times_stay_bad_and_unknown_clocks_are_refused() -> None:
    got = to_bjd_tdb(np.array([2455000.0, np.nan]), Clock.parse("HJD_UTC"), 10.0, 10.0)
    assert np.isfinite(got).tolist() == [True, False]
    assert np.isnan(to_bjd_tdb(np.array([np.nan]), Clock.parse("HJD_UTC"), 10.0, 10.0)).all()
    for clock, ra in ((Clock(), 1.0), (Clock("mjd"), 1.0), (Clock.parse("HJD_UTC"), float("nan"))):
        assert not convertible(clock, ra, 1.0)
        with pytest.raises(ValueError, match="unknown"):
            to_bjd_tdb(DAYS, clock, ra, 1.0)


def test_it_is_done_only_when_asked_and_only_where_it_can_be() -> None:
    def made(options: IngestOptions, ra: float) -> tuple[float, str]:
        clock = Clock.parse("HJD-2450000_UTC")
        curve = star("a", [5000.0], [12.0], None, options=options, source="x", clock=clock, ra=ra, dec=20.0)
        return float(curve.time[0]), curve.clock.name

    assert made(IngestOptions(), 83.0) == (2455000.0, "HJD_UTC")
    assert made(IngestOptions(to_bjd=True), float("nan")) == (2455000.0, "HJD_UTC")
    time, name = made(IngestOptions(to_bjd=True), 83.0)
    assert name == "BJD_TDB"
    # 66 s of TDB - UTC in 2009, and a few seconds of the Sun about the barycentre
    assert 60 < (time - 2455000.0) * 86400 < 72
