"""Light curves with a known truth, at cadences as telescopes on the ground have them."""

import numpy as np

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import FloatArray, LightCurve


def nights(points: int, rng: np.random.Generator, years: float = 5.0) -> FloatArray:
    """Times of single visits at night, in seasons of half a year."""
    day = rng.uniform(0, 365.25 * years, 4 * points)
    day = np.floor(day[np.sin(2 * np.pi * day / 365.25) > 0])[:points]
    return np.sort(2_455_000.0 + day + 0.35 * rng.random(len(day)))


def eclipsing(phase: FloatArray, first: float = 0.6, second: float = 0.4, width: float = 0.06) -> FloatArray:
    """Magnitudes of two eclipses and a little ellipsoidal variation."""

    def dip(at: float) -> FloatArray:
        distance = (phase - at + 0.5) % 1.0 - 0.5
        return np.exp(-0.5 * (distance / width) ** 2)

    return first * dip(0.0) + second * dip(0.5) + 0.03 * np.cos(4 * np.pi * phase)


def saw(phase: FloatArray) -> FloatArray:
    """Magnitudes of an RR Lyrae star: a fast rise, a slow fall, the maximum at phase 0."""
    k = np.arange(1, 7)[:, None]
    return -0.35 * np.sum(np.cos(2 * np.pi * k * phase - 0.6 * (k - 1)) / k**1.1, axis=0)


def star(
    shape: str, period: float, points: int = 300, noise: float = 0.03, seed: int = 0, bands: tuple[str, ...] = ("V",)
) -> LightCurve:
    """A cleaned light curve of this shape; the bands share the period, not the amplitude."""
    rng = np.random.default_rng(seed)
    time = nights(points, rng)
    phase = (time - 2_455_000.3) / period % 1.0
    shapes = {"sine": 0.3 * np.cos(2 * np.pi * phase), "eclipsing": eclipsing(phase), "saw": saw(phase)}
    band = rng.integers(len(bands), size=len(time))
    scale = np.linspace(1.0, 0.6, len(bands))[band]
    value = 13.0 + 0.4 * band + scale * shapes.get(shape, np.zeros(len(time))) + noise * rng.normal(size=len(time))
    return clean(LightCurve.of(f"{shape} {seed}", time, value, np.full(len(time), noise), [bands[b] for b in band]))
