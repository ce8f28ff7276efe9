"""How right the periods of a catalog are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from swope.pipeline.evaluate.results import PeriodResults
from swope.pipeline.lightcurve import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

#: A period is right within this share, or within this part of a cycle over the star's whole span where that is looser.
PERIOD_TOLERANCE = 0.01
CYCLE_TOLERANCE = 0.25


def period_matches(period: FloatArray, true: FloatArray, span: FloatArray) -> BoolArray:
    """Which periods are right: within 1 %, or within a quarter of a cycle over the span where that is looser.

    Parameters
    ----------
    period, true : (n,) days; NaN never matches.
    span : (n,) days from the first to the last observation; NaN where unknown.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.abs(period / true - 1) <= PERIOD_TOLERANCE
        cycles = np.abs(1 / period - 1 / true) * span
        return np.asarray(near | (cycles <= CYCLE_TOLERANCE), dtype=bool)


def period_results(stars: pd.DataFrame) -> tuple[PeriodResults, ...]:
    """How the periods fared of all stars with a known one, and of each class of them; empty where there is none."""
    stars = stars[stars["period_true"].notna()]
    if stars.empty:
        return ()
    groups = stars.groupby("class_true")
    return (_results_of("all", stars), *(_results_of(str(name), some) for name, some in groups))


def _results_of(name: str, stars: pd.DataFrame) -> PeriodResults:
    true, period = (stars[column].to_numpy(dtype=float) for column in ("period_true", "period"))
    span = (stars["time_end"] - stars["time_start"]).to_numpy(dtype=float)
    exact = period_matches(period, true, span)
    half = period_matches(2 * period, true, span) & ~exact
    double = period_matches(period / 2, true, span) & ~exact & ~half
    none = np.isnan(period)
    other = ~(exact | half | double | none)
    with np.errstate(divide="ignore"):
        aliases = [1 / np.abs(1 / true + n) for n in (-2, -1, 1, 2)]
    alias = np.any([period_matches(period, one, span) for one in aliases], axis=0) & other
    runners_up = [stars[f"period_{n}"].to_numpy(dtype=float) for n in range(2, 6)]
    in_five = np.any([exact, *(period_matches(one, true, span) for one in runners_up)], axis=0)
    counts = {
        "exact": exact,
        "half": half,
        "double": double,
        "other": other,
        "none": none,
        "alias": alias,
        "in_five": in_five,
    }
    return PeriodResults(name=name, n=len(stars), **{key: int(which.sum()) for key, which in counts.items()})
