"""Fit a model to a series by maximum likelihood, and follow a series with a fitted model, one observation at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from swope.models.statespace.layout import Layout, Model
from swope.models.statespace.problem import Problem
from swope.models.statespace.series import Series
from swope.pipeline.lightcurve import FloatArray

if TYPE_CHECKING:
    from swope.models.statespace.kernels.likelihood import Evidence


@dataclass(frozen=True, eq=False)
class Fit:
    """A model with its numbers.

    Attributes
    ----------
    free : the model that was fitted, some of its parameters None.
    layout : the model with its free parameters, over the rows that it was fitted to.
    names, theta : (p,) the free parameters' logarithms.
    metric : (p, p) the search's own rough idea of the covariance, for warm starts.
    loglike : maximised log-likelihood.
    bic : Bayesian information criterion, with columns and free parameters counted.
    coefficient, coefficient_covariance : (k,), (k, k) of the columns.
    columns : (k,) the term each column belongs to.
    converged : whether the search ended at a maximum.
    steps : steps of the search.
    """

    free: Model
    layout: Layout
    names: tuple[str, ...]
    theta: FloatArray
    metric: FloatArray
    loglike: float
    bic: float
    coefficient: FloatArray
    coefficient_covariance: FloatArray
    columns: tuple[str, ...]
    converged: bool
    steps: int

    @cached_property
    def model(self) -> Model:
        """The fitted model, every parameter set."""
        return self.free.with_values(self.names, self.theta)

    @cached_property
    def covariance(self) -> FloatArray:
        """(p, p) of theta: the inverse curvature of the log-likelihood; NaN where it has none.

        Most fits are only compared, and it costs as much as a few steps of the search.
        """
        from swope.models.statespace.kernels.search import curvature

        bend = curvature(self.theta, self.layout.low, self.layout.high, self.layout.problem)
        inverse: FloatArray = np.full_like(bend, np.nan)
        with suppress(np.linalg.LinAlgError):
            inverse[:] = np.linalg.inv(bend)
        return inverse

    def uncertainty(self, name: str) -> float:
        """One sigma of a free parameter's logarithm; NaN where unknown."""
        i = self.names.index(name)
        return math.sqrt(self.covariance[i, i]) if self.covariance[i, i] > 0 else math.nan


def fit(
    model: Model,
    series: Series,
    starts: Sequence[FloatArray] = (),
    warm: Fit | None = None,
    restricted: bool = False,
    iterations: int = 60,
    near: Fit | None = None,
) -> Fit:
    """Fit the free parameters of a model.

    Likelihood and coefficients of the columns are maximised in turn (their information is orthogonal, so that two or
    three turns do), which keeps the columns out of the search's many likelihoods.

    Parameters
    ----------
    model : some of its parameters None.
    starts : theta to begin from, beside the model's own starts; the search begins at the best.
    warm : a fit of a similar model with the same free parameters, to begin from instead.
    restricted : in the end maximise the diffuse likelihood, in which the columns' coefficients are integrated out: its
        variances are not biased low by many columns. The default is the likelihood itself, whose values, unlike the
        diffuse ones, can be compared between models with different columns.
    near : a fit of a similar model to similar rows, whose numbers are one start more where it has the same parameters.

    Raises
    ------
    ValueError
        When there are no more observations than columns.
    """
    from swope.models.statespace.kernels.likelihood import evidence
    from swope.models.statespace.kernels.search import maximise
    from swope.models.statespace.kernels.turns import in_turn

    layout = model.layout(series, restricted=restricted)
    observed = int(series.observed.sum())
    k = layout.problem.rows.shape[1] - 1
    if observed <= k:
        raise ValueError(f"{observed} observations are too few for a model with {k} columns")
    likelihood = layout.problem._replace(restricted=0)
    metric = np.zeros((len(layout.names), len(layout.names)))
    if warm is not None:
        begin, metric = warm.theta[None, :], warm.metric.copy()
    else:
        known = (near.theta,) if near is not None and near.names == layout.names else ()
        begin = np.vstack([*starts, *known, layout.starts()])
    # in one order, so that the search is compiled for no other
    begin = np.ascontiguousarray(np.clip(begin, layout.low, layout.high))
    theta, steps = begin[0], 0
    if warm is None or not (restricted and k):
        alone = likelihood._replace(rows=np.empty((len(series), 1)))
        theta, loglike, converged, steps, now = in_turn(
            begin, layout.low, layout.high, likelihood, alone, metric, iterations
        )
    if restricted and k:
        theta, loglike, converged, more = maximise(
            theta[None], layout.low, layout.high, layout.problem, metric, iterations
        )
        steps += more
        now = evidence(theta, layout.problem)
    return _finished(model, layout, theta, loglike, metric, converged, steps, observed, now)


def _finished(
    model: Model,
    layout: Layout,
    theta: FloatArray,
    loglike: float,
    metric: FloatArray,
    converged: bool,
    steps: int,
    observed: int,
    now: Evidence,
) -> Fit:
    p = len(theta)
    k = layout.problem.rows.shape[1] - 1
    return Fit(
        free=model,
        layout=layout,
        names=layout.names,
        theta=theta,
        metric=metric,
        loglike=loglike,
        bic=-2 * loglike + (p + k) * math.log(max(observed, 2)),
        coefficient=now.coefficient,
        coefficient_covariance=now.covariance,
        columns=layout.columns,
        converged=bool(converged),
        steps=int(steps),
    )


@dataclass(frozen=True, eq=False)
class Smooth:
    """A series seen with all its rows at once.

    Attributes
    ----------
    mean, sigma : (n,) the star itself, free of noise, at each row, given all rows.
    alone : (n,) standardised residual of each row from what all the others say of it; 0 for unobserved rows.
    shift : (n,) standardised size of a level shift that begins at each row, in all bands alike (sigma); NaN where the
        rows cannot tell it from the model's own columns.
    """

    mean: FloatArray
    sigma: FloatArray
    alone: FloatArray
    shift: FloatArray


def smooth(model: Model, series: Series) -> Smooth:
    """Smooth a series with a fitted model; rows with infinite errors are interpolated (or extrapolated).

    Raises
    ------
    ValueError
        When a parameter of the model is None, or the model is degenerate on these rows.
    """
    from swope.models.statespace.kernels.smoother import backward

    layout = model.layout(series)
    if layout.names:
        raise ValueError(f"set these parameters first, or fit the model: {', '.join(layout.names)}")
    problem, theta = layout.problem, np.empty(0)
    beta, covariance = _coefficients(theta, problem)
    both = backward(theta, problem)
    columns = problem.rows[:, :-1]
    bare = columns - both.signal[:, :-1]
    mean = both.signal[:, -1] + bare @ beta
    variance = both.signal_variance + np.sum((bare @ covariance) * bare, axis=1)
    return Smooth(
        mean,
        np.sqrt(np.maximum(variance, 0.0)),
        _standardised(both.solved, both.diagonal, beta, _room(both.solved, both.diagonal, covariance)),
        _standardised(both.step_sum, both.step_norm, beta, _room(both.step_sum, both.step_norm, covariance)),
    )


def contradictions(theta: FloatArray, problem: Problem) -> tuple[FloatArray, FloatArray]:
    """`Smooth.alone`, by one pass back through the rows.

    Parameters
    ----------
    theta : (p,) the model's free numbers.

    Returns
    -------
    (n,) residuals, and (n,) what they were divided by; infinite where there is no room.

    Raises
    ------
    ValueError
        When the model is degenerate on these rows.
    """
    from swope.models.statespace.kernels.smoother import solve

    both = solve(theta, problem)
    beta, covariance = _coefficients(theta, problem)
    room = _room(both.solved, both.diagonal, covariance)
    return _standardised(both.solved, both.diagonal, beta, room), 1.0 / np.sqrt(np.maximum(room, 1e-300))


def shift_scores(fitted: Fit) -> FloatArray:
    """(n,) `Smooth.shift` of a fitted model on the rows that it was fitted to."""
    from swope.models.statespace.kernels.smoother import solve

    both = solve(fitted.theta, fitted.layout.problem)
    room = _room(both.step_sum, both.step_norm, fitted.coefficient_covariance)
    return _standardised(both.step_sum, both.step_norm, fitted.coefficient, room)


def _coefficients(theta: FloatArray, problem: Problem) -> tuple[FloatArray, FloatArray]:
    """(k,), (k, k) the columns' coefficients and their covariance."""
    from swope.models.statespace.kernels.likelihood import evidence

    now = evidence(theta, problem)
    if not math.isfinite(now.loglike):
        raise ValueError("the model's columns are not independent on these rows")
    return now.coefficient, now.covariance


def _standardised(solved: FloatArray, norm: FloatArray, beta: FloatArray, room: FloatArray) -> FloatArray:
    """(n,) score over its standard deviation, the root of its room (n,); NaN where there is none."""
    score = solved[:, -1] - solved[:, :-1] @ beta
    free = room > 1e-9 * np.maximum(norm, 1e-300)
    out: FloatArray = np.where(free, score / np.sqrt(np.where(free, room, 1.0)), np.where(norm > 0, np.nan, 0.0))
    return out


def _room(solved: FloatArray, norm: FloatArray, covariance: FloatArray) -> FloatArray:
    """(n,) variance of a score, the columns' coefficients estimated along."""
    room: FloatArray = norm - np.sum((solved[:, :-1] @ covariance) * solved[:, :-1], axis=1)
    return room


@dataclass(frozen=True, eq=False)
class Record:
    """All that a filter remembers of a star: as much after one night as after ten years.

    Attributes
    ----------
    model : every parameter set.
    origin : the time from which slopes and phases count.
    time : the last row's time; NaN before the first.
    bands : number of bands.
    state, spread : (m, k + 1), (m, m) the filtered states of every column, and their covariance.
    coefficient, covariance : (k,), (k, k) what is known of the columns' coefficients.
    limit : innovations beyond this many sigma teach less the further out they are.
    """

    model: Model
    origin: float
    time: float
    bands: int
    state: FloatArray
    spread: FloatArray
    coefficient: FloatArray
    covariance: FloatArray
    limit: float


def start(model: Model, series: Series, prior: FloatArray, limit: float = math.inf) -> Record:
    """A filter that has seen nothing yet.

    Parameters
    ----------
    model : every parameter set.
    series : says how many bands there are and the time from which slopes and phases count; its rows are not used.
    prior : (k,) standard deviation, about zero, of each column's coefficient.
    limit : sigma at which innovations begin to teach less; infinite for the exact linear filter.

    Raises
    ------
    ValueError
        When a parameter of the model is None.
    """
    layout = model.layout(series)
    if layout.names:
        raise ValueError(f"set these parameters first, or fit the model: {', '.join(layout.names)}")
    m, k = layout.problem.observe.shape[1], layout.problem.rows.shape[1] - 1
    return Record(
        model=model,
        origin=series.origin,
        time=math.nan,
        bands=series.bands,
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
        When a row is earlier than the record's last, or the rows have not as many regressors as the first had.
    """
    from swope.models.statespace.kernels.forecasts import follow

    n = len(series)
    if n == 0:
        return record, np.empty(0), np.empty(0)
    first = math.isnan(record.time)
    if not first and series.time[0] < record.time:
        raise ValueError(f"a row at {series.time[0]} is earlier than the last one known, {record.time}")
    if (series.origin, series.bands) != (record.origin, record.bands):
        series = replace(series, origin=record.origin, bands=record.bands)
    problem = record.model.layout(series).problem
    if problem.rows.shape[1] != len(record.coefficient) + 1:
        raise ValueError(
            f"the model has {len(record.coefficient)} columns, these rows give {problem.rows.shape[1] - 1}: "
            "give as many regressors as at the start"
        )
    step = series.step.copy()
    step[0] = 0.0 if first else series.time[0] - record.time
    problem = problem._replace(step=step)
    state, spread = record.state.copy(), record.spread.copy()
    coefficient, covariance = record.coefficient.copy(), record.covariance.copy()
    mean, variance = np.empty(n), np.empty(n)
    follow(np.empty(0), problem, first, state, spread, coefficient, covariance, record.limit, mean, variance)
    after = replace(
        record,
        time=float(series.time[-1]),
        state=state,
        spread=spread,
        coefficient=coefficient,
        covariance=covariance,
    )
    return after, mean, np.sqrt(variance)


def forecast(
    record: Record, time: FloatArray, band: int = 0, regressors: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Forecast a star at any later times.

    Parameters
    ----------
    record : the filter after the last observation.
    time : (n,) days, ascending, no earlier than the record's last row.
    band : which band.
    regressors : (n, r) the further columns at these times, where the model has them.

    Returns
    -------
    (n,) means and (n,) standard deviations of the star itself; add an observation's own noise in quadrature.

    Raises
    ------
    ValueError
        When a time is too early, or regressors that the model needs are not given.
    """
    times = np.asarray(time, dtype=float)
    n = len(times)
    rows = Series.of(
        times,
        np.zeros(n),
        np.full(n, np.inf),
        np.full(n, band, dtype=np.int32),
        regressors,
        bands=record.bands,
    )
    return update(record, rows)[1:]
