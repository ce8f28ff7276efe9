"""What the columns of a table mean, by their names, and values that mean "no value"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from swope.pipeline.ingest.content import MAG_FILLER, MAG_RANGE
from swope.pipeline.ingest.id_names import ID_NAMES
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.time_names import plain_name, time_meaning
from swope.pipeline.ingest.value_names import FLUX_NAMES, VALUE_NAMES
from swope.pipeline.ingest.value_names import MAG_NAMES as _MAG_NAMES
from swope.pipeline.lightcurve import BoolArray, Clock, FloatArray, Kind

#: Column names (lower case, without punctuation) of each role, the preferred first.
TIME_NAMES = (
    *("time", "bjd", "bjdtdb", "bkjd", "btjd", "hjd", "jd", "mjd", "t", "times", "timepoints", "obstime", "date"),
    *("hjdutc", "mjdutc", "jdutc", "bjdutc", "hmjd", "midpointmjdtai", "obsmjd", "tbjd"),
)
ERROR_NAMES = (
    *("magerr", "magerror", "emag", "sigmamag", "sigmag", "magsigma", "magnitudeerr", "magnitudeerror", "magerrs"),
    *("magnitudeuncertainty", "relativemagnitudeuncertainty", "relativefluxuncertainty", "fluxuncertainty"),
    *("fluxerr", "fluxerror", "eflux", "sigmaflux", "psfluxerr", "pdcsapfluxerr", "sapfluxerr", "sigmapsf"),
    *("err", "errs", "error", "errors", "errorpoints", "sigma", "uncertainty", "yerr", "e", "unc"),
)
BAND_NAMES = ("band", "bands", "filter", "filters", "filt", "passband", "filtercode", "fid")
FLAG_NAMES = ("quality", "flag", "flags", "catflags", "sapquality", "qualityflag")
RA_NAMES = ("ra", "radeg", "raj2000", "meanra", "alpha")
DEC_NAMES = ("dec", "decdeg", "dej2000", "decj2000", "decl", "meandec", "de", "delta")

#: Magnitudes of one band by name.
MAG_NAMES = (*_MAG_NAMES, "umag", "bmag", "vmag", "rmag", "imag", "gmag", "zmag")


@dataclass(frozen=True)
class Roles:
    """Which column plays which part; indices into the table's names.

    Attributes
    ----------
    time, value : always there.
    error, band, flag, object_id, ra, dec : None where the table has none.
    kind : "mag" or "flux" where the value's name says so, else None.
    clock : what the time column's name says of the clock.
    """

    time: int
    value: int
    error: int | None
    band: int | None
    flag: int | None
    object_id: int | None
    ra: int | None
    dec: int | None
    kind: Kind | None
    clock: Clock


def find(names: Sequence[str], wanted: Iterable[str]) -> int | None:
    """Index of the first of the `wanted` plain names among a table's names, or None."""
    plain = [plain_name(name) for name in names]
    return next((plain.index(word) for word in wanted if word in plain), None)


def roles(names: Sequence[str], kind: Kind | None = None) -> Roles:
    """Find out which column is which.

    Parameters
    ----------
    names : the table's column names.
    kind : which to take where a table has magnitudes and fluxes; magnitudes when None.

    Raises
    ------
    UnusableError
        When there is no time or no value column; says which columns there are and what was expected.
    """
    time = find(names, TIME_NAMES)
    mag, flux, plain = find(names, MAG_NAMES), find(names, FLUX_NAMES), find(names, VALUE_NAMES)
    first, second = ((flux, "flux"), (mag, "mag")) if kind == "flux" else ((mag, "mag"), (flux, "flux"))
    value, found_kind = next(((i, k) for i, k in (first, second, (plain, None)) if i is not None), (None, None))
    missing = [
        f"no {what} column (expected one of {', '.join(expected)})"
        for what, index, expected in (
            ("time", time, ("time", "mjd", "hjd", "bjd", "jd", "t")),
            ("value", value, ("mag", "magnitude", "flux", "value")),
        )
        if index is None
    ]
    if time is None or value is None:
        shown = ", ".join(repr(n) for n in names[:12]) + (", ..." if len(names) > 12 else "")
        raise UnusableError(f"{' and '.join(missing)}; the columns are {shown}")
    return Roles(
        time=time,
        value=value,
        error=_error_of(names, names[value]),
        band=find(names, BAND_NAMES),
        flag=find(names, FLAG_NAMES),
        object_id=find(names, ID_NAMES),
        ra=find(names, RA_NAMES),
        dec=find(names, DEC_NAMES),
        kind="mag" if found_kind == "mag" else "flux" if found_kind == "flux" else None,
        clock=clock_of_name(names[time]),
    )


def _error_of(names: Sequence[str], value: str) -> int | None:
    """The error that bears the value's name if there is one, else a general one; never that of another value."""
    stem = plain_name(value)
    own = [stem + tail for tail in ("err", "error", "errs", "uncertainty", "sigma")]
    own += [head + stem for head in ("e", "err", "sigma", "sig", "d")]
    other = ("mag",) if "flux" in stem else ("flux",) if "mag" in stem else ()
    return find(names, (*own, *(name for name in ERROR_NAMES if not any(word in name for word in other))))


def clock_of_name(name: str) -> Clock:
    """What a time column's name says: ``MJD`` the format, ``hjd`` format and frame, ``time`` nothing."""
    meaning = time_meaning(name)
    return Clock() if meaning is None or meaning.shift else meaning.clock


def merged(stated: Clock, said: Clock | None) -> Clock:
    """The file's clock, its unknowns filled with what the user said, unless the two contradict each other anywhere."""
    if said is None:
        return stated
    pairs = ((stated.format, said.format), (stated.scale, said.scale), (stated.frame, said.frame))
    if any(file != user and "unknown" not in (file, user) for file, user in pairs):
        return stated
    return Clock(*(user if file == "unknown" else file for file, user in pairs))


def kind_of(value: FloatArray) -> Kind:
    """Magnitudes or fluxes, for values whose column does not say.

    By the surveys' convention (OGLE, ASAS, Catalina, MACHO) a headerless table holds magnitudes; values whose median
    lies outside `MAG_RANGE` cannot be magnitudes of anything surveyed (normalised flux is near 1, difference flux
    near 0, electron counts in the thousands), and are fluxes.
    """
    finite = value[np.isfinite(value) & (np.abs(value) < MAG_FILLER)]
    if 2 * finite.size < np.isfinite(value).sum() or finite.size == 0:
        return "flux"
    return "mag" if MAG_RANGE[0] <= float(np.median(finite)) <= MAG_RANGE[1] else "flux"


def filler(value: FloatArray, kind: Kind) -> BoolArray:
    """Which values stand for "no value": magnitudes of `MAG_FILLER` and beyond, either way; no flux is one."""
    fillers: BoolArray = np.abs(value) >= MAG_FILLER if kind == "mag" else np.zeros(len(value), dtype=bool)
    return fillers


def numbers(cells: Sequence[str]) -> FloatArray:
    """Read cells as numbers; a cell that is none ("", "nan", "null", "abc") becomes NaN."""
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        return np.array([_number(cell) for cell in cells], dtype=np.float64)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
