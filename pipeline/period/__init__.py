"""The astronomer's period of a star, from any number of bands."""

from pipeline.period.multiple import multiplied
from pipeline.period.options import PeriodOptions
from pipeline.period.result import PeriodFlag, PeriodResult
from pipeline.period.search import find_period
from pipeline.period.secondary import secondary_periods
from pipeline.period.transit import Transit, find_transits

__all__ = [
    "PeriodFlag",
    "PeriodOptions",
    "PeriodResult",
    "Transit",
    "find_period",
    "find_transits",
    "multiplied",
    "secondary_periods",
]
