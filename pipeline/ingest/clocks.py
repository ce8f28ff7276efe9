"""From a stated clock to BJD_TDB: time scale and light travel time, offline."""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.lightcurve import Clock, FloatArray

#: Time scales that can be turned into TDB.
SCALES = ("utc", "tt", "tdb", "tai", "tcb")


def convertible(clock: Clock, ra: float, dec: float) -> bool:
    """Whether a clock says enough: format and scale known, and a position unless it is barycentric already."""
    if clock.format == "unknown" or clock.scale not in SCALES:
        return False
    return clock.frame == "barycentric" or (math.isfinite(ra) and math.isfinite(dec))


def to_bjd_tdb(time: FloatArray, clock: Clock, ra: float, dec: float) -> FloatArray:
    """Turn Julian dates of a stated clock into BJD_TDB.

    A heliocentric time is first brought back to the Earth, then to the barycentre. A clock of known scale that states
    no frame (``JD_UTC``, ``MJD_UTC``) is taken to stand on the Earth, as its name means; the Earth's own radius (21 ms
    of light) is left out, since the observatory is not known.

    Parameters
    ----------
    time : (n,) Julian dates in the clock's scale and frame; NaN stays NaN.
    clock : what the times mean.
    ra, dec : degrees, ICRS.

    Returns
    -------
    (n,) BJD_TDB, to a few milliseconds of what astropy gives with the same ephemeris (Eastman, Siverd & Gaudi 2010,
    PASP 122, 935, eqs. 2 and 3, with ERFA's built-in Earth).

    Raises
    ------
    ValueError
        When the clock or the position is not known well enough (see `convertible`).
    """
    if not convertible(clock, ra, dec):
        raise ValueError(f"no BJD_TDB from the clock {clock} at ra {ra}, dec {dec}: scale, format or position unknown")
    finite = np.isfinite(time)
    result = np.full(len(time), np.nan)
    if not finite.any():
        return result
    given = time[finite]
    if clock.frame == "barycentric":
        result[finite] = _tdb(given, clock.scale)
        return result
    at_earth = given
    if clock.frame == "heliocentric":
        # the Earth moves 30 km/s, so the light time at the given time is within 0.05 s; once more makes it exact
        for _ in range(3):
            at_earth = given - light_time(_tdb(at_earth, clock.scale), ra, dec, "sun")
    tdb = _tdb(at_earth, clock.scale)
    result[finite] = tdb + light_time(tdb, ra, dec, "barycentre")
    return result


def light_time(tdb: FloatArray, ra: float, dec: float, centre: str) -> FloatArray:
    """How much later light from a far star passes the "sun" or the "barycentre" than the Earth.

    Parameters
    ----------
    tdb : (n,) Julian dates, TDB.
    ra, dec : degrees, ICRS.

    Returns
    -------
    (n,) days; negative when the Earth is behind.
    """
    from astropy import units as u
    from astropy.coordinates import get_body_barycentric
    from astropy.time import Time

    when = Time(tdb, format="jd", scale="tdb")
    place = get_body_barycentric("earth", when, ephemeris="builtin").xyz
    if centre == "sun":
        place = place - get_body_barycentric("sun", when, ephemeris="builtin").xyz
    a, d = np.radians(ra), np.radians(dec)
    towards = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    light_day = u.def_unit("light_day", 173.14463267424034 * u.au)
    days: FloatArray = towards @ place.to_value(light_day)
    return days


def _tdb(time: FloatArray, scale: str) -> FloatArray:
    """Julian dates of a scale as Julian dates TDB; no table is fetched from the network."""
    if scale == "tdb":
        return time
    from astropy.time import Time
    from astropy.utils import iers

    with iers.conf.set_temp("auto_download", False):
        days: FloatArray = Time(time, format="jd", scale=scale).tdb.jd
    return days
