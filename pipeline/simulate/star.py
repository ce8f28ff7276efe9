"""One simulated star: class, survey, place, cadence, behaviour and measurement, all from a seed and a number."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np

from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.simulate.bursts import ANOMALIES, with_anomaly
from swope.pipeline.simulate.classes import KINDS
from swope.pipeline.simulate.observe import mean_magnitude, observe, true_change
from swope.pipeline.simulate.signal import Event, Scene, Signal
from swope.pipeline.simulate.surveys import SURVEYS, Survey
from swope.pipeline.simulate.visits import Visits

#: Summed squared signal-to-noise from which a variable star would have been listed as one.
DETECTED = 350.0

#: How often a star that the survey would not have noticed is drawn anew.
ATTEMPTS = 25


@dataclass(frozen=True)
class Label:
    """What is true of a simulated star.

    Attributes
    ----------
    object_id : the star's name in its survey.
    class_ : VSX name.
    period : days; NaN where there is none.
    t0 : epoch in the numbers of the survey's clock: minimum of eclipsing stars, maximum of others; NaN where none.
    survey : the survey that was imitated.
    magnitude : true mean magnitude in the survey's reference band.
    anomaly : what was laid on the star besides, one of `ANOMALIES`, or "".
    events : what happened once, times as Julian dates.
    """

    object_id: str
    class_: str
    period: float
    t0: float
    survey: str
    magnitude: float
    anomaly: str = ""
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, eq=False)
class SimulatedStar:
    """A light curve and the truth about it."""

    curve: LightCurve
    label: Label


def simulate_star(
    seed: int,
    index: int,
    *,
    class_: str,
    survey: str,
    anomaly: str = "",
    object_id: str | None = None,
) -> SimulatedStar:
    """Simulate one star of a class in a survey.

    Stars that the survey would not have noticed (by `DETECTED`, or with fewer than ten rows) are drawn anew, so that
    amplitudes have the selection that real catalogues have.

    Parameters
    ----------
    seed, index : the star depends on these and the other arguments alone.
    class_ : a key of `swope.pipeline.simulate.classes.KINDS`.
    survey : a key of `swope.pipeline.simulate.surveys.SURVEYS`.
    anomaly : one of `ANOMALIES` to lay on the star, or "".
    object_id : its name; by default survey, seed and index.

    Raises
    ------
    ValueError
        When the class, the survey or the anomaly is unknown.
    """
    if class_ not in KINDS:
        raise ValueError(f"no class {class_!r} can be simulated; known: {', '.join(KINDS)}")
    if survey not in SURVEYS:
        raise ValueError(f"no survey {survey!r} can be simulated; known: {', '.join(SURVEYS)}")
    if anomaly and anomaly not in ANOMALIES:
        raise ValueError(f"no anomaly {anomaly!r}; known: {', '.join(ANOMALIES)}")
    told = SURVEYS[survey]
    rng = np.random.default_rng([seed, index, zlib.crc32(f"{class_} {survey} {anomaly}".encode())])
    name = object_id or f"{survey}-{seed}-{index:06d}"
    for attempt in range(ATTEMPTS):
        ra, dec = _place(rng, told)
        visits = told.visits(rng, ra, dec)
        magnitude = mean_magnitude(rng, told, class_)
        reference = np.full(len(visits.time), magnitude)
        noise = told.noise(reference, visits.band)
        scene = _scene(visits, noise)
        signal = KINDS[class_].draw(rng, scene)
        if anomaly:
            signal = with_anomaly(signal, anomaly, rng, scene)
        change = true_change(signal, visits, told)
        if attempt + 1 < ATTEMPTS and not _noticed(change, noise * visits.haze, visits, class_, anomaly):
            continue
        curve = observe(rng, told, signal, visits, change, magnitude, object_id=name, ra=ra, dec=dec)
        if len(curve) >= 10 or attempt + 1 == ATTEMPTS:
            break
    return SimulatedStar(curve, _label(curve, signal, told, magnitude, anomaly))


def _place(rng: np.random.Generator, survey: Survey) -> tuple[float, float]:
    """A place in the survey's part of the sky, uniform on the sphere."""
    west, east, south, north = survey.place
    sine = rng.uniform(math.sin(math.radians(south)), math.sin(math.radians(north)))
    return rng.uniform(west, east) % 360, math.degrees(math.asin(sine))


def _scene(visits: Visits, noise: FloatArray) -> Scene:
    if len(visits.time) == 0:
        return Scene(0.0, 1.0, 1.0)
    return Scene(float(visits.time[0]), float(visits.time[-1]), float(np.median(noise)))


def _noticed(change: FloatArray, noise: FloatArray, visits: Visits, class_: str, anomaly: str) -> bool:
    if len(change) < 10:
        return False
    if class_ == "CST" and not anomaly:
        return True
    # colours are constant, so variation is counted band by band
    total = 0.0
    for band in np.unique(visits.band):
        rows = visits.band == band
        part = change[rows]
        total += float((((part - np.median(part)) / noise[rows]) ** 2).sum())
    return total > DETECTED


def _label(curve: LightCurve, signal: Signal, survey: Survey, magnitude: float, anomaly: str) -> Label:
    return Label(
        object_id=curve.object_id,
        class_=signal.class_,
        period=signal.period,
        t0=signal.t0 - curve.clock.zero,
        survey=survey.name,
        magnitude=round(magnitude, 3),
        anomaly=anomaly,
        events=signal.events,
    )
