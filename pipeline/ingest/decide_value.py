"""Which columns hold the brightness and its errors, and whether they are magnitudes or fluxes."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from swope.pipeline.ingest.content import (
    FEW,
    MAG_FILLER,
    MAG_RANGE,
    constant,
    dates,
    few_numbers,
    index_like,
    kind_of_file,
    no_errors,
)
from swope.pipeline.ingest.decide_id import varies_within
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.other_errors import RATIOS, deviations_of, two_sided, unit_of_errors, variances
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.reading import TimeColumns, ValueColumns
from swope.pipeline.ingest.said import how_to_say
from swope.pipeline.ingest.survey import Values
from swope.pipeline.ingest.table import Column
from swope.pipeline.ingest.value_names import (
    SAY_NOTHING,
    ValueName,
    bare_band,
    error_columns,
    error_in_mag,
    kind_of_unit,
    unit_said,
    value_by_unit,
    value_name,
)
from swope.pipeline.lightcurve import FloatArray, Kind
from swope.pipeline.units import SPELLED

#: Plain names of the magnitude of flux 1, where it may differ from row to row.
_ZERO_POINT = re.compile(r"(mag|phot|flux)?(zp|zpt|zeropoint|zeropt|zpmag|zpab)(mag|ab)?|zpdiff")

#: A brightness that is one and the same in so many rows is none.
MANY = 20

Chosen = tuple[tuple[ValueColumns, ...], ValueName | None]


def choose_values(given: Given, time: TimeColumns, object_id: int | None) -> Chosen:
    """The brightness columns, one a band or one for all, without their errors; and what their name says.

    Raises
    ------
    UnusableError
        When there is none, or several may be it.
    """
    if given.said.value is not None:
        index, kind = given.said.value
        return (ValueColumns(index, None),), ValueName(kind, "", 0)
    if given.survey is not None and given.survey.values:
        known = [v for v in given.survey.values if given.index(v.value) is not None]
        there = [v for v in known if _holds(given, given.plain.index(v.value))]
        if there:
            return _of_survey(given, there)
        if known:
            names = ", ".join(given.shown(given.plain.index(v.value)) for v in known)
            raise UnusableError(f"no finite value in {len(given.table)} rows of {names}")
    if not given.table.named:
        return (ValueColumns(_unnamed(given, time), None),), None
    return _by_name(given, time, object_id)


def _holds(given: Given, index: int) -> bool:
    return bool(given.table.columns[index].finite.any())


def _of_survey(given: Given, there: list[Values]) -> Chosen:
    assert given.survey is not None
    if all(v.band for v in there):
        values = tuple(_columns_of(given, v) for v in there)
        return values, ValueName(given.survey.kind, "", 0)
    kinds: dict[str, Kind] = {v.value: given.survey.kind or ("flux" if "flux" in v.value else "mag") for v in there}
    best = next((v for v in there if kinds[v.value] == given.options.kind), there[0])
    given.passed.extend(f"{given.shown(given.plain.index(v.value))} (second choice)" for v in there if v is not best)
    return (_columns_of(given, best),), ValueName(kinds[best.value], "", 0)


def _columns_of(given: Given, said: Values) -> ValueColumns:
    """Where a survey's brightness stands, its errors excepted."""
    return ValueColumns(
        value=given.plain.index(said.value),
        error=None,
        band=said.band,
        time=given.index(said.time),
        snr=given.index(said.snr),
        flags=tuple((i, rule) for rule in said.flags if (i := given.index(rule.column)) is not None),
    )


def _unnamed(given: Given, time: TimeColumns) -> int:
    """The column after the time, past such as cannot be a brightness: dates, an index, a constant, words."""
    table = given.table
    after = max(time.columns) + 1
    for i in range(after, len(table.columns)):
        if i in given.said.indices:
            continue
        why = _no_brightness(table.columns[i])
        if not why:
            return i
        given.passed.append(f"column {i + 1} ({why})")
    if after < len(table.columns) and not table.columns[after].finite.any():
        raise UnusableError(f"no finite value in {len(table)} rows of column {after + 1}")
    raise UnusableError(
        f"no brightness after the time in column {after}; the columns are {table.shown}; {how_to_say(table)}"
    )


def _no_brightness(column: Column) -> str:
    """Why an unnamed column cannot be a brightness; "" where it may be."""
    numbers = column.numbers
    if not column.finite.any():
        return "no numbers"
    if dates(numbers):
        return "dates"
    return "an index" if index_like(numbers) else "a constant" if constant(numbers) else ""


def _by_name(given: Given, time: TimeColumns, object_id: int | None) -> Chosen:
    table = given.table
    names = [value_name(column.name, column.unit) for column in table.columns]
    if not any(names) and not any(map(bare_band, table.names)):
        names = [value_by_unit(column.name, column.unit) for column in table.columns]
    candidates: list[tuple[ValueName, int]] = []
    constants: list[tuple[ValueName, int]] = []
    unusable: list[str] = []
    for i, (column, found) in enumerate(zip(table.columns, names, strict=True)):
        if found is None or i in time.columns or i in given.said.indices or i == object_id:
            continue
        if not column.finite.any():
            unusable.append(f"{column.name!r} (no finite value)")
        elif index_like(column.numbers) and len(table) >= 5:
            unusable.append(f"{column.name!r} (an index)")
        elif constant(column.numbers) or not varies_within(table, object_id, i):
            unusable.append(f"{column.name!r} (a constant)")
            constants.append((found, i))
        else:
            candidates.append((found, i))
    if not candidates and len(table) < MANY:
        # of some few rows a rounded magnitude may well be one and the same
        candidates = constants
        unusable = [words for words in unusable if "constant" not in words]
    given.passed.extend(unusable)
    if not candidates:
        return _bare_bands(given, unusable)
    wanted = given.options.kind
    candidates.sort(key=lambda c: (wanted is not None and c[0].kind not in (wanted, None), c[0].rank, c[1]))
    best, index = candidates[0]
    chosen = [index]
    if best.rank == 100:
        chosen = sorted(i for name, i in candidates if name.rank == 100 and name.kind == best.kind)
    else:
        alike = [i for name, i in candidates if wanted is None or name.kind == best.kind]
        alike = alike if best.rank > 100 else _of_one_name(given, best, candidates)
        if len(alike) > 1 and (given.survey is None or not given.survey.first_value):
            shown = ", ".join(map(given.shown, alike))
            raise UnusableError(f"several columns may be the brightness: {shown}; {how_to_say(table)}")
    given.passed.extend(f"{given.shown(i)} (second choice)" for _, i in candidates if i not in chosen)
    bands = {i: name.band for name, i in candidates}
    return tuple(ValueColumns(i, None, bands[i]) for i in chosen), best


def _of_one_name(given: Given, best: ValueName, candidates: list[tuple[ValueName, int]]) -> list[int]:
    """Columns of the best one's own name that hold other numbers than the first of them."""
    own = given.plain[next(i for name, i in candidates if name.rank == best.rank)]
    same = [i for name, i in candidates if name.rank == best.rank and given.plain[i] == own]
    first = given.table.columns[same[0]].numbers
    return [
        i for i in same if i == same[0] or not np.array_equal(given.table.columns[i].numbers, first, equal_nan=True)
    ]


def _bare_bands(given: Given, unusable: list[str]) -> Chosen:
    """Columns called by nothing but their band, if they have errors or can be magnitudes; else why there is nothing."""
    table = given.table
    found = [(i, band) for i, name in enumerate(table.names) if (band := bare_band(name))]
    wide = tuple(ValueColumns(i, None, band) for i, band in found if error_columns(table.names, i))
    if not wide:
        found = [(i, band) for i, band in found if _can_be_magnitudes(table.columns[i])]
        # one small letter may be anything
        wide = tuple(ValueColumns(i, None, band) for i, band in found if len(found) > 1 or band[0].isupper())
    if wide:
        return wide, ValueName(None, "", 100)
    if any("no finite value" in text for text in unusable):
        raise UnusableError(f"no finite value in {len(table)} rows of {', '.join(unusable)}")
    missing = "no value column (expected one of mag, magnitude, flux, value)"
    if unusable:
        missing = f"no value column that varies: {', '.join(unusable)}"
    raise UnusableError(f"{missing}; the columns are {table.shown}; {how_to_say(table)}")


def _can_be_magnitudes(column: Column) -> bool:
    """Whether a column's numbers vary, and are all those of stars' magnitudes or fillers."""
    real = column.numbers[column.finite & (np.abs(column.numbers) < MAG_FILLER)]
    if len(real) < FEW or constant(real) or few_numbers(real):
        return False
    return bool(np.all((real > MAG_RANGE[0]) & (real < MAG_RANGE[1])))


def choose_kind(given: Given, values: tuple[ValueColumns, ...], named: ValueName | None) -> tuple[Kind, str]:
    """Magnitudes or fluxes, and what says so: "user", "survey", "unit", "name", or the numbers of the whole "file".

    Raises
    ------
    UnusableError
        When nothing says it and the numbers may be either.
    """
    if given.said.value is not None and given.said.value[1] is not None:
        return given.said.value[1], "user"
    by_survey = None if given.survey is None else given.survey.kind
    if by_survey is not None and given.survey is not None and given.survey.values:
        return by_survey, "survey"
    column = given.table.columns[values[0].value]
    by_unit = kind_of_unit(unit_said(column.name, column.unit))
    if by_unit is not None:
        return by_unit, "unit"
    if named is not None and named.kind is not None:
        return named.kind, "name"
    if by_survey is not None:
        return by_survey, "survey"
    if given.options.kind is not None:
        return given.options.kind, "user"
    kind, why = kind_of_file(np.concatenate([given.table.columns[v.value].numbers for v in values]))
    given.passed.append(f"{'flux' if kind == 'mag' else 'magnitudes'} ({why})")
    if given.table.named and given.plain[values[0].value] in SAY_NOTHING and kind == "mag":
        shown = given.shown(values[0].value)
        given.caution.append(f"{shown} was taken for magnitudes by its numbers alone: say --kind mag or --kind flux")
    return kind, "file"


def choose_error(given: Given, value: ValueColumns, kind: Kind, time: TimeColumns) -> ValueColumns:
    """The brightness with its errors, where a column holds any."""
    if given.said.error is not None:
        return replace(value, error=given.said.error)
    free = [i not in time.columns and i not in given.said.indices for i in range(len(given.table.columns))]
    by_side = two_sided(given.table.names, value.value) if given.table.named else []
    one_side = {i for pair in by_side for i in pair}
    if given.table.named:
        others = ["" if i in one_side else name for i, name in enumerate(given.table.names)]
        wanted = [*_errors_of_survey(given, value), *error_columns(others, value.value)]
    else:
        wanted = [value.value + 1]
    found = [replace(value, error=i) for i in dict.fromkeys(wanted)]
    if given.table.named:
        found += [replace(value, error=above, below=below) for below, above in by_side]
        found += [replace(value, error=i, spread=spread) for i, spread in variances(given.table.names, value.value)]
    for one in found:
        if one.error is None or one.error >= len(free) or not free[one.error]:
            continue
        column, of_value = given.table.columns[one.error], given.table.columns[value.value]
        unit = unit_of_errors(given.table, one) or ("", "")
        mags = error_in_mag(unit, (of_value.name, of_value.unit))
        why = no_errors(deviations_of(given.table, one) * mags, kind)
        if not why and not given.table.named:
            why = _no_unnamed_errors(column.numbers, kind)
        if not why:
            return one
        if column.finite.any():
            given.passed.append(f"{given.shown(one.error)} as error ({why})")
    if value.snr is None and not value.band and given.table.named:
        ratio = given.first(RATIOS)
        if ratio is not None and free[ratio] and np.any(given.table.columns[ratio].numbers > 0):
            return replace(value, snr=ratio)
    return value


def _errors_of_survey(given: Given, value: ValueColumns) -> list[int]:
    if given.survey is None:
        return []
    words = next((v.error for v in given.survey.values if v.value == given.plain[value.value]), ())
    return [i for word in words if (i := given.index(word)) is not None]


def _no_unnamed_errors(errors: FloatArray, kind: Kind) -> str:
    """Why the column after an unnamed brightness is not its error; "" where it may be."""
    finite = errors[np.isfinite(errors)]
    if index_like(errors):
        return "an index"
    if np.mean(finite < 0) > 0.1 and np.mean(finite < -90) <= 0.05:
        return "has values below zero"
    if few_numbers(errors) and float(finite.max()) >= 1:
        return "holds a few whole numbers"
    if kind == "mag" and float(np.median(finite)) > 1.5 and not few_numbers(errors):
        return f"too large for errors of magnitudes (median {np.median(finite):.4g})"
    return ""


def doubt_zero_points(given: Given, kind: Kind, value: ValueColumns) -> None:
    """Doubt fluxes that state no unit beside a zero point that differs from row to row: are they scaled by it?"""
    column = given.table.columns[value.value]
    if kind != "flux" or (given.survey and given.survey.kind) or kind_of_unit(unit_said(column.name, column.unit)):
        return
    if given.plain[value.value] in ("ujy", "njy", "mjy", "jy"):
        return
    for i, other in enumerate(given.table.columns):
        if _ZERO_POINT.fullmatch(given.plain[i]) and other.finite.any() and np.ptp(other.numbers[other.finite]) > 0.01:
            given.caution.append(
                f"no flux is scaled by the zero point {given.shown(i)}, which differs from row to row: scale them"
            )


def unit_of(given: Given, kind: Kind, value: ValueColumns) -> str:
    """The unit of the values as astropy writes it; "" for a relative flux."""
    if kind == "mag":
        return "mag"
    column = given.table.columns[value.value]
    stated = unit_said(column.name, column.unit)
    if stated:
        return SPELLED.get(stated.lower(), stated)
    return given.survey.unit if given.survey and given.survey.kind == "flux" else ""
