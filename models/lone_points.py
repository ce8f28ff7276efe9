"""Stars that are strange for a few visits that stand alone: what they are without these points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from swope.models.detector import Assessment, Batch, Detector, ScoringDetector
from swope.models.inputs import inputs_of
from swope.pipeline.events import EventOptions, least_pvalue, visits
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray, LightCurve
from swope.pipeline.rank import MOST_BY_DOUBT, anomaly_pvalue
from swope.pipeline.star import Star

#: P-value up to which a star is strange enough to ask all detectors.
STRANGE = 0.1

#: With a doubtful class it may come among the first twelfth from here; what it did has no part in that.
STRANGE_WITH_DOUBT = 0.08 * MOST_BY_DOUBT

#: A visit is far where its forecasts fail by so many sigma, and its neighbours are not where theirs fail by fewer.
FAR, NEAR = 5.0, 3.0

#: Or where it, or a pair, lies beyond all others by so much of the range from the 5th to the 95th percentile.
PAIR, GAP = 2, 0.5

#: Of a visit that is far those exposures stand alone that are this share of its farthest one's way off.
WITH_IT = 0.5

#: So many visits, or this share of the star's, are an exception, but no more than `MOST`: those are flares, say.
FEW, SHARE, MOST = 3, 0.1, 12

#: Without them the star's p-value is so many times as large, and this at the least.
TIMES, ORDINARY = 2.0, 0.05


def lone_points(curve: LightCurve, forecasts: Sequence[Forecast]) -> BoolArray:
    """(n,) which good rows of a star stand alone, by any forecast or by the values of their band.

    What stands alone is a visit: a bad night spoils all of its exposures.

    Parameters
    ----------
    curve : cleaned; n good rows.
    forecasts : of these rows; one of fewer rows is left out.
    """
    good = curve.good
    alone = np.zeros(len(good), dtype=np.bool_)
    whole = [one for one in forecasts if len(one.value) == len(good)]
    visit = visits(good.time)
    for band in range(len(good.bands)):
        rows = np.flatnonzero(good.band == band)
        if not len(rows):
            continue
        first = np.flatnonzero(np.diff(visit[rows], prepend=-1))
        if len(first) < 3:
            continue
        off = good.value[rows] - np.median(good.value[rows])
        highest, lowest = np.maximum.reduceat(off, first), np.minimum.reduceat(off, first)
        extreme = np.where(highest > -lowest, highest, lowest)
        of = np.repeat(np.arange(len(first)), np.diff(first, append=len(rows)))
        alone[rows] |= beyond_all(extreme)[of] & (off * np.sign(extreme[of]) >= WITH_IT * np.abs(extreme[of]))
        for forecast in whole:
            with np.errstate(invalid="ignore", divide="ignore"):
                failed = np.abs(np.nan_to_num((forecast.value[rows] - forecast.mean[rows]) / forecast.sigma[rows]))
            most = np.maximum.reduceat(failed, first)
            beside = np.concatenate([[0.0], most, [0.0]])
            far = (most > FAR) & (np.maximum(beside[:-2], beside[2:]) < NEAR)
            alone[rows] |= far[of] & (failed >= WITH_IT * most[of])
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


def without_lone_points(
    batch: Batch, answers: Mapping[str, Sequence[Assessment]], detectors: Mapping[str, Detector]
) -> FloatArray:
    """(n,) how strange stars would be without a few points that stand alone; NaN where that was not asked.

    Only those are asked again that are strange at all, and have such points.

    Parameters
    ----------
    batch : n stars.
    answers : by detector, what it said of each of them.
    detectors : by name.

    Returns
    -------
    Combined p-values, as the column ``anomaly_pvalue``.
    """
    tells = [one.columns.tells_kinds for one in detectors.values()]
    said = np.array([[one.pvalue for one in answers[name]] for name in detectors], dtype=np.float64).T
    event = np.array(
        [
            least_pvalue(event for one in star for event in one.events)
            for star in zip(*(answers[name] for name in detectors), strict=True)
        ]
    )
    pvalue = anomaly_pvalue(said, tells, event)
    places, fewer = [], []
    for i, star in enumerate(batch.stars):
        if not pvalue[i] < STRANGE_WITH_DOUBT:
            continue
        forecasts = [answer[i].forecast for answer in answers.values()]
        alone = lone_points(star.curve, [one for one in forecasts if one is not None])
        visit = visits(star.curve.good.time)
        if 0 < len(np.unique(visit[alone])) <= min(MOST, max(FEW, SHARE * (visit[-1] + 1))):
            places.append(i)
            fewer.append(replace(star, curve=star.curve.good.where(~alone)))
    found = np.full(len(batch.stars), np.nan)
    if not places:
        return found
    every = pvalue[places] < STRANGE
    # a score is had for less, but says of no event whether it is still there
    busy = np.isfinite(event[places])
    said, event, still = said[places], event[places], np.full(len(places), np.nan)
    for column, (one, telling) in enumerate(zip(detectors.values(), tells, strict=True)):
        for rows in (np.flatnonzero((every | telling) & (busy == some)) for some in (True, False)):
            if not len(rows):
                continue
            again = _asked(one, [fewer[i] for i in rows], batch.events, bool(busy[rows[0]]))
            said[rows, column] = [answer.pvalue for answer in again]
            still[rows] = np.fmin(still[rows], [least_pvalue(answer.events) for answer in again])
    found[places] = anomaly_pvalue(said, tells, np.where(every, still, event))
    return found


def strange_for_lone_points(pvalue: FloatArray, without: FloatArray) -> BoolArray:
    """(n,) which stars would be ordinary without the points that stand alone.

    Parameters
    ----------
    pvalue, without : (n,) with and without them; NaN where that was not asked.
    """
    found: BoolArray = without >= np.maximum(TIMES * pvalue, ORDINARY)
    return found


def _asked(detector: Detector, stars: Sequence[Star], events: EventOptions, busy: bool) -> Sequence[Assessment]:
    """What a detector says of stars; of those in which nothing happens the score alone, where it has one."""
    if busy or not isinstance(detector, ScoringDetector):
        return detector.assess(Batch(stars, inputs_of(stars), events))
    return [Assessment(pvalue=float(pvalue)) for pvalue in detector.score(stars).pvalue]
