"""Whether the parts of a star's curve (sectors, cameras, observers) stand at levels of their own."""

from __future__ import annotations

import re

import numpy as np

from swope.pipeline.ingest.decide_id import distinct
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.table import Column
from swope.pipeline.lightcurve import FloatArray

#: What divides a curve by the instrument, by its name.
_PARTS = re.compile(
    r"(?<![a-z])(sector|quarter|campaign|camera|cam|ccd|chip|amp|telescope|tel|instrument|inst|observer|obs_?code"
    r"|observatory|site|station|field|setup)(?:_?(?:id|no|nr|num|number|code|name))?(?![a-z])",
    re.I,
)

#: Points that a part needs, and most parts.
ENOUGH, MOST = 5, 500

#: Levels differ where they lie farther apart than so many widths of a part, and than so many of their errors.
APART, SURE = 2.0, 6.0


def doubt_levels(given: Given, value: int, band: int | None, used: frozenset[int], fillers: tuple[float, ...]) -> None:
    """Say where the parts of a star differ in level by more than they vary.

    Taken for bands they are fitted a level each: the caution says how.

    Parameters
    ----------
    value : the column of the brightness.
    band : that of the band, whose levels are its own anyway.
    used : columns that play a part.
    fillers : values that are none.
    """
    columns = given.table.columns
    divided = [
        i
        for i, column in enumerate(columns)
        if i not in used and _PARTS.search(column.name) and len(column) == len(columns[value])
    ]
    if not divided:
        return
    values = np.where(np.isin(columns[value].numbers, fillers), np.nan, columns[value].numbers)
    if band is not None:
        values = _less_levels(values, columns[band])
    for i in divided:
        labels, of_row = distinct(columns[i])
        if not 2 <= len(labels) <= MOST:
            continue
        parts = [values[(of_row == k) & np.isfinite(values)] for k in range(len(labels))]
        parts = [part for part in parts if len(part) >= ENOUGH]
        if len(parts) < 2:
            continue
        level = np.array([np.median(part) for part in parts])
        width = np.array([_width(part) for part in parts])
        low, high = int(level.argmin()), int(level.argmax())
        # of a median (Kendall & Stuart 1977, eq. 10.29)
        error = 1.2533 * float(np.hypot(*(width[k] / np.sqrt(len(parts[k])) for k in (low, high))))
        step = float(level[high] - level[low])
        if step > APART * float(np.median(width)) and step > SURE * error:
            given.caution.append(
                f"the levels of {given.shown(i)} lie up to {step:.3g} apart, more than the star varies within one: "
                "where that is the instrument's, "
                + (f"say --columns band={i + 1}" if band is None else "bring them to one level first")
            )


def _less_levels(values: FloatArray, band: Column) -> FloatArray:
    """(n,) values less the median of their band."""
    labels, of_row = distinct(band)
    less = values.copy()
    for k in range(len(labels)):
        rows = (of_row == k) & np.isfinite(values)
        if rows.any():
            less[rows] -= np.median(values[rows])
    return less


def _width(values: FloatArray) -> float:
    """Standard deviation by the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
