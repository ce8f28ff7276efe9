"""A catalog held against known classes and periods.

`evaluate` compares; `results` is what it finds, `text` and `picture` show it.
"""

from swope.pipeline.evaluate.classes import expected_calibration_error
from swope.pipeline.evaluate.compare import Evaluation, evaluate
from swope.pipeline.evaluate.periods import period_matches

__all__ = ["Evaluation", "evaluate", "expected_calibration_error", "period_matches"]
