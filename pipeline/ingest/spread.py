"""Tables with arrays in their cells, a row a star: spread out to a row an observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Column, Table


@dataclass(frozen=True, eq=False)
class Listed:
    """A column of arrays.

    Attributes
    ----------
    flat : the elements of all rows, one after another.
    counts : (rows,) how many each row has.
    fixed : whether the column is declared to have as many in each row: it may be a vector, and no light curve.
    """

    flat: Column
    counts: NDArray[np.int64]
    fixed: bool = False


def spread(columns: Sequence[Column | Listed], header: Mapping[str, str]) -> Table:
    """The table of some columns: one row an observation where cells hold light curves, else as it is.

    Raises
    ------
    UnusableError
        When the arrays of a row differ in length.
    """
    listed = [column for column in columns if isinstance(column, Listed)]
    series = [column for column in listed if not column.fixed] or _of_one_size(listed)
    if not series:
        return Table(tuple(column for column in columns if isinstance(column, Column)), True, header)
    counts: NDArray[np.int64] = np.max([column.counts for column in series], axis=0)
    owner = np.repeat(np.arange(len(counts)), counts)
    made: list[Column] = []
    for column in columns:
        if isinstance(column, Column):
            made.append(column.take(owner))
        elif np.all((column.counts == counts) | (column.counts == 0)):
            made.append(_filled(column, counts))
        elif not column.fixed:
            raise UnusableError(f"lists differ in length: {series[0].flat.name} and {column.flat.name}")
    return Table(tuple(made), True, header)


def _of_one_size(listed: Sequence[Listed]) -> list[Listed]:
    """Columns of as many elements as another one, and of more than a position or a colour has."""
    sizes = [int(column.counts[0]) if len(column.counts) else 0 for column in listed]
    usual = max(sizes, key=sizes.count, default=0)
    return list(listed) if usual > 4 and sizes.count(usual) > 1 else []


def _filled(column: Listed, counts: NDArray[np.int64]) -> Column:
    """The elements, and missing ones where a row has no array."""
    if np.array_equal(column.counts, counts):
        return column.flat
    there = np.repeat(column.counts > 0, counts)
    rows = np.cumsum(there) - 1
    cells = column.flat.cells
    if isinstance(cells, pa.Array):
        return replace(column.flat, cells=cells.take(pa.array(rows, mask=~there)))
    numbers = column.flat.numbers
    return replace(column.flat, cells=np.where(there, numbers[rows] if len(numbers) else np.nan, np.nan))
