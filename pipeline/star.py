"""A star on its way through the pipeline: its cleaned light curve and its period."""

from __future__ import annotations

from dataclasses import dataclass

from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period.result import PeriodResult


@dataclass(frozen=True, eq=False)
class Star:
    """What every model is given for one star.

    Attributes
    ----------
    curve : the cleaned light curve, in time order; models compute with `curve.good`.
    period : the answer of the period search, which may be "none, because".
    """

    curve: LightCurve
    period: PeriodResult
