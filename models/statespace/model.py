"""The state-space baseline as one of the detectors: fit, forecast, assess, save, load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import ClassVar

import numpy as np

from swope.models import weights
from swope.models.detector import Assessment, Batch, Learning, Teaching
from swope.models.scores import Scores
from swope.models.statespace.columns import COLUMNS
from swope.models.statespace.online import record_after, record_json
from swope.models.statespace.ordinary import HABITS, OrdinaryEvents, likeliest
from swope.models.statespace.passes import hidden_events
from swope.models.statespace.score import MEASURES, Null, measure
from swope.models.statespace.star import StarFit, StarOptions, fit_star
from swope.models.statespace.summary import StateSpaceSummary, summarise
from swope.models.statespace.whole_curve import appearing, whole_curve_events
from swope.pipeline.cadence import CADENCES, cadence
from swope.pipeline.column import DetectorColumns
from swope.pipeline.events import Event, EventOptions, PointNull, find_events, significant
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star

KIND = "statespace"

#: What numbers that are too strange for the arithmetic end in.
_BREAKS = (ValueError, ArithmeticError, np.linalg.LinAlgError)

_CARD = """# State-space baseline: the null of its score

The model is fitted to each star and has no weights. Stored here are four measures (tails, run, memory, shift) of how
the one-step forecasts of {n} ordinary stars fail: constant stars, and periodic ones that behave. A star's score is
held against them, its number of points taken into account, and becomes a p-value: the share of ordinary stars that
score as high, and beyond the strangest of them an exponential in its place.

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

    columns: ClassVar[DetectorColumns] = COLUMNS

    learning: ClassVar[Learning] = Learning()

    null: Null | None = None
    options: StarOptions = field(default_factory=StarOptions)
    card: str = ""

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
        names = {one.name for one in fields(Null)}
        if set(stored.arrays) != names or stored.arrays["habits"].shape != (len(CADENCES), len(HABITS), 3):
            raise ValueError(
                f"the state-space model in {folder} was made by an earlier version; train it again, or install the "
                "version that made it"
            )
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

    @classmethod
    def taught(cls, stars: Sequence[Star], teaching: Teaching) -> StateSpace:
        """Learn the null of the score from stars, most of which should be ordinary; as `fit`."""
        teaching.progress(f"fitting {len(stars)} stars")
        return cls().fit(stars)

    def fit(self, stars: Sequence[Star]) -> StateSpace:
        """Learn the null of the score from ordinary stars: constant ones, and periodic ones that behave.

        Raises
        ------
        ValueError
            When fewer than 20 of them have a score.
        """
        fits = [fitted for star in stars if isinstance(fitted := self.fitted(star), StarFit)]
        forecasts = [fitted.forecast for fitted in fits]
        measured = [
            (m, forecast, likeliest(appearing(fitted, forecast), forecast, cadence(forecast.time, forecast.band)))
            for fitted, forecast in zip(fits, forecasts, strict=True)
            if not isinstance(m := _measured(fitted, forecast), Reason)
        ]
        measures = np.array([m for m, _, _ in measured]).reshape(-1, len(MEASURES))
        points = np.array([len(forecast.time) for _, forecast, _ in measured], dtype=float)
        habits = [one for _, _, one in measured]
        null = Null.learn(measures, points, (forecast for _, forecast, _ in measured), habits)
        return StateSpace(null, self.options, _CARD.format(n=len(measured)))

    def fitted(self, star: Star) -> StarFit | Reason:
        """The star's fit, or the reason why there is none."""
        try:
            fitted = fit_star(star, self.options)
        except _BREAKS as problem:
            return Reason.broke("the fit", problem)
        return Reason(fitted) if isinstance(fitted, str) else fitted

    def assess(self, batch: Batch) -> list[Assessment]:
        """Score, trend, change points, damped random walk, forecasts and events of each star, of one fit.

        Raises
        ------
        ValueError
            When there is no null yet.
        """
        if self.null is None:
            raise ValueError("this state-space model has no null yet: fit it to ordinary stars")
        return [self._assessed(star, batch.events, self.null) for star in batch.stars]

    def _assessed(self, star: Star, options: EventOptions, null: Null) -> Assessment:
        fitted = self.fitted(star)
        if isinstance(fitted, Reason):
            return Assessment(reason=fitted, record_reason=fitted)
        forecast = fitted.forecast
        score, pvalue, reason = _judged(fitted, forecast, null)
        problems: dict[str, Reason] = {}
        ordinary = null.events(forecast)
        runs = find_events(forecast, options, ordinary.point, ordinary.habit("pair"), ordinary.habit("run"))
        hidden: list[Event] = []
        apparent = runs
        try:
            apparent = [*runs, *whole_curve_events(fitted, forecast, options, ordinary)]
            hidden = hidden_events(star, forecast, apparent, self.options, options, ordinary)
        except _BREAKS as problem:
            problems["events"] = Reason.broke("the search for slow events", problem)
        events = [*significant(apparent, options.pvalue), *hidden]
        summary, broke = _described(fitted)
        if broke is not None:
            problems["trend"] = broke
        return Assessment(
            score=score,
            pvalue=pvalue,
            reason=reason,
            columns=summary.columns(),
            forecast=forecast,
            events=tuple(events),
            problems=problems,
            record=record_json(record_after(fitted)),
        )

    def forecast(self, stars: Sequence[Star]) -> list[Forecast | None]:
        """One-step-ahead forecasts of every good row of each star; None where there was no fit."""
        return [None if isinstance(f, Reason) else f.forecast for f in map(self.fitted, stars)]

    def score(self, stars: Sequence[Star]) -> Scores:
        """Anomaly score of each star: how badly its one-step forecasts fail, with its p-value against ordinary stars.

        Raises
        ------
        ValueError
            When there is no null yet.
        """
        if self.null is None:
            raise ValueError("this state-space model has no null yet: fit it to ordinary stars")
        judged = [
            (math.nan, math.nan, f) if isinstance(f, Reason) else _judged(f, f.forecast, self.null)
            for f in map(self.fitted, stars)
        ]
        score, pvalue = (np.array([one[i] for one in judged], dtype=float) for i in range(2))
        return Scores(score, pvalue, tuple(reason for _, _, reason in judged))

    def slow_events(self, stars: Sequence[Star], options: EventOptions) -> list[list[Event]]:
        """What each star's whole curve shows though its one-step forecasts may not (`swope.models.statespace.slow`).

        None of a star without a fit.
        """
        fits = [self.fitted(star) for star in stars]
        return [
            []
            if isinstance(f, Reason)
            else significant(whole_curve_events(f, f.forecast, options, self._ordinary(f.forecast)), options.pvalue)
            for f in fits
        ]

    def describe(self, stars: Sequence[Star]) -> list[StateSpaceSummary]:
        """Trend, change points and damped random walk of each star."""
        return [
            StateSpaceSummary(star.curve.object_id, reason=fitted.text)
            if isinstance(fitted := self.fitted(star), Reason)
            else _described(fitted)[0]
            for star in stars
        ]

    @property
    def point_null(self) -> PointNull:
        """How strange the strangest single points of ordinary stars are; the ideal without a null."""
        return PointNull() if self.null is None else self.null.point

    def _ordinary(self, forecast: Forecast) -> OrdinaryEvents:
        """What events of a star are held against; the ideal without a null."""
        return OrdinaryEvents() if self.null is None else self.null.events(forecast)


def _measured(fitted: StarFit, forecast: Forecast) -> FloatArray | Reason:
    try:
        measures = measure(fitted, forecast)
    except _BREAKS as problem:
        return Reason.broke("the score", problem)
    return Reason("too few forecasts for a score") if measures is None else measures


def _judged(fitted: StarFit, forecast: Forecast, null: Null) -> tuple[float, float, Reason | None]:
    """Score and p-value of a star, NaN where there is none, and why."""
    measures = _measured(fitted, forecast)
    if isinstance(measures, Reason):
        return math.nan, math.nan, measures
    (score,) = null.scores(measures[None, :], np.array([len(forecast.time)], dtype=float))
    (pvalue,) = null.pvalues(np.array([score]))
    return float(score), float(pvalue), None


def _described(fitted: StarFit) -> tuple[StateSpaceSummary, Reason | None]:
    """What the fit says of the star; and what broke, where it then says nothing."""
    try:
        return summarise(fitted), None
    except _BREAKS as problem:
        reason = Reason.broke("the summary", problem)
        return StateSpaceSummary(fitted.curve.object_id, fitted.structure, reason=reason.text), reason
