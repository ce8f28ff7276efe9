"""What a column of a table is, and which columns a detector adds to a catalog."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

#: The key under which a table's schema says which detectors filled it.
_DETECTORS = b"swope.detectors"

TEXT, INT, FLOAT, SHARE = pa.string(), pa.int32(), pa.float64(), pa.float32()


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : as in the file.
    type : its Arrow type.
    unit : as astropy writes it; "" for a number without unit, for text, or for values in the star's own `unit`.
    ucd : UCD1+ word of the IVOA.
    description : a line for people.
    """

    name: str
    type: pa.DataType
    unit: str
    ucd: str
    description: str

    @property
    def field(self) -> pa.Field:
        """The Arrow field; unit, UCD and description ride in its metadata."""
        metadata = {"unit": self.unit, "ucd": self.ucd, "description": self.description}
        return pa.field(self.name, self.type, metadata={key: text for key, text in metadata.items() if text})

    @classmethod
    def of(cls, field: pa.Field) -> Column:
        """The inverse of `field`."""
        said = {key.decode(): text.decode() for key, text in (field.metadata or {}).items()}
        return cls(field.name, field.type, *(said.get(key, "") for key in ("unit", "ucd", "description")))


@dataclass(frozen=True)
class DetectorColumns:
    """What a detector of strange stars puts into the catalog, and how a sentence speaks of it.

    Attributes
    ----------
    name : begins the names of its columns: ``NAME_score`` and ``NAME_pvalue``.
    words : how a reason names it, such as "the neural forecaster".
    own : its further columns. One that is called ``NAME_flag`` says what speaks against the score.
    caveats : what a reason adds where the flag has a value, a sentence by value.
    forecasts : whether it forecasts rows, and so has a p-value for a night too.
    tells_kinds : whether its score says how unlike any known kind a star is, so that it counts for ``novelty_rank``.
    """

    name: str
    words: str
    own: tuple[Column, ...] = ()
    caveats: Mapping[str, str] = field(default_factory=dict)
    forecasts: bool = False
    tells_kinds: bool = False

    @property
    def score(self) -> str:
        """Name of the column with its score."""
        return f"{self.name}_score"

    @property
    def pvalue(self) -> str:
        """Name of the column with its p-value."""
        return f"{self.name}_pvalue"

    @property
    def flag(self) -> str | None:
        """Name of the column that says what speaks against the score; None where it has none."""
        name = f"{self.name}_flag"
        return name if any(column.name == name for column in self.own) else None

    @property
    def columns(self) -> tuple[Column, ...]:
        """All its columns, in order."""
        return (
            Column(self.score, FLOAT, "", "src.var.index", f"score by the {self.name}; larger is stranger"),
            Column(
                self.pvalue,
                FLOAT,
                "",
                "stat.probability;src.var",
                f"probability that an ordinary star scores as high by the {self.name}",
            ),
            *self.own,
        )

    @property
    def night_column(self) -> Column:
        """Its column in a night's table of stars."""
        return Column(
            self.pvalue, FLOAT, "", "stat.probability;src.var", f"probability of such a night, by the {self.name}"
        )


def detectors_text(detectors: Iterable[DetectorColumns]) -> dict[bytes, bytes]:
    """What a table's schema says of its detectors, as metadata."""
    said = [
        {
            "name": one.name,
            "words": one.words,
            "own": [column.name for column in one.own],
            "caveats": dict(one.caveats),
            "forecasts": one.forecasts,
            "tells_kinds": one.tells_kinds,
        }
        for one in detectors
    ]
    return {_DETECTORS: json.dumps(said, sort_keys=True).encode()}


def detectors_of(schema: pa.Schema) -> tuple[DetectorColumns, ...]:
    """The detectors that filled a table of objects, as its schema tells; none where it does not."""
    said = json.loads((schema.metadata or {}).get(_DETECTORS, b"[]"))
    return tuple(
        DetectorColumns(**{**one, "own": tuple(Column.of(schema.field(name)) for name in one["own"])}) for one in said
    )
