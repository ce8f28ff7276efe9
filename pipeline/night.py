"""One more night of a star: which of its rows are new, and whether they did what was forecast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.clean import clean
from swope.pipeline.events import Event, EventOptions, PointNull, all_runs, count_tries, pick
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray, IntArray, LightCurve

#: A run counts for tonight where its last point strays by more than this many sigma: one that was strange last week and
#: ends in ordinary points is over.
_STRAYS = 1.0


@dataclass(frozen=True, eq=False)
class Arrivals:
    """What came of a star tonight, sorted out.

    Attributes
    ----------
    fresh : the rows to go on with, usable and in order of time; its bands are those of the known curve.
    seen : how many rows were known before, as they are.
    masked : how many rows cannot be used.
    reason : what else did not become a fresh row, and why; None where nothing was left out.
    past : what of the star's past is not as it was known, so that the star needs a run; None where all is.
    """

    fresh: LightCurve
    seen: int
    masked: int
    reason: str | None
    past: str | None = None


def arrivals(known: LightCurve, came: Sequence[LightCurve]) -> Arrivals:
    """Sort out tonight's rows of a star.

    Parameters
    ----------
    known : its usable rows until now, in order of time; at least one.
    came : its curves as tonight's sources gave them.
    """
    fitting = [curve for curve in came if _misfit(known, curve) is None]
    reasons = list(dict.fromkeys(why for curve in came if (why := _misfit(known, curve)) is not None))
    new = _together(known, fitting)
    good = clean(new).good
    band = _places(known, good)
    strange = band < 0
    past = []
    if strange.any():
        names = ", ".join(sorted({repr(good.bands[b]) for b in good.band[strange]}))
        past.append(f"{strange.sum()} rows in {names}, which the run had no rows of: needs a run")
    seen = ~strange & np.isin(_at(good.time, band), _at(known.time, known.band))
    same = np.zeros(len(good), dtype=bool)
    same[seen] = _as_known(known, good.where(seen), band[seen])
    if (seen & ~same).any():
        past.append(f"{(seen & ~same).sum()} rows with another value or error than was known: needs a run")
    early = ~strange & ~seen & (good.time < known.time[-1])
    if early.any():
        past.append(f"{early.sum()} rows earlier than the last one known, {known.time[-1]:.5f}: needs a run")
    if gone := _gone(known, [curve for curve in fitting if curve.source == known.source], good, band):
        past.append(f"{gone} rows that were known are gone, or not usable any more: needs a run")
    reasons += past
    rows = np.flatnonzero(~(strange | seen | early))
    rows = rows[np.lexsort((band[rows], good.time[rows]))]
    # whether a row stands alone among its neighbours cannot be known on the night that it comes
    unmarked = np.zeros(len(rows), dtype=np.int32)
    fresh = replace(good.where(rows), band=band[rows], bands=known.bands, mask=unmarked)
    masked = len(new) - len(good)
    return Arrivals(fresh, int(same.sum()), masked, "; ".join(reasons) or None, "; ".join(past) or None)


def _at(time: FloatArray, band: IntArray) -> NDArray[np.complex128]:
    """A time and a band as one number that compares exactly."""
    at: NDArray[np.complex128] = time + 1j * band
    return at


def _as_known(known: LightCurve, rows: LightCurve, band: IntArray) -> list[bool]:
    """Which rows are among the known ones to the last bit, value and error too."""

    def told(curve: LightCurve, bands: IntArray) -> list[tuple[float, ...]]:
        columns = (curve.time, bands, curve.value, np.nan_to_num(curve.error, nan=-1.0))
        return list(zip(*(column.tolist() for column in columns), strict=True))

    there = set(told(known, known.band))
    return [row in there for row in told(rows, band)]


def _gone(known: LightCurve, whole: Sequence[LightCurve], good: LightCurve, band: IntArray) -> int:
    """How many known rows did not come again, where the star's own file came.

    A file that has none of the known rows holds but tonight's points, and says nothing of the others.

    Parameters
    ----------
    whole : the curves that came from where the known one did.
    good, band : the usable rows that came, and the place of each one's band.
    """
    known_rows = _at(known.time, known.band)
    own = _together(known, whole)
    if not np.isin(known_rows, _at(own.time, _places(known, own))).any():
        return 0
    return int((~np.isin(known_rows, _at(good.time, band))).sum())


def follow_on(known: LightCurve, fresh: LightCurve) -> LightCurve:
    """The known rows and after them the fresh ones."""
    return replace(
        known,
        time=np.concatenate([known.time, fresh.time]),
        value=np.concatenate([known.value, fresh.value]),
        error=np.concatenate([known.error, fresh.error]),
        band=np.concatenate([known.band, fresh.band]),
        mask=np.concatenate([known.mask, fresh.mask]),
    )


def judge(forecast: Forecast, first: int, options: EventOptions, null: PointNull) -> tuple[float, list[Event]]:
    """How strange the last rows of a star are, given all of its forecasts.

    Two new points say little alone. So they are read as `pipeline.events.find_events` would read them in the whole
    curve: by the tails that the star's innovations have shown, and in runs that may have begun in nights before and
    end tonight, with a point that still strays. Only these runs are tries. A single point is held against the strangest
    points of ordinary stars: that share of them, times tonight's part of all the star's tries, is the least that its
    p-value can be.

    Parameters
    ----------
    forecast : of the star's rows in order, tonight's last.
    first : index of tonight's first row.
    options : as for `find_events`.
    null : what the strangest points of ordinary stars look like to the detector.

    Returns
    -------
    The p-value of the night: the probability that an ordinary star shows as strange a run that ends tonight; NaN where
    no row of tonight was forecast. And its events, with p-value at most `options.pvalue`.
    """
    from scipy.special import log_ndtr

    innovation = forecast.innovation
    runs = all_runs(forecast, options)
    ends = [run.row[run.width - 1 :] for run in runs]
    fresh = [int(np.count_nonzero(end >= first)) for end in ends]
    if not any(fresh):
        return math.nan, []
    # as `count_tries` has it for the whole star
    tries = math.log(
        2 * sum(max(1.0, 2 * n / r.width if r.width > 1 else n) for n, r in zip(fresh, runs, strict=True) if n)
    )
    everything = math.log(count_tries(runs))
    candidates = []
    for run, end in zip(runs, ends, strict=True):
        counts = np.flatnonzero((end >= first) & (np.sign(run.total) * innovation[end] > _STRAYS))
        bare = log_ndtr(-np.abs(run.total[counts]))
        log_p = bare + tries
        if run.width == 1:
            decades = np.maximum(0.0, -(bare + everything) / math.log(10.0))
            log_p = np.maximum(log_p, -math.log(10.0) * null.decades(decades) + min(0.0, tries - everything))
        candidates += [(float(p), run, int(i)) for p, i in zip(log_p, counts, strict=True)]
    least = min((p for p, _, _ in candidates), default=0.0)
    strong = [candidate for candidate in candidates if candidate[0] <= math.log(options.pvalue)]
    return min(1.0, math.exp(max(least, -700.0))), pick(forecast, runs, strong, options)


def _misfit(known: LightCurve, curve: LightCurve) -> str | None:
    """Why a curve cannot go on from the known one; None where it can."""
    for what, old, new in (
        ("values", known.kind, curve.kind),
        ("unit", known.unit, curve.unit),
        ("clock", known.clock.name, curve.clock.name),
    ):
        if old != new:
            return f"{curve.source}: its {what} is {new or 'none'!r}, the run's was {old or 'none'!r}"
    return None


def _together(known: LightCurve, curves: Sequence[LightCurve]) -> LightCurve:
    """The rows of several curves of a star as one."""
    if not curves:
        return known.where(np.zeros(len(known), dtype=bool))
    names = np.concatenate([np.array(curve.bands, dtype=object)[curve.band] for curve in curves]).astype(str)
    bands = tuple(sorted(set(names.tolist())))
    return replace(
        known,
        time=np.concatenate([curve.time for curve in curves]),
        value=np.concatenate([curve.value for curve in curves]),
        error=np.concatenate([curve.error for curve in curves]),
        mask=np.concatenate([curve.mask for curve in curves]),
        band=np.searchsorted(bands, names).astype(np.int32),
        bands=bands,
    )


def _places(known: LightCurve, curve: LightCurve) -> IntArray:
    """(n,) place of each row's band among the known bands that have rows; -1 for another."""
    used = {known.bands[b]: b for b in np.unique(known.band).tolist()}
    return np.array([used.get(name, -1) for name in curve.bands] or [-1], dtype=np.int32)[curve.band]
