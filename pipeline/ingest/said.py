"""What the user says of the columns: ``--columns time=2,mag=3,mag_err=4``, by number or by name."""

from __future__ import annotations

from dataclasses import dataclass, field

from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Table
from swope.pipeline.ingest.time_names import plain_name
from swope.pipeline.lightcurve import Kind

#: The words before the ``=``, and the part that each means.
PARTS = {
    "time": "time",
    "mag": "value",
    "flux": "value",
    "value": "value",
    **dict.fromkeys(("mag_err", "flux_err", "err", "error"), "error"),
    **dict.fromkeys(("band", "filter"), "band"),
    **dict.fromkeys(("id", "object_id", "star"), "object_id"),
    **dict.fromkeys(("quality", "flag"), "flag"),
    "ra": "ra",
    "dec": "dec",
}


def parse_columns(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``time=2,mag=3``; columns count from 1, or go by name.

    Raises
    ------
    ValueError
        With the words there are.
    """
    pairs: list[tuple[str, str]] = []
    for part in text.split(","):
        word, equals, column = part.partition("=")
        word = word.strip().lower()
        if not equals or not column.strip() or word not in PARTS:
            raise ValueError(
                f"--columns {text!r}: {part.strip()!r} is not understood; write for example time=2,mag=3,mag_err=4 "
                f"(numbers from 1, or names), with {', '.join(PARTS)}"
            )
        if word in (known for known, _ in pairs):
            raise ValueError(f"--columns {text!r}: {word} is said twice")
        pairs.append((word, column.strip()))
    return tuple(pairs)


def how_to_say(table: Table) -> str:
    """The words that would say which column is what, for this table."""
    number = "by number or by name" if table.named else "by number"
    return f"say which is which, {number}: --columns time=1,mag=2,mag_err=3 (or flux=)"


@dataclass(frozen=True)
class SaidColumns:
    """The user's columns as indices of a table; None where nothing is said.

    Attributes
    ----------
    value : index and kind; the kind None for ``value=``.
    one_star : whether the user says that the table holds one star (``id=none``).
    indices : all that are said.
    """

    time: int | None = None
    value: tuple[int, Kind | None] | None = None
    error: int | None = None
    band: int | None = None
    object_id: int | None = None
    flag: int | None = None
    ra: int | None = None
    dec: int | None = None
    one_star: bool = False
    indices: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, columns: tuple[tuple[str, str], ...], table: Table) -> SaidColumns:
        """Look the user's columns up in a table.

        Raises
        ------
        UnusableError
            When the table has no such column.
        """
        found: dict[str, int] = {}
        kind: Kind | None = None
        one_star = False
        for word, column in columns:
            part = PARTS[word]
            if part == "object_id" and column.lower() == "none":
                one_star = True
                continue
            found[part] = _index(column, table)
            if part == "value":
                kind = "mag" if word == "mag" else "flux" if word == "flux" else None
        value = found.pop("value", None)
        indices = frozenset([*found.values(), *([value] if value is not None else [])])
        return cls(value=None if value is None else (value, kind), one_star=one_star, indices=indices, **found)


def _index(column: str, table: Table) -> int:
    names = [plain_name(name) for name in table.names]
    if column in table.names:
        return table.names.index(column)
    if column.isdigit() and 1 <= int(column) <= len(table.columns):
        return int(column) - 1
    if plain_name(column) in names and plain_name(column):
        return names.index(plain_name(column))
    raise UnusableError(f"--columns: there is no column {column}; the columns are {table.shown}")
