"""Text tables: comments, header, delimiter and ragged rows, whatever the survey made of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from swope.pipeline.ingest.columns import TIME_NAMES, find, is_number
from swope.pipeline.ingest.parts import UnusableError

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class TextTable:
    """A table of cells.

    Attributes
    ----------
    names : the header's names, or None for a headerless table.
    columns : cells by column, all of one length.
    """

    names: tuple[str, ...] | None
    columns: tuple[Sequence[str], ...]


def delimiter_of(line: str) -> str | None:
    """What separates the cells of a line: the commonest of comma, semicolon, tab, bar; None for white space."""
    most = max(_DELIMITERS, key=line.count)
    return most if most in line else None


def cells_of(line: str, delimiter: str | None) -> list[str]:
    """The cells of one line, stripped."""
    if delimiter is None:
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def header_of(head: bytes) -> tuple[str, ...] | None:
    """The column names at the beginning of a text file, () when it begins with rows of numbers, None for other bytes.

    A header is a line of two cells or more, none of them a number, and either one of them names a time or the line
    after it has as many cells (prose has not), of which, where white space separates them, most are numbers.
    """
    lines = first_lines(head)
    if not lines:
        return None
    delimiter = delimiter_of(lines[0])
    names = cells_of(lines[0], delimiter)
    if len(names) < 2:
        return None
    if any(is_number(cell) for cell in names):
        return () if all(is_number(cell) or not cell for cell in names[:2]) else None
    row = cells_of(lines[1], delimiter) if len(lines) > 1 else []
    table = len(row) == len(names) and (delimiter is not None or 2 * sum(map(is_number, row)) > len(row))
    return tuple(names) if table or find(names, TIME_NAMES) is not None else None


def first_lines(head: bytes, count: int = 2) -> list[str]:
    """The first lines of a text file that are not blank or comments; none when it is not text."""
    if b"\0" in head:
        return []
    text = head.decode("utf-8-sig", errors="replace")
    # more than a stray broken character: an image, say
    if text.count("\ufffd") > 0.01 * len(text) + 2:
        return []
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")][:count]


def parse_table(text: str) -> TextTable:
    """Read a whole text table.

    Blank lines and lines that begin with ``#`` are left out; the last ``#`` line names the columns where there is no
    other header and it has as many words as there are columns. A row of too few or too many cells stays, with empty
    cells, which read as NaN: what stands in which column cannot be known.

    Raises
    ------
    UnusableError
        When there is no row, or no row has as many cells as the header.
    """
    lines = text.splitlines()
    comments = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        raise UnusableError("no rows: only comments and blank lines")
    delimiter = delimiter_of(lines[0])
    if delimiter is None:
        rows = [line.split() for line in lines]
    else:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    names: tuple[str, ...] | None = None
    if not any(is_number(cell) for cell in rows[0]):
        names, rows = tuple(rows[0]), rows[1:]
        if not rows:
            raise UnusableError("no rows: only a header")
    width = len(names) if names else max(map(len, rows), key=[len(row) for row in rows].count)
    if names is None and comments:
        # a comment may separate its words otherwise than the rows do
        named = tuple(cells_of(comments[-1], delimiter_of(comments[-1])))
        names = named if len(named) == width and not any(map(is_number, named)) else None
    whole = [len(row) == width for row in rows]
    if not any(whole):
        raise UnusableError(f"the header has {width} columns, the rows have {len(rows[0])}")
    empty = [""] * width
    filled = [row if good else empty for row, good in zip(rows, whole, strict=True)]
    return TextTable(names, tuple(zip(*filled, strict=True)))
