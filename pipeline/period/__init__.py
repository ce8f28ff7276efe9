"""The astronomer's period of a star, from any number of bands."""

from pipeline.period.options import PeriodOptions
from pipeline.period.result import PeriodFlag, PeriodResult
from pipeline.period.search import find_period

__all__ = ["PeriodFlag", "PeriodOptions", "PeriodResult", "find_period"]
