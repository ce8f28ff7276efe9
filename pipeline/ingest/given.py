"""What the decisions about a table go by, and what is said along the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from swope.pipeline.ingest.parts import IngestOptions
from swope.pipeline.ingest.said import SaidColumns
from swope.pipeline.ingest.survey import Survey
from swope.pipeline.ingest.table import Table


@dataclass(frozen=True)
class Given:
    """A table and all that is known of it before its columns are judged.

    Attributes
    ----------
    table : with at least one row.
    plain : the columns' names, plain (`time_names.plain_name`).
    survey : the survey whose table it is, or None.
    said : what the user says of the columns.
    options : what the user says otherwise.
    passed : grows by what is passed over and why.
    caution : grows by what makes the reading uncertain.
    """

    table: Table
    plain: tuple[str, ...]
    survey: Survey | None
    said: SaidColumns
    options: IngestOptions
    passed: list[str] = field(default_factory=list)
    caution: list[str] = field(default_factory=list)

    def index(self, word: str) -> int | None:
        """Index of the column of a plain name, or None."""
        return self.plain.index(word) if word and word in self.plain else None

    def first(self, words: tuple[str, ...]) -> int | None:
        """Index of the first of several plain names that is there, or None."""
        return next((self.plain.index(word) for word in words if word in self.plain), None)

    def shown(self, index: int) -> str:
        """A column in words: its name, or its number."""
        name = self.table.names[index]
        return repr(name) if name else f"column {index + 1}"
