"""Terms put together into a model, and a model laid out over the rows of a series.

Every parameter is either a number or None; None is estimated by `fit`. Times are days, values are in any one unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from typing import ClassVar, NamedTuple, Self

import numpy as np

from swope.models.statespace.problem import Problem
from swope.models.statespace.series import Series
from swope.pipeline.lightcurve import FloatArray

#: A stochastic part: its kind, (n, states) how the rows see it, and which of the term's parameters it takes, in order.
Block = tuple[int, FloatArray, tuple[int, ...]]


class Parameter(NamedTuple):
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
    is_noise: ClassVar[bool] = False

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

    def starts(self) -> FloatArray:
        """(c, p) where a search may begin, `start` first; the bands' parameters of one kind of a term go together."""
        found: FloatArray = self.start + _combinations(self.names, self.tries)
        return found


@cache
def _combinations(names: tuple[str, ...], tries: tuple[tuple[float, ...], ...]) -> FloatArray:
    """(c, p) logarithms of the factors on the starts of parameters of these names, each with its tries."""
    kinds = [name.rstrip("0123456789") for name in names]
    factors = {kind: (1.0, *some) for kind, some in zip(kinds, tries, strict=True)}
    places = np.array([list(factors).index(kind) for kind in kinds], dtype=np.intp)
    return np.asarray(np.log(list(product(*factors.values())))[:, places])


@dataclass(frozen=True)
class Model:
    """A sum of terms. Without a `Noise` the quoted errors are taken as they are."""

    terms: tuple[Term, ...]

    def __add__(self, other: Term | Model) -> Model:
        return Model(self.terms + (other.terms if isinstance(other, Model) else (other,)))

    def __radd__(self, other: Term) -> Model:
        return Model((other, *self.terms))

    @cached_property
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
        laid = series.laid.get(self)
        if laid is None:
            laid = series.laid[self] = self._over(series)
        widths = [series.columns(term).shape[1] for term in self.terms]
        seen_in = tuple(term for term, width in zip(self.terms, widths, strict=True) if width)
        problem = laid.problem._replace(rows=series.rows(seen_in), inflate=series.inflate, restricted=int(restricted))
        columns = tuple(label for label, width in zip(self.labels, widths, strict=True) for _ in range(width))
        return replace(laid, problem=problem, columns=columns)

    def _over(self, series: Series) -> Layout:
        """The layout but for its columns: the same whatever these are, and however far the rows are to be trusted."""
        observe: list[FloatArray] = []
        kinds: list[int] = []
        free: list[tuple[str, Parameter]] = []
        places: list[list[tuple[int, float]]] = []
        noise = [(-1, 1.0)] + [(-1, 0.0)] * series.bands
        for label, term in zip(self.labels, self.terms, strict=True):
            blocks = term.blocks(series)
            taken = {i for _, _, takes in blocks for i in takes}
            place: list[tuple[int, float]] = []
            for i, parameter in enumerate(term.parameters(series)):
                if parameter.value is None and (i in taken or term.is_noise):
                    place.append((len(free), 0.0))
                    free.append((f"{label}.{parameter.name}", parameter))
                else:
                    place.append((-1, parameter.value or 0.0))
            if term.is_noise:
                noise = place
            for kind, seen, takes in blocks:
                kinds.append(kind)
                observe.append(seen)
                places.append([place[i] for i in takes])
        width = max(3, series.bands)
        places += [[noise[0]] * series.bands, noise[1:]]
        padded = [p + [(-1, 0.0)] * (width - len(p)) for p in places]
        limits = np.log(np.array([(p.start, p.low, p.high) for _, p in free]).reshape(-1, 3))
        problem = Problem(
            step=series.step,
            rows=np.empty((len(series), 1)),
            observe=observe[0] if len(observe) == 1 else np.hstack([np.empty((len(series), 0)), *observe]),
            error2=series.error2,
            inflate=series.inflate,
            group=series.band,
            kind=np.array(kinds, dtype=np.int32),
            source=np.array([[index for index, _ in p] for p in padded], dtype=np.int32),
            fixed=np.array([[value for _, value in p] for p in padded]),
            restricted=0,
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
            (),
        )

    def with_values(self, names: Sequence[str], theta: FloatArray) -> Model:
        """The model with its free parameters set: theta as in `Layout`."""
        given: dict[str, dict[str, float]] = {}
        for name, logarithm in zip(names, theta, strict=True):
            label, parameter = name.split(".", 1)
            given.setdefault(label, {})[parameter] = math.exp(logarithm)
        labelled = zip(self.labels, self.terms, strict=True)
        return Model(tuple(t.with_values(given[label]) if label in given else t for label, t in labelled))

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
        from swope.models.statespace.kernels.likelihood import loglike

        layout = self.layout(series, restricted=restricted)
        if layout.names:
            raise ValueError(f"set these parameters first, or fit the model: {', '.join(layout.names)}")
        return float(loglike(np.empty(0), layout.problem))
