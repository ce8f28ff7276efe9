"""The state-space baseline: exact on uneven times, O(N), fast enough for every star of a survey."""

from swope.models.statespace.fit import Fit, Record, Smooth, fit, forecast, smooth, start, update
from swope.models.statespace.layout import Model, Term
from swope.models.statespace.model import StateSpace
from swope.models.statespace.online import (
    StarRecord,
    follow,
    predict,
    record_after,
    record_before,
    record_json,
    record_of,
)
from swope.models.statespace.series import Series
from swope.models.statespace.star import StarFit, StarOptions, fit_star
from swope.models.statespace.summary import ChangePoint, StateSpaceSummary, summarise
from swope.models.statespace.terms import DampedWalk, Level, Noise, Oscillator, Regressors, Seasonal, Steps, Trend

__all__ = [
    "ChangePoint",
    "DampedWalk",
    "Fit",
    "Level",
    "Model",
    "Noise",
    "Oscillator",
    "Record",
    "Regressors",
    "Seasonal",
    "Series",
    "Smooth",
    "StarFit",
    "StarOptions",
    "StarRecord",
    "StateSpace",
    "StateSpaceSummary",
    "Steps",
    "Term",
    "Trend",
    "fit",
    "fit_star",
    "follow",
    "forecast",
    "predict",
    "record_after",
    "record_before",
    "record_json",
    "record_of",
    "smooth",
    "start",
    "summarise",
    "update",
]
