"""Forecasts of observations at any later time, as distributions in the curve's own unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from swope.models.forecaster.mixture import Mixture
from swope.models.forecaster.sequence import Questions
from swope.models.forecaster.steps import Steps
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.star import Star


@dataclass(frozen=True, eq=False)
class Prediction:
    """What one star's observations should be, q of them, each as known at its origin.

    Attributes
    ----------
    object_id, bands, sign : of the star; +1 where a larger value is brighter.
    asked : origins, times, bands and errors of the observations, and what was observed where it was.
    mean : (q,) in the curve's unit; NaN where too little was known.
    sigma : (q,) half the width of the central 68.3 per cent interval, an observation's own error included: that given,
        or one such as the star's others.
    """

    object_id: str
    bands: tuple[str, ...]
    sign: float
    asked: Questions
    mean: FloatArray
    sigma: FloatArray
    _mixture: Mixture
    _centre: FloatArray
    _unit: FloatArray

    @classmethod
    def of(cls, star: Star, asked: Questions, steps: Steps, mixture: Mixture) -> Prediction:
        """The answers to the questions among the star's steps."""
        rows = ~steps.learnt
        mixture, centre, unit = mixture.where(rows), steps.centre[rows], steps.unit[rows]
        ready = np.where(steps.ready[rows], 1.0, np.nan)
        curve = star.curve
        return cls(
            object_id=curve.object_id,
            bands=curve.bands,
            sign=curve.sign,
            asked=asked,
            mean=ready * curve.sign * (centre + unit * mixture.centre()),
            sigma=ready * unit * mixture.half_width(),
            _mixture=mixture,
            _centre=centre,
            _unit=unit,
        )

    def quantile(self, level: float) -> FloatArray:
        """(q,) value that the observation stays below with this probability; NaN where too little was known."""
        own = self._mixture.quantile(level if self.sign > 0 else 1.0 - level)
        found: FloatArray = np.where(np.isfinite(self.mean), self.sign * (self._centre + self._unit * own), np.nan)
        return found
