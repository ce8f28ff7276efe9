"""What happens once: flares, dwarf-nova outbursts, supernovae, microlensing, and anomalies hidden in other stars."""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.light import planck
from swope.pipeline.simulate.rotating import draw_rot
from swope.pipeline.simulate.signal import Change, Event, Scene, Signal


def flare_shape(time: FloatArray) -> FloatArray:
    """Relative flux of a flare of height 1 at times in units of its full width at half maximum.

    A quartic rise from -1 to 0 and a double exponential decay (Davenport et al. 2014, eqs. 1 and 4).
    """
    rise = 1 + 1.941 * time - 0.175 * time**2 - 2.246 * time**3 - 1.125 * time**4
    with np.errstate(over="ignore"):
        fall = 0.6890 * np.exp(-1.600 * time) + 0.3030 * np.exp(-0.2783 * time)
    shape: FloatArray = np.where(time < -1, 0.0, np.where(time < 0, rise, fall))
    return shape


def draw_uv(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a flare star: a spotted red dwarf with flares.

    Energies, hence heights, by a power law (cumulative index -0.9; Hawley et al. 2014), widths growing with the
    height, the flare's light that of a 9,000 K body. Heights are against the star's light at 0.64 micrometres. The
    period is the rotation's.
    """
    calm = draw_rot(rng, scene)
    span = scene.stop - scene.start
    temperature = float(rng.normal(3200, 150))
    # few visits catch a flare from the ground: watch a very active star there
    short = span < 200
    count = int(rng.poisson(rng.uniform(0.15, 1.0) * span)) if short else int(rng.poisson(rng.uniform(0.3, 1.5) * span))
    least = max(3 * scene.noise, 0.004)
    height = least * (1 - rng.random(count)) ** (-1 / 0.9)
    height = np.minimum(height, 3.0)
    width = np.exp(rng.normal(np.log(0.006), 0.5, count)) * (height / 0.02) ** 0.3
    peak = np.sort(scene.start + span * rng.random(count))
    contrast_at = np.array(0.64)

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        extra = np.zeros_like(time)
        order = np.argsort(time)
        ordered = time[order]
        for at, high, wide in zip(peak, height, width, strict=True):
            # after 20 widths a flare is below 0.2 % of its height
            low, stop = np.searchsorted(ordered, [at - wide, at + 20 * wide])
            rows = order[low:stop]
            extra[rows] += high * flare_shape((time[rows] - at) / wide)
        colour = (planck(wavelength, np.array(9000.0)) / planck(wavelength, np.array(temperature))) / (
            planck(contrast_at, np.array(9000.0)) / planck(contrast_at, np.array(temperature))
        )
        magnitude: FloatArray = 0.5 * calm.change(time, wavelength) - 2.5 * np.log10(1 + colour * extra)
        return magnitude

    events = tuple(Event("flare", float(p - w), float(p), float(p + 8 * w)) for p, w in zip(peak, width, strict=True))
    return Signal("UV", temperature, change, period=calm.period, events=events)


def draw_sn(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a type Ia supernova on its host galaxy's light.

    Rest-frame times stretched (Perlmutter et al. 1997), rise as time squared over 17 d (Riess et al. 1999), a decline
    of 1.1 mag in 15 d in the blue, slower in the red, with the second maximum in i and redder (Hamuy et al. 1996), and
    the straight tail of 0.014 mag/d. Before and after, the host's light stays.
    """
    stretch = rng.normal(1.0, 0.1)
    grow = (1 + rng.uniform(0.01, 0.15)) * stretch
    peak = rng.uniform(scene.start + 20, max(scene.stop - 40, scene.start + 21))
    over_host = rng.uniform(1.5, 4.0)

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        age = (time - peak) / grow
        flux = np.zeros_like(time)
        rising = (age > -17) & (age <= 0)
        flux[rising] = 1 - (age[rising] / 17) ** 2
        after = age > 0
        blue = np.clip((0.75 - wavelength) / 0.3, 0, 1)
        fall = 0.4 + 0.7 * blue
        # early decline bends into the radioactive tail about a month after maximum
        early = fall * (np.maximum(age, 0.0) / 15) ** 1.3
        tail = (1.6 + 1.3 * blue) + 0.014 * age
        faded = -np.log(np.exp(-3 * early) + np.exp(-3 * tail)) / 3
        bump = 0.35 * (1 - blue) * np.exp(-0.5 * ((age - 25) / 7) ** 2)
        flux[after] = 10 ** (-0.4 * (faded - bump))[after]
        magnitude: FloatArray = -2.5 * np.log10(1 + flux * 10 ** (0.4 * over_host))
        return magnitude

    event = Event("supernova", float(peak - 17 * grow), float(peak), float(peak + 60 * grow))
    return Signal("SN", 9000.0, change, t0=float(peak), events=(event,))


def draw_ug(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a dwarf nova: outbursts of 2 to 5 mag with a fast rise and slower decline, at irregular intervals.

    Recurrence log-normal about 15 to 200 d, amplitude growing with it (Kukarkin & Parenago 1934; Otulakowska-Hypka,
    Olech & Patterson 2016), flickering in between.
    """
    recurrence = float(np.exp(rng.uniform(np.log(15), np.log(200))))
    amplitude = 2.0 + 1.2 * math.log10(recurrence) + rng.normal(0, 0.3) - 0.8
    peaks = np.cumsum(np.maximum(rng.normal(1, 0.3, 400), 0.3)) * recurrence + scene.start - 2 * recurrence
    peaks = peaks[peaks < scene.stop + recurrence]
    lasting = rng.uniform(3, 12)
    width = lasting * np.exp(rng.normal(0, 0.25, len(peaks)))
    height = amplitude * np.clip(rng.normal(1, 0.12, len(peaks)), 0.5, 1.3)
    seed = int(rng.integers(2**63))

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        lift = np.zeros_like(time)
        for at, wide, high in zip(peaks, width, height, strict=True):
            lift = np.maximum(lift, high * burst_shape((time - at) / wide))
        flicker = 0.08 * np.random.default_rng(seed).normal(size=len(time))
        magnitude: FloatArray = flicker - lift * np.interp(wavelength, [0.4, 0.9], [1.0, 0.9])
        return magnitude

    events = tuple(
        Event("outburst", float(p - 0.3 * w), float(p), float(p + w))
        for p, w in zip(peaks, width, strict=True)
        if scene.start < p < scene.stop
    )
    return Signal("UG", 8000.0, change, events=events, steady=False)


def burst_shape(time: FloatArray) -> FloatArray:
    """Magnitudes of an outburst of height 1: a steep rise from -0.3 to 0, a plateau, a linear decline to 1."""
    shape: FloatArray = np.interp(time, [-0.3, -0.1, 0.0, 0.35, 1.0], [0.0, 0.85, 1.0, 0.85, 0.0])
    return shape


def draw_microlens(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a constant star that a lens passes."""
    return with_anomaly(
        Signal("Microlens", float(rng.normal(5000, 700)), lambda time, _: np.zeros_like(time)),
        "microlensing",
        rng,
        scene,
        steady_class="Microlens",
    )


#: Anomalies that can be laid on any star.
ANOMALIES = ("microlensing", "outburst", "fading", "dip", "flare")


def with_anomaly(
    signal: Signal, kind: str, rng: np.random.Generator, scene: Scene, steady_class: str | None = None
) -> Signal:
    """Lay an anomaly on a star: what a survey would want to be told of.

    "microlensing" is the point lens of Paczynski 1986 with blending; "outburst" a burst of 1 to 3 mag over weeks;
    "fading" a sudden deep fade with slow recovery, as R Coronae Borealis stars have (Clayton 1996); "dip" one deep
    eclipse of days; "flare" one great flare.

    Raises
    ------
    ValueError
        When the kind is not among `ANOMALIES`.
    """
    span = scene.stop - scene.start
    at = scene.start + rng.uniform(0.25, 0.75) * span
    extra, event = _anomaly(kind, rng, at, span)

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        return signal.change(time, wavelength) + extra(time, wavelength)

    return Signal(
        steady_class or signal.class_,
        signal.temperature,
        change,
        signal.period,
        signal.t0,
        (*signal.events, event),
        signal.steady,
    )


def _anomaly(kind: str, rng: np.random.Generator, at: float, span: float) -> tuple[Change, Event]:
    if kind == "microlensing":
        width = min(float(np.exp(rng.normal(np.log(25), 0.6))), span / 6)
        nearest, blend = rng.uniform(0.05, 0.4), rng.uniform(0, 0.3)

        def lens(time: FloatArray, wavelength: FloatArray) -> FloatArray:
            u2 = nearest**2 + ((time - at) / width) ** 2
            gain = (u2 + 2) / np.sqrt(u2 * (u2 + 4))
            magnitude: FloatArray = -2.5 * np.log10((1 - blend) * gain + blend) + 0.0 * wavelength
            return magnitude

        return lens, Event(kind, at - width, at, at + width)
    if kind == "outburst":
        width, height = min(rng.uniform(20, 80), span / 5), rng.uniform(1.0, 3.0)
        return (
            lambda time, _: -height * burst_shape((time - at) / width),
            Event(kind, at - 0.3 * width, at, at + width),
        )
    if kind == "fading":
        width, depth = min(rng.uniform(100, 500), span / 4), rng.uniform(1.0, 3.0)
        return (
            lambda time, _: depth * np.interp((time - at) / width, [-0.15, 0.0, 0.2, 1.0], [0.0, 1.0, 0.9, 0.0]),
            Event(kind, at - 0.15 * width, at, at + width),
        )
    if kind == "dip":
        width, depth = min(rng.uniform(5, 30), span / 8), rng.uniform(0.4, 1.5)
        return (
            lambda time, _: depth * np.exp(-0.5 * ((time - at) / (width / 2.5)) ** 4),
            Event(kind, at - width / 2, at, at + width / 2),
        )
    if kind == "flare":
        width, height = rng.uniform(0.008, 0.03), rng.uniform(0.5, 3.0)
        return (
            lambda time, _: -2.5 * np.log10(1 + height * flare_shape((time - at) / width)),
            Event(kind, at - width, at, at + 8 * width),
        )
    raise ValueError(f"no anomaly {kind!r}; known: {', '.join(ANOMALIES)}")
