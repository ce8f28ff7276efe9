"""The state-space baseline as one of the models: fit, forecast, score, describe, save, load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from models import weights
from models.scores import Scores, empirical_pvalue
from models.statespace.star import StarFit, StarOptions, fit_star
from models.statespace.summary import StateSpaceSummary, summarise
from pipeline.forecast import Forecast
from pipeline.lightcurve import FloatArray
from pipeline.star import Star

KIND = "statespace"

_CARD = """# State-space baseline: its null

Scores of {n} ordinary stars, against which a star's anomaly score becomes a p-value. The model itself is fitted to each
star and has no weights.
"""


@dataclass(frozen=True, eq=False)
class StateSpace:
    """The state-space baseline with the null of its anomaly score.

    Attributes
    ----------
    null : (m,) scores of ordinary stars.
    options : how stars are fitted.
    card : the model card.
    """

    null: FloatArray
    options: StarOptions = StarOptions()
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
        return cls(stored.arrays["null"], StarOptions(**stored.settings), stored.card)

    def save(self, folder: Path) -> None:
        """Write its folder."""
        weights.save(self._weights, folder)

    @property
    def model_id(self) -> str:
        """Name of exactly this null and these options."""
        return self._weights.model_id

    @property
    def _weights(self) -> weights.Weights:
        return weights.Weights(KIND, dict(vars(self.options)), {"null": self.null}, self.card)

    def fit(self, stars: Sequence[Star]) -> StateSpace:
        """Learn the null of the score from ordinary stars.

        Raises
        ------
        ValueError
            When none of them has a score.
        """
        scores = np.array([_score(f) for f in map(self.fitted, stars) if not isinstance(f, str)])
        scores = np.sort(scores[np.isfinite(scores)])
        if not len(scores):
            raise ValueError("none of the stars has a score to learn from")
        return StateSpace(scores, self.options, _CARD.format(n=len(scores)))

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
        """Anomaly score of each star: how badly its one-step forecasts fail, with its p-value against ordinary stars."""
        fits = [self.fitted(star) for star in stars]
        score = np.array([math.nan if isinstance(f, str) else _score(f) for f in fits])
        return Scores(score, empirical_pvalue(score, self.null), tuple(f if isinstance(f, str) else None for f in fits))

    def describe(self, stars: Sequence[Star]) -> list[StateSpaceSummary]:
        """Trend, change points and damped random walk of each star."""
        return [
            StateSpaceSummary(star.curve.object_id, reason=f) if isinstance(f, str) else summarise(f)
            for star, f in zip(stars, map(self.fitted, stars), strict=True)
        ]


def _forecast(fitted: StarFit) -> Forecast:
    prepared = fitted.prepared
    curve = fitted.star.curve
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


def _score(fitted: StarFit) -> float:
    """Mean of log(1 + z^2 / 4) over the innovations, less its mean for Gaussian ones, in its own standard deviations.

    The logarithm (a Student t of four degrees of freedom, up to factors) keeps one rotten point from deciding.
    """
    z = fitted.innovation
    z = z[np.isfinite(z)]
    if len(z) < 5:
        return math.nan
    # mean and standard deviation of log(1 + z^2 / 4) for Gaussian z
    return float((np.mean(np.log1p(z * z / 4)) - 0.1898) / 0.2226 * math.sqrt(len(z)))
