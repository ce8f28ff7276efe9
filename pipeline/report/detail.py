"""What the report is given of a star that it shows in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.forecast import Forecast
from pipeline.lightcurve import LightCurve
from pipeline.period.result import PeriodResult


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
    """

    curve: LightCurve
    period: PeriodResult
    forecasts: Sequence[Forecast]
    events: Sequence[Mapping[str, Any]]
    row: Mapping[str, Any]
