"""What could be told of a weak event at all: by one who knows its shape, its place, and the star without it.

A detector sees one light curve. The oracle has the star's own model as it was fitted before the event was laid on it,
and the event's true shape, whose height alone it estimates. Its likelihood ratio is held against chance twice: as the
star's own noise has it, with as many tries as the search of events has, and as ordinary stars have it, of which each
has some place where some dip or flare looks likeliest. The first is a bound: no test does better where ordinary stars
do nothing but what their models say. The second is what a likelihood ratio alone can claim of real stars, whose seasons
are off, nights rotten and folds change; a detector that knows bad nights from events in other ways may claim more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from swope.models.statespace.believed import visit_gains
from swope.models.statespace.fit import contradictions, fit
from swope.models.statespace.kernels.templates import products
from swope.models.statespace.layout import Model
from swope.models.statespace.series import Series
from swope.models.statespace.slow import slow_pvalue
from swope.models.statespace.star import StarFit, fit_star
from swope.models.statespace.templates import beside
from swope.models.statespace.terms import DampedWalk, Oscillator
from swope.pipeline.event_tail import OrdinaryTail
from swope.pipeline.events import EventOptions, visits
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.bursts import flare_shape
from swope.pipeline.star import Star
from tests.bench.forecast_events_data import Quiet
from tests.bench.hidden import dip

#: Widths of dips and flares that are tried on ordinary stars, in steps from visit to visit, and as a share of the span
#: at most; as those that are laid on.
_WIDTHS, _WIDEST = (5.0, 8.0, 13.0), 1.0 / 40.0

#: Rows that an event has to reach with a tenth of its height.
_LEAST_ROWS, _REACHES = 4, 0.1

#: Places of an ordinary star that are looked at with heavy tails.
_PLACES = 4


@dataclass(frozen=True, eq=False)
class Known:
    """A star as it is without an event: its rows, none of which is distrusted, and its own model with its numbers."""

    series: Series
    model: Model

    @classmethod
    def of(cls, fitted: StarFit) -> Known:
        """The star of a fit. An oscillator is a damped walk here, as it is in the search of events."""
        model, series = fitted.plain.model, fitted.prepared.series
        if any(isinstance(term, Oscillator) for term in model.terms):
            terms = (DampedWalk() if isinstance(t, Oscillator) else t for t in fitted.template.terms)
            model = fit(Model(tuple(terms)), series).model
        return cls(series.distrusting(np.ones(len(series))), model)

    def with_change(self, change: FloatArray) -> Known:
        """The star with a change of brightness (n,), in the prepared units, laid on it."""
        return replace(self, series=replace(self.series, value=self.series.value + change))

    def heights(self, shapes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(t,) best height of each of some shapes (n, t) alone, and twice what it gains in log-likelihood."""
        problem = self.model.layout(self.series).problem
        inner, whole = products(np.empty(0), problem, shapes, np.empty((0, 0)), 0)
        score, norm, free = beside(inner, whole)
        norm = np.where(free, norm, np.inf)
        return score / norm, score * score / norm

    def gain(self, shape: FloatArray) -> float:
        """Twice what a shape (n,) of positive height gains in log-likelihood; no more than its visits are worth."""
        (height,), (ratio,) = self.heights(shape[:, None])
        return min(float(ratio), self._believed(height * shape)) if height > 0 else 0.0

    def _believed(self, effect: FloatArray) -> float:
        """What its visits, with their heavy tails, gain by an effect (n,)."""
        rows = np.flatnonzero(np.abs(effect) > _REACHES * np.abs(effect).max())
        problem = self.model.layout(self.with_change(-effect).series).problem
        seen, sigma = contradictions(np.empty(0), problem)
        own = effect / sigma
        each = visit_gains(np.nan_to_num(seen) + own, own, int(rows[0]), int(rows[-1]), visits(self.series.time))
        return max(0.0, float(each.sum()))

    def decades(self, gain: float) -> float:
        """Of the p-value of a gain by the star's own noise, with as many tries as the search of pulses has."""
        return -math.log10(max(slow_pvalue(gain, "pulse", len(self.series)), 1e-300))


def seen(one: Quiet, change: FloatArray) -> float:
    """The decades of a change of brightness (n,), in the curve's unit, that is laid on a star, by its own noise."""
    change = change / one.fitted.prepared.scale
    star = Known.of(one.fitted)
    return star.decades(star.with_change(change).gain(change))


def likeliest(star: Star) -> float | None:
    """The decades of the likeliest dip or flare of a star as it is; None for one without a fit."""
    fitted = fit_star(star)
    if isinstance(fitted, str):
        return None
    known = Known.of(fitted)
    shapes = _shapes(known.series)
    if not shapes.size:
        return 0.0
    _, gains = known.heights(shapes)
    best, free = 0.0, np.ones(len(shapes), dtype=bool)
    left = _PLACES
    for place in np.argsort(-gains):
        rows = np.abs(shapes[:, place]) > _REACHES
        if left and free[rows].all():
            # either direction
            best = max(best, *(known.gain(sign * shapes[:, place]) for sign in (1.0, -1.0)))
            free[rows] = False
            left -= 1
    return known.decades(best)


def _shapes(series: Series) -> FloatArray:
    """(n, t) dips and flares at each visit."""
    time = series.time
    at = time[np.flatnonzero(np.diff(visits(time), prepend=-1))]
    step, span = float(np.median(np.diff(at))), float(np.ptp(time))
    widths = sorted({min(width * step, span * _WIDEST) for width in _WIDTHS})
    columns = [
        profile(np.clip((time - middle) / wide, -50.0, 50.0))
        for wide in widths
        for profile in (dip, flare_shape)
        for middle in at
    ]
    enough = [one for one in columns if np.count_nonzero(np.abs(one) > _REACHES) >= _LEAST_ROWS]
    return np.ascontiguousarray(np.array(enough).reshape(-1, len(time)).T)


def among(stars: Sequence[Star], pool: Executor) -> OrdinaryTail:
    """What the likeliest dips and flares of ordinary stars look like to the oracle."""
    found = [one for one in pool.map(likeliest, stars, chunksize=8) if one is not None]
    return OrdinaryTail.of(np.array(found), np.ones(len(found)))


def claims(decades: Sequence[float], tail: OrdinaryTail | None) -> list[bool]:
    """Whether the oracle claims events of so many decades, by the stars' own noise or by the tail of ordinary ones."""
    asked = -math.log10(EventOptions().pvalue)
    seen_as = np.array(decades) if tail is None else tail.decades(np.array(decades))
    return [bool(one >= asked) for one in seen_as]
