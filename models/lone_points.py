"""Stars that are strange for a few points that stand alone: what they are without these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from swope.models.detector import Assessment, Batch, Detector, ScoringDetector
from swope.models.inputs import inputs_of
from swope.pipeline.events import EventOptions, least_pvalue
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve
from swope.pipeline.rank import anomaly_pvalue
from swope.pipeline.star import Star

#: P-value up to which a star is strange enough to ask: with a doubtful class it may yet come to the first places.
STRANGE = 0.1

#: A point is far where its forecast fails by so many sigma, and its neighbours are not where theirs fail by fewer.
FAR, NEAR = 5.0, 3.0

#: Or where it, or a pair, lies beyond all others by so much of the range from the 5th to the 95th percentile.
PAIR, GAP = 2, 0.5

#: So many points, or this share of the star's, are an exception, but no more than `MOST`: those are flares, say.
FEW, SHARE, MOST = 3, 0.025, 12

#: Without them the star's p-value is so many times as large, and this at the least.
TIMES, ORDINARY = 2.0, 0.05


def lone_points(curve: LightCurve, forecasts: Sequence[Forecast]) -> BoolArray:
    """(n,) which good rows of a star stand alone, by any forecast or by the values of their band.

    Parameters
    ----------
    curve : cleaned; n good rows.
    forecasts : of these rows; one of fewer rows is left out.
    """
    good = curve.good
    alone = np.zeros(len(good), dtype=np.bool_)
    whole = [one for one in forecasts if len(one.value) == len(good)]
    for band in range(len(good.bands)):
        rows = np.flatnonzero(good.band == band)
        if len(rows) < 3:
            continue
        alone[rows] |= beyond_all(good.value[rows])
        for forecast in whole:
            with np.errstate(invalid="ignore", divide="ignore"):
                failed = np.nan_to_num((forecast.value[rows] - forecast.mean[rows]) / forecast.sigma[rows])
            beside = np.abs(np.concatenate([[0.0], failed, [0.0]]))
            alone[rows] |= (np.abs(failed) > FAR) & (np.maximum(beside[:-2], beside[2:]) < NEAR)
    return alone


def beyond_all(value: FloatArray) -> BoolArray:
    """(n,) whether a value is the largest or the smallest, or the next to it, with a wide gap to all others.

    Parameters
    ----------
    value : (n,) n >= 3.
    """
    order = np.argsort(value, kind="stable")
    low, high = np.quantile(value, [0.05, 0.95])
    wide = np.diff(value[order]) > GAP * max(high - low, 1e-300)
    beyond = np.zeros(len(value), dtype=np.bool_)
    for few in range(1, min(PAIR, len(wide)) + 1):
        if wide[few - 1]:
            beyond[order[:few]] = True
        if wide[-few]:
            beyond[order[-few:]] = True
    return beyond


def strange_for_lone_points(
    batch: Batch, answers: Mapping[str, Sequence[Assessment]], detectors: Mapping[str, Detector]
) -> list[bool]:
    """Which stars would be ordinary without a few points that stand alone.

    Only those are asked again that are strange at all, and have such points.

    Parameters
    ----------
    batch : n stars.
    answers : by detector, what it said of each of them.
    detectors : by name.
    """
    tells = [one.columns.tells_kinds for one in detectors.values()]
    said = [answers[name] for name in detectors]
    pvalue, event = _combined(said, tells)
    places, fewer = [], []
    for i, star in enumerate(batch.stars):
        if not pvalue[i] < STRANGE:
            continue
        forecasts = [answer[i].forecast for answer in answers.values()]
        alone = lone_points(star.curve, [one for one in forecasts if one is not None])
        if 0 < alone.sum() <= min(MOST, max(FEW, SHARE * len(alone))):
            places.append(i)
            fewer.append(replace(star, curve=star.curve.good.where(~alone)))
    found = [False] * len(batch.stars)
    if not fewer:
        return found
    # a score is had for less, but says of no event whether it is still there
    busy = np.isfinite(event[places])
    without = np.empty(len(fewer))
    for asked in (busy, ~busy):
        if asked.any():
            stars = [star for star, mine in zip(fewer, asked, strict=True) if mine]
            again = [_asked(one, stars, batch.events, bool(busy[asked][0])) for one in detectors.values()]
            without[asked] = _combined(again, tells)[0]
    for i, its in zip(places, without, strict=True):
        found[i] = bool(its >= max(TIMES * pvalue[i], ORDINARY))
    return found


def _combined(said: Sequence[Sequence[Assessment]], tells: Sequence[bool]) -> tuple[FloatArray, FloatArray]:
    """(n,) how strange stars are by what each detector said of them, and the p-values of their likeliest events."""
    event = np.array([least_pvalue(event for one in star for event in one.events) for star in zip(*said, strict=True)])
    return anomaly_pvalue(np.array([[one.pvalue for one in answer] for answer in said]).T, tells, event), event


def _asked(detector: Detector, stars: Sequence[Star], events: EventOptions, busy: bool) -> Sequence[Assessment]:
    """What a detector says of stars; of those in which nothing happens the score alone, where it has one."""
    if busy or not isinstance(detector, ScoringDetector):
        return detector.assess(Batch(stars, inputs_of(stars), events))
    return [Assessment(pvalue=float(pvalue)) for pvalue in detector.score(stars).pvalue]
