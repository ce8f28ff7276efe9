"""What the report is given of a star that it shows in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period.result import PeriodResult


@dataclass(frozen=True, eq=False)
class SeenFold:
    """The fold as the autoencoder and the classifier see it, and what the autoencoder makes of it.

    Attributes
    ----------
    phase : (bins,) from 0 on, the maximum of the first harmonic at 0.
    value, sigma : (bins,) about the middle and in units of the width of the curve, brighter up; NaN in empty bins.
    model : (bins,) the denoised fold in the same units.
    """

    phase: FloatArray
    value: FloatArray
    sigma: FloatArray
    model: FloatArray


@dataclass(frozen=True, eq=False)
class ClassPhases:
    """How much each stretch of phases speaks for the star's class.

    Attributes
    ----------
    phase : (centres,) middle of each stretch, in [0, 1), from 0 on; phase zero is at the epoch of the period.
    weight : (centres,) in units of the natural logarithm of the odds; above 0 for the class, below 0 against it.
    """

    phase: FloatArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class CellStates:
    """What the forecaster's network has in mind while it reads the star.

    Attributes
    ----------
    start, end : days, of the first and the last row.
    states : (columns, units) of its cell in even steps of time between, each unit about its mean and in units of its
        spread; NaN in gaps.
    """

    start: float
    end: float
    states: FloatArray


@dataclass(frozen=True, eq=False)
class StarDetail:
    """One star of the report's list.

    Attributes
    ----------
    curve : the cleaned light curve, masked rows included.
    period : the period that the catalog gives.
    forecasts : by the detectors that made any, in the light curve's own unit.
    events : the star's rows of events.parquet.
    row : the star's row of objects.parquet.
    seen : the fold that the models see; None where there is no period.
    phases : which phases made the class; None where there is no period or no class.
    cells : the states of the forecaster's network; None where there are too few rows.
    """

    curve: LightCurve
    period: PeriodResult
    forecasts: Sequence[Forecast]
    events: Sequence[Mapping[str, Any]]
    row: Mapping[str, Any]
    seen: SeenFold | None = None
    phases: ClassPhases | None = None
    cells: CellStates | None = None
