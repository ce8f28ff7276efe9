"""From a table and the reading decided for it to rows, and from rows to stars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.content import FEW, crowded, plausible
from swope.pipeline.ingest.decide_id import distinct
from swope.pipeline.ingest.decide_time import days_of
from swope.pipeline.ingest.flags import bad_rows
from swope.pipeline.ingest.guard import guarded
from swope.pipeline.ingest.id_names import NAMES, PROPER_NAMES
from swope.pipeline.ingest.other_errors import deviations_of, unit_of_errors
from swope.pipeline.ingest.parts import IngestOptions, Refused, UnusableError
from swope.pipeline.ingest.reading import Reading, ValueColumns
from swope.pipeline.ingest.stars import star
from swope.pipeline.ingest.table import Table
from swope.pipeline.ingest.time_names import plain_name
from swope.pipeline.ingest.value_names import error_in_mag, in_mag, is_percent, unit_said
from swope.pipeline.lightcurve import BoolArray, FloatArray, IntArray, LightCurve, Mask
from swope.pipeline.units import ratio

#: Fluxes with a zero point a row are brought to this one.
ZERO_POINT = 25.0

#: Arcseconds: a star's rows scatter less, and few stars move as far.
ONE_PLACE = 60.0

#: Flux in microjansky of magnitude zero (AB).
_UJY_AT_ZERO = 3.631e9


@dataclass(frozen=True, eq=False)
class Rows:
    """Observations as a table gives them, one a row; all arrays (n,).

    Attributes
    ----------
    star : index into `stars`.
    stars : their names; one "" where the file names the star.
    time : days before the clock's zero.
    value, error : in the reading's unit; NaN where there is none.
    band : index into `bands`.
    bands : their names.
    mask : bits of `Mask` that the source brings.
    ra, dec : degrees, NaN where unknown.
    """

    star: NDArray[np.int64]
    stars: tuple[str, ...]
    time: FloatArray
    value: FloatArray
    error: FloatArray
    band: IntArray
    bands: tuple[str, ...]
    mask: IntArray
    ra: FloatArray
    dec: FloatArray

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """Some of the rows, by index."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return Rows(**{k: v if k in ("stars", "bands") else v[rows] for k, v in plain.items()})


def rows_of(table: Table, reading: Reading) -> Rows:
    """Apply a reading to a table, or to a piece of it."""
    n = len(table)
    common = _days(table, reading, reading.time.columns)
    shared = np.zeros(n, dtype=np.int32)
    for index, rule in reading.flags:
        bad = bad_rows(table.columns[index], rule)
        if bad is not None:
            shared[bad] |= int(Mask.QUALITY)
    for index, rule in reading.limits:
        limit = bad_rows(table.columns[index], rule)
        if limit is not None:
            shared[limit] |= int(Mask.LIMIT)
    stars, star_of_row = _stars(table, reading)
    ra, dec = _degrees(table, reading.ra, hours=True), _degrees(table, reading.dec, hours=False)
    bands, band = _bands(table, reading)
    parts: list[tuple[NDArray[np.int64], FloatArray, FloatArray, FloatArray, IntArray, IntArray]] = []
    several = len(reading.values) > 1
    for number, where in enumerate(reading.values):
        time = common if where.time is None else _days(table, reading, (where.time,))
        value, error, mask = _measured(table, reading, where, shared)
        mask[_impossible(time, reading)] |= int(Mask.NOT_FINITE)
        # an empty cell among several bands is no observation
        kept = np.flatnonzero(np.isfinite(value)) if several else np.arange(n)
        row_band = np.full(n, number, dtype=np.int32) if several else band
        parts.append((kept, time[kept], value[kept], error[kept], row_band[kept], mask[kept]))
    kept, times, values, errors, band, masks = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    if several or reading.values[0].band:
        bands = tuple(where.band for where in reading.values)
    return Rows(star_of_row[kept], stars, times, values, errors, band, bands, masks, ra[kept], dec[kept])


def _days(table: Table, reading: Reading, columns: tuple[int, ...]) -> FloatArray:
    return days_of([table.columns[i] for i in columns], reading.time.meaning, reading.time.calendar)


def _impossible(time: FloatArray, reading: Reading) -> BoolArray:
    """(n,) which times cannot be what their column says they are."""
    meaning = replace(reading.time.meaning, clock=reading.time.clock)
    if reading.time.clock.format == "unknown" or not reading.time.meaning.stated:
        return np.zeros(len(time), dtype=bool)
    return np.isfinite(time) & ~plausible(time, meaning)


def _measured(
    table: Table, reading: Reading, where: ValueColumns, shared: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    column = table.columns[where.value]
    value, mask = column.numbers.copy(), shared.copy()
    for index, rule in where.flags:
        bad = bad_rows(table.columns[index], rule)
        if bad is not None:
            mask[bad] |= int(Mask.QUALITY)
    mask[column.limits] |= int(Mask.LIMIT)
    if reading.fillers:
        mask[np.isin(value, reading.fillers)] |= int(Mask.NOT_FINITE)
    if where.spread == "inverse variance" and where.error is not None:
        # of no weight in whatever is made of the values
        mask[table.columns[where.error].numbers == 0] |= int(Mask.QUALITY)
    error = deviations_of(table, where)
    of_error = unit_of_errors(table, where)
    of_value = (column.name, column.unit)
    if reading.kind == "flux":
        own = unit_said(*of_value)
        if of_error is not None and is_percent(*of_error) and not is_percent(*of_value):
            error = np.abs(value) * error / 100
        elif of_error is not None:
            error = error * ratio(unit_said(*of_error), own)
        elif where.snr is not None:
            # what is below zero has both below zero
            signal = np.abs(table.columns[where.snr].numbers)
            error = np.where(signal > 0, np.abs(value) / np.where(signal > 0, signal, 1.0), np.nan)
        # one band may be in other units than the first
        value, error = value * ratio(own, reading.unit), error * ratio(own, reading.unit)
    else:
        value = value * in_mag(*of_value)
        if of_error is not None:
            error = error * error_in_mag(of_error, of_value)
        elif where.snr is not None:
            signal = table.columns[where.snr].numbers
            error = np.where(signal > 1e-3, 2.5 / np.log(10) / np.maximum(signal, 1e-3), np.nan)
    limits = (mask & int(Mask.LIMIT)) != 0
    # the error of a limit is none (99.99)
    error[limits] = np.nan
    if reading.zero_point is not None:
        scale = 10 ** (-0.4 * (table.columns[reading.zero_point].numbers - ZERO_POINT))
        value, error = value * scale, error * scale
    if reading.sign is not None:
        value, error = _corrected(table, reading, value, error)
    return value, error, mask


def _corrected(table: Table, reading: Reading, value: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The star's magnitude from a difference image's, with its sign, or the signed flux where no reference is known.

    Foerster et al. 2021 (AJ 161, 242), appendix A: the fluxes of reference and difference are added.
    """
    assert reading.sign is not None
    words = np.char.lower(table.columns[reading.sign].words.astype(str))
    sign = np.where(np.isin(words, ("1", "1.0", "t", "true", "+", "positive")), 1.0, -1.0)
    difference = sign * 10 ** (-0.4 * value)
    spread = np.abs(difference) * error * np.log(10) / 2.5
    if reading.reference is None:
        return difference * _UJY_AT_ZERO, spread * _UJY_AT_ZERO
    total = 10 ** (-0.4 * table.columns[reading.reference].numbers) + difference
    good = total > 0
    flux = np.where(good, total, np.nan)
    return -2.5 * np.log10(flux), spread / flux * 2.5 / np.log(10)


def _stars(table: Table, reading: Reading) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if reading.object_id is None:
        return ("",), np.zeros(len(table), dtype=np.int64)
    column = table.columns[reading.object_id]
    labels, index = distinct(column)
    if column.is_text and plain_name(column.name) in NAMES:
        # people write a star's name now in capitals, now not
        folded = [" ".join(str(label).split()).casefold() for label in labels]
        folded = [PROPER_NAMES.get(name, name) for name in folded]
        first = {name: i for i, name in reversed(list(enumerate(folded)))}
        index = np.array([first[name] for name in folded], dtype=np.int64)[index]
    return tuple(str(label) for label in labels), index


def _bands(table: Table, reading: Reading) -> tuple[tuple[str, ...], IntArray]:
    if reading.band is None:
        return (reading.values[0].band or table.header.get("filter", ""),), np.zeros(len(table), dtype=np.int32)
    labels, index = distinct(table.columns[reading.band])
    names = [_band_name(str(label), reading.bands) for label in labels]
    bands = sorted(set(names))
    place = np.array([bands.index(name) for name in names], dtype=np.int32)
    return tuple(bands), place[index]


def _band_name(word: str, bands: dict[str, str]) -> str:
    word = word.strip()
    whole = re.sub(r"^(\d+)\.0*$", r"\1", word)
    return bands.get(whole, whole)


def _degrees(table: Table, index: int | None, hours: bool) -> FloatArray:
    """(n,) degrees of a column, or of what the header states; words such as ``18:01:16.35`` are the first row's."""
    if index is not None and table.columns[index].finite.any():
        return table.columns[index].numbers
    from swope.pipeline.ingest.angles import degrees

    words = [table.header.get(key, "") for key in (("ra", "ra_obj") if hours else ("dec", "decl", "dec_obj"))]
    if index is not None:
        words = [str(word) for word in table.columns[index].take(np.arange(min(1, len(table)))).words]
    text = next(filter(None, words), "")
    return np.full(len(table), degrees(text, hours) if text else np.nan)


def stars_of(
    rows: Rows, reading: Reading, object_id: str, source: str, options: IngestOptions
) -> Iterator[LightCurve | Refused]:
    """Divide rows by star and make each of them a light curve, or a reason why not, in the order of their names.

    Parameters
    ----------
    object_id : name of the star where the rows name none.
    """
    order = np.argsort(rows.star, kind="stable")
    held, starts = np.unique(rows.star[order], return_index=True)
    members = dict(zip((rows.stars[i] for i in held), np.split(order, starts[1:]), strict=True))
    nameless = members.pop("", None) if reading.object_id is not None else None
    curves: list[LightCurve] = []
    for name in sorted(members):
        made = guarded(
            name or object_id,
            source,
            partial(_star, rows.take(members[name]), reading, name or object_id, source, options),
        )
        if isinstance(made, Refused) or not reading.per_band_id:
            yield made
        else:
            curves.append(made)
    if curves:
        from swope.pipeline.ingest.join import join_bands

        yield from join_bands(curves)
    if nameless is not None:
        yield Refused(object_id, source, f"{len(nameless)} rows have no name of a star")


def crowd_refused(time: FloatArray, band: IntArray, value: FloatArray) -> None:
    """Refuse what looks like several stars merged.

    Raises
    ------
    UnusableError
        When most times have several values in one band.
    """
    if crowded(time, band, value):
        raise UnusableError(
            "most times have several values in one band, as if several stars, or several bands, stood in one table: "
            "say --columns id=... or band=..."
        )


def scattered(offset: FloatArray) -> str:
    """What makes a star doubtful whose rows lie at several places; "" where they lie at one.

    Parameters
    ----------
    offset : (n,) arcseconds of each row from the first.
    """
    most = float(np.max(offset, initial=0.0, where=np.isfinite(offset)))
    return f"its rows lie up to {most:.3g} arcsec apart: several stars of one name?" if most > ONE_PLACE else ""


def unmeasured(value: FloatArray, error: FloatArray) -> str:
    """What makes magnitudes doubtful some of which have no error, and are fainter than nearly all that have one.

    Surveys and observers write the limit of an image so in which the star was not seen.

    Parameters
    ----------
    value, error : (n,) magnitudes in one band.
    """
    without = ~np.isfinite(error)
    if np.count_nonzero(without) < FEW or np.count_nonzero(~without) < FEW:
        return ""
    if np.median(value[without]) <= np.percentile(value[~without], 95):
        return ""
    return f"{np.count_nonzero(without)} magnitudes without an error are fainter than nearly all others: limits?"


def offsets(ra: FloatArray, dec: FloatArray, first_ra: FloatArray | float, first_dec: FloatArray | float) -> FloatArray:
    """(n,) arcseconds from a first place, for places within some degrees of it; degrees in."""
    with np.errstate(invalid="ignore"):  # places of a damaged file may be infinite
        across = ((ra - first_ra + 180.0) % 360.0 - 180.0) * np.cos(np.radians(first_dec))
        distance: FloatArray = np.hypot(across, dec - first_dec) * 3600.0
    return distance


def _star(rows: Rows, reading: Reading, object_id: str, source: str, options: IngestOptions) -> LightCurve:
    good = np.isfinite(rows.time) & np.isfinite(rows.value) & (rows.mask == 0)
    crowd_refused(rows.time[good], rows.band[good], rows.value[good])
    at = np.flatnonzero(np.isfinite(rows.ra) & np.isfinite(rows.dec))[:1]
    ra, dec = (float(rows.ra[at[0]]), float(rows.dec[at[0]])) if len(at) else (float("nan"), float("nan"))
    place = scattered(offsets(rows.ra, rows.dec, ra, dec))
    faint = ""
    if reading.kind == "mag" and all(value.error is not None for value in reading.values):
        found = [
            unmeasured(rows.value[own], rows.error[own])
            for b in set(rows.band[good])
            for own in [good & (rows.band == b)]
        ]
        faint = next(filter(None, found), "")
    bands = np.array(rows.bands, dtype=str)
    return star(
        object_id,
        rows.time,
        rows.value,
        None if all(value.error is None and value.snr is None for value in reading.values) else rows.error,
        options=options,
        source=source,
        clock=reading.time.clock,
        kind=reading.kind,
        unit=reading.unit,
        band=bands[rows.band],
        mask=rows.mask,
        ra=ra,
        dec=dec,
        kind_from=reading.kind_from,
        read_as=reading.said,
        caution="; ".join(filter(None, (*reading.caution, place, faint))),
    )
