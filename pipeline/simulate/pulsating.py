"""Pulsating stars: RR Lyrae, Cepheids, delta Scuti and beta Cephei stars."""

from __future__ import annotations

import math

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.fourier import Shape
from swope.pipeline.simulate.light import amplitude_ratio
from swope.pipeline.simulate.signal import Scene, Signal


def draw_rrab(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a fundamental-mode RR Lyrae star.

    Period, amplitude and Fourier parameters run together as they do in the Stripe 82 sample of Sesar et al. 2010
    (g band); amplitudes in V are g amplitudes over 1.17, and the phases those of field stars, somewhat richer in
    metals (Jurcsik & Kovacs 1996; their metallicity is the scatter). A third of the stars has a Blazhko modulation
    (Jurcsik et al. 2009).
    """
    log_period = float(np.clip(rng.normal(-0.25, 0.07), -0.45, -0.03))
    x = log_period + 0.25
    long = max(x - 0.03, 0.0)
    # Oosterhoff I and II: the same period at two amplitudes (Cacciari, Corwin & Carney 2005)
    amplitude = float(np.clip((1.08 - 4.3 * x + rng.normal(0, 0.13)) / 1.17, 0.2, 1.4))
    ratio = np.array([1.0, 0.445, 0.32 - 1.6 * long, 0.17 - 1.2 * max(x, -0.02), 0.125 - 0.75 * x, 0.08 - 0.55 * x])
    ratio[1:] *= rng.normal(1, 0.06, 5)
    metal = rng.normal(0, 0.12)
    lag = np.array([0.0, 2.42 + 1.7 * x, 5.15 + 4.0 * x, 1.75 + 7.0 * x, 4.6 + 8.0 * x, 1.1 + 9.0 * x])
    lag[1:] += metal * np.arange(1, 6) + rng.normal(0, 0.05, 5)
    shape = Shape(np.maximum(ratio, 0.0), lag)
    blazhko = rng.random() < 0.3
    return _pulsator(
        "RRAB",
        rng,
        scene,
        shape,
        period=10**log_period,
        amplitude=amplitude,
        family="RR",
        temperature=rng.normal(6600, 200),
        modulation=rng.uniform(0.05, 0.35) if blazhko else 0.0,
        modulation_period=rng.uniform(20, 120),
    )


def draw_rrc(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a first-overtone RR Lyrae star: nearly a sine with a bump before maximum (parameters as in `draw_rrab`)."""
    ratio = np.array([1.0, abs(rng.normal(0.13, 0.05)), abs(rng.normal(0.07, 0.025)), abs(rng.normal(0.045, 0.02))])
    lag = np.array([0.0, rng.normal(3.2, 0.3), rng.normal(6.3, 0.5), rng.normal(3.6, 0.6)])
    return _pulsator(
        "RRC",
        rng,
        scene,
        Shape(ratio, lag),
        period=10 ** float(np.clip(rng.normal(-0.495, 0.06), -0.66, -0.33)),
        amplitude=float(np.clip(rng.normal(0.44, 0.07), 0.15, 0.65)),
        family="RR",
        temperature=rng.normal(7100, 150),
        modulation=rng.uniform(0.05, 0.2) if rng.random() < 0.08 else 0.0,
        modulation_period=rng.uniform(10, 80),
    )


def draw_dcep(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a classical Cepheid, fundamental mode.

    The shape follows the Hertzsprung progression: R21 falls to a minimum at the 10 d resonance, where phi21 jumps
    (Simon & Lee 1981; numbers after the V-band compilations of Antonello & Morelli 1996), amplitudes peak near 25 d
    and dip at 10 d (Klagyivik & Szabados 2009).
    """
    log_period = float(np.clip(rng.normal(0.75, 0.28), 0.15, 1.75))
    shape = cepheid_shape(log_period, rng.normal(0, 1, 4))
    top = np.interp(log_period, [0.15, 0.5, 0.8, 0.97, 1.1, 1.4, 1.75], [0.6, 0.7, 0.8, 0.65, 0.95, 1.15, 0.9])
    return _pulsator(
        "DCEP",
        rng,
        scene,
        shape,
        period=10**log_period,
        amplitude=float(top * rng.uniform(0.6, 1.05)),
        family="DCEP",
        temperature=6300 - 700 * log_period + rng.normal(0, 100),
    )


def cepheid_shape(log_period: float, scatter: FloatArray) -> Shape:
    """Shape of a classical Cepheid at a period (log days); `scatter`: (4,) standard normal deviates."""
    knots = [0.15, 0.4, 0.6, 0.8, 0.9, 0.98, 1.05, 1.15, 1.3, 1.5, 1.75]
    r21 = np.interp(log_period, knots, [0.42, 0.46, 0.46, 0.38, 0.28, 0.17, 0.15, 0.25, 0.40, 0.42, 0.38])
    r31 = np.interp(log_period, knots, [0.20, 0.24, 0.21, 0.12, 0.08, 0.08, 0.12, 0.18, 0.25, 0.23, 0.2])
    # sine series; the jump of phi21 at ten days is 2 pi less about a quarter turn
    p21 = np.interp(log_period, knots, [2.6, 2.75, 2.95, 3.3, 3.6, 4.0, 2.0, 2.2, 2.7, 3.0, 3.1])
    p31 = np.interp(log_period, knots, [5.3, 5.7, 6.2, 6.9, 7.6, 8.6, 9.6, 10.3, 10.8, 11.2, 11.5])
    ratio = np.array([1.0, r21, r31, 0.5 * r31, 0.3 * r31]) * np.array([1, *(1 + 0.08 * scatter[:2]), 1, 1])
    lag = np.array([0.0, p21, p31, p21 + p31, 2 * p21 + p31]) + 0.08 * np.array(
        [0, scatter[2], scatter[3], scatter[2] + scatter[3], 2 * scatter[2]]
    )
    return Shape(ratio, lag)


def draw_cwa(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a W Virginis star: broad maximum, unequal cycles (Soszynski et al. 2008; Templeton & Henden 2007)."""
    ratio = np.array([1.0, rng.uniform(0.1, 0.3), rng.uniform(0.03, 0.1)])
    lag = np.array([0.0, rng.uniform(3.0, 4.6), rng.uniform(0, 2 * math.pi)])
    return _pulsator(
        "CWA",
        rng,
        scene,
        Shape(ratio, lag),
        period=10 ** rng.uniform(0.9, 1.4),
        amplitude=rng.uniform(0.5, 1.2),
        family="DCEP",
        temperature=rng.normal(5500, 200),
        wander=0.01,
    )


def draw_dsct(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a delta Scuti star.

    Two in five have one strong mode of 0.2 to 0.65 mag with a steep rise (Petersen & Christensen-Dalsgaard 1996), some
    of these a second at 0.77 of the period; the others low sines (Breger 2000): from the ground often one alone is
    seen, of 0.1 to 0.25 d, in space a handful. The period is that of the strongest.
    """
    high = rng.random() < 0.4
    others: tuple[tuple[float, float], ...] = ()
    log_period = rng.normal(-0.88, 0.12) if high else rng.normal(-0.80, 0.12)
    if high:
        ratio = np.array([1.0, rng.uniform(0.25, 0.4), rng.uniform(0.08, 0.18), rng.uniform(0.02, 0.08)])
        lag = np.array([0.0, rng.normal(2.4, 0.2), rng.normal(4.9, 0.4), rng.normal(1.3, 0.5)])
        if rng.random() < 0.3:
            others = ((0.773 + rng.normal(0, 0.003), rng.uniform(0.05, 0.4)),)
        amplitude = rng.uniform(0.2, 0.65)
    else:
        ratio, lag = np.array([1.0, rng.uniform(0, 0.1)]), np.array([0.0, rng.uniform(0, 2 * math.pi)])
        precise = scene.noise < 0.005
        modes = int(rng.integers(1, 7)) if precise else int(rng.poisson(0.7))
        others = tuple((rng.uniform(0.4, 1.3), rng.uniform(0.1, 0.8)) for _ in range(modes))
        amplitude = 10 ** rng.uniform(-2.3, -0.7) if precise else rng.uniform(0.05, 0.4)
    return _pulsator(
        "DSCT",
        rng,
        scene,
        Shape(ratio, lag),
        period=10**log_period,
        amplitude=amplitude,
        family="DSCT",
        temperature=rng.normal(7400, 250),
        others=others,
    )


def draw_bcep(rng: np.random.Generator, scene: Scene) -> Signal:
    """Draw a beta Cephei star: periods of 0.1 to 0.3 d, one to four modes, small (Stankov & Handler 2005)."""
    return _pulsator(
        "BCEP",
        rng,
        scene,
        Shape(np.array([1.0, rng.uniform(0, 0.08)]), np.array([0.0, rng.uniform(0, 2 * math.pi)])),
        period=10 ** rng.normal(-0.75, 0.1),
        amplitude=rng.uniform(0.02, 0.12),
        family="hot",
        temperature=rng.normal(23000, 2500),
        others=tuple((rng.uniform(0.9, 1.1), rng.uniform(0.1, 0.6)) for _ in range(rng.integers(0, 4))),
    )


def _pulsator(
    class_: str,
    rng: np.random.Generator,
    scene: Scene,
    shape: Shape,
    *,
    period: float,
    amplitude: float,
    family: str,
    temperature: float,
    modulation: float = 0.0,
    modulation_period: float = 60.0,
    wander: float = 0.0,
    others: tuple[tuple[float, float], ...] = (),
) -> Signal:
    """A pulsator of peak-to-peak amplitude in V.

    `modulation` is the depth of a Blazhko modulation, `wander` the random walk of the phase per root cycle, `others`
    further sinusoidal modes as (period, amplitude) over those of the first.
    """
    t0 = scene.start + rng.random() * period
    beat = rng.random()
    starts = rng.random(len(others))
    cycles = np.arange(math.ceil((scene.stop - scene.start) / period) + 3) if wander else np.zeros(1)
    drift = wander * np.cumsum(rng.normal(size=len(cycles)))

    def change(time: FloatArray, wavelength: FloatArray) -> FloatArray:
        cycle = (time - t0) / period
        slow = 2 * np.pi * ((time - t0) / modulation_period + beat)
        phase = cycle + 0.03 * modulation * np.sin(slow + 1.0)
        if wander:
            phase = phase + np.interp(cycle + 1, cycles, drift)
        total = shape(phase) * (1 + modulation * np.sin(slow))
        for (other, strength), start in zip(others, starts, strict=True):
            total = total + 0.5 * strength * np.sin(2 * np.pi * ((time - t0) / (other * period) + start))
        changed: FloatArray = amplitude * amplitude_ratio(family, wavelength) * total
        return changed

    return Signal(class_, float(temperature), change, period=float(period), t0=float(t0))
