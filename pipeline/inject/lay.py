"""Lay an event into a light curve, in magnitudes or fluxes, with the errors that such light has."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from swope.pipeline.inject.shapes import SHAPES, magnitudes
from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve
from swope.pipeline.photometry import DARK, typical_error

#: Rows that change by more than this share of the depth are the event.
_PART = 0.1


@dataclass(frozen=True)
class Injection:
    """An event to be laid into a star.

    Attributes
    ----------
    shape : a key of `SHAPES`.
    direction : "fade" or "brighten".
    depth : largest change, magnitudes.
    duration : days; NaN for a step. What it is of each shape: `swope.pipeline.inject.shapes.magnitudes`.
    time : of its middle, its peak or, where it lasts, its beginning; days by the star's clock.
    """

    shape: str
    direction: Literal["fade", "brighten"]
    depth: float
    duration: float
    time: float

    def change(self, time: FloatArray) -> FloatArray:
        """(n,) change of magnitude at these times; positive is fainter."""
        scale = 1.0 if math.isnan(self.duration) else self.duration
        return magnitudes(self.shape, self.depth, self.direction == "brighten", (time - self.time) / scale)


@dataclass(frozen=True)
class Limits:
    """Between what depths and durations are drawn, evenly in their logarithms.

    Attributes
    ----------
    depth : least and largest, magnitudes.
    duration : shortest and longest, days.
    """

    depth: tuple[float, float]
    duration: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("depth", "duration"):
            low, high = getattr(self, name)
            if not 0 < low <= high < math.inf:
                raise ValueError(f"{name} from {low:g} to {high:g}: give the smaller number first, both above 0")


@dataclass(frozen=True, eq=False)
class Laid:
    """A light curve with an event laid into it.

    Attributes
    ----------
    curve : all rows of the star.
    injection : what was laid.
    rows : usable rows that it changes by a tenth of its depth or more.
    start, end : times of the first and the last of them; NaN where it falls between the observations.
    snr : integrated signal-to-noise over the usable rows, against the errors of the event's own light, with the mean
        change of each band taken out: a star's level is not known beforehand.
    """

    curve: LightCurve
    injection: Injection
    rows: int
    start: float
    end: float
    snr: float


def has_light(curve: LightCurve) -> bool:
    """Whether brightness can change by magnitudes: fluxes about zero, as of difference images, have no light to change.

    Parameters
    ----------
    curve : cleaned, with a usable row.
    """
    good = curve.good
    if curve.kind == "mag":
        return True
    bands = (good.value[good.band == b] for b in np.unique(good.band))
    return all(float(np.percentile(value, 100.0 * DARK)) > 0 for value in bands)


def drawn(curve: LightCurve, shape: str, limits: Limits, rng: np.random.Generator) -> Injection:
    """Draw an event for a star: its time is uniform between the first and the last usable row, gaps included.

    Parameters
    ----------
    curve : cleaned, with a usable row.
    """
    time = curve.good.time
    brighter = SHAPES[shape].brighter
    if brighter is None:
        brighter = bool(rng.random() < 0.5)
    depth, duration = (float(np.exp(rng.uniform(*np.log(bounds)))) for bounds in (limits.depth, limits.duration))
    return Injection(
        shape=shape,
        direction="brighten" if brighter else "fade",
        depth=depth,
        duration=duration if SHAPES[shape].timed else math.nan,
        time=float(rng.uniform(time.min(), time.max())),
    )


def lay(curve: LightCurve, injection: Injection, rng: np.random.Generator) -> Laid:
    """Lay an event into a star: every row changes, those that are left out too, and all bands by as many magnitudes.

    Photon noise grows as the square root of the light. Where the star fades by d magnitudes its error in magnitudes is
    10^(0.2 d) times larger: so much is quoted, and the missing noise is added. Where it brightens the noise that is
    there cannot be taken away, and the relative error stays: completeness comes out rather too low than too high.

    Parameters
    ----------
    curve : cleaned, with light (`has_light`).
    injection : what to lay.
    rng : of the added noise.
    """
    at = np.isfinite(curve.time)
    delta = np.zeros(len(curve))
    delta[at] = injection.change(curve.time[at])
    error = np.where(np.isfinite(curve.error), curve.error, _usual(curve))
    # the variance of a magnitude where the star is fainter, in units of the one before
    grow = 10.0 ** (0.4 * np.maximum(delta, 0.0))
    missing = error * np.sqrt(grow - 1.0) * rng.standard_normal(len(curve))
    light = 10.0 ** (-0.4 * delta)
    if curve.kind == "mag":
        signal, scale = delta, np.sqrt(grow)
        value = curve.value + delta + missing
    else:
        signal, scale = curve.value * (light - 1.0), light * np.sqrt(grow)
        value = curve.value * light + light * missing
    part = curve.usable & (np.abs(delta) > _PART * injection.depth)
    time = curve.time[part]
    return Laid(
        curve=replace(curve, value=value, error=curve.error * scale),
        injection=injection,
        rows=int(part.sum()),
        start=float(time.min()) if len(time) else math.nan,
        end=float(time.max()) if len(time) else math.nan,
        snr=_integrated(curve, signal, error * scale),
    )


def _integrated(curve: LightCurve, signal: FloatArray, error: FloatArray) -> float:
    power = 0.0
    for band in range(len(curve.bands)):
        rows: BoolArray = curve.usable & (curve.band == band) & (error > 0)
        if rows.any():
            weight = error[rows] ** -2.0
            own = signal[rows] - np.average(signal[rows], weights=weight)
            power += float((weight * own**2).sum())
    return math.sqrt(power)


def _usual(curve: LightCurve) -> FloatArray:
    """(n,) the usual error of each row's band, for rows that have none."""
    usual = np.zeros(len(curve))
    for band in range(len(curve.bands)):
        rows = curve.usable & (curve.band == band)
        usual[curve.band == band] = typical_error(curve.error[rows], curve.value[rows])
    return usual
