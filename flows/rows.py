"""From a star and the models' answers to its catalog row and its events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from swope.flows.models import Models
from swope.flows.options import RunOptions
from swope.flows.state import Kept, kept_of
from swope.pipeline.catalog.schema import DETECTORS
from swope.pipeline.events import EventOptions, find_events, without_repeats
from swope.pipeline.ingest import Refused
from swope.pipeline.period import PeriodResult, multiplied
from swope.pipeline.star import Star
from swope.pipeline.summary import summarise


@dataclass(frozen=True)
class StarRow:
    """One star's row of objects.parquet and its rows of events.parquet, by column name; what is kept for the nights to
    come, None of a star that is not known well enough to go on from.
    """

    columns: dict[str, Any]
    events: tuple[dict[str, Any], ...] = ()
    kept: Kept | None = None


def rows_of(stars: Sequence[Star], models: Models, options: RunOptions) -> list[StarRow]:
    """Put some stars through the four models.

    Parameters
    ----------
    stars : n stars with at least one good row each.

    Returns
    -------
    n rows, in the order of the stars.
    """
    if not stars:
        return []
    classes = models.classifier.classify(stars)
    stars = [settle(star, float(factor)) for star, factor in zip(stars, classes.period_factor, strict=True)]
    forecasts = {"forecaster": models.forecaster.forecast(stars), "statespace": models.statespace.forecast(stars)}
    folds = models.autoencoder.score(stars)
    flags = models.autoencoder.flags(stars, folds)
    scores = {
        "forecaster": models.forecaster.score(stars),
        "statespace": models.statespace.score(stars),
        "autoencoder": folds,
    }
    nulls = {"forecaster": models.forecaster.point_null, "statespace": models.statespace.point_null}
    described = models.statespace.describe(stars)
    event_options = EventOptions(pvalue=options.event_pvalue)
    slow = models.statespace.slow_events(stars, event_options)
    rows = []
    for i, star in enumerate(stars):
        found = [forecast for forecasted in forecasts.values() if (forecast := forecasted[i]) is not None]
        failed = [event for one in found for event in find_events(one, event_options, nulls[one.detector])]
        events = [asdict(event) for event in without_repeats([*failed, *slow[i]])]
        best = classes.best(i)
        columns = {
            **asdict(summarise(star.curve)),
            **_period_columns(star.period),
            **described[i].columns(),
            "class": best,
            "class_prob": _null_if_nan(classes.probability(i)),
            "class_sure": classes.sure[i],
            "class_flag": classes.flag[i],
            "class_doubt": _null_if_nan(classes.doubt[i]),
            "reconstruction_pvalue": _null_if_nan(folds.reconstruction_pvalue[i]),
            "latent_pvalue": _null_if_nan(folds.latent_pvalue[i]),
            "autoencoder_flag": flags[i],
            "n_events": len(events),
        }
        for j, name in enumerate(classes.types):
            columns[f"prob_{name}"] = _null_if_nan(classes.probabilities[i, j])
        for detector in DETECTORS:
            columns[f"{detector}_score"] = _null_if_nan(scores[detector].score[i])
            columns[f"{detector}_pvalue"] = _null_if_nan(scores[detector].pvalue[i])
        reasons = {"period": star.period.reason, "class": classes.reason[i]}
        reasons |= {detector: scores[detector].reason[i] for detector in DETECTORS}
        columns |= _status(reasons)
        rows.append(StarRow(columns, tuple(events), kept_of(star, models.statespace)))
    return rows


def settle(star: Star, factor: float) -> Star:
    """The star with its period multiplied by what the classifier found: 2 for an EW folded at half its period, say."""
    return star if factor == 1.0 else replace(star, period=multiplied(star.curve, star.period, factor))


def refused_row(refused: Refused) -> StarRow:
    """The row of an input that did not become a star."""
    return StarRow(asdict(refused))


def lost_row(star: Star, reason: str) -> StarRow:
    """The row of a star that took its computation down."""
    columns = {**asdict(summarise(star.curve)), **_period_columns(star.period)}
    return StarRow(columns | {"status": "failed", "reason": reason})


def period_of(row: dict[str, Any]) -> PeriodResult:
    """The period result that a catalog row holds."""
    others = tuple(row[f"period_{n}"] for n in range(2, 6) if row[f"period_{n}"] is not None)
    found = row["period"] is not None
    return PeriodResult(
        period=_nan_if_null(row["period"]),
        period_err=_nan_if_null(row["period_err"]),
        fap=_nan_if_null(row["period_fap"]),
        flag=row["period_flag"],
        others=others,
        t0=_nan_if_null(row["t0"]),
        terms=row["period_terms"] or 0,
        reason=None if found else "no period",
    )


def _period_columns(period: PeriodResult) -> dict[str, Any]:
    others = dict(zip((f"period_{n}" for n in range(2, 6)), period.others, strict=False))
    return {
        "period": _null_if_nan(period.period),
        "period_err": _null_if_nan(period.period_err),
        "period_fap": _null_if_nan(period.fap),
        "period_flag": period.flag,
        "period_terms": period.terms if period.found else None,
        "t0": _null_if_nan(period.t0),
        **others,
    }


def _status(reasons: dict[str, str | None]) -> dict[str, Any]:
    """Status and reason: partial where something was not computed, failed where our own code broke."""
    missing = [f"{what}: {reason}" for what, reason in reasons.items() if reason is not None]
    status = "failed" if any("failed" in text for text in missing) else "partial" if missing else "ok"
    return {"status": status, "reason": "; ".join(missing) or None}


def _null_if_nan(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _nan_if_null(value: float | None) -> float:
    return math.nan if value is None else value
