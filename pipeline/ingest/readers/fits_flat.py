"""FITS binary tables that no mission's reader knows: a row an observation, of one star or of many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.fits_table import FitsTable, cells, open_fits
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.missions import SCALES, by_mission
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Column, Table, column_of

#: Header cards that are kept as words.
_CARDS = ("OBJECT", "FILTER", "RA", "DEC", "RA_OBJ", "DEC_OBJ", "TIMESYS", "TIMEREF", "TELESCOP")


def _recognises(path: Path, head: bytes) -> bool:
    if head[:9] != b"SIMPLE  =":
        return False
    try:
        with open_fits(str(path)) as file:
            return bool(file.tables) and not any(by_mission(file.primary, table) for table in file.tables)
    except ValueError:
        # damaged: the missions' reader says how
        return False


def _tables(path: str) -> Iterator[Table]:
    with open_fits(path) as file:
        tables = [table for table in file.tables if table.n_rows]
        if not tables:
            raise UnusableError("no table with rows")
        for table in tables:
            rows = file.rows(table)
            columns = [column for i in range(len(table.columns)) for column in _columns(table, rows, i)]
            stated = {key: table.header.text(key) or file.primary.text(key) for key in _CARDS}
            yield Table(tuple(columns), True, {key.lower(): word for key, word in stated.items() if word})


def _columns(table: FitsTable, rows: NDArray[Any], index: int) -> Iterator[Column]:
    """A column, unless its cells are images; a day and its fraction, side by side as astropy writes them, are added."""
    stated = table.columns[index]
    if stated.element or stated.code in "CM":
        return
    held = cells(table, rows, stated.name)
    if held.ndim == 1:
        yield column_of(stated.name, held, stated.unit)
    elif held.ndim == 2 and held.shape[1] == 2 and held.dtype.kind == "f" and not np.any(np.abs(held[:, 1]) > 1):
        own = table.header.text(f"TCTYP{index + 1}").lower()
        name = f"jd_{own}" if own in SCALES else stated.name
        yield column_of(name, held.sum(axis=1), stated.unit)


READER = flat_reader("fits_flat", 9, "a FITS binary table, a row an observation", _recognises, _tables)
