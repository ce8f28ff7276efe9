"""Least squares on columns that are added one after the other."""

from __future__ import annotations

import math

from swope.pipeline.compiled import compiled
from swope.pipeline.lightcurve import FloatArray


@compiled(fast=True)
def orthogonalise(
    columns: FloatArray, value: FloatArray, kept: int, triangle: FloatArray, part: FloatArray, left: FloatArray
) -> None:
    """Modified Gram-Schmidt of columns and values (Bjorck 1967, BIT 7, 1: as stable as reflections).

    Parameters
    ----------
    columns, value : (k, n), (n,) overwritten.
    kept : so many columns leave `left`.
    triangle, part : (k, k), (k,) filled: the fit of the first so many columns, any number, is the solution of as much
        of ``triangle @ x = part``. A column that depends on those before has a diagonal of next to nothing.
    left : (n,) filled: what the first `kept` columns leave of the values.
    """
    k, n = columns.shape
    for i in range(k):
        mine = columns[i]
        square, along = 0.0, 0.0
        for t in range(n):
            square += mine[t] * mine[t]
            along += mine[t] * value[t]
        size = math.sqrt(square)
        inverse = 1.0 / size if size > 0.0 else 0.0
        for j in range(i):
            triangle[i, j] = 0.0
        triangle[i, i] = size
        part[i] = along * inverse
        for t in range(n):
            mine[t] *= inverse
            value[t] -= part[i] * mine[t]
        if i == kept - 1:
            for t in range(n):
                left[t] = value[t]
        for j in range(i + 1, k):
            other = columns[j]
            along = 0.0
            for t in range(n):
                along += mine[t] * other[t]
            for t in range(n):
                other[t] -= along * mine[t]
            triangle[i, j] = along
