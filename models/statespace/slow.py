"""Events against the whole curve: what adds up to much though no single forecast missed by much.

A star that fades by less than its noise over half its span never surprises a one-step forecast, and a bump of ten rows
that the fit took for the star's own wandering surprises none either. Here a star's whole curve is held against
templates: pulses of any length from three rows to half of them, level shifts, a fading from some time on, and changes
of the period (the folded curve running early or late from some time on). Their scores, with and without the star's
walk, pick candidates (for a level shift see de Jong & Penzer 1998, JASA 93, 796); each is then tested by the likelihood
ratio, noise and walk fitted again, since these had swallowed part of the event.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from swope.models.statespace.believed import visit_gains
from swope.models.statespace.fit import Fit, contradictions, fit
from swope.models.statespace.layout import Model
from swope.models.statespace.problem import Problem
from swope.models.statespace.series import Series
from swope.models.statespace.star import StarFit, StarOptions, distrust, fold_misfit
from swope.models.statespace.templates import SHORTEST, Bumps, Ramps, SlowKind, Template, beside
from swope.models.statespace.terms import DampedWalk, Noise, Oscillator, Regressors
from swope.pipeline.events import visits
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.median import median

Profile = Literal["shaped", "box", "burst"]

#: Rows of either side of a level shift.
_MIN_SIDE = 5

#: Rows that all others contradict by more than the first had their noise raised until they did not; here they may by
#: the second (sigma).
_DISTRUSTED, _MOST_A_ROW = StarOptions().outlier, 4.0

#: Where the folded curve fits so many times worse than elsewhere, rows are trusted less.
_MISFIT = 2.0

#: A pulse on so much of whose rows a stronger one is but made smaller is none.
_UNDONE = 0.5

#: A star changes its period only where it keeps it: over fewer cycles a clock cannot be told from the habit of a Mira,
#: each of whose cycles comes early or late.
_CLOCK = 20

#: A pulse that takes more than this share of the span is one of the slow changes that ordinary stars have.
_LASTS = 0.15

#: At most so many events are looked for in a star.
_MOST = 4

#: Longest memory of an ordinary star's wandering: as a share of the span, and days. What wanders for longer is slow.
_MEMORY, _LONGEST = 0.125, 150.0

#: How far a star wanders, in robust standard deviations of its residuals.
_WILDEST = 1.2

#: Scores below this many sigma are not worth a fit.
_WORTH_A_FIT = 4.0

#: Templates of each kind that are tried: so many a row, and so many more. As many independent ones as give white noise
#: the p-values it should have, and damped walks (whose numbers are fitted too) hardly more than these, as printed by
#: `python -m tests.bench.forecast_events`.
_TRIES: dict[SlowKind, tuple[float, float]] = {
    "pulse": (15.0, 0.0),
    "shift": (6.0, 0.0),
    "trend": (0.0, 300.0),
    "period": (0.0, 20.0),
}


@dataclass(frozen=True, eq=False)
class Slow:
    """An event against the whole curve.

    Attributes
    ----------
    kind : what was found.
    first, last : rows that it begins and ends with.
    effect : (n,) what it adds to each row, in the prepared units.
    ratio : twice the gain in log-likelihood.
    apparent : probability of as large a gain by any template of the kind, were the noise Gaussian and its own in each
        row. What only appears to be an event may hide others all the same.
    pvalue : the same of an ordinary star, whose visits are what they are (`swope.models.statespace.believed`).
    alone : the same of the visit that tells most of it, which may be a rotten one.
    rest : probability that the other visits go as far by chance; 1 where there is no other.
    lasts : whether it is a pulse that takes a good part of the span.
    profile : of a pulse: a "box" is as high all the time, a "burst" leaves the quiet state at once.
    """

    kind: SlowKind
    first: int
    last: int
    effect: FloatArray
    ratio: float
    apparent: float
    pvalue: float
    alone: float
    rest: float = 1.0
    lasts: bool = False
    profile: Profile = "shaped"


def covered(found: Iterable[Slow], rows: int) -> BoolArray:
    """(rows,) which rows lie within an event."""
    inside = np.zeros(rows, dtype=bool)
    for slow in found:
        inside[slow.first : slow.last + 1] = True
    return inside


def find_slow(fitted: StarFit, pvalue: float = 1e-3) -> tuple[Slow, ...]:
    """What appears to be an event of a star against its whole curve, the strongest first.

    Parameters
    ----------
    pvalue : what appears to be less significant is left out.
    """
    if len(fitted.prepared.series) < 4 * _MIN_SIDE:
        return ()
    series = fitted.prepared.series
    drift = _drift(fitted)
    null = _null(fitted)
    if drift is not None:
        # whatever the period is exactly, it is no event as long as it stays the same
        series = series.with_regressors((drift * (series.time - series.time[0]) / series.span)[:, None])
        null = null + Regressors()
    misfit = fold_misfit(fitted, fitted.still, _MISFIT) ** 2
    robust = fit(null, series.distrusting(series.inflate * misfit), near=fitted.plain)
    series = _trusting(distrust(robust, series.distrusting(misfit), StarOptions()))
    series = series.distrusting(series.inflate * misfit)
    now = fit(null, series, near=robust)
    fixed = Ramps.over(series, drift if _cycles(fitted) > _CLOCK else None)
    found: list[Slow] = []
    while len(found) < _MOST:
        best: tuple[float, float, Template, Fit] | None = None
        for template in _candidates(now, series, fixed):
            trying = series.with_regressors(np.column_stack([series.regressors, template.column]))
            better = fit(_with_regressors(null), trying, warm=now)
            ratio = 2 * (better.loglike - now.loglike)
            chance = slow_pvalue(ratio, template.kind, len(series))
            if best is None or chance < best[0]:
                best = chance, ratio, template, better
        if best is None or best[0] > pvalue:
            break
        chance, ratio, template, better = best
        effect = better.coefficient[-1] * template.column
        profile: Profile = "box" if np.isin(template.column, (0.0, 1.0)).all() else "shaped"
        rows = template.first, template.last
        found.append(Slow(template.kind, *rows, effect, ratio, chance, chance, chance, profile=profile))
        series = series.with_regressors(np.column_stack([series.regressors, template.column]))
        null, now = _with_regressors(null), better
    if found:
        fitted_along = len(found)
        found += _more_pulses(now, series, tuple(found), pvalue)
        found = _believed(found, fitted_along, now, series.distrusting(misfit))
    return tuple(slow for i, slow in enumerate(found) if not any(_takes_back(slow, one) for one in found[:i]))


def _takes_back(slow: Slow, before: Slow) -> bool:
    """Whether a pulse only undoes part of a stronger one, whose shape was not that of its template."""
    if not slow.kind == before.kind == "pulse":
        return False
    rows = slice(slow.first, slow.last + 1)
    less = (before.effect[rows] * slow.effect[rows] < 0) & (np.abs(slow.effect[rows]) <= np.abs(before.effect[rows]))
    return bool(np.mean(less) > _UNDONE)


def _trusting(series: Series) -> Series:
    """The series with its distrusted rows allowed to stray as far as a row may in a run of failed forecasts."""
    return series.distrusting(np.maximum(1.0, series.inflate * (_DISTRUSTED / _MOST_A_ROW) ** 2))


def _more_pulses(now: Fit, series: Series, found: Sequence[Slow], pvalue: float) -> Iterator[Slow]:
    """Further boxes in what is left of a star that has events: a flare star has hundreds, too many to fit each."""
    from swope.models.statespace.kernels.templates import best_box

    residual, weight = _whitened(now.theta, now.layout.problem)
    n = len(series)
    free = np.ones(n)
    for slow in found:
        if slow.kind == "pulse":
            free[slow.first : slow.last + 1] = 0.0
    while True:
        first, last, score = best_box(residual * free, weight, SHORTEST)
        chance = slow_pvalue(score**2, "pulse", n)
        if chance > pvalue or not free[first : last + 1].all():
            return
        rows = slice(first, last + 1)
        free[rows] = 0.0
        effect = np.zeros(n)
        effect[rows] = residual[rows].sum() / weight[rows].sum()
        yield Slow("pulse", first, last, effect, score**2, chance, chance, chance, profile="box")


def slow_pvalue(ratio: float, kind: SlowKind, n: int) -> float:
    """P-value of the largest likelihood ratio (chi-square of one degree) of all templates of a kind over n rows."""
    a_row, more = _TRIES[kind]
    return min(1.0, max(1.0, a_row * n + more) * chance_of(ratio))


def chance_of(ratio: float) -> float:
    """Probability of as large a likelihood ratio of one template (chi-square of one degree)."""
    return math.erfc(math.sqrt(max(ratio, 0.0) / 2))


def _believed(found: Sequence[Slow], columns: int, now: Fit, series: Series) -> list[Slow]:
    """Events as likely as they are when all of them are known.

    A row that no model without an event could follow had been distrusted, and told little of the event; and noise and
    walk had swallowed part of it. Here only those rows are distrusted that the star with its events contradicts, and
    an event gains the square of its size over its error (Wald's test). What a pulse gains is no more than its visits
    are worth (`swope.models.statespace.believed`); others have many.

    Parameters
    ----------
    columns : so many of the events, the first, have a column in the fit.
    now : the fit with them.
    series : the rows that it was fitted to, no more distrusted than the folded curve needs.
    """
    from swope.models.statespace.kernels.likelihood import evidence

    again = _trusting(distrust(now, series, StarOptions())).inflate * series.inflate
    said = evidence(now.theta, now.layout.problem._replace(inflate=again))
    gains = (said.coefficient**2 / np.maximum(np.diag(said.covariance), 1e-300))[len(said.coefficient) - columns :]
    seen, sigma = contradictions(now.theta, now.layout.problem._replace(inflate=series.inflate))
    visit = visits(series.time)
    believed = []
    for slow, ratio in zip(found, [*gains.tolist(), *(slow.ratio for slow in found[columns:])], strict=True):
        alone, rest, lasts = ratio, 0.0, False
        if slow.kind == "pulse":
            own = slow.effect / sigma
            each = visit_gains(np.nan_to_num(seen) + own, own, slow.first, slow.last, visit)
            ratio = min(ratio, float(each.sum()))
            alone, rest = min(ratio, float(each.max())), min(ratio, float(each.sum() - each.max()))
            lasts = bool(series.time[slow.last] - series.time[slow.first] > _LASTS * series.span)
        pvalue, single = (slow_pvalue(gain, slow.kind, len(series)) for gain in (ratio, alone))
        believed.append(replace(slow, pvalue=pvalue, alone=single, rest=chance_of(rest), lasts=lasts))
    return believed


def _null(fitted: StarFit) -> Model:
    """What an ordinary star may do: its own structure, and a walk that is short against the curve and no wilder than
    its residuals are as a rule (a walk that has to follow the outbursts of a star makes them all ordinary).
    """
    series = fitted.prepared.series
    own = tuple(t for t in fitted.template.terms if not isinstance(t, DampedWalk | Oscillator))
    wildest = _WILDEST * 1.4826 * median(np.abs(fitted.still))
    return Model((*own, DampedWalk(longest=min(_MEMORY * series.span, _LONGEST), largest=max(wildest, 1e-3))))


def _with_regressors(model: Model) -> Model:
    return model if any(isinstance(t, Regressors) for t in model.terms) else model + Regressors()


def _candidates(now: Fit, series: Series, ramps: Ramps) -> list[Template]:
    """The best pulse, shift and ramp, each with and without the walk, which may be there for the event's sake."""
    from swope.models.statespace.kernels.templates import best_box

    n = len(series)
    row = np.arange(n)
    chosen: dict[tuple[str, int, int, int], Template] = {}
    still = _without_walk(now.model).layout(series).problem
    for theta, problem in ((now.theta, now.layout.problem), (np.empty(0), still)):
        residual, weight = _whitened(theta, problem)
        first, last, score = best_box(residual, weight, SHORTEST)
        bumps = None
        if score > _WORTH_A_FIT:
            chosen["box", first, last, 0] = Template(
                "pulse", first, last, ((row >= first) & (row <= last)).astype(float)
            )
            bumps = Bumps.about(series.time, first, last)
        start, score = _shift(residual, weight)
        if score > _WORTH_A_FIT:
            chosen["shift", start, n - 1, 0] = Template("shift", start, n - 1, (row >= start).astype(float))
        scores = np.abs(_scores(theta, problem, ramps, bumps))
        if bumps is not None and len(bumps.scale):
            best = int(np.argmax(scores[len(ramps.kind) :]))
            if scores[len(ramps.kind) + best] > _WORTH_A_FIT:
                chosen["bump", first, last, best] = bumps.template(best)
        for kind in ("trend", "period"):
            ours = np.flatnonzero(ramps.kind == kind)
            best = int(ours[np.argmax(scores[ours])]) if len(ours) else -1
            if len(ours) and scores[best] > _WORTH_A_FIT:
                chosen[kind, best, n - 1, 0] = ramps.template(best)
    return list(chosen.values())


def _without_walk(model: Model) -> Model:
    """A fitted model whose walk is but more noise."""
    walk = next(t for t in model.terms if isinstance(t, DampedWalk))
    return Model(
        tuple(
            replace(t, jitter=tuple(math.hypot(j, walk.sigma or 0.0) for j in t.jitter or ()))
            if isinstance(t, Noise)
            else t
            for t in model.terms
            if t is not walk
        )
    )


def _whitened(theta: FloatArray, problem: Problem) -> tuple[FloatArray, FloatArray]:
    """(n,) the inverse covariance times the residuals, and its own diagonal."""
    from swope.models.statespace.kernels.likelihood import evidence
    from swope.models.statespace.kernels.smoother import solve

    beta = evidence(theta, problem).coefficient
    both = solve(theta, problem)
    return both.solved[:, -1] - both.solved[:, :-1] @ np.nan_to_num(beta), both.diagonal


def _shift(residual: FloatArray, weight: FloatArray) -> tuple[int, float]:
    """The level shift of the highest score, likewise: its first row, and the score."""
    n = len(residual)
    after, mass = (np.cumsum(x[::-1])[::-1] for x in (residual, weight))
    room = np.maximum(mass * (1 - mass / mass[0]), 1e-300)
    score = np.abs(after) / np.sqrt(room)
    score[:_MIN_SIDE] = score[n - _MIN_SIDE + 1 :] = 0.0
    i = int(np.argmax(score))
    return i, float(score[i])


def _scores(theta: FloatArray, problem: Problem, ramps: Ramps, bumps: Bumps | None) -> FloatArray:
    """(t,) standardised coefficient of each template alone beside the model's own columns; 0 where these are alike."""
    from swope.models.statespace.kernels.templates import products

    near, begin = (np.empty((0, 0)), 0) if bumps is None else (bumps.columns, bumps.begin)
    inner, whole = products(theta, problem, ramps.columns, near, begin)
    if not np.isfinite(inner).all():
        return np.zeros(len(whole))
    score, norm, free = beside(inner, whole)
    standard: FloatArray = np.where(free, score / np.sqrt(np.where(free, norm, 1.0)), 0.0)
    return standard


def _cycles(fitted: StarFit) -> float:
    """How often the star went round its folded curve."""
    season = fitted.season
    return fitted.prepared.series.span / season.period if season else 0.0


def _drift(fitted: StarFit) -> FloatArray | None:
    """(n,) what a late clock adds: minus the folded curve's slope in phase; None for a star without one."""
    season = fitted.season
    if season is None:
        return None
    series = fitted.prepared.series
    names = np.array(fitted.plain.columns)
    waves = series.columns(season)
    pairs = fitted.plain.coefficient[names == "seasonal"].reshape(-1, season.harmonics, 2)
    turned = np.stack([-pairs[..., 1], pairs[..., 0]], axis=-1) * np.arange(1, season.harmonics + 1)[:, None]
    slope: FloatArray = waves @ turned.reshape(-1)
    return slope if np.ptp(slope) > 0 else None
