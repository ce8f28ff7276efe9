"""What the baseline says of a star, for the catalog."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from swope.models.statespace.changes import find_changes
from swope.models.statespace.star import StarFit
from swope.models.statespace.terms import DampedWalk

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class ChangePoint:
    """A level shift.

    Attributes
    ----------
    time : the first observation after it, in the curve's own time.
    size : in the curve's unit, positive where the value grew (magnitudes: faded).
    size_err : one sigma.
    pvalue : probability of so large a shift somewhere in an ordinary star.
    """

    time: float
    size: float
    size_err: float
    pvalue: float


@dataclass(frozen=True)
class StateSpaceSummary:
    """What the baseline says of a star; NaN where not computed.

    Attributes
    ----------
    object_id : whose.
    structure : the chosen model, such as "seasonal+walk"; "" where there is none.
    converged : whether its fit ended at a maximum.
    trend, trend_err : unit a year, positive where the value grows (magnitudes: fades), with one sigma.
    trend_pvalue : two-sided, against no trend beside the chosen structure.
    change_points : level shifts, most significant first.
    drw_tau, drw_tau_err : days, where a damped random walk was preferred to white noise (an oscillator may have done
        better still: see `structure`); one sigma, of the logarithm times tau.
    drw_sigma, drw_sigma_err : unit; the walk's standard deviation and one sigma, of the logarithm times sigma.
    drw_flag : None; "short_span": the span is under ten tau, so that tau is biased low; "unresolved": tau is below the
        spacing of the observations or above their span.
    reason : why nothing was computed, or None.
    """

    object_id: str
    structure: str = ""
    converged: bool = False
    trend: float = math.nan
    trend_err: float = math.nan
    trend_pvalue: float = math.nan
    change_points: tuple[ChangePoint, ...] = ()
    drw_tau: float = math.nan
    drw_tau_err: float = math.nan
    drw_sigma: float = math.nan
    drw_sigma_err: float = math.nan
    drw_flag: str | None = None
    reason: str | None = None

    def columns(self) -> dict[str, float | int | str | None]:
        """The catalog's columns; None where not computed. Of several level shifts the most significant."""
        shift = self.change_points[0] if self.change_points else None
        numbers = {
            "trend": self.trend,
            "trend_err": self.trend_err,
            "trend_pvalue": self.trend_pvalue,
            "change_time": shift.time if shift else math.nan,
            "change_size": shift.size if shift else math.nan,
            "change_pvalue": shift.pvalue if shift else math.nan,
            "drw_tau": self.drw_tau,
            "drw_tau_err": self.drw_tau_err,
            "drw_sigma": self.drw_sigma,
            "drw_sigma_err": self.drw_sigma_err,
        }
        out: dict[str, float | int | str | None] = {
            name: float(value) if math.isfinite(value) else None for name, value in numbers.items()
        }
        out["n_changes"] = None if self.reason is not None else len(self.change_points)
        out["drw_flag"] = self.drw_flag
        return out


def summarise(fitted: StarFit) -> StateSpaceSummary:
    """Summarise a fitted star."""
    curve, prepared, chosen = fitted.curve, fitted.prepared, fitted.fit
    unit = prepared.scale * curve.sign
    changes = find_changes(fitted)
    summary = StateSpaceSummary(
        object_id=curve.object_id,
        structure=fitted.structure,
        converged=chosen.converged,
        trend=changes.slope * unit * DAYS_PER_YEAR,
        trend_err=changes.slope_err * prepared.scale * DAYS_PER_YEAR,
        trend_pvalue=changes.slope_pvalue,
        change_points=tuple(
            ChangePoint(
                prepared.epoch + float(prepared.series.time[s.row]),
                s.size * unit,
                s.size_err * prepared.scale,
                s.pvalue,
            )
            for s in changes.shifts
        ),
    )
    if fitted.walk is None:
        return summary
    walk = next(t for t in fitted.walk.model.terms if isinstance(t, DampedWalk))
    assert walk.tau is not None
    assert walk.sigma is not None
    flag = None
    if walk.tau > prepared.series.span or walk.tau < prepared.series.spacing:
        flag = "unresolved"
    elif prepared.series.span < 10 * walk.tau:
        flag = "short_span"
    return replace(
        summary,
        drw_tau=walk.tau,
        drw_tau_err=fitted.walk.uncertainty("walk.tau") * walk.tau,
        drw_sigma=walk.sigma * prepared.scale,
        drw_sigma_err=fitted.walk.uncertainty("walk.sigma") * walk.sigma * prepared.scale,
        drw_flag=flag,
    )
