"""What the space missions, wide-field surveys and pipelines that write a FITS file a star mean by their columns.

Column descriptions: Kepler Archive Manual (KDMC-10008-006); TESS Science Data Products (EXP-TESS-ARC-ICD-0014); the
README files of the products QLP, TGLC, eleanor, TASOC, PATHOS, CDIPS, K2SFF, EVEREST, K2SC and K2VARCAT at MAST; the
CoRoT Legacy Book (2016), chapter II.4; Butters et al. 2010, A&A 520, L10 (SuperWASP); Bakos et al. 2004, PASP 116, 266,
and data.hatsurveys.org (HATNet, HATSouth, HATPI).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.bytes import stem_of
from swope.pipeline.ingest.columns import TIME_NAMES, clock_of_name, find, merged
from swope.pipeline.ingest.fits_table import FitsTable, Header, cells
from swope.pipeline.ingest.id_names import id_rank
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.lightcurve import ZERO_POINTS, Clock, FloatArray, IntArray, Kind, Mask

#: Quality bits that make a row useless, after lightkurve's "default" bitmasks (Kepler Archive Manual, table 2-3; TESS
#: Science Data Products, section 9), without the impulsive outliers.
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

#: Columns that hold the mission's quality bits.
BIT_FLAGS = ("SAP_QUALITY", "QUALITY", "DQUALITY", "TESS_FLAGS")

#: Columns in which anything but zero marks a bad row: TGLC's own flags, K2SFF's moving telescope, CoRoT's and CHEOPS'
#: status, SuperWASP's flag.
PLAIN_FLAGS = ("TGLC_FLAGS", "MOVING", "STATUS", "STATUSBAR", "STATUSFIL", "EVENT", "FLAG")

#: A column is full enough to be chosen when it has this share of the rows of the fullest one.
FULL_SHARE = 0.5

SECONDS = 86400.0

#: Time scales that a column may state for itself.
SCALES = ("utc", "tai", "tt", "tdb", "tcb", "tcg", "ut1")

#: Units of time in days.
DAYS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1 / SECONDS),
    **dict.fromkeys(("min", "minute", "minutes"), 1 / 1440),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 1 / 24),
    **dict.fromkeys(("yr", "year", "years", "a"), 365.25),
}


@dataclass(frozen=True)
class Photometry:
    """One way in which a pipeline gives a star's brightness.

    Attributes
    ----------
    value : the column's name, upper case.
    errors : names of columns with its errors, the best first.
    kind : what it is.
    error_card : the header card that holds one error for all rows, where a pipeline writes it so (TGLC).
    error_of : the errors are those of this column, and are scaled to the value (eleanor).
    grades : the column whose letter G marks the good rows of this photometry (HAT and CDIPS).
    unit : what the values are in where the column states no unit; None leaves it unknown.
    parts_per_million : the values are relative changes in ppm about zero.
    """

    value: str
    errors: tuple[str, ...] = ()
    kind: Kind = "flux"
    error_card: str = ""
    error_of: str = ""
    grades: str = ""
    unit: str | None = None
    parts_per_million: bool = False


def _hat(aperture: int) -> tuple[Photometry, ...]:
    """Magnitudes of the HAT surveys: trend-filtered (TF), corrected by the instrument's state (EP), raw (IM)."""
    errors, grades = (f"IE{aperture}",), f"IQ{aperture}"
    return tuple(Photometry(f"{what}{aperture}", errors, "mag", grades=grades) for what in ("TF", "EP", "IM"))


#: All of them, the preferred first: corrected for what the instrument did before raw. K2SC's FLUX is corrected, its
#: trends standing beside it.
PHOTOMETRY: tuple[Photometry, ...] = (
    Photometry("PDCSAP_FLUX", ("PDCSAP_FLUX_ERR",)),
    Photometry("KSPSAP_FLUX", ("KSPSAP_FLUX_ERR",)),
    Photometry("DET_FLUX", ("DET_FLUX_ERR",)),
    Photometry("SYS_RM_FLUX", ("DET_FLUX_ERR",)),
    Photometry("DETFLUX", ("DETFLUX_ERR",)),
    Photometry("CORR_FLUX", ("FLUX_ERR",), error_of="RAW_FLUX", unit="electron / s"),
    Photometry("FLUX_CORR", ("FLUX_CORR_ERR",), parts_per_million=True),
    Photometry("PSF_FLUX_COR"),
    Photometry("CAL_PSF_FLUX", error_card="CPSF_ERR", unit=""),
    Photometry("CAL_APER_FLUX", error_card="CAPE_ERR", unit=""),
    Photometry("TAMFLUX2", ("TAMFLUX2_ERR",)),
    Photometry("FCOR", ("FRAW_ERR", "FCOR_ERR")),
    Photometry("FLUXBAR"),
    Photometry("WHITEFLUX"),
    Photometry("WHITEFLUXFIL"),
    Photometry("FLUX", ("FLUX_ERR", "FLUXERR", "ERROR", "FRAW_ERR")),
    Photometry("SAP_FLUX", ("SAP_FLUX_ERR",)),
    Photometry("PCA1", ("IRE1",), "mag", grades="IRQ1"),
    Photometry("TFA1", ("IRE1",), "mag", grades="IRQ1"),
    Photometry("IRM1", ("IRE1",), "mag", grades="IRQ1"),
    *_hat(1),
    *_hat(0),
    Photometry("RAWFLUX"),
)

#: Names of surveys' columns that only they use. The missions' own are copied into tables of all kinds; what the header
#: says decides there.
DISTINCTIVE = {"TAMFLUX2", "FLUXBAR", "WHITEFLUX", "WHITEFLUXFIL", "PCA1", "TFA1", "IRM1"}
DISTINCTIVE |= {photometry.value for aperture in (0, 1) for photometry in _hat(aperture)}

TIMES = ("TIME", "TMID_BJD", "T", "BJD", "BJD_TIME", "DATEBARTT", "DATEHEL", "TMID", "DATETT")

MISSIONS = ("KEPLER", "K2", "TESS", "COROT", "SUPERWASP", "WASP", "CHEOPS")

_UNITS = {"e-/s": "electron / s", "electron/s": "electron / s", "rel": "", "mag": "mag", "": ""}


def mission_of(primary: Header) -> str:
    """``TESS``, ``Kepler`` (K2 too: it is the same instrument, with the same flags), or what the header says."""
    telescope = primary.text("TELESCOP") or primary.text("MISSION")
    if telescope.upper() == "TESS":
        return "TESS"
    if telescope.upper() in ("KEPLER", "K2"):
        return "Kepler"
    return telescope


def by_mission(primary: Header, table: FitsTable) -> bool:
    """Whether a table is the light curve of one star by a mission or pipeline whose columns are known here.

    A table with a column that names stars may hold many, whoever made it.
    """
    upper = {name.upper() for name in table.names}
    known = {photometry.value for photometry in PHOTOMETRY} if mission_of(primary).upper() in MISSIONS else DISTINCTIVE
    return not upper.isdisjoint(known) and not any(id_rank(name) is not None for name in table.names)


def object_of(primary: Header, path: str) -> str:
    """``KIC 11442793``, ``EPIC 211117077``, ``TIC 358108509``, else what OBJECT says, else the file's name."""
    name = primary.text("OBJECT") or primary.text("OBJNAME")
    if re.fullmatch(r"(KIC|EPIC|TIC) ?\d+", name):
        return re.sub(r"(?<=C)(?=\d)", " ", name)
    number = primary.text("KEPLERID")
    if number.isdigit():
        catalog = "EPIC" if primary.text("MISSION") == "K2" or int(number) > 200_000_000 else "KIC"
        return f"{catalog} {number}"
    number = primary.text("TICID") or primary.text("TIC_ID")
    if number.isdigit():
        return f"TIC {number}"
    number = primary.text("COROTID")
    if number.isdigit():
        return f"CoRoT {number}"
    return name or stem_of(path)


def key_of(primary: Header, table: FitsTable, path: str) -> tuple[str, ...]:
    """What the files of one star, by one pipeline, at one cadence, have in common."""
    maker = primary.text("PROGRAM") or primary.text("ORIGIN")
    cadence = primary.text("OBSMODE") or table.header.text("EXPTIME") or table.header.text("TIMEDEL")
    mission = mission_of(primary)
    if mission == "TESS":
        step = table.header.get("TIMEDEL", primary.get("TIMEDEL"))
        cadence = f"{SECONDS * step:.0f}" if isinstance(step, (int, float)) else ""
    upper = {name.upper() for name in table.names}
    known = next((p.value for p in PHOTOMETRY if p.value in upper), "")
    return (object_of(primary, path), mission, maker, cadence, known)


def table_of(tables: Sequence[FitsTable]) -> FitsTable:
    """The table with the best photometry among those that have times; of equals the first.

    Raises
    ------
    UnusableError
        When no table has a time column; says which columns there are.
    """
    timed = [table for table in tables if time_names(table.names)]
    if not timed:
        shown = "; ".join(", ".join(table.names[:8]) for table in tables) or "no table"
        raise UnusableError(f"no table with a time column (expected one of {', '.join(TIMES)}); the file has: {shown}")

    def rank(table: FitsTable) -> int:
        upper = {name.upper() for name in table.names}
        return next((i for i, p in enumerate(PHOTOMETRY) if p.value in upper), len(PHOTOMETRY))

    return min(timed, key=rank)


def time_names(names: Sequence[str]) -> list[str]:
    """Columns that may hold the times, as the file spells them, the preferred first."""
    upper = [name.upper() for name in names]
    known = [names[upper.index(time)] for time in TIMES if time in upper]
    other = find(names, TIME_NAMES)
    return known or ([] if other is None else [names[other]])


def filled(column: FloatArray) -> int:
    """How many rows a column has something to say about: none where it says the same of all of several."""
    finite = column[np.isfinite(column)]
    return 0 if finite.size > 1 and np.all(finite == finite[0]) else int(finite.size)


def fullest(columns: Sequence[FloatArray]) -> list[int]:
    """Which columns are full enough to be chosen, in their order: half as full as the fullest, and not constant."""
    counts = [filled(column) for column in columns]
    return [i for i, count in enumerate(counts) if count and count >= FULL_SHARE * max(counts)]


def errors_of(photometry: Photometry, table: FitsTable, rows: NDArray[Any], value: FloatArray) -> FloatArray:
    """(n,) errors of a photometry's values; NaN where the pipeline gives none."""
    names = {name.upper(): name for name in table.names}
    given = next((names[name] for name in photometry.errors if name in names), None)
    if given is not None:
        error = numbers_of(table, rows, given)
        if photometry.error_of in names:
            with np.errstate(divide="ignore", invalid="ignore"):
                error = np.abs(value / numbers_of(table, rows, names[photometry.error_of])) * error
        return error
    card = table.header.get(photometry.error_card) if photometry.error_card else None
    one = float(card) if isinstance(card, (int, float)) and card > 0 else float("nan")
    return np.full(len(value), one)


def numbers_of(table: FitsTable, rows: NDArray[Any], name: str) -> FloatArray:
    """One column as plain numbers.

    Raises
    ------
    UnusableError
        When its cells are images (a target pixel file), or text.
    """
    with np.errstate(invalid="ignore"):
        column = cells(table, rows, name)
    if column.ndim != 1:
        raise UnusableError(
            f"the cells of {name} are images of {column.shape[1:]} pixels: a pixel file, no light curve"
        )
    if column.dtype.kind not in "biuf":
        raise UnusableError(f"the cells of {name} are no numbers")
    with np.errstate(invalid="ignore"):  # a damaged file may hold signalling NaN
        return column.astype(np.float64)


def times_of(table: FitsTable, rows: NDArray[Any], name: str) -> FloatArray:
    """The times as numbers; those that astropy wrote in two parts, added up."""
    parts = cells(table, rows, name)
    if parts.ndim == 2 and parts.shape[1] == 2 and parts.dtype.kind == "f":
        summed: FloatArray = parts.sum(axis=1)
        return summed
    return numbers_of(table, rows, name)


def marks_of(photometry: Photometry | None, table: FitsTable, rows: NDArray[Any], mission: str) -> IntArray:
    """(n,) bits of `Mask` by the pipeline's own flags."""
    names = {name.upper(): name for name in table.names}
    mask = np.zeros(len(rows), dtype=np.int32)
    for name in (*BIT_FLAGS, *PLAIN_FLAGS):
        if name not in names:
            continue
        flags = np.nan_to_num(numbers_of(table, rows, names[name])).astype(np.int64)
        bad = BAD_BITS.get(mission) if name in BIT_FLAGS else None
        mask[(flags != 0) if bad is None else (flags & bad) != 0] |= int(Mask.QUALITY)
        if bad is not None:
            mask[(flags & IMPULSIVE_BITS[mission]) != 0] |= int(Mask.IMPULSIVE)
    if "MFLAGS" in names:
        outlier = cells(table, rows, names["MFLAGS"]).astype(np.int64) & K2SC_OUTLIER_BITS
        mask[outlier != 0] |= int(Mask.IMPULSIVE)
    if photometry is not None and photometry.grades in names:
        grade = cells(table, rows, names[photometry.grades]).astype(str)
        mask[(grade != "G") & (grade != "0")] |= int(Mask.QUALITY)
    return mask


def unit_of(photometry: Photometry, stated: str, primary: Header) -> str | None:
    """The unit of a photometry's values, as astropy writes it; None where nobody says."""
    if photometry.kind == "mag":
        return "mag"
    if photometry.parts_per_million:
        return ""
    if not stated and primary.text("PROGRAM").lower().startswith("k2sc"):
        # K2SC states none, and keeps the level of the mission's own flux
        return "electron / s"
    return _UNITS.get(stated, stated) if stated else photometry.unit


def clock_of(primary: Header, table: FitsTable, name: str, time: FloatArray) -> tuple[Clock, float, float]:
    """The clock that the headers state for a time column.

    The zero stands in BJDREFI and BJDREFF, MJDREFI and MJDREFF, JDREF or MJDREF or, where none of these is there, in
    the column's unit ("BJD - 2454833, days"), or in the pipeline's description (CoRoT, SuperWASP).

    Returns
    -------
    The clock; the column's unit in days; and what to add to the days so that they have the clock's format.
    """

    def said(key: str) -> Any:
        return table.header.get(key, primary.get(key))

    column = table.column(name)
    zero: float | None = None
    frame = "barycentric" if str(said("TIMEREF")).strip() == "SOLARSYSTEM" else "unknown"
    if said("BJDREFI") is not None:
        zero = _number(said("BJDREFI")) + _number(said("BJDREFF"))
        frame = "barycentric"
    elif stated := re.fullmatch(r"\s*(B?H?M?JD)\s*-?\s*(\d+(\.\d+)?)?.*", column.unit):
        zero = float(stated[2] or 0)
        frame = {"B": "barycentric", "H": "heliocentric"}.get(stated[1][0], frame)
    elif said("MJDREFI") is not None:
        zero = 2400000.5 + _number(said("MJDREFI")) + _number(said("MJDREFF"))
    elif said("MJDREF") is not None:
        zero = 2400000.5 + _number(said("MJDREF"))
    elif said("JDREFI") is not None or said("JDREF") is not None:
        zero = _number(said("JDREFI")) + _number(said("JDREFF")) + _number(said("JDREF"))
    own = table.header.text(f"TCTYP{table.names.index(name) + 1}").lower()  # FITS 4.0, 9.2.1: one column's own scale
    scale = (own if own in SCALES else str(said("TIMESYS") or "").strip().lower()) or "unknown"
    unit = DAYS.get(column.unit.lower() or str(said("TIMEUNIT") or "").strip().lower(), 1.0)
    if zero is None:
        known, unit, zero = _by_description(name.upper(), time, unit)
        if zero is None:
            return merged(clock_of_name(name), Clock("unknown", scale, frame)), unit, 0.0
        return known, unit, zero
    for format_, of_format in ZERO_POINTS.items():
        if of_format == zero:
            return Clock(format_, scale, frame), unit, 0.0
    return Clock("jd", scale, frame), unit, zero


def _by_description(name: str, time: FloatArray, unit: float) -> tuple[Clock, float, float | None]:
    """Clock, unit and zero of the columns whose meaning stands in a mission's documents alone."""
    if name == "TMID":
        return Clock("jd", "utc", "heliocentric"), 1 / SECONDS, 2453005.5
    frames = {"DATEBARTT": ("tt", "barycentric"), "DATETT": ("tt", "unknown"), "DATEHEL": ("utc", "heliocentric")}
    if name in frames:
        finite = time[np.isfinite(time)]
        # CoRoT counts from 2000 January 1, 12 h; later products give the Julian date whole
        return Clock("jd", *frames[name]), unit, 2451545.0 if finite.size and np.median(finite) < 1e5 else 0.0
    return Clock(), unit, None


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        raise UnusableError(f"the zero of the times is no number: {str(value)[:40]!r}") from None


def degrees(*values: Any) -> float:
    """The first of some header values that is a number, or NaN."""
    for value in values:
        try:
            return float(cast(float, value))
        except (TypeError, ValueError):
            continue
    return float("nan")
