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

#: Share of the rows that may stand outside their value's block.
STRAY = 0.15


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
        blocks = _blocks(of_row, len(labels))
        if blocks and _begin_anew(blocks, time):
            raise UnusableError(
                f"{given.shown(i)} holds {len(labels)} different values, one block of rows after the other, and the "
                f"times begin anew with each: several stars in one table? Say --columns id={i + 1}, or --columns "
                "id=none if they are one star"
            )
        words_alone = column.is_text and column.finite.mean() < 0.5
        if blocks and words_alone and given.table.named:
            given.caution.append(
                f"{given.shown(i)} holds {len(labels)} different words, one block of rows after the other: several "
                f"stars? Say --columns id={i + 1}, or --columns id=none"
            )
        if not given.table.named and words_alone:
            words = ", ".join(repr(str(word)) for word in labels[:4])
            given.caution.append(
                f"{given.shown(i)} holds words ({words}, ...) that nothing explains: say --columns band={i + 1} if "
                "they are bands"
            )


def _blocks(of_row: NDArray[np.int64], count: int) -> list[slice]:
    """The longest block of rows of each value, in the order of the table; none where the values alternate."""
    begins = np.flatnonzero(np.diff(of_row, prepend=-1))
    if len(begins) > count + STRAY * len(of_row):
        return []
    ends = np.append(begins[1:], len(of_row))
    longest: dict[int, slice] = {}
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        label = int(of_row[begin])
        if label not in longest or end - begin > longest[label].stop - longest[label].start:
            longest[label] = slice(begin, end)
    least = max(FEW, len(of_row) / (10 * count))
    if min(block.stop - block.start for block in longest.values()) < least:
        return []  # some rows apart are no star's
    return sorted(longest.values(), key=lambda block: block.start)


def _begin_anew(blocks: list[slice], time: FloatArray) -> bool:
    """Whether a block begins before the one above it ends."""
    held = [time[block][np.isfinite(time[block])] for block in blocks]
    spans = [(float(block.min()), float(block.max())) for block in held if len(block)]
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))
