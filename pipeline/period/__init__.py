"""The astronomer's period of a star, from any number of bands."""

from swope.pipeline.period.multiple import multiplied
from swope.pipeline.period.options import PeriodOptions
from swope.pipeline.period.result import PeriodFlag, PeriodResult
from swope.pipeline.period.search import find_period
from swope.pipeline.period.secondary import secondary_periods
from swope.pipeline.period.transit import Transit, find_transits

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
