"""Cadences of ground-based surveys: seasons, nights, weather and moon."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.simulate.sky import Site, altitude, moon, separation, windows
from swope.pipeline.simulate.visits import Visits

LAS_CAMPANAS = Site(-70.70, -29.01)
PALOMAR = Site(-116.86, 33.36)
APACHE_POINT = Site(-105.82, 32.78)
CATALINA = Site(-110.73, 32.42)
CERRO_PACHON = Site(-70.75, -30.24)
LA_SILLA = Site(-70.73, -29.26)


def weather(site: str, nights: int, lost: float) -> FloatArray:
    """(nights,) how hazy each night of a survey was: 1 is clear, NaN is lost; the same for all of its stars.

    Clouds come in spells of some days (a damped random walk), as at real sites.
    """
    rng = np.random.default_rng(zlib.crc32(site.encode()))
    state = np.empty(nights)
    x = 0.0
    for k, kick in enumerate(rng.normal(size=nights)):
        x = 0.7 * x + (1 - 0.7**2) ** 0.5 * kick
        state[k] = x
    rank = np.argsort(np.argsort(state)) / nights
    haze = np.exp(0.35 * np.maximum(state, 0.0) + 0.1 * rng.normal(size=nights))
    return np.where(rank > 1 - lost, np.nan, haze)


def moonlight(time: FloatArray, ra: float, dec: float, site: Site) -> FloatArray:
    """(n,) factor on the sky's brightness from the Moon: 1 without, up to ten or so near a full Moon."""
    moon_ra, moon_dec, lit = moon(time)
    up = altitude(time, moon_ra, moon_dec, site) > 0
    near = 30.0 / np.maximum(separation(moon_ra, moon_dec, ra, dec), 15.0)
    return 1 + np.where(up, 6.0 * lit**2.5 * near, 0.0)


def thinned(rng: np.random.Generator, nights: NDArray[np.int64], gaps: tuple[float, ...]) -> BoolArray:
    """Which of some nights a field is visited on, when its next visit is planned 1, 2, 3, ... nights after the last.

    Parameters
    ----------
    nights : (n,) ascending numbers of possible nights.
    gaps : weights of waiting 1, 2, 3, ... nights.
    """
    kept = np.zeros(len(nights), dtype=bool)
    waits = rng.choice(np.arange(1, len(gaps) + 1), size=len(nights) + 1, p=np.array(gaps) / sum(gaps))
    due = int(nights[0]) + int(rng.integers(len(gaps))) if len(nights) else 0
    for k, night in enumerate(nights):
        if night >= due:
            kept[k] = True
            due = int(night) + int(waits[k])
    return kept


def asas(rng: np.random.Generator, ra: float, dec: float) -> Visits:
    """Seven years of one V frame every one to three nights from Las Campanas, as ASAS-3 (Pojmanski 2002).

    A star lies on one to three overlapping fields, each with its own start and its own plan, taken minutes to hours
    apart where they fall on the same night; some frames are repeated after three minutes; the telescope stood still
    for some months in 2002 and weeks in 2007.
    """
    first, last = 2451868.0, 2454575.0
    sky = weather("asas", int(last - first) + 2, 0.3)
    nights, start, end = windows(first, last, ra, dec, LAS_CAMPANAS, lowest=35.0)
    times = []
    fields = 1 + int(rng.random() < 0.5) + int(rng.random() < 0.15)
    northern = dec > 0
    # a field is taken when the telescope comes by: an hour of the night that moves little from visit to visit
    hour = np.clip(rng.normal(0.5, 0.28, len(nights)), 0, 1)
    for field in range(fields):
        # northern and overlapping fields were added later
        opened = first + (rng.choice([0.0, 35.0, 110.0, 810.0], p=[0.45, 0.25, 0.2, 0.1]) if field == 0 else 0.0)
        opened += rng.exponential(400) if field else 0.0
        busy: tuple[float, ...] = (0.15, 0.42, 0.28, 0.15) if not northern else (0.1, 0.35, 0.30, 0.25)
        if field and rng.random() < 0.6:
            busy = (0.02, 0.08, 0.2, 0.3, 0.2, 0.2)
        kept = thinned(rng, nights, busy)
        closed = ((nights > 456) & (nights < 548)) | ((nights > 2440) & (nights < 2540)) | (nights + first < opened)
        kept &= ~closed & np.isfinite(sky[nights]) & (rng.random(len(nights)) < rng.uniform(0.75, 1.0))
        apart = min(rng.exponential(0.04), 0.12) + rng.uniform(0.002, 0.006, kept.sum()) if field else 0.0
        inwards = np.where(hour[kept] < 0.5, 1, -1)
        times.append(start[kept] + hour[kept] * (end[kept] - start[kept]) + inwards * apart)
    time = np.concatenate(times)
    # the same field again after three minutes: seldom for most stars, often for some
    again = time[rng.random(len(time)) < min(0.005 * np.exp(1.7 * rng.normal()), 0.5)]
    time = np.sort(np.concatenate([time, again + rng.uniform(0.0021, 0.0031, len(again))]))
    night = np.floor(time - first - 0.2).astype(int)
    frame = np.empty(len(time))
    x = rng.normal()
    for k, kick in enumerate(rng.normal(size=len(time))):
        x = 0.72 * x + (1 - 0.72**2) ** 0.5 * kick
        frame[k] = x
    haze = np.clip(np.exp(0.21 * frame + 0.07 * rng.normal(size=len(time))), 0.5, 1.9)
    return Visits.of(time, np.zeros(len(time), dtype=np.int64), haze, 0.008 * _nightly("asas", night))


def ogle(rng: np.random.Generator, ra: float, dec: float) -> Visits:
    """Four years of I-band frames of a dense field in blocks of good months, as OGLE-II (Udalski et al. 1997)."""
    first, last = 2450450.0, 2451880.0
    sky = weather("ogle", int(last - first) + 2, 0.35)
    nights, start, end = windows(first, last, ra, dec, LAS_CAMPANAS, lowest=28.0)
    kept = thinned(rng, nights, (0.5, 0.3, 0.2)) & np.isfinite(sky[nights])
    # a plan that changes with the season: whole blocks with few frames
    block = np.random.default_rng(zlib.crc32(b"ogle blocks")).random(int(last - first) // 60 + 2)
    kept &= rng.random(len(nights)) < np.where(block[nights // 60] < 0.35, 0.15, 0.95)
    time = start[kept] + rng.random(kept.sum()) * (end[kept] - start[kept])
    bright = np.sqrt(moonlight(time, ra, dec, LAS_CAMPANAS))
    haze = sky[nights[kept]] * bright**0.3
    return Visits.of(
        time, np.zeros(len(time), dtype=np.int64), haze, 0.004 * _nightly("ogle", nights[kept].astype(int))
    )


def ztf(rng: np.random.Generator, ra: float, dec: float) -> Visits:
    """Two and a half years of g and r every two to three nights from Palomar, as ZTF (Bellm et al. 2019)."""
    return _imaging(
        rng,
        ra,
        dec,
        name="ztf",
        site=PALOMAR,
        first=2458200.0,
        last=2459100.0,
        lost=0.33,
        plan=(((0, 1), (0.15, 0.3, 0.4, 0.15)), ((1,), (0.2, 0.3, 0.3, 0.2))),
        spread=0.03,
    )


def crts(rng: np.random.Generator, ra: float, dec: float) -> Visits:
    """Seven years of four unfiltered frames in half an hour, some nights a month, as Catalina (Drake et al. 2009)."""
    first, last = 2453500.0, 2456100.0
    sky = weather("crts", int(last - first) + 2, 0.35)
    nights, start, end = windows(first, last, ra, dec, CATALINA, lowest=35.0)
    # no frames about full moon, nor in the months of the summer rains
    evening = np.asarray(nights + (first + 0.8), dtype=np.float64)
    dark = moonlight(evening, ra, dec, CATALINA) < 3.5
    rains = ((nights + first - 2451545.0) % 365.25 > 185) & ((nights + first - 2451545.0) % 365.25 < 240)
    gaps = tuple(0.2 if k < 2 else 1.0 for k in range(int(rng.integers(12, 28))))
    kept = thinned(rng, nights, gaps) & np.isfinite(sky[nights]) & dark & ~rains
    middle = start[kept] + rng.random(kept.sum()) * np.maximum(end[kept] - start[kept] - 0.03, 0)
    step = rng.uniform(0.0055, 0.0085, len(middle))
    time = (middle[:, None] + step[:, None] * np.arange(4)).ravel()
    haze = np.repeat(sky[nights[kept]], 4)
    got = rng.random(len(time)) > 0.06
    band = np.zeros(int(got.sum()), dtype=np.int64)
    night = np.repeat(nights[kept], 4).astype(int)
    return Visits.of(time[got], band, haze[got], 0.01 * _nightly("crts", night[got]))


def s82(rng: np.random.Generator, ra: float, dec: float) -> Visits:
    """Ten autumns of u, g, r, i, z within six minutes, few before 2005, as SDSS Stripe 82 (Frieman et al. 2008)."""
    first, last = 2451075.0, 2454430.0
    sky = weather("s82", int(last - first) + 2, 0.4)
    nights, start, end = windows(first, last, ra, dec, APACHE_POINT, lowest=30.0)
    season = (nights + first - 2451545.0) % 365.25
    autumn = (season > 240) & (season < 335)
    rich = nights + first > 2453600.0
    chance = np.where(rich, 0.17, 0.025)
    kept = autumn & (rng.random(len(nights)) < chance) & np.isfinite(sky[nights])
    at = start[kept] + rng.random(kept.sum()) * (end[kept] - start[kept])
    # the camera's columns see r, i, u, z, g in turn, 71.7 s apart
    order = np.array([2, 3, 0, 4, 1])
    time = (at[:, None] + np.arange(5) * 71.7 / 86400).ravel()
    band = np.tile(order, len(at)).astype(np.int64)
    haze = np.repeat(sky[nights[kept]], 5)
    night = np.repeat(nights[kept], 5).astype(int)
    return Visits.of(time, band, haze, 0.008 * _nightly("s82", night * 5 + band))


def rubin(rng: np.random.Generator, ra: float, dec: float) -> Visits:
    """Ten years of u, g, r, i, z, y in pairs every few nights, as planned for Rubin's LSST (Ivezic et al. 2019)."""
    first, last = 2460980.0, 2460980.0 + 3652.0
    sky = weather("rubin", int(last - first) + 2, 0.28)
    nights, start, end = windows(first, last, ra, dec, CERRO_PACHON, lowest=35.0)
    kept = thinned(rng, nights, (0.02, 0.05, 0.1, 0.15, 0.2, 0.2, 0.15, 0.13)) & np.isfinite(sky[nights])
    at = start[kept] + rng.random(kept.sum()) * np.maximum(end[kept] - start[kept] - 0.03, 0)
    lit = moon(at)[2]
    # u only in the dark, z and y when the Moon is up
    dark_weights = np.array([0.14, 0.17, 0.25, 0.24, 0.12, 0.08])
    bright_weights = np.array([0.0, 0.05, 0.25, 0.28, 0.22, 0.20])
    weights = np.where((lit < 0.4)[:, None], dark_weights, bright_weights)
    one = (rng.random(len(at))[:, None] > np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)).sum(axis=1)
    # the second frame of a pair half an hour later, mostly in the next redder filter
    two = np.where(rng.random(len(at)) < 0.6, np.minimum(one + 1, 5), one)
    paired = rng.random(len(at)) < 0.85
    time = np.concatenate([at, at[paired] + rng.normal(0.023, 0.003, paired.sum())])
    band = np.concatenate([one, two[paired]]).astype(np.int64)
    haze = np.concatenate([sky[nights[kept]], sky[nights[kept]][paired]])
    return Visits.of(time, band, haze, 0.003 * rng.normal(size=len(time)))


def eros(rng: np.random.Generator, ra: float, dec: float) -> Visits:
    """Three seasons of two broad bands at once every few nights, as EROS-2 (Tisserand et al. 2007)."""
    return _imaging(
        rng,
        ra,
        dec,
        name="eros",
        site=LA_SILLA,
        first=2450290.0,
        last=2451185.0,
        lost=0.4,
        plan=(((0, 1), (0.15, 0.2, 0.2, 0.15, 0.15, 0.15)),),
        spread=0.0,
    )


def _imaging(
    rng: np.random.Generator,
    ra: float,
    dec: float,
    *,
    name: str,
    site: Site,
    first: float,
    last: float,
    lost: float,
    plan: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...],
    spread: float,
) -> Visits:
    """Visits by plans that each take some bands together (`spread` days apart) with their own waits."""
    sky = weather(name, int(last - first) + 2, lost)
    nights, start, end = windows(first, last, ra, dec, site)
    times, bands, when = [], [], []
    for together, gaps in plan:
        kept = thinned(rng, nights, gaps) & np.isfinite(sky[nights]) & (rng.random(len(nights)) > 0.1)
        at = start[kept] + rng.random(kept.sum()) * np.maximum(end[kept] - start[kept] - spread, 0)
        for k, band in enumerate(together):
            times.append(at + k * spread)
            bands.append(np.full(len(at), band))
            when.append(nights[kept])
    time, band_index, night = np.concatenate(times), np.concatenate(bands), np.concatenate(when).astype(int)
    haze = sky[night] * np.sqrt(moonlight(time, ra, dec, site)) ** 0.5
    return Visits.of(time, band_index.astype(np.int64), haze, 0.006 * _nightly(name, night * 7 + band_index))


def _nightly(survey: str, night: NDArray[np.int64]) -> FloatArray:
    """(n,) standard normal deviates, the same for every star of a survey on the same night."""
    top = int(night.max(initial=0)) + 1
    table = np.random.default_rng(zlib.crc32(f"{survey} zero points".encode())).normal(size=max(top, 1))
    return table[np.maximum(night, 0)]
