"""The state-space baseline as one of the models: fit, forecast, score, describe, save, load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from swope.models import weights
from swope.models.scores import Scores
from swope.models.statespace.outbursts import find_outbursts
from swope.models.statespace.score import MEASURES, Null, measure
from swope.models.statespace.slow import Slow, covered, find_slow
from swope.models.statespace.star import StarFit, StarOptions, fit_star
from swope.models.statespace.summary import StateSpaceSummary, summarise
from swope.pipeline.events import Event, EventFlag, EventOptions, PointNull, edges, event_of, in_sight, visits
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.star import Star

KIND = "statespace"

_CARD = """# State-space baseline: the null of its score

The model is fitted to each star and has no weights. Stored here are four measures (tails, run, memory, shift) of how
the one-step forecasts of {n} ordinary stars fail: constant stars, and periodic ones that behave. A star's score is
held against them, its number of points taken into account, and becomes a p-value: the share of ordinary stars that
score as high, never below 1 / {n_plus}.

Limits: what is ordinary depends on the survey's noise; `StateSpace.fit` learns it again from other stars.
"""


@dataclass(frozen=True, eq=False)
class StateSpace:
    """The state-space baseline with the null of its anomaly score.

    Attributes
    ----------
    null : the measures of ordinary stars; None before `fit`.
    options : how stars are fitted.
    card : the model card.
    """

    null: Null | None = None
    options: StarOptions = field(default_factory=StarOptions)
    card: str = ""
    _fitted: WeakKeyDictionary[Star, StarFit | str] = field(default_factory=WeakKeyDictionary, repr=False)

    @classmethod
    def pretrained(cls) -> StateSpace:
        """The one that comes with Swope."""
        return cls.load(weights.PRETRAINED / KIND)

    @classmethod
    def load(cls, folder: Path) -> StateSpace:
        """Read it from its folder.

        Raises
        ------
        ValueError
            When the folder holds no state-space model, or a damaged one.
        """
        stored = weights.load(folder, KIND)
        null = Null(**{name: array.astype(float) for name, array in stored.arrays.items()})
        return cls(null, StarOptions(**stored.settings), stored.card)

    def save(self, folder: Path) -> None:
        """Write its folder.

        Raises
        ------
        ValueError
            When there is no null yet.
        """
        weights.save(self._weights, folder)

    @property
    def model_id(self) -> str:
        """Name of exactly this null and these options."""
        return self._weights.model_id

    @property
    def _weights(self) -> weights.Weights:
        if self.null is None:
            raise ValueError("this state-space model has no null yet: fit it to ordinary stars")
        return weights.Weights(KIND, dict(vars(self.options)), dict(vars(self.null)), self.card)

    def fit(self, stars: Sequence[Star]) -> StateSpace:
        """Learn the null of the score from ordinary stars: constant ones, and periodic ones that behave.

        Raises
        ------
        ValueError
            When fewer than 20 of them have a score.
        """
        measured = [(m, star) for star in stars if not isinstance(m := self._measure(star), str)]
        measures = np.array([m for m, _ in measured]).reshape(-1, len(MEASURES))
        points = np.array([len(star.curve.good) for _, star in measured], dtype=float)
        forecasts = self.forecast([star for _, star in measured])
        null = Null.learn(measures, points, (forecast for forecast in forecasts if forecast is not None))
        return StateSpace(null, self.options, _CARD.format(n=len(measured), n_plus=len(measured) + 1))

    def fitted(self, star: Star) -> StarFit | str:
        """The star's fit, or the reason why there is none; kept for as long as the star itself."""
        if star not in self._fitted:
            try:
                self._fitted[star] = fit_star(star, self.options)
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as problem:
                self._fitted[star] = f"the fit failed: {problem}"
        return self._fitted[star]

    def forecast(self, stars: Sequence[Star]) -> list[Forecast | None]:
        """One-step-ahead forecasts of every good row of each star; None where there was no fit."""
        return [None if isinstance(f, str) else _forecast(f) for f in map(self.fitted, stars)]

    def score(self, stars: Sequence[Star]) -> Scores:
        """Anomaly score of each star: how badly its one-step forecasts fail, with its p-value against ordinary stars.

        Raises
        ------
        ValueError
            When there is no null yet.
        """
        if self.null is None:
            raise ValueError("this state-space model has no null yet: fit it to ordinary stars")
        measured = [self._measure(star) for star in stars]
        score = np.full(len(stars), math.nan)
        rows = [i for i, m in enumerate(measured) if not isinstance(m, str)]
        if rows:
            measures = np.array([measured[i] for i in rows], dtype=float)
            points = np.array([len(stars[i].curve.good) for i in rows], dtype=float)
            score[rows] = self.null.scores(measures, points)
        reasons = tuple(m if isinstance(m, str) else None for m in measured)
        return Scores(score, self.null.pvalues(score), reasons)

    def slow_events(self, stars: Sequence[Star], options: EventOptions) -> list[list[Event]]:
        """What each star's whole curve shows though its one-step forecasts may not (`swope.models.statespace.slow`)."""
        return [_slow_events(self.fitted(star), options) for star in stars]

    @property
    def point_null(self) -> PointNull:
        """How strange the strangest single points of ordinary stars are; the ideal without a null."""
        return PointNull() if self.null is None else PointNull(*(float(x) for x in self.null.single))

    def _measure(self, star: Star) -> FloatArray | str:
        fitted = self.fitted(star)
        if isinstance(fitted, str):
            return fitted
        try:
            measures = measure(fitted, _forecast(fitted))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as problem:
            return f"the score failed: {problem}"
        return "too few forecasts for a score" if measures is None else measures

    def describe(self, stars: Sequence[Star]) -> list[StateSpaceSummary]:
        """Trend, change points and damped random walk of each star."""
        return [_describe(star, self.fitted(star)) for star in stars]


def _describe(star: Star, fitted: StarFit | str) -> StateSpaceSummary:
    if isinstance(fitted, str):
        return StateSpaceSummary(star.curve.object_id, reason=fitted)
    try:
        return summarise(fitted)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as problem:
        return StateSpaceSummary(star.curve.object_id, fitted.structure, reason=f"the summary failed: {problem}")


def _slow_events(fitted: StarFit | str, options: EventOptions) -> list[Event]:
    if isinstance(fitted, str):
        return []
    forecast = _forecast(fitted)
    try:
        outbursts = find_outbursts(fitted, forecast.innovation, options.pvalue)
        bright = covered(outbursts, len(forecast.time))
        found = [slow for slow in find_slow(fitted, options.pvalue) if not _told_better(slow, bright, forecast.time)]
        taken = covered(filter(_brightens, found), len(forecast.time))
        found += [slow for slow in outbursts if not taken[slow.first : slow.last + 1].any()]
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        # the star has its forecasts and their events all the same
        return []
    (after, before), visit = edges(forecast.time, options), visits(forecast.time)
    events = []
    for slow in found:
        flag: EventFlag | None = None
        if slow.kind in ("pulse", "shift") and after[slow.first]:
            flag = "segment_start"
        elif slow.kind == "pulse" and before[slow.last]:
            flag = "gap_edge"
        elif visit[slow.first] == visit[slow.last]:
            flag = "single_visit"
        rows = np.arange(slow.first, slow.last + 1, dtype=np.int32)
        largest = slow.effect[np.argmax(np.abs(slow.effect))]
        bands = "+".join(forecast.bands)
        events.append(event_of(forecast, rows, bool(largest > 0), slow.pvalue, bands, slow.kind, flag))
    return events


def _brightens(slow: Slow) -> bool:
    return slow.kind == "pulse" and bool(slow.effect.sum() > 0)


def _told_better(slow: Slow, bright: BoolArray, time: FloatArray) -> bool:
    """Whether outbursts tell a brightening, or a level shift, better.

    They do where the star was out of sight for most of the brightening, and where one side of the shift is outburst.

    Parameters
    ----------
    bright, time : (n,) which rows are in outburst, and when they are.
    """
    if slow.kind == "shift":
        higher = slice(slow.first, None) if slow.effect.sum() > 0 else slice(None, slow.first)
        return bool(np.mean(bright[higher]) > 0.5)
    broken = len(in_sight(time, visits(time), slow.first, slow.last)) > 1
    return _brightens(slow) and broken and bool(bright[slow.first : slow.last + 1].any())


def _forecast(fitted: StarFit) -> Forecast:
    prepared = fitted.prepared
    curve = fitted.curve
    good = curve.good
    centre = prepared.centre[prepared.series.band]
    return Forecast(
        object_id=curve.object_id,
        detector=KIND,
        time=good.time,
        band=prepared.series.band,
        bands=prepared.bands,
        value=good.value,
        mean=curve.sign * (fitted.mean * prepared.scale + centre),
        sigma=fitted.sigma * prepared.scale,
        sign=curve.sign,
    )
