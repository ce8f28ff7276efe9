"""What columns look like, whatever they are called: dates, an index, a constant, fillers, stars side by side."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.time_names import TimeMeaning
from swope.pipeline.lightcurve import BoolArray, FloatArray, Kind

#: Julian dates of the years 1800 and 2100: what has been photometered lies between.
JD_RANGE = (2378496.5, 2488069.5)

#: Modified Julian dates begin here (1891): below it lie days since a zero of our own time.
MJD_LEAST = 12000.0

#: A magnitude this large either way is a filler (99.999, -99, 999, ...), not a brightness.
MAG_FILLER = 50.0

#: Medians of magnitudes; nothing fainter has been photometered, and few stars are brighter.
MAG_RANGE = (2.0, 35.0)

#: So many times oftener than any other is a number that stands among the values and is none of them.
BY_FAR = 3

#: Columns of fewer rows are not judged by their course.
FEW = 5

_FAINT_NINES = re.compile(r"^-9+(\.9+)?$|^\d{0,2}\.999+$|^[239]\d?\.99$")
_NINES = re.compile(r"^-?(?:[1-9]?9+(?:\.9+|\.0+)?|\d{0,2}\.99+)$")


def constant(values: FloatArray) -> bool:
    """Whether all of `FEW` finite values or more are one."""
    finite = values[np.isfinite(values)]
    return len(finite) >= FEW and bool(np.all(finite == finite[0]))


def index_like(values: FloatArray) -> bool:
    """Whether a column counts its rows, from 0, 1 or any other number."""
    if len(values) < 3 or not np.isfinite(values).all():
        return False
    return bool(np.all(np.diff(values) == 1) and values[0] == round(values[0]))


def dates(values: FloatArray) -> bool:
    """Whether a column looks like Julian dates of our time: nearly all in range, and not all one."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return False
    inside = (finite > 2400000.0) & (finite < JD_RANGE[1])
    return bool(inside.mean() > 0.9)


def few_numbers(values: FloatArray) -> bool:
    """Whether a column holds some few whole numbers over and over: a camera, a flag, a field."""
    finite = values[np.isfinite(values)]
    if len(finite) < FEW or not np.all(finite == np.round(finite)):
        return False
    return len(np.unique(finite)) <= max(2, len(finite) // 5)


def plausible(days: FloatArray, meaning: TimeMeaning) -> BoolArray:
    """(n,) which times can be what their column says they are; all of them where it does not say."""
    clock = meaning.clock
    if clock.format == "unknown":
        return np.ones(len(days), dtype=bool)
    julian = days + clock.zero
    inside: BoolArray = (julian >= JD_RANGE[0]) & (julian <= JD_RANGE[1])
    return inside & (days >= MJD_LEAST) if clock.format == "mjd" and meaning.shift == 0 else inside


def kind_of_file(values: FloatArray) -> tuple[Kind, str]:
    """Magnitudes or fluxes, for values of a whole file whose column does not say.

    By the surveys' convention (OGLE, ASAS, Catalina, MACHO) a headerless table holds magnitudes; a median beyond
    `MAG_RANGE` is none. Values near 1 are a normalised flux, values below zero throughout differential magnitudes.

    Returns
    -------
    The kind, and the sentence that says why.

    Raises
    ------
    UnusableError
        When the values may be either.
    """
    finite = values[np.isfinite(values)]
    inside = finite[np.abs(finite) < MAG_FILLER]
    if 2 * len(inside) < len(finite) or not len(inside):
        return "flux", "too large for magnitudes"
    low, median, high = (float(p) for p in np.percentile(inside, (5, 50, 95)))
    if MAG_RANGE[0] <= median <= MAG_RANGE[1]:
        return "mag", "the median is one of magnitudes"
    if abs(median) > MAG_RANGE[1]:
        return "flux", "the median is none of magnitudes"
    if 0.9 <= median <= 1.1:
        return "flux", "the median is near 1, as of a normalised flux"
    if median < -0.05 and low > -5 and high < MAG_RANGE[1] and np.mean(inside < 0) > 0.6:
        return "mag", "most are below zero, as of differential magnitudes"
    raise UnusableError(
        f"values from {low:.4g} to {high:.4g} may be magnitudes or fluxes, and nothing says which: "
        "say --kind mag or --kind flux"
    )


def fillers(values: FloatArray, kind: Kind) -> tuple[float, ...]:
    """Numbers that stand for "no value" among the values: written in nines, and far from all others.

    Magnitudes of `MAG_FILLER` and beyond are fillers without being listed here.

    Parameters
    ----------
    values : (n,) of a whole file.
    """
    finite, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    # no measured flux is -9999 or 9999 again and again, oftener than any other
    most = counts.max(initial=0)
    often = finite[(counts > 1) & (counts == most)] if kind == "flux" else []
    by_far = len(often) == 1 and most >= max(FEW, BY_FAR * int(np.partition(counts, -2)[-2]) if len(counts) > 1 else 0)
    again = {
        float(v)
        for v in often
        if abs(v) >= 99 and _nines(float(v)) and (v <= -999 or _apart(float(v), finite) or (by_far and v >= 999))
    }
    finite = finite[~np.isin(finite, list(again))]
    if kind == "mag":
        finite = finite[np.abs(finite) < MAG_FILLER]
    found = sorted(again)
    while len(finite) > 1:
        span = float(finite[-2] - finite[0]), float(finite[-1] - finite[1])
        gaps = float(finite[-1] - finite[-2]), float(finite[1] - finite[0])
        top, bottom = float(finite[-1]), float(finite[0])
        if _stands_alone(top, gaps[0], span[0], kind, finite[:-1]):
            found.append(top)
            finite = finite[:-1]
        elif _stands_alone(bottom, gaps[1], span[1], kind, finite[1:]):
            found.append(bottom)
            finite = finite[1:]
        else:
            break
    return tuple(found)


def _apart(value: float, others: FloatArray) -> bool:
    """Whether no other number is within a twentieth of it."""
    return int(np.count_nonzero(np.abs(others - value) < 0.05 * abs(value))) == 1


def _stands_alone(value: float, gap: float, span: float, kind: Kind, others: FloatArray) -> bool:
    if kind == "flux":
        return abs(value) >= 99 and _nines(value) and gap > 3 * max(span, abs(float(np.median(others))))
    if value == 0.0:
        return gap > 5 and float(others[0]) > 5
    # 19 and 19.9 are magnitudes of stars; 29.999 and -9.99 are none
    return gap > 3 and _FAINT_NINES.match(f"{value:.6g}") is not None


def _nines(value: float) -> bool:
    return _NINES.match(f"{value:.6g}") is not None


def no_errors(errors: FloatArray, kind: Kind) -> str:
    """Why a column of errors holds none, in words; "" where it does."""
    finite = errors[np.isfinite(errors)]
    if not len(finite):
        return "is empty"
    if np.all(finite == finite[0]) and (
        finite[0] <= 0 or _nines(float(finite[0])) or (kind == "mag" and finite[0] > 9)
    ):
        return f"is {finite[0]:g} throughout"
    if np.all(finite <= 0):
        return "is nowhere above zero"
    return ""


def crowded(time: FloatArray, band: NDArray[np.int32], value: FloatArray) -> bool:
    """Whether most times have several values in one band: stars side by side rather than one star.

    Parameters
    ----------
    time, band, value : (n,) finite, of one star.
    """
    if len(time) < 2 * FEW:
        return False
    order = np.lexsort((value, band, time))
    t, b, v = time[order], band[order], value[order]
    same = (np.diff(t) == 0) & (np.diff(b) == 0)
    other = same & (np.diff(v) != 0)
    # a time's values: one, and one more for each that differs
    starts = np.concatenate([[True], ~same])
    several = np.add.reduceat(np.concatenate([[0], other.astype(int)]), np.flatnonzero(starts))
    return bool(np.mean(several > 0) > 0.5)
