"""What the baseline says of a star, for the catalog."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from models.statespace.components import DampedWalk, Level, Model, Trend
from models.statespace.fit import fit
from models.statespace.star import StarFit

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
    drw_tau, drw_tau_err : days, and one sigma of the natural logarithm of tau.
    drw_sigma, drw_sigma_err : unit; the walk's standard deviation, and one sigma of its natural logarithm.
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


def summarise(fitted: StarFit) -> StateSpaceSummary:
    """Summarise a fitted star."""
    star, prepared, chosen = fitted.star, fitted.prepared, fitted.fit
    unit = prepared.scale * star.curve.sign
    slope, slope_err, pvalue = _trend(fitted)
    summary = StateSpaceSummary(
        object_id=star.curve.object_id,
        structure=fitted.structure,
        converged=chosen.converged,
        trend=slope * unit * DAYS_PER_YEAR,
        trend_err=slope_err * prepared.scale * DAYS_PER_YEAR,
        trend_pvalue=pvalue,
    )
    walk = next((t for t in chosen.model.terms if isinstance(t, DampedWalk)), None)
    if walk is None or walk.tau is None or walk.sigma is None:
        return summary
    flag = None
    if walk.tau > prepared.series.span or walk.tau < prepared.series.spacing:
        flag = "unresolved"
    elif prepared.series.span < 10 * walk.tau:
        flag = "short_span"
    return replace(
        summary,
        drw_tau=walk.tau,
        drw_tau_err=chosen.uncertainty("walk.tau"),
        drw_sigma=walk.sigma * prepared.scale,
        drw_sigma_err=chosen.uncertainty("walk.sigma"),
        drw_flag=flag,
    )


def _trend(fitted: StarFit) -> tuple[float, float, float]:
    """Slope, its sigma (prepared units a day) and p-value beside the chosen structure, its noise fitted again."""
    from scipy.special import ndtr

    terms = tuple(Trend() if isinstance(t, Level) else t for t in fitted.fit.model.terms)
    fitted_again = fit(Model(terms), fitted.prepared.series, uncertainties=False)
    i = fitted_again.columns.index("trend") + fitted.prepared.series.bands
    slope = float(fitted_again.coefficient[i])
    err = float(np.sqrt(fitted_again.coefficient_covariance[i, i]))
    return slope, err, float(2 * ndtr(-abs(slope) / err)) if err > 0 else math.nan
