"""FITS light curves of one star in a file or in several: Kepler, K2, TESS, and the surveys and pipelines like them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from swope.pipeline.ingest.bytes import stem_of
from swope.pipeline.ingest.columns import merged
from swope.pipeline.ingest.fits_table import DamagedError, FitsTable, open_fits
from swope.pipeline.ingest.guard import guarded
from swope.pipeline.ingest.missions import (
    FULL_SHARE,
    PHOTOMETRY,
    Photometry,
    by_mission,
    clock_of,
    degrees,
    errors_of,
    fullest,
    key_of,
    marks_of,
    mission_of,
    numbers_of,
    object_of,
    table_of,
    time_names,
    times_of,
    unit_of,
)
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, parts_of_groups
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import Clock, FloatArray, IntArray, Kind, LightCurve, Mask

#: Names of values for a message.
_EXPECTED = ("PDCSAP_FLUX", "SAP_FLUX", "FLUX", "CAL_PSF_FLUX", "FCOR", "TAMFLUX2", "WHITEFLUX", "IRM1")


@dataclass(frozen=True, eq=False)
class _Values:
    """One photometry of a file: values, errors and marks a row, and whether it has much to say."""

    value: FloatArray
    error: FloatArray
    mask: IntArray
    kind: Kind
    unit: str | None
    full: bool


@dataclass(frozen=True, eq=False)
class _Segment:
    """What one file holds of a star; `values` by column name, the preferred first."""

    key: tuple[str, ...]
    object_id: str
    time_name: str
    time: FloatArray
    values: dict[str, _Values]
    clock: Clock
    band: str
    ra: float
    dec: float

    @property
    def begins(self) -> float:
        return float(np.min(self.time, where=np.isfinite(self.time), initial=np.inf))


def _recognises(path: Path, head: bytes) -> bool:
    """Light curves whose columns are known here; damaged files too, so that the damage is said."""
    if head[:9] != b"SIMPLE  =":
        return False
    try:
        with open_fits(str(path)) as file:
            return any(by_mission(file.primary, table) for table in file.tables)
    except (DamagedError, UnusableError):
        return True


def _plan(files: Sequence[InputFile], options: IngestOptions, _: Path) -> tuple[list[Part], list[Refused]]:
    groups: dict[tuple[str, ...], list[InputFile]] = {}
    refused: list[Refused] = []
    for file in files:
        key = guarded(stem_of(file.source), file.source, partial(_key_of, file.path))
        if isinstance(key, Refused):
            refused.append(key)
        else:
            groups.setdefault(key, []).append(file)
    stars = dict(sorted(groups.items(), key=lambda item: item[1][0].source))
    return parts_of_groups(READER.name, list(stars.values()), options, ["\0".join(key) for key in stars]), refused


def _key_of(path: str) -> tuple[str, ...]:
    with open_fits(path) as file:
        table = table_of(file.tables)
        _photometries(table)
        return key_of(file.primary, table, path)


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    groups: dict[tuple[str, ...], list[tuple[str, _Segment]]] = {}
    for path, source in zip(part.paths, part.sources, strict=True):
        read = guarded(stem_of(source), source, partial(_segment, path))
        if isinstance(read, Refused):
            yield read
        else:
            groups.setdefault(read.key, []).append((source, read))
    for members in groups.values():
        members.sort(key=lambda member: (member[1].begins, member[0]))
        chosen = _chosen([segment for _, segment in members])
        used = [member for member in members if member[1].values[chosen].full]
        for source, segment in members:
            if used and not segment.values[chosen].full:
                yield Refused(segment.object_id, source, f"{chosen}, which the star's other files hold, is empty here")
        used = used or members
        source = ";".join(name for name, _ in used)
        yield guarded(used[0][1].object_id, source, partial(_stitched, [s for _, s in used], chosen, source, options))


def _chosen(segments: Sequence[_Segment]) -> str:
    """The photometry of a star: the preferred one among those that half of its files hold, else the commonest."""
    held = {name: sum(segment.values[name].full for segment in segments) for name in segments[0].values}
    enough = [name for name, count in held.items() if count >= FULL_SHARE * len(segments)]
    return enough[0] if enough else max(held, key=lambda name: held[name])


def _photometries(table: FitsTable) -> list[Photometry]:
    """The ways in which a table gives the brightness, the preferred first.

    Raises
    ------
    UnusableError
        When there is none.
    """
    names = {name.upper() for name in table.names}
    known = [photometry for photometry in PHOTOMETRY if photometry.value in names]
    if known:
        return known
    shown = ", ".join(map(repr, table.names[:12]))
    raise UnusableError(f"no value column (expected one of {', '.join(_EXPECTED)}, ...); the columns are {shown}")


def _segment(path: str) -> _Segment:
    with open_fits(path) as file:
        table = table_of(file.tables)
        if table.n_rows == 0:
            raise UnusableError("no rows")
        rows = file.rows(table)
        primary = file.primary
    names = {name.upper(): name for name in table.names}
    mission = mission_of(primary)
    found = _photometries(table)
    columns = [numbers_of(table, rows, names[photometry.value]) for photometry in found]
    full = fullest(columns)
    values = {
        photometry.value: _Values(
            value=1 + 1e-6 * column if photometry.parts_per_million else column,
            error=errors_of(photometry, table, rows, column) * (1e-6 if photometry.parts_per_million else 1.0),
            mask=marks_of(photometry, table, rows, mission),
            kind=photometry.kind,
            unit=unit_of(photometry, table.column(names[photometry.value]).unit, primary),
            full=i in full,
        )
        for i, (photometry, column) in enumerate(zip(found, columns, strict=True))
    }
    candidates = time_names(table.names)
    times = [times_of(table, rows, name) for name in candidates]
    best = next(iter(fullest(times)), 0)
    clock, unit, shift = clock_of(primary, table, candidates[best], times[best])
    with np.errstate(invalid="ignore", over="ignore"):  # damaged times may be anything
        days = times[best] * unit + shift
    return _Segment(
        key=key_of(primary, table, path),
        object_id=object_of(primary, path),
        time_name=candidates[best],
        time=days,
        values=values,
        clock=clock,
        band=mission,
        ra=degrees(primary.get("RA_OBJ"), primary.get("ALPHA")),
        dec=degrees(primary.get("DEC_OBJ"), primary.get("DELTA")),
    )


def _stitched(segments: Sequence[_Segment], chosen: str, source: str, options: IngestOptions) -> LightCurve:
    """One star of all its files in time order.

    Where there are several, each is divided by the median of its good rows (magnitudes: shifted to the common
    median), since the star falls on other pixels in each quarter or sector. Where a median is not positive (a faint
    star, its background taken off too generously) nothing is divided, and the files stand as they are.
    """
    first = segments[0]
    held = [segment.values[chosen] for segment in segments]
    clock = merged(first.clock, options.clock)
    zeros = [segment.clock.zero - clock.zero for segment in segments]
    values, errors, unit = [v.value for v in held], [v.error for v in held], held[0].unit
    medians = [_median(v) for v in held]
    kind = held[0].kind
    if len(segments) > 1 and kind == "mag":
        common = float(np.nanmedian(np.concatenate([v.value[v.mask == 0] for v in held])))
        values = [v - m + common for v, m in zip(values, medians, strict=True)]
    elif len(segments) > 1 and all(m > 0 for m in medians):
        values = [v / m for v, m in zip(values, medians, strict=True)]
        errors = [e / m for e, m in zip(errors, medians, strict=True)]
        unit = ""
    return star(
        first.object_id,
        np.concatenate([s.time + zero for s, zero in zip(segments, zeros, strict=True)]),
        np.concatenate(values),
        np.concatenate(errors),
        options=options,
        source=source,
        clock=clock,
        kind=kind,
        unit=unit,
        band=first.band,
        mask=np.concatenate([v.mask for v in held]),
        ra=first.ra,
        dec=first.dec,
        kind_from="survey",
        read_as=_in_words(segments, chosen, clock),
    )


def _in_words(segments: Sequence[_Segment], chosen: str, clock: Clock) -> str:
    """What was chosen and what was passed over, for the catalog."""
    first = segments[0]
    words = [f"{first.band or 'FITS'}, time {first.time_name!r} ({clock.name}), {first.values[chosen].kind} {chosen!r}"]
    if len(segments) > 1:
        words.append(f"joined {len(segments)} files")
    why = {
        name: "second choice" if values.full else "says little"
        for name, values in first.values.items()
        if name != chosen
    }
    if why:
        words.append("passed over " + ", ".join(f"{name!r} ({reason})" for name, reason in why.items()))
    return "; ".join(words)


def _median(values: _Values) -> float:
    good = values.value[np.isfinite(values.value) & ((values.mask & int(Mask.QUALITY)) == 0)]
    return float(np.median(good)) if good.size else float("nan")


READER = Reader(
    name="fits",
    rank=8,
    describes="FITS light curve of Kepler, K2, TESS, CoRoT, SuperWASP or a HAT survey, by the mission or a pipeline",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
