"""When a place on Earth can see a star: Sun, Moon and altitude, to about a quarter of a degree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray


@dataclass(frozen=True)
class Site:
    """An observatory: longitude (east positive) and latitude in degrees."""

    longitude: float
    latitude: float


#: Steps in which a night is searched for a star's observable time, days.
_STEP = 1 / 48


def sun(time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Right ascension and declination of the Sun in degrees at Julian dates (Astronomical Almanac, section C)."""
    n = time - 2451545.0
    anomaly = np.radians(357.528 + 0.9856003 * n)
    longitude = 280.460 + 0.9856474 * n + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly)
    return _equatorial(longitude, np.zeros_like(longitude))


def moon(time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Right ascension and declination (degrees) and lit fraction of the Moon (leading terms of Meeus 1998, ch. 47)."""
    n = time - 2451545.0
    anomaly = np.radians(134.963 + 13.064993 * n)
    longitude = 218.316 + 13.176396 * n + 6.289 * np.sin(anomaly)
    latitude = 5.128 * np.sin(np.radians(93.272 + 13.229350 * n))
    phase = np.radians(longitude - (280.460 + 0.9856474 * n))
    ra, dec = _equatorial(longitude, latitude)
    return ra, dec, (1 - np.cos(phase)) / 2


def altitude(time: FloatArray, ra: FloatArray | float, dec: FloatArray | float, site: Site) -> FloatArray:
    """Degrees above the horizon at Julian dates (UT)."""
    sidereal = 280.46061837 + 360.98564736629 * (time - 2451545.0) + site.longitude
    hour = np.radians(sidereal - ra)
    d, latitude = np.radians(dec), np.radians(site.latitude)
    sine = np.sin(d) * np.sin(latitude) + np.cos(d) * np.cos(latitude) * np.cos(hour)
    degrees: FloatArray = np.degrees(np.arcsin(np.clip(sine, -1, 1)))
    return degrees


def separation(ra: FloatArray, dec: FloatArray, ra0: float, dec0: float) -> FloatArray:
    """Degrees between places on the sky."""
    d, d0 = np.radians(dec), np.radians(dec0)
    cosine = np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(np.radians(ra - ra0))
    degrees: FloatArray = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return degrees


def windows(
    first: float, last: float, ra: float, dec: float, site: Site, lowest: float = 30.0
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """The nights on which a star stands high in the dark, and from when to when.

    Parameters
    ----------
    first, last : Julian dates between which to look.
    lowest : lowest altitude, degrees; the Sun is at least 14 degrees below the horizon.

    Returns
    -------
    (n,) number of the night counted from `first`, (n,) start and (n,) end of its window as Julian dates.
    """
    midnight = np.floor(first) + 0.5 - site.longitude / 360
    nights = np.arange(int(last - first) + 1)
    steps = np.arange(-24, 25) * _STEP / 1.6
    time = midnight + nights[:, None] + steps[None, :]
    at_noon = midnight + nights
    sun_ra, sun_dec = sun(at_noon)
    dark = altitude(time, sun_ra[:, None], sun_dec[:, None], site) < -14
    seen = dark & (altitude(time, ra, dec, site) > lowest)
    some = np.flatnonzero(seen.any(axis=1))
    start = time[some, seen[some].argmax(axis=1)]
    end = time[some, seen.shape[1] - 1 - seen[some, ::-1].argmax(axis=1)]
    return some, start, end


def _equatorial(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    l, b, e = np.radians(longitude), np.radians(latitude), np.radians(23.439)  # noqa: E741
    ra = np.arctan2(np.sin(l) * np.cos(e) - np.tan(b) * np.sin(e), np.cos(l))
    dec = np.arcsin(np.sin(b) * np.cos(e) + np.cos(b) * np.sin(e) * np.sin(l))
    return np.degrees(ra) % 360, np.degrees(dec)
