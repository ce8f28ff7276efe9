"""What a survey makes of a star: a light curve with its noise, its blunders and its quoted errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import Clock, FloatArray, LightCurve, Mask
from swope.pipeline.simulate.light import WAVELENGTH, colour
from swope.pipeline.simulate.signal import Signal
from swope.pipeline.simulate.stochastic import damped_walk
from swope.pipeline.simulate.surveys import QUANTILES, Survey
from swope.pipeline.simulate.visits import Visits

#: Sub-exposures over which the light of a long exposure is averaged.
SUB_EXPOSURES = 5


def mean_magnitude(rng: np.random.Generator, survey: Survey, class_: str) -> float:
    """Draw a star's mean magnitude in the survey's reference band."""
    return float(np.interp(rng.random(), QUANTILES, survey.own_brightness.get(class_, survey.brightness)))


def true_change(signal: Signal, visits: Visits, survey: Survey) -> FloatArray:
    """(n,) the star's magnitude change at each visit, averaged in flux over long exposures."""
    wavelength = np.array([WAVELENGTH[band] for band in survey.bands])[visits.band]
    if not survey.exposure or not signal.steady:
        return signal.change(visits.time, wavelength)
    parts = (np.arange(SUB_EXPOSURES) + 0.5) / SUB_EXPOSURES - 0.5
    flux = np.zeros(len(visits.time))
    for part in parts:
        flux += 10 ** (-0.4 * signal.change(visits.time + part * survey.exposure, wavelength))
    change: FloatArray = -2.5 * np.log10(flux / SUB_EXPOSURES)
    return change


def observe(
    rng: np.random.Generator,
    survey: Survey,
    signal: Signal,
    visits: Visits,
    change: FloatArray,
    magnitude: float,
    *,
    object_id: str,
    ra: float,
    dec: float,
) -> LightCurve:
    """Measure a star.

    Noise grows with the star's momentary faintness and the night's haze; a survey-wide factor and a star's own make
    the quoted error wrong; some rows are off by much more, mostly faint; a slow trend, red noise (Pont, Zucker & Queloz
    2006) and the frames' zero points are left in; frames in which the star is too faint have no row; a few rows come
    twice.

    Parameters
    ----------
    change : (n,) the star's true magnitude changes at the visits.
    magnitude : mean, in the survey's reference band.

    Returns
    -------
    The light curve, in the archive's order, with times as Julian dates.
    """
    n = len(visits.time)
    wavelength = np.array([WAVELENGTH[band] for band in survey.bands])
    colours = colour(wavelength, signal.temperature) - colour(
        np.array([WAVELENGTH[survey.reference]]), signal.temperature
    )
    # a neighbour's light in the same pixels washes the change out
    blend = rng.uniform(0, survey.blend[1]) if rng.random() < survey.blend[0] else 0.0
    change = -2.5 * np.log10((1 - blend) * 10 ** (-0.4 * change) + blend)
    true = magnitude + colours[visits.band] + change
    # crowding, seeing and the place on the detector make some stars noisier than their magnitude says
    sigma = float(np.exp(0.15 * rng.normal())) * survey.noise(true, visits.band) * visits.haze
    span = max(float(np.ptp(visits.time)), 1.0) if n else 1.0
    phase = (visits.time - visits.time[0]) / span if n else np.zeros(0)
    trend = survey.trend * (
        rng.standard_t(4) * (phase - 0.5) + rng.normal() * np.sin(2 * np.pi * (phase * span / 365.25))
    )
    if survey.red[2] and n:
        floor, part, days = survey.red
        # neighbours, colours and flat fields make it much larger for some stars
        swing = float(np.hypot(floor, part * np.median(sigma)) * np.exp(rng.normal()))
        trend = trend + damped_walk(visits.time, days, swing, rng)
    # light is what is noisy: near the limit magnitudes scatter farther to the faint side
    light = np.maximum(1 + sigma / 1.0857 * rng.normal(size=n), 0.15)
    measured = true - 2.5 * np.log10(light) + visits.offset + trend

    share, scale = survey.outliers
    # some stars lie near a bright one or an edge, and have many more
    share *= float(np.exp(rng.normal(-0.3, 0.8)))
    off = rng.random(n) < share
    size = scale * rng.exponential(size=n) * np.where(rng.random(n) < 0.12, 6.0, 1.0)
    measured = measured + np.where(off, np.where(rng.random(n) < 0.95, 1.0, -1.0) * (size + 3 * sigma), 0.0)

    factor = survey.quoted[0] * float(np.exp(survey.quoted[1] * rng.normal()))
    error = survey.flat_error * visits.haze * factor if survey.flat_error else factor * sigma
    margin = (survey.faintest - measured) / survey.fading
    seen = rng.random(n) < 1 / (1 + np.exp(-np.clip(margin, -40, 40)))
    rows = np.flatnonzero(seen)
    if rng.random() < 0.03 and len(rows):
        rows = np.sort(np.concatenate([rows, rng.choice(rows, max(1, len(rows) // 100))]))
    if survey.unsorted:
        rows = rng.permutation(rows)
    return _written(rng, survey, visits, measured, error, rows, object_id, ra, dec)


def _written(
    rng: np.random.Generator,
    survey: Survey,
    visits: Visits,
    measured: FloatArray,
    error: FloatArray,
    rows: NDArray[Any],
    object_id: str,
    ra: float,
    dec: float,
) -> LightCurve:
    """The rows as the archive writes them: rounded, in its unit, with its fillers and flags."""
    value, sigma = measured[rows], error[rows]
    if survey.kind == "flux":
        value = 10 ** (-0.4 * (value - survey.zero_point))
        sigma = value * sigma / 1.0857
        value, sigma = value.astype(np.float32).astype(float), sigma.astype(np.float32).astype(float)
    else:
        value = np.round(value, survey.decimals)
        sigma = np.maximum(np.round(sigma, survey.decimals), 10.0**-survey.decimals)
    if survey.filler is not None:
        value = np.where(rng.random(len(value)) < 0.003, survey.filler, value)
    flagged = (visits.quality[rows] != 0) | (value == survey.filler)
    return LightCurve(
        object_id=object_id,
        time=np.round(visits.time[rows], 6),
        value=value,
        error=sigma,
        band=visits.band[rows].astype(np.int32),
        bands=survey.bands,
        mask=np.where(flagged, int(Mask.QUALITY), 0).astype(np.int32),
        kind=survey.kind,
        unit=survey.unit,
        clock=Clock.parse(survey.clock),
        ra=round(ra % 360, 6),
        dec=round(dec, 6),
        source=survey.name,
    )
