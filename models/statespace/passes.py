"""Nothing hides behind something greater: what was found is taken out, and the star is looked at again.

A great event widens a star's noise, and its walk, until nothing smaller is beyond them. So its rows are left out, the
star is fitted to the others as if there were no more of it, and looked at again, until nothing new appears. Only stars
with events pay for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from swope.models.statespace.ordinary import OrdinaryEvents
from swope.models.statespace.star import StarFit, StarOptions, fit_star
from swope.models.statespace.templates import SHORTEST
from swope.models.statespace.whole_curve import whole_curve_events
from swope.pipeline.events import Event, EventOptions, find_events, significant
from swope.pipeline.forecast import Forecast
from swope.pipeline.happenings import strays
from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray, LightCurve
from swope.pipeline.median import median
from swope.pipeline.period import PeriodResult, find_period
from swope.pipeline.star import Star

#: A star is looked at so many times at most.
MOST_PASSES = 5

#: Events that take more than this share of the rows leave too little to say what the star does otherwise.
_MOST_TAKEN = 0.5

#: Of what is none the greatest is taken out, and what is so many times as great.
_GREAT = 0.5

#: Events that hold more than this share of the variance of the rows that a period was searched in may have led there.
_LEADS = 0.25

#: Transits of which two hold more than this share of the variance of all may be other events that led a search.
_TWO_HOLD = 0.5

#: Where nothing appears to be an event, rows in succession may have led there that are no more than the first share of
#: all, and hold more than the second of the variance. Of fewer rows than this none do.
_FEW_LEAD, _HOLD, _LEAST_ROWS = 0.25, 0.5, 20

#: Two periods whose folds drift apart by less than this share of a cycle over a curve are one.
_DRIFT = 0.05


def hidden_events(
    star: Star,
    forecast: Forecast,
    found: Sequence[Event],
    fitting: StarOptions,
    options: EventOptions,
    ordinary: OrdinaryEvents,
) -> list[Event]:
    """What else a star with events does: those that its noise and its walk hid as long as they had to explain these.

    Parameters
    ----------
    star : with what appears to be an event, `found`, in all of its good rows, of which `forecast` is.
    fitting : how the star was fitted.
    options : what counts as an event. In the n-th look each p-value is n times as large: a star is looked at so many
        times.
    ordinary : what events are held against.
    """
    good = star.curve.good
    taken = np.zeros(len(good), dtype=bool)
    period, searched = star.period, np.arange(len(good), dtype=np.int32)
    new, everything = list(found), []
    last: StarFit | None = None
    for look in range(2, MOST_PASSES + 1):
        before = int(taken.sum())
        if new:
            taken |= strays(_to_be_taken_out(new, options.pvalue / (look - 1)), good, star.period)
        elif look == 2:
            # what leads the search of the period may vanish in its fold altogether
            taken |= _leading(good)
        if taken.sum() == before or np.mean(taken) > _MOST_TAKEN:
            break
        kept = np.flatnonzero(~taken).astype(np.int32)
        calm = good.where(kept)
        rest: StarFit | str | None = None
        # least squares go after what holds most of the variance: the period may be that of the events
        led = _share_of_variance(good.where(searched), taken[searched]) > _LEADS
        if led and not _return(good, taken, period):
            other, searched = find_period(calm), kept
            rest = _following_better(calm, other, period, fitting)
            if rest is not None:
                everything += _first_look(Star(star.curve, other), fitting, options, ordinary, look)
            period = other
        if not (new or everything):
            break
        rest = rest or fit_star(Star(calm, period), fitting, last)
        if isinstance(rest, str):
            break
        last = rest
        ahead = _over_all_rows(rest.forecast, forecast, kept)
        asked = replace(options, pvalue=options.pvalue / look)
        runs = find_events(ahead, asked, ordinary.point, ordinary.habit("pair"), ordinary.habit("run"))
        new = [*runs, *whole_curve_events(rest, ahead, asked, ordinary, kept)]
        everything += [replace(one, pvalue=look * one.pvalue) for one in significant(new, asked.pvalue)]
    return everything


def _leading(good: LightCurve) -> BoolArray:
    """(n,) few rows in succession that hold so much of the variance that they may lead the search of a period."""
    from swope.models.statespace.kernels.templates import best_box

    off = _off(good)
    rows = np.zeros(len(good), dtype=bool)
    if len(good) < _LEAST_ROWS or not off.any():
        return rows
    first, last, _ = best_box(off, np.ones(len(off)), SHORTEST)
    rows[first : last + 1] = True
    few = np.mean(rows) <= _FEW_LEAD
    return rows if few and _share_of_variance(good, rows) > _HOLD else np.zeros(len(good), dtype=bool)


def _return(good: LightCurve, taken: BoolArray, period: PeriodResult) -> bool:
    """Whether what was taken out are transits that came back so often that no two cycles hold most of their variance.

    Their period is their own, whatever else there is, and a search for boxes finds what is left of them again.
    """
    if not period.found or period.terms > 0:
        return False
    cycle = np.rint((good.time[taken] - period.t0) / period.period).astype(np.int64)
    held = np.sort(np.bincount(cycle - cycle.min(), _off(good)[taken] ** 2))
    return bool(held[-2:].sum() <= _TWO_HOLD * held.sum())


def _following_better(
    calm: LightCurve, other: PeriodResult, period: PeriodResult, fitting: StarOptions
) -> StarFit | None:
    """What a star does without its events, `calm`, fitted with another period, if it follows that better than its own.

    None where it does not, or is not periodic: between its eclipses a binary follows none.
    """
    if not (other.found and other.fap <= fitting.period_fap) or _same(period, other, float(np.ptp(calm.time))):
        return None
    ours, theirs = (fit_star(Star(calm, one), fitting) for one in (period, other))
    if isinstance(theirs, str):
        return None
    return theirs if isinstance(ours, str) or theirs.plain.bic < ours.plain.bic else None


def _same(one: PeriodResult, other: PeriodResult, span: float) -> bool:
    """Whether the folds at two periods are the same, over so many days."""
    return one.found and other.found and abs(1.0 / one.period - 1.0 / other.period) * span < _DRIFT


def _first_look(
    star: Star, fitting: StarOptions, options: EventOptions, ordinary: OrdinaryEvents, look: int
) -> list[Event]:
    """The events of a star at the period that it has without them: at one that they led to they are part of its fold.

    Their p-values are so many times as large as there were looks.
    """
    whole = fit_star(star, fitting)
    if isinstance(whole, str):
        return []
    asked = replace(options, pvalue=options.pvalue / look)
    found = whole_curve_events(whole, whole.forecast, asked, ordinary)
    return [replace(one, pvalue=look * one.pvalue) for one in significant(found, asked.pvalue)]


def _to_be_taken_out(events: Sequence[Event], pvalue: float) -> list[Event]:
    """The events, and failed forecasts whether ordinary stars have as many or not; where there are none, the greatest
    of what appears to be some, which may hide others all the same.
    """
    sure = [event for event in events if event.pvalue <= pvalue or event.kind == "run"]
    greatest = max((event.peak_sigma for event in events), default=0.0)
    return sure or [event for event in events if event.peak_sigma >= _GREAT * greatest]


def _share_of_variance(good: LightCurve, taken: BoolArray) -> float:
    """How much of the squared deviations of a star from its bands' medians is in some rows (n,)."""
    squares = _off(good) ** 2
    return float(squares[taken].sum() / max(squares.sum(), 1e-300))


def _off(good: LightCurve) -> FloatArray:
    """(n,) the values of a star less the median of their band."""
    off = np.zeros(len(good))
    for band in np.unique(good.band):
        rows = good.band == band
        off[rows] = good.value[rows] - median(good.value[rows])
    return off


def _over_all_rows(rest: Forecast, whole: Forecast, kept: IntArray) -> Forecast:
    """Forecasts of some rows (m,) of a star, with none for the others."""
    mean, sigma = np.full((2, len(whole.time)), np.nan)
    mean[kept], sigma[kept] = rest.mean, rest.sigma
    return replace(whole, mean=mean, sigma=sigma)
