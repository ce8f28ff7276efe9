"""Columns that no name and no survey explains, and that may still tell stars apart: never passed over in silence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.content import FEW
from swope.pipeline.ingest.decide_id import distinct
from swope.pipeline.ingest.flags import like_a_flag
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.id_names import never_an_id
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.lightcurve import FloatArray


def watch(given: Given, used: frozenset[int], time: FloatArray) -> None:
    """Refuse a table of one star whose rows stand in blocks, each beginning anew; doubt words without a header.

    Parameters
    ----------
    used : columns that play a part.
    time : (n,) days.

    Raises
    ------
    UnusableError
        When a column's values divide the rows into blocks that overlap in time, as stars one after the other do.
    """
    for i, column in enumerate(given.table.columns):
        if i in used or never_an_id(column.name) or like_a_flag(column.name) or len(column) != len(time):
            continue
        if not column.is_text and not np.all(column.numbers == np.round(column.numbers)):
            continue
        labels, of_row = distinct(column)
        if len(labels) < 2 or len(labels) * FEW > len(column):
            continue
        if _begins_anew(of_row, len(labels), time):
            raise UnusableError(
                f"{given.shown(i)} holds {len(labels)} different values, one block of rows after the other, and the "
                f"times begin anew with each: several stars in one table? Say --columns id={i + 1}, or --columns "
                "id=none if they are one star"
            )
        if not given.table.named and column.finite.mean() < 0.5:
            words = ", ".join(repr(str(word)) for word in labels[:4])
            given.caution.append(
                f"{given.shown(i)} holds words ({words}, ...) that nothing explains: say --columns band={i + 1} if "
                "they are bands"
            )


def _begins_anew(of_row: NDArray[np.int64], count: int, time: FloatArray) -> bool:
    """Whether each value has one block of rows, and a block begins before the one above it ends."""
    begins = np.flatnonzero(np.diff(of_row, prepend=-1))
    if len(begins) != count:
        return False
    finite = np.where(np.isfinite(time), time, np.nan)
    blocks = np.split(finite, begins[1:])
    spans = [(np.nanmin(block), np.nanmax(block)) for block in blocks if np.isfinite(block).any()]
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))
