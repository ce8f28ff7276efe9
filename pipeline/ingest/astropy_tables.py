"""From astropy's tables to Swope's: units, masked cells, times of any format, and arrays in cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Column, Table, column_of

#: The name that a column of astropy's times gets: Julian dates, in their scale.
_JULIAN = "jd_{}"


def table_of_astropy(table: Any) -> Table:
    """Make a table of an `astropy.table.Table` (or `QTable`, `TimeSeries`).

    Times become Julian dates in their own scale, since astropy knows their zero. A table whose cells are arrays, a row
    a star, becomes one row an observation.

    Raises
    ------
    UnusableError
        When arrays of a row differ in length.
    """
    nested = [name for name in table.colnames if _lists(table[name])]
    header = {str(key).lower(): str(value) for key, value in table.meta.items() if isinstance(value, str | int | float)}
    if nested:
        return _exploded(table, nested, header)
    scale = header.get("timesys", "").strip().lower()
    columns = [column for name in table.colnames for column in _columns(name, table[name], scale)]
    return Table(tuple(columns), True, header)


def _columns(name: str, column: Any, scale: str) -> Iterator[Column]:
    from astropy.time import Time

    unit = "" if getattr(column, "unit", None) is None else str(column.unit)
    description = str(getattr(getattr(column, "info", None), "description", None) or "")
    if isinstance(column, Time):
        yield column_of(_JULIAN.format(column.scale), np.ma.filled(np.ma.asarray(column.jd), np.nan), "d", description)
    elif np.ndim(column) == 1:
        plain = getattr(column, "value", column) if unit else column
        yield column_of(
            name,
            np.ma.asarray(getattr(plain, "unmasked", plain)) if not np.ma.isMaskedArray(plain) else plain,
            unit,
            description,
        )
    else:
        plain = np.asarray(getattr(column, "value", column), dtype=np.float64)
        # a day and its fraction, side by side, as astropy writes its times
        if plain.ndim == 2 and plain.shape[1] == 2 and plain.size and np.nanmax(np.abs(plain[:, 1])) <= 1:
            yield column_of(_JULIAN.format(scale) if scale else name, plain.sum(axis=1), unit, description)
        # images in cells are no columns of a light curve


def _lists(column: Any) -> bool:
    if getattr(column, "dtype", None) is None or column.dtype.kind != "O":
        return False
    return any(isinstance(cell, np.ndarray | list) for cell in column[:5])


def _exploded(table: Any, nested: list[str], header: dict[str, str]) -> Table:
    lengths = np.array([len(table[nested[0]][i]) for i in range(len(table))])
    columns: list[Column] = []
    for name in table.colnames:
        column = table[name]
        unit = "" if getattr(column, "unit", None) is None else str(column.unit)
        if name in nested:
            if [len(column[i]) for i in range(len(table))] != lengths.tolist():
                raise UnusableError(f"lists differ in length: {nested[0]} and {name}")
            cells: list[Any] = [np.ma.filled(np.ma.asarray(column[i], dtype=object), None) for i in range(len(table))]
            flat = [value for cell in cells for value in cell]
            numeric = all(value is None or isinstance(value, int | float | bool | np.generic) for value in flat[:100])
            whole: Any = (
                np.array([np.nan if value is None else value for value in flat])
                if numeric
                else np.array(flat, dtype=object)
            )
            columns.append(column_of(name, whole, unit))
        elif np.ndim(column) == 1:
            columns.append(column_of(name, np.repeat(np.ma.asarray(column), lengths), unit))
    return Table(tuple(columns), True, header)
