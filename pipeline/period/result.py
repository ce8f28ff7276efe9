"""What a period search answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

PeriodFlag = Literal["alias", "half", "double", "few_cycles"]


@dataclass(frozen=True)
class PeriodResult:
    """The period of one star, its runners-up, and how far to trust it.

    Attributes
    ----------
    period : days; NaN where none was computed (`reason` says why).
    period_err : days, one sigma; NaN where unknown.
    fap : probability that noise or slow changes alone would fold as well, in [0, 1]; NaN where none was computed, or
        where so few cycles carry the fold that none can be given (`flag` is "few_cycles" then).
    flag : None, or what the period may be instead: "alias" (a window alias is as likely), "half" (this may be half
        the true period), "double" (this may be twice the true period), "few_cycles" (fewer than three are in the span,
        or two explain nearly all that the fold explains).
    others : up to four runner-up periods in days, best first (the catalog's period_2..period_5).
    t0 : epoch in the light curve's own time: minimum light for eclipsing shapes, maximum for the others; NaN if none.
    terms : number of Fourier terms of the chosen model; 0 for a box.
    noise_fap : as `fap`, but against noise alone, and however few the cycles: what models are taught with.
    reason : why there is no period; None where there is one.
    fault : whether that is an error of ours, and not the data's.
    """

    period: float = math.nan
    period_err: float = math.nan
    fap: float = math.nan
    flag: PeriodFlag | None = None
    others: tuple[float, ...] = ()
    t0: float = math.nan
    terms: int = 0
    noise_fap: float = math.nan
    reason: str | None = None
    fault: bool = False

    @property
    def found(self) -> bool:
        """Whether there is a period to fold with (however doubtful: see `fap`)."""
        return math.isfinite(self.period)

    def rounded(self) -> PeriodResult:
        """Without its last bits, which depend on where in memory the light curve lies, and on nothing in it.

        A peak is flat to a float's last bits about its top, so its place differs by some 1e-12, those of weaker ones by
        1e-11: ten and eight digits are more than a fold over the whole span can tell apart.
        """
        return replace(
            self,
            period=_significant(self.period, 10),
            period_err=_significant(self.period_err, 6),
            fap=_significant(self.fap, 6),
            noise_fap=_significant(self.noise_fap, 6),
            others=tuple(_significant(period, 8) for period in self.others),
            t0=round(self.t0, 7) if math.isfinite(self.t0) else self.t0,
        )


def _significant(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")
