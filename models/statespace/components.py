"""The parts a light curve is made of: small frozen terms that `+` puts together into a model.

Every parameter is either a number or None; None is estimated by `fit`. Times are days, values are in any one unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from swope.pipeline.lightcurve import FloatArray, IntArray

if TYPE_CHECKING:
    from swope.models.statespace.kernel import Problem

#: A stochastic part: its kind, (n, states) how the rows see it, and which of the term's parameters it takes, in order.
Block = tuple[int, FloatArray, tuple[int, ...]]

#: How far, in e-foldings, a scale may go from its start.
_REACH = 12.0


@dataclass(frozen=True, eq=False)
class Series:
    """The rows a model is set upon: n observations in time order.

    Attributes
    ----------
    time : (n,) days, ascending; repeats are allowed.
    value : (n,) brighter is up or not, as one likes; ignored where `error` is infinite.
    error : (n,) quoted errors, positive; infinite for a row that is to be forecast and not to be learned from.
    band : (n,) index of each row's band, from 0.
    bands : number of bands.
    regressors : (n, r) further columns, r = 0 for none.
    inflate : (n,) factor on each row's noise variance: 1, or more for a row that is not to be trusted.
    origin : the time from which slopes and phases count.
    """

    time: FloatArray
    value: FloatArray
    error: FloatArray
    band: IntArray
    bands: int
    regressors: FloatArray
    inflate: FloatArray
    origin: float

    @classmethod
    def of(
        cls,
        time: FloatArray,
        value: FloatArray,
        error: FloatArray | None = None,
        band: IntArray | None = None,
        regressors: FloatArray | None = None,
        inflate: FloatArray | None = None,
        bands: int | None = None,
        origin: float | None = None,
    ) -> Series:
        """Make a series; not given means: errors of 1, one band, no regressors, nothing inflated, the first row's time.

        Raises
        ------
        ValueError
            When columns differ in length, times do not ascend, or an error is not positive.
        """
        n = len(time)
        times = np.ascontiguousarray(time, dtype=float)
        errors = np.ones(n) if error is None else np.ascontiguousarray(error, dtype=float)
        index = np.zeros(n, dtype=np.int32) if band is None else np.ascontiguousarray(band, dtype=np.int32)
        extra = np.empty((n, 0)) if regressors is None else np.asarray(regressors, dtype=float).reshape(n, -1)
        factor = np.ones(n) if inflate is None else np.ascontiguousarray(inflate, dtype=float)
        if not len(value) == len(errors) == len(index) == len(factor) == n:
            raise ValueError("time, value, error, band and inflate differ in length")
        if n and not np.all(np.diff(times) >= 0):
            raise ValueError("times must ascend: sort the rows first")
        if n and not np.all(errors > 0):
            raise ValueError("errors must be positive: leave out, or give a large error to, the rows without one")
        count = int(index.max(initial=0)) + 1 if bands is None else bands
        zero = (float(times[0]) if n else 0.0) if origin is None else origin
        return cls(times, np.asarray(value, dtype=float), errors, index, count, extra, factor, zero)

    def __len__(self) -> int:
        return len(self.time)

    def distrusting(self, inflate: FloatArray) -> Series:
        """The same rows with other factors (n,) on their noise variances."""
        out = replace(self, inflate=inflate)
        # all that is worked out of the other columns is kept
        vars(out).update((name, value) for name, value in vars(self).items() if name not in vars(out))
        return out

    def columns(self, term: Term) -> FloatArray:
        """(n, k) the columns of a term over these rows, worked out once."""
        if term not in self._columns:
            self._columns[term] = term.columns(self)
        return self._columns[term]

    @cached_property
    def _columns(self) -> dict[Term, FloatArray]:
        return {}

    @cached_property
    def observed(self) -> Any:
        """(n,) which rows carry an observation."""
        return np.isfinite(self.error)

    @cached_property
    def scale(self) -> float:
        """Robust standard deviation of the values about their band's median; the largest where that is zero."""
        values = self.value[self.observed].copy()
        bands = self.band[self.observed]
        for b in range(self.bands):
            if np.any(bands == b):
                values[bands == b] -= np.median(values[bands == b])
        if not len(values):
            return 1.0
        spread = 1.4826 * float(np.median(np.abs(values)))
        return spread or float(np.std(values)) or 1.0

    @cached_property
    def span(self) -> float:
        """Days from the first to the last observation; 1 where there is none."""
        times = self.time[self.observed]
        return float(times[-1] - times[0]) or 1.0 if len(times) else 1.0

    @cached_property
    def spacing(self) -> float:
        """Median of the positive steps, in days."""
        steps = np.diff(self.time[self.observed])
        steps = steps[steps > 0]
        return float(np.median(steps)) if len(steps) else 1.0


@dataclass(frozen=True)
class Parameter:
    """One positive number of a term: its name, its value (None: to be estimated), and where to look for it.

    prior : standard deviation of the logarithm about the start, before the data; infinite for none.
    tries : factors on the start that are tried, beside 1, before the search.
    """

    name: str
    value: float | None
    start: float
    low: float
    high: float
    prior: float = math.inf
    tries: tuple[float, ...] = ()


@dataclass(frozen=True)
class Term:
    """A part of a model; ``a + b`` is a `Model`."""

    prefix: ClassVar[str] = ""

    def __add__(self, other: Term | Model) -> Model:
        return Model((self,)) + other

    def parameters(self, series: Series) -> list[Parameter]:  # noqa: ARG002
        """The term's numbers, with starts and bounds that suit these rows."""
        return []

    def with_values(self, values: dict[str, float]) -> Self:
        """The term with these of its `parameters` set."""
        return replace(self, **values)

    def columns(self, series: Series) -> FloatArray:
        """(n, k) the columns whose coefficients are constants of the star."""
        return np.empty((len(series), 0))

    def blocks(self, series: Series) -> list[Block]:  # noqa: ARG002
        """The stochastic parts."""
        return []


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
        from swope.models.statespace import kernel

        return [] if self.sigma == 0 else [(kernel.WALK, np.ones((len(series), 1)), (0,))]


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
        from swope.models.statespace import kernel

        if self.sigma == 0 and self.slope_sigma == 0:
            return []
        if self.slope_sigma == 0:
            return [(kernel.WALK, np.ones((len(series), 1)), (0,))]
        return [(kernel.TREND, np.tile([1.0, 0.0], (len(series), 1)), (0, 1))]


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
        from swope.models.statespace import kernel

        if self.sigma == 0:
            return []
        # a rotating pair whose amplitude wanders is, seen from its own turning frame, two random walks
        waves = harmonic_columns(series.time - series.origin, self.period, self.harmonics)
        return [(kernel.WALK, waves[:, [j]], (0,)) for j in range(waves.shape[1])]


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
            sigma = replace(sigma, start=min(sigma.start, 0.5 * self.largest), high=self.largest)
        return [sigma, Parameter("tau", self.tau, tau, low, high, tries=(0.05, 0.3, 3.0, 20.0))]

    def blocks(self, series: Series) -> list[Block]:
        """Its stochastic blocks; see `Term`."""
        from swope.models.statespace import kernel

        seen = np.asarray(self.amplitude)[series.band] if self.amplitude else np.ones(len(series))
        return [(kernel.DAMPED, seen[:, None], (0, 1))]


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
        from swope.models.statespace import kernel

        return [(kernel.OSCILLATOR, np.tile([1.0, 0.0], (len(series), 1)), (0, 1, 2))]


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


@dataclass(frozen=True)
class Layout:
    """A model laid out over the rows of a series, ready for the compiled functions.

    Attributes
    ----------
    problem : the compiled functions' input.
    names : the free parameters' names, such as "walk.tau"; theta holds their logarithms.
    start, low, high : (p,) of theta.
    tries : p tuples of factors on each parameter's start, for `starts`.
    columns : the name of each column's term.
    """

    problem: Problem
    names: tuple[str, ...]
    start: FloatArray
    low: FloatArray
    high: FloatArray
    tries: tuple[tuple[float, ...], ...]
    columns: tuple[str, ...]

    def starts(self) -> list[FloatArray]:
        """(p,) each: where else a search may begin; the bands' parameters of one kind of a term go together."""
        kinds = [name.rstrip("0123456789") for name in self.names]
        tries = {kind: (1.0, *factors) for kind, factors in zip(kinds, self.tries, strict=True)}
        combinations = product(*tries.values())
        next(combinations)
        return [
            self.start + np.log([dict(zip(tries, chosen, strict=True))[kind] for kind in kinds])
            for chosen in combinations
        ]


@dataclass(frozen=True)
class Model:
    """A sum of terms. Without a `Noise` the quoted errors are taken as they are."""

    terms: tuple[Term, ...]

    def __add__(self, other: Term | Model) -> Model:
        return Model(self.terms + (other.terms if isinstance(other, Model) else (other,)))

    def __radd__(self, other: Term) -> Model:
        return Model((other, *self.terms))

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each term: its kind, with a number where there are several."""
        kinds = [t.prefix for t in self.terms]
        return tuple(k if kinds.count(k) == 1 else f"{k}{kinds[:i].count(k) + 1}" for i, k in enumerate(kinds))

    def layout(self, series: Series, restricted: bool = True) -> Layout:
        """Lay the model over a series.

        Parameters
        ----------
        restricted : integrate the columns' coefficients out (the diffuse likelihood) instead of maximising them.
        """
        from swope.models.statespace.kernel import Problem

        columns: list[FloatArray] = []
        names: list[str] = []
        observe: list[FloatArray] = []
        kinds: list[int] = []
        free: list[tuple[str, Parameter]] = []
        places: list[list[tuple[int, float]]] = []
        noise = [(-1, 1.0)] + [(-1, 0.0)] * series.bands
        for label, term in zip(self.labels, self.terms, strict=True):
            own = series.columns(term)
            columns.append(own)
            names += [label] * own.shape[1]
            blocks = term.blocks(series)
            taken = {i for _, _, takes in blocks for i in takes}
            place: list[tuple[int, float]] = []
            for i, parameter in enumerate(term.parameters(series)):
                if parameter.value is None and (i in taken or isinstance(term, Noise)):
                    place.append((len(free), 0.0))
                    free.append((f"{label}.{parameter.name}", parameter))
                else:
                    place.append((-1, parameter.value or 0.0))
            if isinstance(term, Noise):
                noise = place
            for kind, seen, takes in blocks:
                kinds.append(kind)
                observe.append(seen)
                places.append([place[i] for i in takes])
        width = max(3, series.bands)
        places += [[noise[0]] * series.bands, noise[1:]]
        padded = [p + [(-1, 0.0)] * (width - len(p)) for p in places]
        rows = np.hstack([*columns, np.where(series.observed, series.value, 0.0)[:, None]])
        limits = np.log(np.array([(p.start, p.low, p.high) for _, p in free]).reshape(-1, 3))
        problem = Problem(
            step=np.diff(series.time, prepend=series.time[:1]),
            rows=np.ascontiguousarray(rows),
            observe=np.ascontiguousarray(np.hstack(observe)) if observe else np.empty((len(series), 0)),
            error2=series.error**2,
            inflate=series.inflate,
            group=series.band,
            kind=np.array(kinds, dtype=np.int32),
            source=np.array([[index for index, _ in p] for p in padded], dtype=np.int32),
            fixed=np.array([[value for _, value in p] for p in padded]),
            restricted=int(restricted),
            centre=limits[:, 0].copy(),
            precision=np.array([p.prior**-2.0 for _, p in free]),
        )
        return Layout(
            problem,
            tuple(name for name, _ in free),
            limits[:, 0].copy(),
            limits[:, 1].copy(),
            limits[:, 2].copy(),
            tuple(p.tries for _, p in free),
            tuple(names),
        )

    def with_values(self, names: Sequence[str], theta: FloatArray) -> Model:
        """The model with its free parameters set: theta as in `Layout`."""
        given: dict[str, dict[str, float]] = {}
        for name, logarithm in zip(names, theta, strict=True):
            label, parameter = name.split(".", 1)
            given.setdefault(label, {})[parameter] = math.exp(logarithm)
        return Model(tuple(t.with_values(given.get(n, {})) for n, t in zip(self.labels, self.terms, strict=True)))

    def loglike(self, series: Series, restricted: bool = True) -> float:
        """Log-likelihood of a series under the model, all of whose parameters must be set.

        Parameters
        ----------
        restricted : integrate the coefficients of the columns out under flat priors (the exact diffuse likelihood).

        Raises
        ------
        ValueError
            When a parameter is None.
        """
        from swope.models.statespace import kernel

        layout = self.layout(series, restricted=restricted)
        if layout.names:
            raise ValueError(f"set these parameters first, or fit the model: {', '.join(layout.names)}")
        return float(kernel.loglike(np.empty(0), layout.problem))
