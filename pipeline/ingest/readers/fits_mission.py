"""FITS light curves of Kepler, K2 and TESS, by the missions and by others (K2SC, K2VARCAT, CDIPS, ...)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.bytes import open_unpacked, stem_of
from swope.pipeline.ingest.columns import TIME_NAMES, clock_of_name, find, kind_of, merged, roles
from swope.pipeline.ingest.guard import guarded
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, parts_of_groups
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import ZERO_POINTS, Clock, FloatArray, IntArray, Kind, LightCurve, Mask

#: Quality bits that make a row useless, after lightkurve's "default" bitmasks (Kepler Archive Manual KDMC-10008-006,
#: table 2-3; TESS Science Data Products EXP-TESS-ARC-ICD-0014, section 9), without the impulsive outliers.
#: Kepler and K2: attitude tweak, safe mode, coarse point, Earth point, desaturation, manual exclude, detector
#: anomaly, no data, thruster firing. TESS: attitude tweak, safe mode, coarse point, Earth point, argabrightening,
#: desaturation, manual exclude, bad calibration.
BAD_BITS = {
    "Kepler": 1 | 2 | 4 | 8 | 32 | 256 | 16384 | 65536 | 1048576,
    "TESS": 1 | 2 | 4 | 8 | 16 | 32 | 128 | 16384,
}

#: "Impulsive outlier": Kepler bit 12, TESS bit 10. It may be a flare: marked, not left out.
IMPULSIVE_BITS = {"Kepler": 2048, "TESS": 512}

#: Outliers up and down among the flags of K2SC (its column ``mflags``).
K2SC_OUTLIER_BITS = 8 | 16

#: Value columns in the order in which they are preferred, with their error columns: light curves corrected for what
#: the instrument did before raw ones. K2SC's FLUX is corrected, its trends standing beside it.
_VALUES: tuple[tuple[str, tuple[str, ...], Kind], ...] = (
    ("PDCSAP_FLUX", ("PDCSAP_FLUX_ERR",), "flux"),
    ("KSPSAP_FLUX", ("KSPSAP_FLUX_ERR",), "flux"),
    ("DET_FLUX", ("DET_FLUX_ERR",), "flux"),
    ("DETFLUX", ("DETFLUX_ERR",), "flux"),
    ("FCOR", ("FRAW_ERR", "FCOR_ERR"), "flux"),
    ("FLUX", ("FLUX_ERR", "ERROR", "FRAW_ERR"), "flux"),
    ("SAP_FLUX", ("SAP_FLUX_ERR",), "flux"),
    ("PCA1", ("IRE1",), "mag"),
    ("TFA1", ("IRE1",), "mag"),
    ("IRM1", ("IRE1",), "mag"),
)
_TIMES = ("TIME", "TMID_BJD", "T", "BJD")
_QUALITIES = ("SAP_QUALITY", "QUALITY")
_UNITS = {"e-/s": "electron / s", "electron/s": "electron / s", "rel": "", "mag": "mag", "": ""}


@dataclass(frozen=True)
class _Segment:
    """What one file holds of a star."""

    object_id: str
    time: FloatArray
    value: FloatArray
    error: FloatArray
    mask: IntArray
    kind: Kind | None
    unit: str | None
    clock: Clock
    band: str
    ra: float
    dec: float


def _recognises(_: Path, head: bytes) -> bool:
    return head[:9] == b"SIMPLE  ="


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


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    groups: dict[tuple[str, ...], list[tuple[str, _Segment]]] = {}
    for path, source in zip(part.paths, part.sources, strict=True):
        read = guarded(stem_of(source), source, partial(_keyed_segment, path))
        if isinstance(read, Refused):
            yield read
        else:
            groups.setdefault(read[0], []).append((source, read[1]))
    for members in groups.values():
        members.sort(
            key=lambda member: (np.min(member[1].time, where=np.isfinite(member[1].time), initial=np.inf), member[0])
        )
        source = ";".join(name for name, _ in members)
        yield guarded(members[0][1].object_id, source, partial(_stitched, [s for _, s in members], source, options))


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """Open a FITS file. What astropy would warn of (a cut file, a bad card) fails later or does no harm."""
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        with open_unpacked(path) as raw, fits.open(raw, memmap=False) as file:
            yield file


def _key_of(path: str) -> tuple[str, ...]:
    """What the files of one star, by one pipeline, at one cadence, have in common."""
    with _opened(path) as file:
        primary = file[0].header
        table = _table_of(file)
        names = tuple(name.upper() for name in table.columns.names)
        maker = str(primary.get("PROGRAM") or primary.get("ORIGIN") or "")
        cadence = str(primary.get("OBSMODE") or table.header.get("EXPTIME") or table.header.get("TIMEDEL") or "")
        if _mission(primary) == "TESS":
            cadence = f"{24 * 3600 * float(table.header.get('TIMEDEL') or primary.get('TIMEDEL') or 0):.0f}"
        return (_object_id(primary, path), _mission(primary), maker, cadence, _value_column(names)[0])


def _table_of(file: Any) -> Any:
    from astropy.io import fits

    tables = [hdu for hdu in file if isinstance(hdu, fits.BinTableHDU)]
    for table in tables:
        if _time_column(table.columns.names) is not None:
            return table
    shown = "; ".join(", ".join(table.columns.names[:8]) for table in tables) or "no table"
    raise UnusableError(f"no table with a time column (expected one of {', '.join(_TIMES)}); the file has: {shown}")


def _time_column(names: Sequence[str]) -> str | None:
    """The file's own spelling of the time column's name."""
    upper = [name.upper() for name in names]
    known = next((names[upper.index(time)] for time in _TIMES if time in upper), None)
    other = find(names, TIME_NAMES)
    return known if known is not None or other is None else names[other]


def _value_column(names: Sequence[str]) -> tuple[str, str | None, Kind | None]:
    """Names of the value and error columns, and the value's kind; the names are upper case, and so are these."""
    for value, errors, kind in _VALUES:
        if value in names:
            return value, next((error for error in errors if error in names), None), kind
    role = roles(names)
    return names[role.value], None if role.error is None else names[role.error], role.kind


def _mission(primary: Any) -> str:
    telescope = str(primary.get("TELESCOP") or primary.get("MISSION") or "").strip()
    if telescope.upper() == "TESS":
        return "TESS"
    if telescope.upper() in ("KEPLER", "K2"):
        return "Kepler"
    return telescope


def _object_id(primary: Any, path: str) -> str:
    """``KIC 11442793``, ``EPIC 211117077``, ``TIC 358108509``, else what OBJECT says, else the file's name."""
    name = str(primary.get("OBJECT") or "").strip()
    if re.fullmatch(r"(KIC|EPIC|TIC) ?\d+", name):
        return re.sub(r"(?<=C)(?=\d)", " ", name)
    number = str(primary.get("KEPLERID") or "").strip()
    if number.isdigit():
        catalog = "EPIC" if str(primary.get("MISSION")).strip() == "K2" or int(number) > 200_000_000 else "KIC"
        return f"{catalog} {number}"
    number = str(primary.get("TICID") or "").strip()
    if number.isdigit():
        return f"TIC {number}"
    return name or stem_of(path)


def _keyed_segment(path: str) -> tuple[tuple[str, ...], _Segment]:
    return _key_of(path), _segment(path)


def _segment(path: str) -> _Segment:
    with _opened(path) as file:
        primary = file[0].header
        table = _table_of(file)
        names = {name.upper(): name for name in table.columns.names}
        value, error, kind = _value_column(tuple(names))

        time_name = str(_time_column(table.columns.names))
        clock, shift = _clock(primary, table, time_name)
        rows = len(table.data)
        if rows == 0:
            raise UnusableError("no rows")
        mission = _mission(primary)
        unit = str(table.columns[names[value]].unit or "").strip()
        return _Segment(
            object_id=_object_id(primary, path),
            time=_column(table, time_name) + shift,
            value=_column(table, names[value]),
            error=np.full(rows, np.nan) if error is None else _column(table, names[error]),
            mask=_marks(table, names, mission),
            kind=kind,
            unit=_unit(unit, kind, primary),
            clock=clock,
            band=mission,
            ra=_degrees(primary.get("RA_OBJ")),
            dec=_degrees(primary.get("DEC_OBJ")),
        )


def _column(table: Any, name: str) -> FloatArray:
    """One column as plain numbers.

    Raises
    ------
    UnusableError
        When its cells are images: a target pixel file.
    """
    cells = np.asarray(table.data[name], dtype=np.float64)
    if cells.ndim != 1:
        raise UnusableError(f"the cells of {name} are images of {cells.shape[1:]} pixels: a pixel file, no light curve")
    return cells


def _unit(stated: str, kind: Kind | None, primary: Any) -> str | None:
    if not stated and str(primary.get("PROGRAM") or "").lower().startswith("k2sc"):
        # K2SC states none, and keeps the level of the mission's own flux
        return "electron / s"
    return "mag" if kind == "mag" else None if not stated else _UNITS.get(stated, stated)


def _marks(table: Any, names: dict[str, str], mission: str) -> IntArray:
    mask = np.zeros(len(table.data), dtype=np.int32)
    quality = next((names[name] for name in _QUALITIES if name in names), None)
    if quality is not None:
        bits: NDArray[np.int64] = np.asarray(table.data[quality], dtype=np.int64)
        bad = BAD_BITS.get(mission)
        mask[(bits != 0) if bad is None else (bits & bad) != 0] |= int(Mask.QUALITY)
        mask[(bits & IMPULSIVE_BITS.get(mission, 0)) != 0] |= int(Mask.IMPULSIVE)
    if "MFLAGS" in names:
        outlier = np.asarray(table.data[names["MFLAGS"]], dtype=np.int64) & K2SC_OUTLIER_BITS
        mask[outlier != 0] |= int(Mask.IMPULSIVE)
    if "IRQ1" in names:
        grade = np.char.strip(np.asarray(table.data[names["IRQ1"]], dtype=str))
        mask[grade != "G"] |= int(Mask.QUALITY)
    return mask


def _clock(primary: Any, table: Any, time_name: str) -> tuple[Clock, float]:
    """The clock that the headers state, and what to add to the times so that they have its format.

    The zero stands in BJDREFI and BJDREFF or, where these are not, in the time column's unit ("BJD - 2454833").
    """

    def said(key: str) -> Any:
        return table.header.get(key, primary.get(key))

    unit = str(table.columns[time_name].unit or "")
    zero: float | None = None
    frame = "barycentric" if str(said("TIMEREF")).strip() == "SOLARSYSTEM" else "unknown"
    if said("BJDREFI") is not None:
        zero = float(said("BJDREFI")) + float(said("BJDREFF") or 0)
        frame = "barycentric"
    elif stated := re.fullmatch(r"\s*(B?H?M?JD)\s*-?\s*(\d+(\.\d+)?)?.*", unit):
        zero = float(stated[2] or 0)
        frame = {"B": "barycentric", "H": "heliocentric"}.get(stated[1][0], frame)
    elif said("MJDREFI") is not None:
        zero = 2400000.5 + float(said("MJDREFI")) + float(said("MJDREFF") or 0)
    scale = str(said("TIMESYS") or "").strip().lower() or "unknown"
    if zero is None:
        return merged(clock_of_name(time_name), Clock("unknown", scale, frame)), 0.0
    for format_, of_format in ZERO_POINTS.items():
        if of_format == zero:
            return Clock(format_, scale, frame), 0.0
    return Clock("jd", scale, frame), zero


def _stitched(segments: Sequence[_Segment], source: str, options: IngestOptions) -> LightCurve:
    """One star of all its files in time order.

    Where there are several, each is divided by the median of its good rows (magnitudes: shifted to the common
    median), since the star falls on other pixels in each quarter or sector. Where a median is not positive (a faint
    star, its background taken off too generously) nothing is divided, and the files stand as they are.
    """
    first = segments[0]
    clock = merged(first.clock, options.clock)
    zeros = [segment.clock.zero - clock.zero for segment in segments]
    values, errors, unit = [s.value for s in segments], [s.error for s in segments], first.unit
    medians = [_median(s) for s in segments]
    kind = first.kind or options.kind or kind_of(first.value)
    if len(segments) > 1 and kind == "mag":
        common = float(np.nanmedian(np.concatenate([v[s.mask == 0] for v, s in zip(values, segments, strict=True)])))
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
        mask=np.concatenate([s.mask for s in segments]),
        ra=first.ra,
        dec=first.dec,
    )


def _median(segment: _Segment) -> float:
    good = segment.value[np.isfinite(segment.value) & ((segment.mask & int(Mask.QUALITY)) == 0)]
    return float(np.median(good)) if good.size else float("nan")


def _degrees(value: Any) -> float:
    try:
        return float(cast(float, value))
    except (TypeError, ValueError):
        return float("nan")


READER = Reader(
    name="fits",
    rank=10,
    describes="FITS light curve of Kepler, K2 or TESS",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
