"""One star's answer, made once: what notebook, run, night and report all read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from swope.models.detector import Assessment, Batch
from swope.models.inputs import Inputs, inputs_of
from swope.models.lone_points import strange_for_lone_points, without_lone_points
from swope.models.registry import Models
from swope.pipeline.catalog.schema import PROBABILITY, probability_types
from swope.pipeline.column import DetectorColumns
from swope.pipeline.demote import FLAGS
from swope.pipeline.events import Event, EventOptions, least_pvalue, without_repeats
from swope.pipeline.fold import Fold, fold
from swope.pipeline.forecast import Forecast
from swope.pipeline.happenings import gathered
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult, find_period, multiplied, secondary_periods
from swope.pipeline.rank import anomaly_pvalue, anomaly_reason
from swope.pipeline.reason import Reason, status_of
from swope.pipeline.report.detail import StarDetail
from swope.pipeline.star import Star
from swope.pipeline.summary import summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: Types that pulsate in two modes or more.
MULTI_MODE = frozenset({"RRD", "DCEP(B)"})


@dataclass(frozen=True)
class AnalysisOptions:
    """The settings of an analysis.

    Attributes
    ----------
    periods : where periods are searched.
    events : what counts as an event.
    """

    periods: PeriodOptions = field(default_factory=PeriodOptions)
    events: EventOptions = field(default_factory=EventOptions)


@dataclass(frozen=True, eq=False)
class Analysis:
    """All that Swope says of one star.

    Attributes
    ----------
    curve : the cleaned light curve, masked rows included.
    period : the period that the catalog gives, with its runners-up.
    inputs : what the networks saw of the star.
    assessments : what each detector said, by name.
    events : when it misbehaved, in order of time.
    row : its row of the catalog, by column; None where not computed. What needs a whole catalog (ranks) is None.
    """

    curve: LightCurve
    period: PeriodResult
    inputs: Inputs
    assessments: Mapping[str, Assessment]
    events: tuple[Event, ...]
    row: Mapping[str, Any]

    @property
    def probabilities(self) -> dict[str, float]:
        """Probability of each VSX type, the likeliest first; empty where there is no class."""
        given = {name: self.row[f"{PROBABILITY}{name}"] for name in probability_types(self.row)}
        known = {name: float(share) for name, share in given.items() if share is not None}
        return dict(sorted(known.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def forecasts(self) -> dict[str, Forecast]:
        """Forecasts of the star's good rows, by detector."""
        return {name: one.forecast for name, one in self.assessments.items() if one.forecast is not None}

    def fold(self, period: float | None = None, bins: int | None = None) -> Fold:
        """The light curve folded and averaged in phase.

        Parameters
        ----------
        period : days; None for the star's own.
        bins : None for as many as suit the star.

        Raises
        ------
        ValueError
            When the star has no period and none is given.
        """
        return fold(self.curve, self.period.period if period is None else period, self.period.t0, bins)

    @property
    def folds(self) -> dict[float, Fold]:
        """The light curve folded at its period and at each runner-up, by period."""
        candidates = (self.period.period, *self.period.others) if self.period.found else ()
        return {period: self.fold(period) for period in candidates}

    @property
    def detail(self) -> StarDetail:
        """What a picture or a page of the star is drawn from."""
        return StarDetail(
            curve=self.curve,
            period=self.period,
            forecasts=tuple(self.forecasts.values()),
            events=tuple(asdict(event) for event in self.events),
            row=self.row,
            seen=next((one.seen for one in self.assessments.values() if one.seen is not None), None),
        )

    def plot(self) -> Figure:
        """Light curve with events, fold, and the forecast that failed most, as one Matplotlib figure for a paper."""
        from swope.pipeline.report.figures import star_figure

        return star_figure(self.detail)

    def to_lightkurve(self) -> Any:
        """The light curve as a `lightkurve.LightCurve`; see `swope.pipeline.convert.to_lightkurve`.

        Raises
        ------
        ImportError
            When lightkurve is not installed.
        """
        from swope.pipeline.convert import to_lightkurve

        return to_lightkurve(self.curve)

    def __str__(self) -> str:
        from swope.pipeline.report.words import lines_of

        return "\n".join(lines_of(self.detail))

    def _repr_html_(self) -> str:
        """Shows itself in a notebook: the facts and the figure."""
        from swope.pipeline.report.words import notebook_html

        return notebook_html(self.detail)


def analyze(curves: Sequence[LightCurve], models: Models, options: AnalysisOptions) -> list[Analysis]:
    """Find the periods of some stars and put them through the models.

    Parameters
    ----------
    curves : n cleaned light curves with a good row each.
    models : at work.
    options : where periods are searched, and what counts as an event.

    Returns
    -------
    n analyses, in the order of the curves; each depends on nothing but its own curve.
    """
    return assess([measured(curve, options.periods) for curve in curves], models, options.events)


def measured(curve: LightCurve, options: PeriodOptions) -> Star:
    """The star of a light curve, its period searched for; where the search breaks, its period says so."""
    try:
        return Star(curve, find_period(curve, options).rounded())
    except Exception as error:  # one star's search must not take its models along
        return Star(curve, PeriodResult(reason=Reason.broke("the search", error).text, fault=True))


def assess(stars: Sequence[Star], models: Models, events: EventOptions) -> list[Analysis]:
    """Put some stars with periods through the models.

    Parameters
    ----------
    stars : n stars with a good row each.
    models : at work.
    events : what counts as an event.
    """
    if not stars:
        return []
    inputs = inputs_of(stars)
    classes = models.classifier.classify_inputs(inputs)
    settled = [settle(star, float(factor)) for star, factor in zip(stars, classes.period_factor, strict=True)]
    moved = [i for i, (old, new) in enumerate(zip(stars, settled, strict=True)) if new is not old]
    if moved:
        inputs = inputs.with_rows(moved, inputs_of([settled[i] for i in moved]))
    batch = Batch(settled, inputs, events)
    answers = {name: detector.assess(batch) for name, detector in models.detectors.items()}
    columns = [detector.columns for detector in models.detectors.values()]
    without = without_lone_points(batch, answers, models.detectors)
    analyses = []
    for i, star in enumerate(settled):
        said = {name: answer[i] for name, answer in answers.items()}
        own, unmeasured = _gathered([event for one in said.values() for event in one.events], star)
        second, broke = _second_period(star, classes.best(i))
        reasons: dict[str, Reason | None] = {
            "reading": Reason(star.curve.caution) if star.curve.caution else None,
            "period": _reason(star.period),
            "second period": broke,
            "class": classes.reason[i],
            "events": unmeasured,
            **{name: one.reason for name, one in said.items()},
            **{f"{name}, {what}": problem for name, one in said.items() for what, problem in one.problems.items()},
        }
        status, reason = status_of(reasons)
        row = {
            **asdict(summarise(star.curve)),
            "status": status,
            "reason": reason,
            **period_columns(star.period),
            "second_period": second,
            **classes.columns(i),
            **_detected(said, columns),
        }
        row |= _anomaly(row, columns, own, float(without[i]))
        analyses.append(Analysis(star.curve, star.period, inputs.rows(slice(i, i + 1)), said, tuple(own), row))
    return analyses


def analyze_surely(
    curves: Sequence[LightCurve],
    models: Models,
    options: AnalysisOptions,
    at: Callable[[int | None], AbstractContextManager[object]] = nullcontext,
) -> list[Analysis]:
    """As `analyze`, for any light curves: one that cannot be analysed gets a row that says why, and no answers.

    Parameters
    ----------
    at : is entered while the curve of that place is worked on; None while all of them are.
    """
    usable = []
    for i, curve in enumerate(curves):
        if len(curve.good):
            with at(i):
                usable.append(measured(curve, options.periods))
    with at(None):
        found = iter(assess_surely(usable, models, options.events))
    unusable = Reason("none of its rows can be used")
    return [next(found) if len(curve.good) else _without(curve, "rejected", unusable) for curve in curves]


def assess_surely(stars: Sequence[Star], models: Models, events: EventOptions) -> list[Analysis]:
    """As `assess`; a star that it breaks on gets a row that says why, and no answers."""
    try:
        return assess(stars, models, events)
    except Exception:  # the others have their answers all the same
        return [_alone(star, models, events) for star in stars]


def _alone(star: Star, models: Models, events: EventOptions) -> Analysis:
    try:
        return assess([star], models, events)[0]
    except Exception as error:
        return _without(star.curve, "failed", Reason.broke("the analysis", error))


def _without(curve: LightCurve, status: str, reason: Reason) -> Analysis:
    """What is said of a star that was not analysed."""
    row = {**asdict(summarise(curve)), "status": status, "reason": reason.text}
    return Analysis(curve, PeriodResult(reason=reason.text, fault=reason.fault), inputs_of([]), {}, (), row)


def _gathered(events: list[Event], star: Star) -> tuple[list[Event], Reason | None]:
    """The star's events, one row each; as the detectors gave them, and what broke, where they cannot be measured."""
    try:
        return gathered(events, star.curve, star.period), None
    except Exception as error:  # what was found is told all the same
        return without_repeats(events), Reason.broke("the measurement", error)


def _second_period(star: Star, kind: str | None) -> tuple[float | None, Reason | None]:
    """The period of a second mode, of stars whose type has one; and what broke in the search for it.

    Of other stars what remains may have a period too (a blend, a changing amplitude): it would be taken for a mode.
    """
    if kind not in MULTI_MODE:
        return None, None
    try:
        found = secondary_periods(star.curve, star.period, most=1)
    except Exception as error:  # the star has its first period all the same
        return None, Reason.broke("the search", error)
    return (found[0].rounded().period if found else None), None


def settle(star: Star, factor: float) -> Star:
    """The star with its period multiplied by what the classifier found: 2 for an EW folded at half its period, say."""
    return star if factor == 1.0 else replace(star, period=multiplied(star.curve, star.period, factor))


def period_columns(period: PeriodResult) -> dict[str, Any]:
    """The catalog's columns of a period; None where not computed."""
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


def lost_row(star: Star, reason: str) -> dict[str, Any]:
    """The catalog row of a star that took its computation down."""
    return {**asdict(summarise(star.curve)), **period_columns(star.period), "status": "failed", "reason": reason}


def strangest(analyses: Iterable[Analysis], most: int) -> list[Analysis]:
    """Those that may be among so many strangest of a catalog: the smallest combined p-values, ties included."""
    judged = [one for one in analyses if one.row["anomaly_pvalue"] is not None]
    judged.sort(key=_pvalue)
    if not 0 < most < len(judged):
        return judged[:most]
    last = _pvalue(judged[most - 1])
    return [one for one in judged if _pvalue(one) <= last]


def _pvalue(analysis: Analysis) -> float:
    return float(analysis.row["anomaly_pvalue"])


def _detected(said: Mapping[str, Assessment], columns: Sequence[DetectorColumns]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for one in columns:
        answer = said[one.name]
        out |= {one.score: _null_if_nan(answer.score), one.pvalue: _null_if_nan(answer.pvalue)}
        out |= {column.name: _plain(answer.columns.get(column.name)) for column in one.own}
    return out


def _anomaly(
    row: Mapping[str, Any], columns: Sequence[DetectorColumns], events: Sequence[Event], without: float
) -> dict[str, Any]:
    """The combined p-value, why, and the number of events: null where no detector was at work.

    Parameters
    ----------
    without : the combined p-value without points that stand alone; NaN where that was not asked.
    """
    pvalues = [math.nan if row[one.pvalue] is None else row[one.pvalue] for one in columns]
    tells = [one.tells_kinds for one in columns]
    combined = _null_if_nan(float(anomaly_pvalue([pvalues], tells, [least_pvalue(events)])[0]))
    alone = combined is not None and bool(strange_for_lone_points(np.array(combined), np.array(without)))
    flag = "lone_points" if alone else None
    reason = anomaly_reason({**row, "anomaly_pvalue": combined}, columns, [asdict(event) for event in events])
    looked = combined is not None or bool(events)
    return {
        "anomaly_pvalue": combined,
        "confirmed_pvalue": _null_if_nan(without),
        "anomaly_reason": f"{reason} {FLAGS[flag]}" if flag else reason,
        "n_events": len(events) if looked else None,
        "anomaly_fdr": None,
        "anomaly_rank": None,
        "anomaly_flag": flag,
        "novelty_rank": None,
        "verdict": None,
        "verdict_rank": None,
    }


def _reason(period: PeriodResult) -> Reason | None:
    return None if period.reason is None else Reason(period.reason, period.fault)


def _plain(value: Any) -> Any:
    return _null_if_nan(value) if isinstance(value, float) else value


def _null_if_nan(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
