"""One event, one row: what several detectors, bands and runs of forecasts saw of one thing is told once, and measured.

Forecasts fail at the beginning of an event, fail the other way as it ends, and a detector that looks at whole curves
finds it again. Here the star is held against itself: its folded curve, and its level before and after. Starting with
the surest, each event is followed from its rows outwards for as long as the star strays; whatever was found meanwhile
belongs to it, unless it still stands when the profile of the greater one is taken out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from swope.pipeline.event_noise import common_noise
from swope.pipeline.event_profiles import Shape
from swope.pipeline.event_shape import ShapeFit, fit_shape
from swope.pipeline.events import Event
from swope.pipeline.fold import fold, phase_of
from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray, LightCurve
from swope.pipeline.period.result import PeriodResult

#: Kinds of events that have no end of their own.
_LASTING = ("shift", "trend", "period")

#: A star strays as long as it is further off than so many sigmas of its quiet rows, and than this share of the most
#: that it was off in the event; so many rows may be nearer in between.
_STRAYS, _SHARE, _MISSED = 2.0, 0.1, 2

#: Against the whole curve a row is plainly off at so many times as much.
_PLAIN = 1.5

#: Quiet rows on each side of an event that its level is taken from; days, as multiples of the event's length.
_BESIDE, _REACH = 30, 5.0

#: What lies within an event is another one where it is shorter than this share of it, and is still so many sigmas
#: strong, and this share of what it was, when the greater one's profile is taken out.
_SHORTER, _STANDS, _KEEPS = 0.5, 5.0, 0.5

#: No profile is the event itself: what is left of it may be this share of its height.
_MISFIT = 0.05

#: A row nearer to the level than so many sigmas is back there, whatever was forecast.
_BACK = 3.0

#: A gap of so many mean steps ends an event that was shorter until then.
_LONG = 20.0

#: Levels are taken from no fewer rows; a row so many sigmas off is clear by itself.
_FEWEST, _CLEAR = 5, 5.0

#: A profile says how deep an event is where the depth's error is less than this share of it.
_KNOWN = 0.3

#: What comes and goes evenly is slow where it takes this share of the curve, and a flare within so many days.
_SLOW, _FLARE = 0.05, 1.0

#: Magnitudes in an e-folding of flux; and what is further off than so many is as good as gone, or a flaw.
_MAGNITUDE, _MOST_MAGNITUDES = 2.5 / math.log(10.0), 15.0

#: How far beyond an event's ends, as a share of its length, another still belongs to it.
_MARGIN = 0.1

#: A star that is in events for more of its rows than this has no others to learn the expected from.
_MOST_BUSY = 0.7

#: Of a star whose level is fewer of its own scatters above zero nothing is said in shares of that level.
_ABOVE_ZERO = 5.0

#: Periods that may be an accident are not folded at.
_MOST_FAP = 1e-3

#: Gauss's sigma over the median of absolute deviations.
_SIGMA = 1.4826


@dataclass(frozen=True, eq=False)
class _Quiet:
    """A star's good rows against what it does when nothing happens.

    Attributes
    ----------
    time : (n,) ascending.
    deviation : (n,) from the folded curve, or from the band's level; positive where brighter.
    sigma : (n,) quoted error, or the band's own scatter where there is none.
    busy : (n,) which rows lie in an event.
    magnitudes : whether they are magnitudes.
    in_units : whether the deviations are magnitudes or shares of the star's flux; they are in its own unit otherwise.
    """

    time: FloatArray
    deviation: FloatArray
    sigma: FloatArray
    busy: BoolArray
    magnitudes: bool
    in_units: bool


@dataclass(frozen=True, eq=False)
class _Followed:
    """An event in the light curve.

    Attributes
    ----------
    first, last : its rows.
    fit : the profile; None where there are too few rows.
    measured : what the light curve says of it, by field of `Event`.
    """

    first: int
    last: int
    fit: ShapeFit | None
    measured: dict[str, Any]


def gathered(events: Iterable[Event], curve: LightCurve, period: PeriodResult) -> list[Event]:
    """The events of a star, one row each.

    Parameters
    ----------
    events : of all detectors.
    curve : the star's.
    period : its period, whose fold is expected where it can be trusted.

    Returns
    -------
    Events in order of time. Each is the surest of those that belong together, with the names of all detectors and bands
    that saw it, and with beginning, peak, end, depth, duration, asymmetry, integrated signal-to-noise and shape as the
    light curve has them. What cannot be measured is null.
    """
    found = sorted(events, key=lambda e: (e.pvalue, -e.peak_sigma, e.t_start, e.detector, e.band))
    if not found:
        return []
    quiet = _quiet(curve.good, found, period)
    left = quiet.deviation.copy()
    told: list[tuple[_Followed, list[Event]]] = []
    for event in found:
        home = next((own for one, own in told if _belongs(event, own[0], one, quiet, left)), None)
        if home is not None:
            home.append(event)
            continue
        one = _followed(event, replace(quiet, deviation=left), [(there.first, there.last) for there, _ in told])
        again = next((own for there, own in told if _is_again(one, there, quiet.time)), None)
        if again is not None:
            again.append(event)
            continue
        told.append((one, [event]))
        if one.fit is not None:
            left -= one.fit.model
    rows = [_row(one, own, curve.bands) for one, own in told]
    return sorted(rows, key=lambda e: (e.t_start, e.detector, e.band))


def strays(events: Iterable[Event], good: LightCurve, period: PeriodResult) -> BoolArray:
    """(n,) which rows have part in events with beginning and end, as long as the star is plainly off, and some more.

    Parameters
    ----------
    events : of one star.
    good : its usable rows, n of them.
    period : its period, whose fold is expected where it can be trusted.
    """
    out = np.zeros(len(good), dtype=bool)
    passing = [event for event in events if event.kind not in _LASTING]
    if not passing:
        return out
    quiet = _quiet(good, passing, period)
    usual = _PLAIN * _SIGMA * float(np.median(np.abs(quiet.deviation)))
    for event in passing:
        begin, end = _rows(quiet.time, event)
        # from the level beside it; and, as part of a great event has the rest of that beside it, from the star's own
        beside = _level(quiet, *_beside(quiet, begin, end))
        for level, sigma in (beside, (np.zeros(len(good)), np.maximum(usual, quiet.sigma))):
            deviation = quiet.deviation - level
            inside = (deviation / sigma)[begin : end + 1]
            # forecasts that fail upwards are also those of a fade that ends
            sign = math.copysign(1.0, inside[np.argmax(np.abs(inside))])
            first, last = _extent(quiet.time, sign * deviation, sigma, begin, end, 0.0)
            beyond = max(1, math.ceil(_MARGIN * (last - first + 1)))
            out[max(0, first - beyond) : last + beyond + 1] = True
    return out


def _rows(time: FloatArray, event: Event) -> tuple[int, int]:
    """First and last row of an event."""
    begin = int(np.searchsorted(time, event.t_start))
    return begin, max(begin, int(np.searchsorted(time, event.t_end, side="right")) - 1)


def _quiet(good: LightCurve, events: Sequence[Event], period: PeriodResult) -> _Quiet:
    """What a star does beyond the expected, in magnitudes or, of fluxes that are all well above zero, their share."""
    busy = np.zeros(len(good), dtype=bool)
    for event in events:
        if event.kind not in _LASTING:
            busy |= (good.time >= event.t_start) & (good.time <= event.t_end)
    calm = good.where(~busy) if np.mean(busy) < _MOST_BUSY else good
    expected = np.zeros(len(good))
    scatter = np.ones(len(good))
    trusted = period.found and period.period > 0 and period.fap <= _MOST_FAP and period.flag != "few_cycles"
    for index, band in enumerate(good.bands):
        rows, of_band = good.band == index, calm.band == calm.bands.index(band) if band in calm.bands else None
        values = good.value[rows] if of_band is None or not of_band.any() else calm.value[of_band]
        expected[rows] = np.median(values) if len(values) else 0.0
    level = np.abs(expected)
    if trusted:
        folded = fold(calm, period.period, period.t0)
        for index, band in enumerate(folded.bands):
            rows = good.band == good.bands.index(band)
            known = np.isfinite(folded.value[index])
            if known.sum() >= 2:
                phase = phase_of(good.time[rows], period.period, period.t0)
                expected[rows] = np.interp(phase, folded.phase[known], folded.value[index][known], period=1.0)
    deviation = good.sign * (good.value - expected)
    for index in range(len(good.bands)):
        rows = (good.band == index) & ~busy if (~busy[good.band == index]).any() else good.band == index
        scatter[good.band == index] = _SIGMA * float(np.median(np.abs(deviation[rows] - np.median(deviation[rows]))))
    # differences of fluxes have a level near zero, and nothing is a share of that
    share = good.kind == "flux" and bool((level > _ABOVE_ZERO * scatter).all() and (expected > 0).all())
    unit = level if share else np.ones(len(good))
    deviation, scatter = deviation / unit, scatter / unit
    error = np.where(np.isfinite(good.error) & (good.error > 0), good.error / unit, scatter)
    return _Quiet(good.time, deviation, np.maximum(error, 1e-9), busy, good.kind == "mag", good.kind == "mag" or share)


def _followed(event: Event, quiet: _Quiet, taken: Sequence[tuple[int, int]]) -> _Followed:
    """An event from its rows outwards, as far as the rows of those that are told already, and measured."""
    time = quiet.time
    begin, end = _rows(time, event)
    sign = 1.0 if event.direction == "brighten" else -1.0
    if event.kind in ("trend", "period"):
        return _Followed(begin, end, None, {"shape": "slow"} if event.kind == "trend" else {})
    before, after = _beside(quiet, begin, end)
    if event.kind == "shift":
        return _Followed(begin, end, None, {"shape": "step", **_step(quiet, before, begin, end, sign)})
    level, sigma = _level(quiet, before, after)
    deviation = sign * (quiet.deviation - level)
    first, last = _extent(time, deviation, sigma, begin, end, _SHARE)
    first = max([first, *(there + 1 for _, there in taken if there < begin)])
    last = min([last, *(there - 1 for there, _ in taken if there > end)])
    before, after = _beside(quiet, first, last)
    level, sigma = _level(quiet, before, after)
    deviation = sign * (quiet.deviation - level)
    inside = np.arange(first, last + 1, dtype=np.int32)
    # rows of a failed forecast beside it may be those of the event's end, where the star is back already
    window = np.arange(min([first, *before]), max([last, *after]) + 1)
    back = np.abs(deviation[window]) < _BACK * sigma[window]
    within = (window >= first) & (window <= last)
    near = window[within | ~quiet.busy[window] | back].astype(np.int32)
    peak = first + int(np.argmax(deviation[inside] / sigma[inside]))
    edge = [time[max(first - 1, 0)], time[min(last + 1, len(time) - 1)]]
    width = float(time[last] - time[first]) + 0.5 * float(time[first] - edge[0] + edge[1] - time[last])
    measured: dict[str, Any] = {"t_start": float(time[first]), "t_peak": float(time[peak]), "t_end": float(time[last])}
    fit = _profile(quiet, sign * deviation, sigma, near, len(inside), sign > 0, float(time[peak]), width)
    if fit is not None:
        measured |= {
            "depth": fit.depth,
            "depth_err": fit.depth_err,
            "duration": fit.duration,
            "duration_err": fit.duration_err,
            "asymmetry": fit.asymmetry,
            "shape": fit.shape,
            "shape_prob": fit.probability,
        }
        strength = math.sqrt(float(np.sum((fit.model[inside] / sigma[inside]) ** 2)))
    else:
        duration, duration_err = _between_halves(time, deviation, sigma, first, last, peak)
        measured |= {
            "depth": max(0.0, float(deviation[peak])),
            "depth_err": float(sigma[peak]),
            "duration": duration or None,
            "duration_err": duration_err if duration else None,
        }
        strength = float(np.sum(deviation[inside] / sigma[inside])) / math.sqrt(len(inside))
    if not quiet.in_units:
        measured |= {"depth": None, "depth_err": None}
    measured |= {"snr": max(0.0, strength), "n_points": len(inside)}
    return _Followed(first, last, fit, measured)


def _between_halves(
    time: FloatArray, deviation: FloatArray, sigma: FloatArray, first: int, last: int, peak: int
) -> tuple[float, float]:
    """How long an event without a profile is at half its depth or beyond, days, and one sigma of it.

    Its ends are between two rows, anywhere; and half the depth is as well known as the row that tells the depth.
    """

    def beyond(level: float) -> tuple[float, float]:
        rows = first + np.flatnonzero(deviation[first : last + 1] >= min(level, float(deviation[peak])))
        begin, end = int(rows[0]), int(rows[-1])
        gaps = time[begin] - time[max(begin - 1, 0)], time[min(end + 1, len(time) - 1)] - time[end]
        return float(time[end] - time[begin] + 0.5 * sum(gaps)), float(gaps[0] ** 2 + gaps[1] ** 2) / 12.0

    half, off = 0.5 * float(deviation[peak]), float(sigma[peak])
    duration, unseen = beyond(half)
    moved = 0.5 * (beyond(half - off)[0] - beyond(half + off)[0])
    return duration, math.sqrt(unseen + moved * moved)


def _profile(
    quiet: _Quiet,
    deviation: FloatArray,
    sigma: FloatArray,
    near: IntArray,
    rows: int,
    brightens: bool,
    peak: float,
    width: float,
) -> ShapeFit | None:
    """The profile of an event, as `fit_shape` fits it; None where the rows do not say how deep it is.

    What brightens in magnitudes is fitted as a share of the flux: that is what a lens magnifies and a flare adds. It is
    fitted again with errors by which the star's quiet rows would be as far off as they are.
    """
    if not width > 0:
        return None

    def fitted(sigma: FloatArray) -> ShapeFit | None:
        if not (brightens and quiet.magnitudes):
            return fit_shape(quiet.time, deviation, sigma, near, rows, brightens, peak, width)
        flux = 10.0 ** (0.4 * np.clip(deviation, -_MOST_MAGNITUDES, _MOST_MAGNITUDES))
        fit = fit_shape(quiet.time, flux - 1.0, sigma * flux / _MAGNITUDE, near, rows, brightens, peak, width, True)
        if fit is None:
            return None
        bright = 1.0 + fit.depth
        return replace(
            fit,
            depth=_MAGNITUDE * math.log(bright),
            depth_err=_MAGNITUDE * fit.depth_err / bright,
            model=_MAGNITUDE * np.log1p(fit.model),
        )

    fit = fitted(sigma)
    if fit is None or not fit.depth_err < _KNOWN * fit.depth:
        return None
    off = common_noise(fit.profile, fit.peak, width, quiet.time, quiet.deviation, sigma, near, quiet.busy)
    fit = fitted(off * sigma) or fit
    return replace(fit, shape=_named(fit, brightens, float(np.ptp(quiet.time))))


def _named(fit: ShapeFit, brightens: bool, span: float) -> Shape:
    """The profile's name; a bell that is short against the curve is nothing slow, and no lens passes within hours."""
    if fit.shape == "lens" and fit.duration < _FLARE:
        return "flare"
    if fit.shape != "slow" or fit.duration >= _SLOW * span:
        return fit.shape
    if not brightens:
        return "dip"
    return "flare" if fit.duration < _FLARE else "outburst"


def _beside(quiet: _Quiet, first: int, last: int) -> tuple[IntArray, IntArray]:
    """Quiet rows before and after an event."""
    reach = _REACH * max(float(quiet.time[last] - quiet.time[first]), _gap(quiet.time, first, last))
    calm = np.flatnonzero(~quiet.busy)
    before, after = calm[calm < first], calm[calm > last]
    near_before = before[quiet.time[before] >= quiet.time[first] - reach]
    near_after = after[quiet.time[after] <= quiet.time[last] + reach]
    # the nearest few, however far, where there are not enough within reach
    chosen = [
        max((near[-_BESIDE:], side[-_FEWEST:]), key=len) if early else max((near[:_BESIDE], side[:_FEWEST]), key=len)
        for near, side, early in ((near_before, before, True), (near_after, after, False))
    ]
    return chosen[0].astype(np.int32), chosen[1].astype(np.int32)


def _level(quiet: _Quiet, before: IntArray, after: IntArray) -> tuple[FloatArray, FloatArray]:
    """(n,) what is expected about an event, from the rows beside it; and one sigma of a row there."""
    beside = np.concatenate([before, after])
    if not len(beside):
        return np.zeros(len(quiet.time)), quiet.sigma
    if min(len(before), len(after)) >= _FEWEST:
        places = [float(np.mean(quiet.time[rows])) for rows in (before, after)]
        levels = [float(np.median(quiet.deviation[rows])) for rows in (before, after)]
        level = np.interp(quiet.time, places, levels)
    else:
        level = np.full(len(quiet.time), float(np.median(quiet.deviation[beside])))
    miss = np.abs(quiet.deviation[beside] - level[beside]) / quiet.sigma[beside]
    return level, quiet.sigma * max(1.0, _SIGMA * float(np.median(miss)))


def _step(quiet: _Quiet, before: IntArray, begin: int, end: int, sign: float) -> dict[str, Any]:
    """Height of a level shift, and how sure it is."""
    after = np.arange(begin, end + 1)
    after = after[~quiet.busy[after]] if (~quiet.busy[after]).any() else after
    if not len(before):
        return {}
    sides = [quiet.deviation[before], quiet.deviation[after]]
    medians = [float(np.median(side)) for side in sides]
    error = [
        _SIGMA * float(np.median(np.abs(side - middle))) * math.sqrt(0.5 * math.pi / len(side))
        for side, middle in zip(sides, medians, strict=True)
    ]
    height, spread = sign * (medians[1] - medians[0]), math.hypot(*error)
    known = {"depth": max(0.0, height), "depth_err": spread} if quiet.in_units else {}
    return {**known, "snr": max(0.0, height / spread)} if spread > 0 else known


def _extent(
    time: FloatArray, deviation: FloatArray, sigma: FloatArray, begin: int, end: int, share: float
) -> tuple[int, int]:
    """First and last row for which a star strays as it does between two rows, by this share of that or more."""
    rows = end - begin + 1
    width = 1
    peak = begin + int(np.argmax((deviation / sigma)[begin : end + 1]))
    # of a shallow event no row tells by itself: as many together as do
    while 2 * width <= rows and deviation[peak] < _CLEAR * sigma[peak] / math.sqrt(width):
        width *= 2
    kernel = np.ones(width) / width
    smooth = np.convolve(deviation / sigma, kernel, mode="same") if width > 1 else deviation / sigma
    peak = begin + int(np.argmax(smooth[begin : end + 1]))
    least = max(_STRAYS / math.sqrt(width), share * float(smooth[peak]))
    if smooth[peak] < least:
        return begin, end
    step = float(time[-1] - time[0]) / max(1, len(time) - 1)
    found = []
    for way in (-1, 1):
        row, edge, missed = peak, peak, 0
        while 0 <= row + way < len(time) and missed <= _MISSED * width:
            gap = abs(float(time[row + way] - time[row]))
            if gap > _LONG * step and gap > abs(float(time[row] - time[peak])):
                break
            row += way
            missed = 0 if smooth[row] >= least else missed + 1
            edge = row if not missed else edge
        found.append(edge)
    return found[0], found[1]


def _gap(time: FloatArray, first: int, last: int) -> float:
    """The longer of the steps to the rows before and after some rows."""
    before = float(time[first] - time[first - 1]) if first else 0.0
    after = float(time[last + 1] - time[last]) if last + 1 < len(time) else 0.0
    return max(before, after)


def _belongs(event: Event, surest: Event, one: _Followed, quiet: _Quiet, left: FloatArray) -> bool:
    """Whether an event is part of one that is told already."""
    time = quiet.time
    if "period" in (event.kind, surest.kind):
        return event.kind == surest.kind
    if "trend" in (event.kind, surest.kind):
        return event.kind == surest.kind and event.direction == surest.direction
    margin = max(_MARGIN * float(time[one.last] - time[one.first]), 1.5 * _gap(time, one.first, one.last))
    if "shift" in (event.kind, surest.kind):
        same = event.direction == surest.direction
        return same and abs(event.t_start - float(time[one.first])) <= margin
    within = float(time[one.first]) - margin <= event.t_peak <= float(time[one.last]) + margin
    if not within:
        return False
    rows = slice(int(np.searchsorted(time, event.t_start)), int(np.searchsorted(time, event.t_end, side="right")))
    shorter = rows.stop - rows.start <= _SHORTER * (one.last - one.first + 1)
    if one.fit is None or not shorter:
        return True
    sign = 1.0 if event.direction == "brighten" else -1.0
    root = math.sqrt(max(1, rows.stop - rows.start))
    still, before = (sign * float(np.sum(x[rows] / quiet.sigma[rows])) / root for x in (left, quiet.deviation))
    beyond = sign * float(np.mean(left[rows])) > _MISFIT * float(np.max(np.abs(one.fit.model)))
    return not (beyond and still > _STANDS and still > _KEEPS * abs(before))


def _is_again(one: _Followed, there: _Followed, time: FloatArray) -> bool:
    """Whether an event led to one that is told already, which no profile could take out of the star."""
    peak = one.measured.get("t_peak")
    if peak is None or there.fit is not None or "t_peak" not in there.measured:
        return False
    return bool(time[there.first] <= peak <= time[there.last])


def _row(one: _Followed, own: Sequence[Event], bands: Sequence[str]) -> Event:
    """The row of an event, from all that were found of it."""
    surest = own[0]
    seen = {band for event in own for band in event.band.split("+")}
    return replace(
        surest,
        detectors="+".join(sorted({event.detector for event in own})),
        band="+".join(band for band in bands if band in seen) or surest.band,
        peak_sigma=max(event.peak_sigma for event in own),
        flag=None if any(event.flag is None for event in own) else surest.flag,
        **one.measured,
    )
