"""What a period search answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

PeriodFlag = Literal["alias", "half", "double", "few_cycles"]


@dataclass(frozen=True)
class PeriodResult:
    """The period of one star, its runners-up, and how far to trust it.

    Attributes
    ----------
    period : days; NaN where none was computed (`reason` says why).
    period_err : days, one sigma; NaN where unknown.
    fap : false-alarm probability of the strongest peak, in [0, 1]; NaN where none was computed.
    flag : None, or what the period may be instead: "alias" (a window alias is as likely), "half" (this may be half
        the true period), "double" (this may be twice the true period), "few_cycles" (fewer than three in the span).
    others : up to four runner-up periods in days, best first (the catalog's period_2..period_5).
    t0 : epoch in the light curve's own time: minimum light for eclipsing shapes, maximum for the others; NaN if none.
    terms : number of Fourier terms of the chosen model; 0 for a box.
    reason : why there is no period; None where there is one.
    """

    period: float = math.nan
    period_err: float = math.nan
    fap: float = math.nan
    flag: PeriodFlag | None = None
    others: tuple[float, ...] = ()
    t0: float = math.nan
    terms: int = 0
    reason: str | None = None

    @property
    def found(self) -> bool:
        """Whether there is a period to fold with (however doubtful: see `fap`)."""
        return math.isfinite(self.period)
