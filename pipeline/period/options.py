"""What a user may ask of the period search."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class PeriodOptions:
    """Limits of the search; None lets the data decide.

    Attributes
    ----------
    min_period : days; None: 0.05 d for ground-based cadences, twice the cadence (Nyquist) where that is even.
    max_period : days; None, or longer than the span: the span of the observations.
    oversampling : frequencies per 1/span of the grid.
    max_frequencies : the grid is never longer than this (the shortest periods are given up first): bounded memory.
    min_points : stars with fewer good points get a reason instead of a period.
    """

    min_period: float | None = None
    max_period: float | None = None
    oversampling: float = 5.0
    max_frequencies: int = 2_000_000
    min_points: int = 10

    def __post_init__(self) -> None:
        for name in ("min_period", "max_period"):
            limit = getattr(self, name)
            if limit is not None and not (math.isfinite(limit) and limit > 0):
                raise ValueError(f"{name} must be a positive number of days, not {limit!r}")
        if self.min_period is not None and self.max_period is not None and self.min_period >= self.max_period:
            raise ValueError(f"min_period {self.min_period} d is not below max_period {self.max_period} d")
        if self.oversampling < 2:
            raise ValueError(f"oversampling must be at least 2, not {self.oversampling}")
