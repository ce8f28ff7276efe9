"""Fit a model to a series by maximum likelihood, and follow a series with a fitted model, one observation at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.statespace.components import Layout, Model, Series
from pipeline.lightcurve import FloatArray


@dataclass(frozen=True, eq=False)
class Fit:
    """A model with its numbers.

    Attributes
    ----------
    model : the fitted model, every parameter set.
    names, theta, covariance : (p,), (p, p) the free parameters: logarithms, and noise excesses as they are, with the
        inverse curvature of the log-likelihood (NaN where it is not positive).
    at_bound : names of the parameters that ended at a bound of their range.
    loglike : maximised log-likelihood.
    bic : Bayesian information criterion, with columns and free parameters counted.
    coefficient, coefficient_covariance : (k,), (k, k) of the columns.
    columns : (k,) the term each column belongs to.
    converged : whether the search ended at a maximum.
    steps : steps of the search.
    """

    model: Model
    names: tuple[str, ...]
    theta: FloatArray
    covariance: FloatArray
    at_bound: tuple[str, ...]
    loglike: float
    bic: float
    coefficient: FloatArray
    coefficient_covariance: FloatArray
    columns: tuple[str, ...]
    converged: bool
    steps: int

    def uncertainty(self, name: str) -> float:
        """One sigma of a free parameter (of its logarithm, where theta holds that); NaN where unknown."""
        i = self.names.index(name)
        return math.sqrt(self.covariance[i, i]) if self.covariance[i, i] > 0 else math.nan


def fit(
    model: Model,
    series: Series,
    starts: Sequence[FloatArray] = (),
    restricted: bool = False,
    uncertainties: bool = True,
    iterations: int = 60,
) -> Fit:
    """Fit the free parameters of a model.

    Parameters
    ----------
    model : some of its parameters None.
    starts : theta to begin from, beside the model's own start; the best of them is where the search starts.
    restricted : maximise the diffuse likelihood, in which the columns' coefficients are integrated out, instead of the
        likelihood itself (whose values can be compared between models with different columns).
    uncertainties : whether to compute the covariance of theta (its cost is about that of a few steps).

    Raises
    ------
    ValueError
        When there are no more observations than columns.
    """
    from models.statespace import kernel

    layout = model.layout(series, restricted=restricted)
    observed = int(series.observed.sum())
    k = layout.problem.rows.shape[1] - 1
    if observed <= k:
        raise ValueError(f"{observed} observations are too few for a model with {k} columns")
    candidates = [np.clip(s, layout.low, layout.high) for s in (layout.start, *starts)]
    if len(candidates) > 1:
        values = [kernel.loglike(c, layout.problem) for c in candidates]
        candidates = [candidates[int(np.argmax(values))]]
    theta, loglike, converged, steps = kernel.maximise(
        candidates[0], layout.low, layout.high, layout.problem, iterations
    )
    return _finished(model, layout, theta, loglike, converged, steps, observed, uncertainties)


def _finished(
    model: Model,
    layout: Layout,
    theta: FloatArray,
    loglike: float,
    converged: bool,
    steps: int,
    observed: int,
    uncertainties: bool,
) -> Fit:
    from models.statespace import kernel

    p = len(theta)
    covariance = np.full((p, p), np.nan)
    if uncertainties and p:
        bend = kernel.curvature(theta, layout.low, layout.high, layout.problem)
        try:
            covariance = np.linalg.inv(bend)
        except np.linalg.LinAlgError:
            covariance = np.full((p, p), np.nan)
    summary = kernel.evidence(theta, layout.problem)
    margin = 1e-3
    bound = tuple(
        n
        for n, x, lo, hi in zip(layout.names, theta, layout.low, layout.high, strict=True)
        if x < lo + margin or x > hi - margin
    )
    k = layout.problem.rows.shape[1] - 1
    return Fit(
        model=model.with_values(layout.names, theta),
        names=layout.names,
        theta=theta,
        covariance=covariance,
        at_bound=bound,
        loglike=loglike,
        bic=-2 * loglike + (p + k) * math.log(max(observed, 2)),
        coefficient=summary.coefficient,
        coefficient_covariance=summary.covariance,
        columns=layout.columns,
        converged=bool(converged),
        steps=int(steps),
    )


@dataclass(frozen=True, eq=False)
class Record:
    """All that a filter remembers of a star: as much after one night as after ten years.

    Attributes
    ----------
    model : every parameter set.
    origin : the time from which slopes and phases count.
    time : the last row's time; NaN before the first.
    typical : (bands,) typical error of each band, from which the noise excess counts.
    state, spread : (m, k + 1), (m, m) the filtered states of every column, and their covariance.
    coefficient, covariance : (k,), (k, k) what is known of the columns' coefficients.
    limit : innovations beyond this many sigma teach less the further out they are.
    """

    model: Model
    origin: float
    time: float
    typical: FloatArray
    state: FloatArray
    spread: FloatArray
    coefficient: FloatArray
    covariance: FloatArray
    limit: float


def start(
    model: Model, series: Series, prior: FloatArray, limit: float = math.inf, origin: float | None = None
) -> Record:
    """A filter that has seen nothing yet.

    Parameters
    ----------
    model : every parameter set.
    series : says the bands and their typical errors; its rows are not used but for the default of `origin`.
    prior : (k,) standard deviation, about zero, of each column's coefficient.
    limit : sigma at which innovations begin to teach less; infinite for the exact linear filter.

    Raises
    ------
    ValueError
        When a parameter of the model is None.
    """
    layout = model.layout(series, origin=origin)
    if layout.names:
        raise ValueError(f"set these parameters first, or fit the model: {', '.join(layout.names)}")
    m, k = layout.problem.observe.shape[1], layout.problem.rows.shape[1] - 1
    zero = (float(series.time[0]) if len(series) else 0.0) if origin is None else origin
    return Record(
        model=model,
        origin=zero,
        time=math.nan,
        typical=series.typical,
        state=np.zeros((m, k + 1)),
        spread=np.zeros((m, m)),
        coefficient=np.zeros(k),
        covariance=np.diag(np.asarray(prior, dtype=float) ** 2),
        limit=limit,
    )


def update(record: Record, series: Series) -> tuple[Record, FloatArray, FloatArray]:
    """Go on with new rows, forecasting each from all before it, then learning from it. O(1) a row.

    Parameters
    ----------
    series : rows no earlier than the record's last; rows with infinite errors are forecast, not learned from.

    Returns
    -------
    The new record; (n,) forecasts; (n,) their standard deviations, with the row's own noise (for a row with infinite
    error: without any). Feeding rows in several calls gives the same numbers as in one.

    Raises
    ------
    ValueError
        When a row is earlier than the record's last.
    """
    from models.statespace import kernel

    n = len(series)
    if n == 0:
        return record, np.empty(0), np.empty(0)
    first = math.isnan(record.time)
    if not first and series.time[0] < record.time:
        raise ValueError(f"a row at {series.time[0]} is earlier than the last one known, {record.time}")
    series = replace(series, typical=record.typical)
    problem = record.model.layout(series, origin=record.origin).problem
    problem.step[0] = 0.0 if first else series.time[0] - record.time
    arrays = [a.copy() for a in (record.state, record.spread, record.coefficient, record.covariance)]
    mean, variance = np.empty(n), np.empty(n)
    kernel.follow(np.empty(0), problem, first, *arrays, record.limit, mean, variance)
    state, spread, coefficient, covariance = arrays
    after = replace(
        record,
        time=float(series.time[-1]),
        state=state,
        spread=spread,
        coefficient=coefficient,
        covariance=covariance,
    )
    return after, mean, np.sqrt(variance)


def forecast(record: Record, time: FloatArray, band: int = 0) -> tuple[FloatArray, FloatArray]:
    """Forecast a star at any later times.

    Parameters
    ----------
    record : the filter after the last observation.
    time : (n,) days, ascending, no earlier than the record's last row.
    band : which band.

    Returns
    -------
    (n,) means and (n,) standard deviations of the star itself; add an observation's own noise in quadrature.
    """
    times = np.asarray(time, dtype=float)
    n = len(times)
    rows = Series.of(
        times,
        np.zeros(n),
        np.full(n, np.inf),
        np.full(n, band, dtype=np.int32),
        bands=len(record.typical),
        typical=record.typical,
    )
    return update(record, rows)[1:]
