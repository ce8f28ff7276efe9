"""The anomaly score: in how many ways a star's forecasts fail, each held against ordinary stars of as many points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from swope.models.scores import empirical_pvalue
from swope.models.statespace.changes import allowed_shifts, selected_pvalue
from swope.models.statespace.ordinary import Likeliest, OrdinaryEvents, restored, stored, tails_of
from swope.models.statespace.star import StarFit
from swope.pipeline.cadence import cadence
from swope.pipeline.events import PointNull, best_run
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray

#: What is measured of a star, in this order.
MEASURES = ("tails", "run", "memory", "shift")

#: A star with fewer forecasts has no score.
MIN_FORECASTS = 10

#: Ordinary stars in a bin of the number of points, from which median and spread of each measure are taken.
_BIN = 60


def measure(fitted: StarFit, forecast: Forecast) -> FloatArray | None:
    """(4,) how the forecasts of a star fail; None with fewer than `MIN_FORECASTS`.

    The measures: *tails*, mean of log(1 + z^2 / 4) over the standardised innovations z, a Student-like size that one
    rotten point cannot decide; *run*, significance of the strangest run of failed forecasts; *memory*, correlation of
    neighbouring innovations; *shift*, significance of the largest level shift.
    """
    z = fitted.innovation
    z = z[np.isfinite(z)]
    if len(z) < MIN_FORECASTS:
        return None
    limited = np.clip(z, -3, 3)
    memory = float(np.sum(limited[1:] * limited[:-1]) / np.sum(limited**2)) * math.sqrt(len(z))
    series = fitted.prepared.series
    shift = np.where(allowed_shifts(series.time, ()), np.abs(fitted.shift), 0.0)
    largest = -math.log10(max(selected_pvalue(float(shift.max()) ** 2, len(series)), 1e-300))
    return np.array([float(np.mean(np.log1p(z * z / 4))), best_run(forecast), abs(memory), largest])


@dataclass(frozen=True, eq=False)
class Null:
    """The measures of ordinary stars.

    Attributes
    ----------
    points : (b,) natural logarithm of the number of points, ascending; the next two belong to these.
    median, spread : (b, 4) of each measure.
    standard : (m, 4) each measure of the ordinary stars, standardised for their number of points, sorted.
    score : (m,) their scores.
    single : (3,) bulk, scale and reach of the strangest single points (`swope.pipeline.events.PointNull`).
    habits : (cadences, habits, 3) share, start and index of the likeliest events (`swope.models.statespace.ordinary`).
    """

    points: FloatArray
    median: FloatArray
    spread: FloatArray
    standard: FloatArray
    score: FloatArray
    single: FloatArray
    habits: FloatArray

    @classmethod
    def learn(
        cls,
        measures: FloatArray,
        points: FloatArray,
        forecasts: Iterable[Forecast],
        habits: Sequence[Likeliest],
    ) -> Null:
        """Learn from ordinary stars.

        Parameters
        ----------
        measures : (m, 4) as `measure` gives them.
        points : (m,) number of points of each star.
        forecasts : of the same stars.
        habits : the likeliest events of the same stars.

        Raises
        ------
        ValueError
            When there are fewer than 20 stars.
        """
        if len(measures) < 20:
            raise ValueError(f"{len(measures)} ordinary stars with a score are too few to learn from; 20 are needed")
        order = np.argsort(points, kind="stable")
        bins = np.array_split(order, max(1, len(order) // _BIN))
        centres = np.log([np.median(points[b]) for b in bins])
        median = np.array([np.median(measures[b], axis=0) for b in bins])
        spread = np.array([np.quantile(measures[b], 0.9, axis=0) - np.quantile(measures[b], 0.5, axis=0) for b in bins])
        spread = np.maximum(spread, 1e-3 + 0.1 * spread.max(axis=0))
        single, learned = numbers_of(PointNull.learn(forecasts)), stored(tails_of(habits, [1.0] * len(habits)))
        bare = cls(centres, median, spread, np.zeros((1, 4)), np.zeros(1), single, learned)
        ready = replace(bare, standard=np.sort(bare.standardise(measures, points), axis=0))
        return replace(ready, score=np.sort(ready.scores(measures, points)))

    @property
    def point(self) -> PointNull:
        """What the strangest single points look like."""
        return PointNull(*self.single.tolist())

    def events(self, forecast: Forecast) -> OrdinaryEvents:
        """What events of a star that is observed as this one are held against."""
        way = cadence(forecast.time, forecast.band)
        return OrdinaryEvents(self.point, restored(self.habits, way), way)

    def standardise(self, measures: FloatArray, points: FloatArray) -> FloatArray:
        """(n, 4) the measures less the median, over the spread, of ordinary stars of as many points."""
        at = np.log(points)
        out = np.empty_like(measures)
        for j in range(measures.shape[1]):
            out[:, j] = (measures[:, j] - np.interp(at, self.points, self.median[:, j])) / np.interp(
                at, self.points, self.spread[:, j]
            )
        return out

    def scores(self, measures: FloatArray, points: FloatArray) -> FloatArray:
        """(n,) sum over the measures of minus the logarithm of each one's tail probability (Fisher's statistic)."""
        standard = self.standardise(measures, points)
        tails = [_log_tail(standard[:, j], self.standard[:, j]) for j in range(standard.shape[1])]
        total: FloatArray = -np.sum(tails, axis=0)
        return total

    def pvalues(self, scores: FloatArray) -> FloatArray:
        """(n,) share of ordinary stars that score as high; NaN stays NaN."""
        return empirical_pvalue(scores, self.score)


def numbers_of(null: PointNull) -> FloatArray:
    """(3,) its bulk, scale and reach."""
    return np.array([null.bulk, null.scale, null.reach])


def _log_tail(value: FloatArray, ordinary: FloatArray) -> FloatArray:
    """(n,) logarithm of the share of sorted `ordinary` at or above each value, going on exponentially past its 98 %."""
    m = len(ordinary)
    higher = m - np.searchsorted(ordinary, value, side="left")
    start = max(m - max(10, m // 50), 0)
    edge = ordinary[start]
    excess = max(float(np.mean(ordinary[start:] - edge)), 1e-9)
    share = (1.0 + higher) / (1.0 + m)
    beyond = math.log((1.0 + m - start) / (1.0 + m)) - (value - edge) / excess
    out: FloatArray = np.where(value > edge, np.maximum(beyond, -1e4), np.log(share))
    return out
