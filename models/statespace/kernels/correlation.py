"""How much the visits of a damped walk know of each other."""

from __future__ import annotations

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled()
def sum_of_squares(rows: FloatArray, squares: FloatArray) -> float:
    """Sum of the squared correlations of each row with each, where those of a visit have one of 1.

    Parameters
    ----------
    rows : (v,) how many each visit has.
    squares : (v - 1,) squared correlation of each visit with the one before.
    """
    before, total = 0.0, 0.0
    for i in range(len(rows)):
        before *= squares[i - 1] if i > 0 else 0.0
        total += rows[i] * (rows[i] + 2.0 * before)
        before += rows[i]
    return total
