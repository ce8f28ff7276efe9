"""Which column tells the stars of a table from each other; a table whose stars cannot be told apart is refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from swope.pipeline.ingest.content import FEW, index_like
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.id_names import ID_NAMES, id_like
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import EXACT, Column, Table

#: Names of a star, under which programs write a row's number, too.
_ROW_NUMBERS = ("id", "identifier")


def choose_id(given: Given) -> int | None:
    """Index of the column that names the star; None where the file names it, or the user says it holds one star.

    Raises
    ------
    UnusableError
        When a column that is not known holds several values, as if the table held several stars.
    """
    said, table = given.said, given.table
    if said.one_star or said.object_id is not None:
        return said.object_id
    if not table.named:
        return None
    wanted = (*(given.survey.ids if given.survey else ()), *ID_NAMES)
    known = [i for i in dict.fromkeys(map(given.index, wanted)) if i is not None and i not in said.indices]
    known = [i for i in known if np.any(table.columns[i].words != "")]
    known = [
        i
        for i in known
        if not (given.plain[i] in _ROW_NUMBERS and len(table) >= FEW and index_like(table.columns[i].numbers))
    ]
    if known:
        # a row's own number is called "id", too: the column that groups rows is the star's
        best = next((i for i in known if _groups(table.columns[i])), known[0])
        if _rounded(table.columns[best]):
            given.caution.append(
                f"{given.shown(best)} holds names of more than 15 digits as floating numbers, which rounded them"
            )
        return best
    for i, column in enumerate(table.columns):
        if i in said.indices or not id_like(column.name) or not _groups(column) or _measured(column):
            continue
        count = len(distinct(column)[0])
        if count > 1:
            raise UnusableError(
                f"column {column.name!r} holds {count} different values in {len(table)} rows: several stars in one "
                f"table? Say --columns id={i + 1}, or --columns id=none if they are one star"
            )
    return None


def distinct(column: Column) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The different cells of a column as text, and (n,) which of them each row has."""
    if isinstance(column.cells, pa.Array):
        coded = pc.fill_null(pc.utf8_trim_whitespace(column.cells), "").dictionary_encode()
        labels = np.asarray(coded.dictionary.to_numpy(zero_copy_only=False), dtype=object)
        return labels, coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    values, inverse = np.unique(column.cells, return_inverse=True)
    return Column(column.name, values).words, inverse.astype(np.int64)


def varies_within(table: Table, object_id: int | None, index: int) -> bool:
    """Whether a column's numbers vary within the stars of a table, rather than only from star to star."""
    if object_id is None:
        return True
    _, star = distinct(table.columns[object_id])
    values = table.columns[index].numbers
    finite = np.isfinite(values)
    # stable: most tables have the rows of a star together
    order = np.argsort(star[finite], kind="stable")
    same = np.diff(star[finite][order]) == 0
    return int(np.count_nonzero(same)) < 5 or bool(np.any(np.diff(values[finite][order])[same] != 0))


def _measured(column: Column) -> bool:
    """Whether the cells are numbers with decimals: no star is called so."""
    return bool(np.any(column.numbers[column.finite] % 1 != 0))


def _rounded(column: Column) -> bool:
    """Whether whole numbers that are too long for floating ones were written as such."""
    if isinstance(column.cells, pa.Array):
        if not np.any(np.abs(column.numbers) >= EXACT):
            return False
        words = column.words.astype(str)
        return bool(np.any(np.char.find(np.char.lower(words), "e+") > 0))
    return column.cells.dtype.kind == "f" and bool(np.any(np.abs(column.cells) >= EXACT))


def _groups(column: Column) -> bool:
    """Whether the cells repeat, as a star's name does; a row's own number does not."""
    return len(column) < 4 or 2 * len(distinct(column)[0]) <= len(column)
