"""The report of a run: a page that opens from disk, offline."""

from swope.pipeline.report.detail import CellStates, ClassPhases, SeenFold, StarDetail
from swope.pipeline.report.make import make_report

__all__ = ["CellStates", "ClassPhases", "SeenFold", "StarDetail", "make_report"]
