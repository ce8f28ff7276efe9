"""Which column of a table with a row a star plays which part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from swope.pipeline.ingest.columns import (
    ERROR_NAMES,
    MAG_NAMES,
    TIME_NAMES,
    clock_of_name,
    find,
    roles,
)
from swope.pipeline.ingest.lists import Field, fields_of
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.value_names import FLUX_NAMES, VALUE_NAMES
from swope.pipeline.lightcurve import Clock, Kind


@dataclass(frozen=True)
class Values:
    """One way in which a star's brightness is given; error None where there is none."""

    value: Field
    error: Field | None
    kind: Kind | None


@dataclass(frozen=True)
class Series:
    """Lists of one length that belong together: all of a star, or all of a star in one band.

    Attributes
    ----------
    band : the band's name, where the columns' names end in it; else "".
    time : when.
    values : the ways in which the brightness is given, the preferred first.
    bands, flag : lists of bands and of flags; None where there are none.
    clock : what the time column's name and type say.
    """

    band: str
    time: Field
    values: tuple[Values, ...]
    bands: Field | None
    flag: Field | None
    clock: Clock


@dataclass(frozen=True)
class NestedRoles:
    """The columns of a nested table by their part; None where absent. All but the series are plain columns."""

    object_id: Field
    series: tuple[Series, ...]
    band: Field | None
    ra: Field | None
    dec: Field | None
    clock: Field | None
    unit: Field | None

    @property
    def columns(self) -> list[str]:
        """The table's columns to read, in a form that Parquet readers take: a struct's fields one by one."""
        fields = [self.object_id, self.band, self.ra, self.dec, self.clock, self.unit]
        for series in self.series:
            fields += [series.time, series.bands, series.flag]
            fields += [field for values in series.values for field in (values.value, values.error)]
        return sorted({field.path[0] for field in fields if field is not None})


def is_nested(schema: pa.Schema, kind: Kind | None) -> bool:
    """Whether a table has a row a star, its times in lists.

    Raises
    ------
    UnusableError
        When there is no time, or no value, in lists or else.
    """
    fields = fields_of(schema)
    if any(find([field.name for field in group], TIME_NAMES) is not None for group in _groups(fields)):
        return True
    plain = [field for field in fields if not field.listed]
    if _wide(fields, kind) and find([field.name for field in plain], TIME_NAMES) is None:
        return True
    roles([str(field) for field in fields], kind)
    return False


def nested_roles(schema: pa.Schema, kind: Kind | None) -> NestedRoles:
    """Find the columns of a nested table by name: the star's among the plain columns, the rows' among the lists.

    Raises
    ------
    UnusableError
        When the object id, the time or the value is missing.
    """
    fields = fields_of(schema)
    series = _series(fields, kind)
    plain = [field for field in fields if not field.listed]
    star = _named(plain)
    if star["object_id"] is None:
        shown = ", ".join(repr(str(field)) for field in fields[:12])
        raise UnusableError(f"no object_id column; the columns are {shown}")
    return NestedRoles(
        object_id=star["object_id"],
        series=series,
        band=None if any(one.bands or one.band for one in series) else star["band"],
        ra=star["ra"],
        dec=star["dec"],
        clock=star["clock"],
        unit=star["unit"],
    )


def _named(plain: Sequence[Field]) -> dict[str, Field | None]:
    """The columns that describe a star. The names of time and value stand in, so that the others can be looked up."""
    names = ["time", "mag", *(field.name for field in plain)]
    role = roles(names)
    found = {"object_id": role.object_id, "band": role.band, "ra": role.ra, "dec": role.dec}
    found |= {"clock": find(names, ("clock", "timesystem")), "unit": find(names, ("unit",))}
    return {part: None if i is None or i < 2 else plain[i - 2] for part, i in found.items()}


def _groups(fields: Sequence[Field]) -> list[list[Field]]:
    """The lists that lie in one place; forced photometry, which covers non-detections, before other places."""
    groups: dict[tuple[str, ...], list[Field]] = {}
    for field in fields:
        if field.listed:
            groups.setdefault(field.group, []).append(field)
    return sorted(groups.values(), key=lambda group: "forced" not in str(group[0]).lower())


def _series(fields: Sequence[Field], kind: Kind | None) -> tuple[Series, ...]:
    error: UnusableError | None = None
    for group in _groups(fields):
        try:
            return (_plain_series(group, kind),)
        except UnusableError as why:
            error = error or why
    wide = _wide(fields, kind)
    if wide:
        return wide
    raise error or UnusableError("no lists of times and values")


def _plain_series(group: Sequence[Field], kind: Kind | None) -> Series:
    names = [field.name for field in group]
    main = roles(names, kind)
    values: list[Values] = []
    for wanted in (kind, "mag", "flux"):
        found = roles(names, "flux" if wanted == "flux" else "mag")
        value = Values(group[found.value], None if found.error is None else group[found.error], found.kind)
        if value not in values:
            values.append(value)
    return Series(
        band="",
        time=group[main.time],
        values=tuple(values),
        bands=None if main.band is None else group[main.band],
        flag=None if main.flag is None else group[main.flag],
        clock=clock_of_field(group[main.time]),
    )


def clock_of_field(field: Field) -> Clock:
    """What a time column says: a calendar type is a Julian date once read, whatever the column's name."""
    named = clock_of_name(field.name)
    if pa.types.is_timestamp(field.type) or pa.types.is_date(field.type):
        zoned = pa.types.is_timestamp(field.type) and field.type.tz is not None
        return replace(named, format="jd", scale="utc" if zoned else named.scale)
    return named


def _wide(fields: Sequence[Field], kind: Kind | None) -> tuple[Series, ...]:
    """Bands side by side: ``time_b``, ``mag_b``, ``err_b`` are band b."""
    words: tuple[tuple[tuple[str, ...], Kind | None], ...] = (
        (MAG_NAMES, "mag"),
        (FLUX_NAMES, "flux"),
        (VALUE_NAMES, None),
    )
    if kind == "flux":
        words = (words[1], words[0], words[2])
    series: list[Series] = []
    for group in _groups(fields):
        for ending in sorted({field.name.rpartition("_")[2] for field in group if "_" in field.name}):
            stems = [f.name[: -len(ending) - 1] if f.name.endswith(f"_{ending}") else "" for f in group]
            time = find(stems, TIME_NAMES)
            value, found = next(((i, k) for names, k in words if (i := find(stems, names)) is not None), (None, None))
            if time is None or value is None:
                continue
            other = "flux" if found == "mag" else "mag" if found == "flux" else None
            error = find(stems, (word for word in ERROR_NAMES if other is None or other not in word))
            clock = clock_of_field(replace(group[time], path=(stems[time],)))
            values = Values(group[value], None if error is None else group[error], found)
            series.append(Series(ending, group[time], (values,), None, None, clock))
        if series:
            break
    return tuple(series)
