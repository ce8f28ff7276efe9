"""Slow events: what lasts too long to surprise a one-step forecast, and adds up to much all the same.

A star that fades by less than its noise over half its span never misses a forecast by much. Here whole curves are held
against templates instead: pulses of a 32nd to a half of the rows, level shifts, a trend, and changes of the period (the
folded curve running early or late). One pass of the filter over all templates gives every one's score, as the smoother
does for a level shift (de Jong & Penzer 1998, JASA 93, 796); the best are then tested by the likelihood ratio, noise
and walk fitted again, since these had swallowed part of the event.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models.statespace.components import DampedWalk, Model, Noise, Oscillator, Regressors, Seasonal, Series
from models.statespace.fit import Fit, fit
from models.statespace.star import StarFit
from pipeline.lightcurve import FloatArray

SlowKind = Literal["pulse", "shift", "trend", "period"]

#: Shares of the rows that pulses last, and the least number of rows.
_WIDTHS = (2, 4, 8, 16, 32)
_LEAST_ROWS = 6

#: Where in the rows a period may begin to change.
_KNOTS = (0.2, 0.35, 0.5, 0.65, 0.8)

#: At most so many slow events are looked for in a star.
_MOST = 3

#: Longest memory of an ordinary star's own wandering: as a share of the span, and days. What wanders for longer is slow.
_MEMORY, _LONGEST = 0.1, 150.0

#: Scores below this many sigma are not worth a fit.
_WORTH_A_FIT = 3.0


@dataclass(frozen=True)
class Slow:
    """A slow event.

    Attributes
    ----------
    kind : what was found.
    first, last : rows that it begins and ends with.
    effect : (n,) what it adds to each row, in the prepared units.
    ratio : twice the gain in log-likelihood.
    pvalue : probability of as large a gain by any template in an ordinary star.
    """

    kind: SlowKind
    first: int
    last: int
    effect: FloatArray
    ratio: float
    pvalue: float


@dataclass(frozen=True, eq=False)
class _Templates:
    """(n, t) templates, with the kind, the first and the last row of each."""

    columns: FloatArray
    kinds: tuple[SlowKind, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]


def find_slow(fitted: StarFit, pvalue: float = 1e-3) -> tuple[Slow, ...]:
    """The slow events of a star, the strongest first.

    Parameters
    ----------
    pvalue : less significant ones are not reported.
    """
    series = fitted.prepared.series
    templates = _templates(fitted)
    if templates is None:
        return ()
    null = _null(fitted.template, series)
    try:
        now = fit(null, series, uncertainties=False)
    except ValueError:
        return ()
    found: list[Slow] = []
    known = np.empty((len(series), 0))
    while len(found) < _MOST:
        best = _best(null, replace(series, regressors=known), templates, now)
        if best is None:
            break
        index, better = best
        ratio = 2 * (better.loglike - now.loglike)
        chance = slow_pvalue(ratio, len(templates.kinds))
        if chance > pvalue:
            break
        effect = better.coefficient[-1] * templates.columns[:, index]
        kind, first, last = templates.kinds[index], templates.first[index], templates.last[index]
        found.append(Slow(kind, first, last, effect, ratio, chance))
        known, now = np.column_stack([known, templates.columns[:, index]]), better
    return tuple(found)


def slow_pvalue(ratio: float, templates: int) -> float:
    """P-value of the largest likelihood ratio (chi-square of one degree) of so many templates."""
    return min(1.0, templates * math.erfc(math.sqrt(max(ratio, 0.0) / 2)))


def _null(template: Model, series: Series) -> Model:
    """What an ordinary star may do: the star's own structure, and a walk whose memory is short against the curve."""
    own = tuple(t for t in template.terms if not isinstance(t, DampedWalk | Oscillator))
    return Model((*own, DampedWalk(longest=min(_MEMORY * series.span, _LONGEST))))


def _best(null: Model, series: Series, templates: _Templates, now: Fit) -> tuple[int, Fit] | None:
    """The most likely template and the fit with it; None where none is worth a fit.

    The scores are taken both under the fitted model and under the one without its walk, which may be there for the
    event's sake.
    """
    walk = next(t for t in now.model.terms if isinstance(t, DampedWalk))
    still = Model(
        tuple(
            replace(t, jitter=tuple(math.hypot(j, walk.sigma or 0.0) for j in t.jitter or ()))
            if isinstance(t, Noise)
            else t
            for t in now.model.terms
            if t is not walk
        )
    )
    candidates = set()
    for model in (now.model, still):
        score = np.abs(_scores(model, series, templates.columns))
        if score.max() > _WORTH_A_FIT:
            candidates.add(int(np.argmax(score)))
    best = None
    for index in sorted(candidates):
        columns = np.column_stack([series.regressors, templates.columns[:, index]])
        better = fit(null + Regressors(), replace(series, regressors=columns), warm=now, uncertainties=False)
        if best is None or better.loglike > best[1].loglike:
            best = index, better
    return best


def _scores(model: Model, series: Series, columns: FloatArray) -> FloatArray:
    """(t,) standardised coefficient of each template alone beside the model's own columns; 0 where these are alike."""
    from models.statespace import kernel

    problem = model.layout(series).problem
    k = problem.rows.shape[1] - 1
    rows = np.ascontiguousarray(np.hstack([problem.rows[:, :k], columns, problem.rows[:, k:]]))
    inner = kernel.products(problem._replace(rows=rows))
    if not np.isfinite(inner).all():
        return np.zeros(columns.shape[1])
    own = inner[:k, :k] + 1e-9 * np.diag(np.diag(inner)[:k])
    across = inner[:k, k:]
    rest = inner[k:, k:] - across.T @ np.linalg.solve(own, across)
    norm = np.diag(rest)[:-1]
    free = norm > 1e-4 * np.maximum(np.diag(inner)[k:-1], 1e-300)
    score: FloatArray = np.where(free, rest[:-1, -1] / np.sqrt(np.where(free, norm, 1.0)), 0.0)
    return score


def _templates(fitted: StarFit) -> _Templates | None:
    """All that is looked for in a star; None where it has too few rows."""
    series = fitted.prepared.series
    n = len(series)
    columns: list[FloatArray] = []
    about: list[tuple[SlowKind, int, int]] = []
    row = np.arange(n)
    finest = 1
    for share in _WIDTHS:
        width = n / share
        if width < _LEAST_ROWS:
            break
        finest = share
        for i in range(2 * share - 1):
            lo, hi = round(0.5 * i * width), round((0.5 * i + 1) * width) - 1
            # what touches an end of the curve is a level shift
            if lo > 0 and hi < n - 1:
                columns.append(((row >= lo) & (row <= hi)).astype(float))
                about.append(("pulse", lo, hi))
    if finest == 1:
        return None
    for i in range(1, 2 * finest):
        lo = round(0.5 * i * n / finest)
        columns.append((row >= lo).astype(float))
        about.append(("shift", lo, n - 1))
    columns.append((series.time - series.time[0]) / series.span)
    about.append(("trend", 0, n - 1))
    drift = _drift(fitted)
    if drift is not None:
        for knot in _KNOTS:
            lo = int(knot * n)
            columns.append(drift * np.maximum(series.time - series.time[lo], 0.0) / series.span)
            about.append(("period", lo, n - 1))
    kinds, first, last = zip(*about, strict=True)
    return _Templates(np.column_stack(columns), kinds, first, last)


def _drift(fitted: StarFit) -> FloatArray | None:
    """(n,) what a late clock adds: minus the folded curve's slope in phase; None for a star without one."""
    season = next((t for t in fitted.plain.model.terms if isinstance(t, Seasonal)), None)
    if season is None:
        return None
    series = fitted.prepared.series
    names = np.array(fitted.plain.columns)
    waves = series.columns(season)
    pairs = fitted.plain.coefficient[names == "seasonal"].reshape(-1, season.harmonics, 2)
    turned = np.stack([-pairs[..., 1], pairs[..., 0]], axis=-1) * np.arange(1, season.harmonics + 1)[:, None]
    slope: FloatArray = waves @ turned.reshape(-1)
    return slope if np.ptp(slope) > 0 else None
