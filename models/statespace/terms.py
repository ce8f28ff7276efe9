"""The parts a light curve is made of: small frozen terms that `+` puts together into a model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from swope.models.statespace.layout import Block, Parameter, Term
from swope.models.statespace.problem import DAMPED, OSCILLATOR, TREND, WALK
from swope.models.statespace.series import Series
from swope.pipeline.lightcurve import FloatArray

#: How far, in e-foldings, a scale may go from its start.
_REACH = 12.0


def _onehot(series: Series) -> FloatArray:
    return np.asarray(series.band[:, None] == np.arange(series.bands)[None, :], dtype=float)


def harmonic_columns(time: FloatArray, period: float, harmonics: int) -> FloatArray:
    """(n, 2 harmonics) cosines and sines of the phase, pair by pair; time and period in days."""
    first = np.exp(2j * np.pi / period * time)
    waves = np.cumprod(np.broadcast_to(first[:, None], (len(time), harmonics)), axis=1)
    return np.ascontiguousarray(waves).view(np.float64)


@dataclass(frozen=True)
class Level(Term):
    """A level in each band, and a random walk that they share (none where sigma is 0).

    sigma : growth of the walk, unit per square root of a day.
    """

    sigma: float | None = 0.0
    prefix: ClassVar[str] = "level"

    def parameters(self, series: Series) -> list[Parameter]:
        """Its numbers; see `Term`."""
        return [_scale_parameter("sigma", self.sigma, 0.2 * series.scale / math.sqrt(series.spacing))]

    def columns(self, series: Series) -> FloatArray:
        """Its columns; see `Term`."""
        return _onehot(series)

    def blocks(self, series: Series) -> list[Block]:
        """Its stochastic blocks; see `Term`."""
        return [] if self.sigma == 0 else [(WALK, np.ones((len(series), 1)), (0,))]


@dataclass(frozen=True)
class Trend(Term):
    """A local linear trend: a level in each band and one slope, both of which may wander (integrated random walk).

    sigma : growth of the level's own walk, unit per square root of a day.
    slope_sigma : growth of the slope's walk, unit per day and square root of a day.

    On an even grid of step 1 this is statsmodels' local linear trend with level variance
    ``sigma**2 - slope_sigma**2 / 6``: there the slope moves at the grid's points only, here at all times.
    """

    sigma: float | None = 0.0
    slope_sigma: float | None = 0.0
    prefix: ClassVar[str] = "trend"

    def parameters(self, series: Series) -> list[Parameter]:
        """Its numbers; see `Term`."""
        kick = 0.2 * series.scale / math.sqrt(series.spacing)
        return [
            _scale_parameter("sigma", self.sigma, kick),
            _scale_parameter("slope_sigma", self.slope_sigma, 5 * series.scale / series.span**1.5),
        ]

    def columns(self, series: Series) -> FloatArray:
        """Its columns; see `Term`."""
        return np.hstack([_onehot(series), (series.time - series.origin)[:, None]])

    def blocks(self, series: Series) -> list[Block]:
        """Its stochastic blocks; see `Term`."""
        if self.sigma == 0 and self.slope_sigma == 0:
            return []
        if self.slope_sigma == 0:
            return [(WALK, np.ones((len(series), 1)), (0,))]
        return [(TREND, np.tile([1.0, 0.0], (len(series), 1)), (0, 1))]


@dataclass(frozen=True)
class Seasonal(Term):
    """A Fourier series at a period, with amplitudes of their own in each band; they may wander with `sigma`.

    period : days.
    harmonics : number of sine and cosine pairs.
    sigma : growth of each amplitude's random walk, unit per square root of a day; 0 for a strict period.
    shape_of : for each band the band whose shape it has; empty where each has its own.
    """

    period: float
    harmonics: int = 1
    sigma: float | None = 0.0
    shape_of: tuple[int, ...] = ()
    prefix: ClassVar[str] = "seasonal"

    def parameters(self, series: Series) -> list[Parameter]:
        """Its numbers; see `Term`."""
        return [_scale_parameter("sigma", self.sigma, 0.1 * series.scale / math.sqrt(series.span))]

    def columns(self, series: Series) -> FloatArray:
        """Its columns; see `Term`."""
        waves = harmonic_columns(series.time - series.origin, self.period, self.harmonics)
        shape_of = np.array(self.shape_of or range(series.bands))
        shapes = np.unique(shape_of)
        if len(shapes) == 1:
            return waves
        own = shape_of[series.band][:, None] == shapes[None, :]
        return np.asarray((own[:, :, None] * waves[:, None, :]).reshape(len(series), -1))

    def blocks(self, series: Series) -> list[Block]:
        """Its stochastic blocks; see `Term`."""
        if self.sigma == 0:
            return []
        # a rotating pair whose amplitude wanders is, seen from its own turning frame, two random walks
        waves = harmonic_columns(series.time - series.origin, self.period, self.harmonics)
        return [(WALK, waves[:, [j]], (0,)) for j in range(waves.shape[1])]


@dataclass(frozen=True)
class DampedWalk(Term):
    """A damped random walk (Ornstein-Uhlenbeck): covariance ``sigma**2 exp(-|dt| / tau)``.

    sigma : standard deviation over times much longer than tau (the structure function's limit is sqrt(2) sigma).
    tau : days.
    amplitude : factor on the walk in each band, one for all where empty.
    longest, largest : an estimated tau (days) and sigma stay below. None for no such limit.
    """

    sigma: float | None = None
    tau: float | None = None
    amplitude: tuple[float, ...] = ()
    longest: float | None = None
    largest: float | None = None
    prefix: ClassVar[str] = "walk"

    def parameters(self, series: Series) -> list[Parameter]:
        """Its numbers; see `Term`."""
        low = 0.05 * series.spacing
        high = max(2 * low, min(20 * series.span, self.longest or math.inf))
        tau = min(math.sqrt(series.span * series.spacing), 0.5 * high)
        sigma = _scale_parameter("sigma", self.sigma, 0.7 * series.scale)
        if self.largest is not None:
            sigma = sigma._replace(start=min(sigma.start, 0.5 * self.largest), high=self.largest)
        return [sigma, Parameter("tau", self.tau, tau, low, high, tries=(0.05, 0.3, 3.0, 20.0))]

    def blocks(self, series: Series) -> list[Block]:
        """Its stochastic blocks; see `Term`."""
        seen = np.asarray(self.amplitude)[series.band] if self.amplitude else np.ones(len(series))
        return [(DAMPED, seen[:, None], (0, 1))]


@dataclass(frozen=True)
class Oscillator(Term):
    """A stochastically driven, damped oscillator (the simple harmonic oscillator of Foreman-Mackey+2017).

    sigma : standard deviation of the process.
    period : undamped period in days.
    quality : quality factor; the oscillation keeps its phase for about quality / pi periods.
    """

    sigma: float | None = None
    period: float | None = None
    quality: float | None = None
    prefix: ClassVar[str] = "oscillator"

    def with_values(self, values: dict[str, float]) -> Oscillator:
        """The term with these of its numbers set."""
        numbers = dict(values)
        if "omega" in numbers:
            numbers["period"] = 2 * math.pi / numbers.pop("omega")
        return replace(self, **numbers)

    def parameters(self, series: Series) -> list[Parameter]:
        """Its numbers; see `Term`."""
        turn = 2 * math.pi
        omega = None if self.period is None else turn / self.period
        return [
            _scale_parameter("sigma", self.sigma, 0.7 * series.scale),
            Parameter(
                "omega",
                omega,
                turn / math.sqrt(series.span * series.spacing * 4),
                turn / (10 * series.span),
                turn / series.spacing,
                tries=(0.2, 5.0),
            ),
            Parameter("quality", self.quality, 1.0, 0.05, 1e4, tries=(5.0,)),
        ]

    def blocks(self, series: Series) -> list[Block]:
        """Its stochastic blocks; see `Term`."""
        return [(OSCILLATOR, np.tile([1.0, 0.0], (len(series), 1)), (0, 1, 2))]


@dataclass(frozen=True)
class Regressors(Term):
    """The columns of `Series.regressors` (airmass, centroid, another band), each with a constant coefficient."""

    prefix: ClassVar[str] = "regressor"

    def columns(self, series: Series) -> FloatArray:
        """Its columns; see `Term`."""
        return series.regressors


@dataclass(frozen=True)
class Steps(Term):
    """Level shifts, in all bands alike: each adds a constant from its time on.

    times : days.
    """

    times: tuple[float, ...]
    prefix: ClassVar[str] = "step"

    def columns(self, series: Series) -> FloatArray:
        """Its columns; see `Term`."""
        return (series.time[:, None] >= np.asarray(self.times)[None, :]).astype(float)


@dataclass(frozen=True)
class Noise(Term):
    """White noise: the quoted errors times `scale`, and a jitter added in quadrature.

    scale : factor on all quoted errors; where it is estimated, errors are believed to half an e-folding beforehand (a
        Gaussian prior on its logarithm), which is what tells it from the jitter where all errors are alike.
    jitter : one number a band, or None to estimate; empty for none.
    """

    scale: float | None = 1.0
    jitter: tuple[float, ...] | None = None
    prefix: ClassVar[str] = "noise"
    is_noise: ClassVar[bool] = True

    def with_values(self, values: dict[str, float]) -> Noise:
        """The term with these of its numbers set."""
        jitter = tuple(v for n, v in values.items() if n != "scale") or self.jitter
        return Noise(values.get("scale", self.scale), jitter)

    def parameters(self, series: Series) -> list[Parameter]:
        """Its numbers; see `Term`."""
        out = [Parameter("scale", self.scale, 1.0, 0.05, 20.0, prior=0.5)]
        for b in range(series.bands):
            value = None if self.jitter is None else self.jitter[b] if self.jitter else 0.0
            limits = (0.3 * series.scale, 1e-3 * series.scale, 50 * series.scale)
            out.append(Parameter(f"jitter{b}", value, *limits, tries=(0.1,)))
        return out


#: All terms by name: what a stored model may be made of.
TERMS: dict[str, type[Term]] = {
    t.__name__: t for t in (Level, Trend, Seasonal, DampedWalk, Oscillator, Regressors, Steps, Noise)
}


def _scale_parameter(name: str, value: float | None, start: float) -> Parameter:
    return Parameter(name, value, start, start * math.exp(-_REACH), start * math.exp(_REACH))
