"""Which columns of a table with a row a star describe the star, and which lists hold its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from swope.pipeline.ingest.decide import DEC_NAMES, RA_NAMES
from swope.pipeline.ingest.decide_marks import BAND_NAMES
from swope.pipeline.ingest.id_names import id_like, id_rank
from swope.pipeline.ingest.lists import Field, fields_of
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.surveys import SURVEYS, survey_of
from swope.pipeline.ingest.time_names import plain_name, time_meaning
from swope.pipeline.ingest.value_names import bare_band, value_name

#: Columns in which a star states its own clock, and its own unit.
CLOCK_NAMES = ("clock", "timesystem")
UNIT_NAMES = ("unit",)

#: Columns in which a star of a store of ours says where it is from, how it was read, and what makes that doubtful.
SAID_NAMES = ("source", "read_as", "caution")

#: Plain names of times and values that only a survey's own rules tell.
_SURVEYS_TIMES = frozenset(word for survey in SURVEYS for word, _ in survey.times)
_SURVEYS_VALUES = frozenset(values.value for survey in SURVEYS for values in survey.values)


@dataclass(frozen=True)
class Series:
    """Lists of one length: all of a star's rows, or all in one band.

    Attributes
    ----------
    band : the band in which the columns' names end (``mag_b``), or "".
    fields : the lists.
    names : what they are called without that ending.
    """

    band: str
    fields: tuple[Field, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """A nested table's columns.

    Attributes
    ----------
    star : plain columns that name the star, its place, or its band.
    clock, unit : plain columns in which a star states its own; None where absent.
    said : plain columns by name of `SAID_NAMES`, for a store of ours; else empty.
    series : alternatives of lists, each a tuple of series that belong together; the likeliest first.
    """

    star: tuple[Field, ...]
    clock: Field | None
    unit: Field | None
    said: dict[str, Field]
    series: tuple[tuple[Series, ...], ...]

    @property
    def columns(self) -> list[str]:
        """The table's columns that are needed."""
        fields = [
            *self.star,
            self.clock,
            self.unit,
            *self.said.values(),
            *(f for way in self.series for s in way for f in s.fields),
        ]
        return sorted({field.path[0] for field in fields if field is not None})


def layout_of(schema: pa.Schema) -> Layout | None:
    """Find the columns of a nested table; None for a table without lists that could be a light curve.

    Raises
    ------
    UnusableError
        When two of the columns have one name.
    """
    fields = fields_of(schema)
    doubled = {name for name in schema.names if schema.names.count(name) > 1} if len(schema) < 5000 else set()
    if doubled:
        raise UnusableError(f"several columns are called {sorted(doubled)[0]!r}")
    ways = [way for group in _groups(fields) for way in _ways(group)]
    plain = [field for field in fields if not field.listed]
    if not ways:
        _refuse_lists(fields, plain)
        return None
    said = {field.name: field for field in plain if field.name in SAID_NAMES}
    return Layout(
        star=tuple(field for field in plain if _of_star(field.name)),
        clock=next((field for field in plain if plain_name(field.name) in CLOCK_NAMES), None),
        unit=next((field for field in plain if plain_name(field.name) in UNIT_NAMES), None),
        said=said if len(said) == len(SAID_NAMES) else {},
        series=tuple(ways),
    )


def _refuse_lists(fields: Sequence[Field], plain: Sequence[Field]) -> None:
    """Refuse a table that is neither nested nor flat.

    Raises
    ------
    UnusableError
        When lists are there, and neither lists nor plain columns hold times and values.
    """
    lists = [field for field in fields if field.listed]
    if not lists or (any(map(_time, plain)) and any(_value(field.name) for field in plain)):
        return
    missing = [] if any(map(_time, lists)) else ["no time column (expected one of time, mjd, hjd, bjd, jd, t)"]
    if not any(_value(field.name) for field in lists):
        missing.append("no value column (expected one of mag, magnitude, flux, value)")
    shown = ", ".join(repr(str(field)) for field in fields[:12])
    raise UnusableError(f"{' and '.join(missing)}, neither in lists nor else; the columns are {shown}")


def _of_star(name: str) -> bool:
    return id_rank(name) is not None or id_like(name) or plain_name(name) in (*BAND_NAMES, *RA_NAMES, *DEC_NAMES)


def _groups(fields: Sequence[Field]) -> list[list[Field]]:
    """The lists that lie in one place; forced photometry, which covers non-detections, before other places."""
    groups: dict[tuple[str, ...], list[Field]] = {}
    for field in fields:
        if field.listed:
            groups.setdefault(field.group, []).append(field)
    return sorted(groups.values(), key=lambda group: "forced" not in str(group[0]).lower())


def _ways(group: Sequence[Field]) -> list[tuple[Series, ...]]:
    """How the lists of one place may be read: as one series, or as one a band."""
    # a list's own identifiers are those of its rows, never the star's
    fields = [field for field in group if id_rank(field.name) is None and not id_like(field.name)]
    names = [field.name for field in fields]
    bands = [] if survey_of({plain_name(name) for name in names}) else _by_band(fields)
    # lists of one band beside others are one series, unless each band has its own times
    if len(bands) < 2 and any(_time(field) for field in fields) and any(_value(name) for name in names):
        return [(Series("", tuple(fields), tuple(names)),)]
    return [tuple(bands)] if bands else []


def _by_band(fields: Sequence[Field]) -> list[Series]:
    """A series for each band that begins or ends the names of its own times and values (``mjd_g``, ``g_mjd``)."""
    bands: list[Series] = []
    words = {word for field in fields for word in (field.name.rpartition("_")[2], field.name.partition("_")[0])}
    for word in sorted(words):
        own = {field: stem for field in fields if (stem := _stem(field.name, word))}
        if any(map(_named_time, own.values())) and any(map(_value, own.values())):
            bands.append(Series(word, tuple(own), tuple(own.values())))
    return bands


def _stem(name: str, band: str) -> str:
    """A name without its band; "" where it has not this one."""
    if name.endswith(f"_{band}"):
        return name[: -len(band) - 1]
    return name[len(band) + 1 :] if name.startswith(f"{band}_") else ""


def _time(field: Field) -> bool:
    return is_calendar(field.type) or _named_time(field.name)


def _named_time(name: str) -> bool:
    return time_meaning(name, "", "") is not None or plain_name(name) in _SURVEYS_TIMES


def _value(name: str) -> bool:
    return value_name(name) is not None or bool(bare_band(name)) or plain_name(name) in _SURVEYS_VALUES


def is_calendar(type_: pa.DataType) -> bool:
    """Whether cells are dates: Julian ones once they are read."""
    return bool(pa.types.is_timestamp(type_) or pa.types.is_date(type_))
