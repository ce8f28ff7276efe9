"""Times as calendars give them: dates in words or as one number, and year, month and day in columns of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Column
from swope.pipeline.lightcurve import FloatArray

#: Julian date of 1970 January 1, 0 h, from which NumPy's dates count.
_JD_1970 = 2440587.5

_TIME_OF_DAY = re.compile(r"^\d\d?:\d\d(:\d\d(\.\d+)?)?$")
_REST = (
    r"(?:(?P<f>\.\d+)|[T ]\s*(?P<H>\d\d?):(?P<M>\d\d)(?::(?P<S>\d\d(?:\.\d+)?))?\s*(?P<half>[AaPp][Mm])?"
    r"\s*(?P<ahead>[+-]\d\d:?\d\d)?)?"
    r"\s*(?:Z|UTC?)?$"
)
_MONTH = r"(?P<n>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

#: Year first; day first between dots (German, French, Russian); either first between slashes; the month's name.
_FORMS = tuple(
    re.compile(pattern + _REST, re.I)
    for pattern in (
        r"^(?P<y>\d{4})(?P<by>[-/. ])(?P<m>\d\d?)(?P=by)(?P<d>\d\d?)",
        r"^(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})",
        r"^(?P<one>\d\d?)(?P<by>[/-])(?P<other>\d\d?)(?P=by)(?P<y>\d{4})",
        rf"^(?P<y>\d{{4}})[- ]?{_MONTH}[- ]?(?P<d>\d\d?)",
        rf"^(?P<d>\d\d?)[- ]?{_MONTH}[- ]?(?P<y>\d{{4}})",
    )
)


def is_calendar(column: Column) -> bool:
    """Whether most of a column's cells are dates in words."""
    return column.is_text and _most(column, lambda word: _matched(word) is not None)


def is_time_of_day(column: Column) -> bool:
    """Whether most of a column's cells are times of a day, ``12:34:56``."""
    return column.is_text and _most(column, lambda word: _TIME_OF_DAY.match(word) is not None)


def is_compact(column: Column) -> bool:
    """Whether a column's numbers are dates without marks between their parts: ``20141218.93``."""
    days = column.numbers[column.finite]
    if not len(days) or np.any((days < 18000101) | (days >= 21010101)):
        return False
    month, day = days // 100 % 100, days // 1 % 100
    return bool(np.all((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)))


def julian(column: Column) -> FloatArray:
    """(n,) Julian dates of dates in words or of compact ones, NaN for other cells.

    Raises
    ------
    UnusableError
        When day and month may be either.
    """
    if not column.is_text or column.finite.any():
        numbers = np.where(column.finite, column.numbers, 19000101.0)
        whole = np.floor(numbers).astype(np.int64)
        days = _days(whole // 10000, whole // 100 % 100, whole % 100) + (numbers - whole)
        return np.where(column.finite, days, np.nan)
    found = [_matched(str(word)) for word in column.words]
    month_first = _month_first([one for one in found if one is not None and "one" in one.re.groupindex])
    days = np.full(len(column), np.nan)
    good = [i for i, one in enumerate(found) if one is not None]
    if good:
        parts = np.array([_parts(one, month_first) for one in found if one is not None])
        days[good] = _days(*parts[:, :3].astype(np.int64).T) + parts[:, 3]
    return days


def julian_of_columns(parts: Sequence[Column]) -> FloatArray:
    """(n,) Julian dates of year and day of the year, or of year, month, day and, if given, hour, minute, second."""
    numbers = [part.numbers for part in parts]
    finite = np.all([np.isfinite(n) for n in numbers], axis=0)
    year, *others = (np.where(finite, n, 1.0) for n in numbers)
    if len(others) == 1:
        days = _days(year.astype(np.int64), np.ones(len(year), np.int64), np.ones(len(year), np.int64)) + others[0] - 1
    else:
        month, day, *clock = others
        whole = np.floor(day)
        days = _days(year.astype(np.int64), month.astype(np.int64), whole.astype(np.int64)) + (day - whole)
        days = days + sum(part / unit for part, unit in zip(clock, (24, 1440, 86400), strict=False))
    return np.where(finite, days, np.nan)


def of_day(column: Column) -> FloatArray:
    """(n,) fractions of a day of ``12:34:56``, NaN for other cells."""
    days = np.full(len(column), np.nan)
    for i, word in enumerate(column.words):
        if _TIME_OF_DAY.match(str(word)):
            hours, minutes, *seconds = (float(part) for part in str(word).split(":"))
            days[i] = (hours + minutes / 60 + sum(seconds) / 3600) / 24
    return days


def _most(column: Column, fits: object) -> bool:
    if column.finite.any():
        return False
    words = [str(word) for word in column.take(np.arange(min(50, len(column)))).words if word]
    assert callable(fits)
    return bool(words) and sum(map(fits, words)) > 0.5 * len(words)


def _matched(word: str) -> re.Match[str] | None:
    return next((found for form in _FORMS if (found := form.match(word)) is not None), None)


def _month_first(found: Sequence[re.Match[str]]) -> bool:
    """Whether ``12/18/2014`` is meant, rather than ``18/12/2014``."""
    one, other = ([int(each[name]) for each in found] for name in ("one", "other"))
    if found and max(one) <= 12 and max(other) <= 12:
        raise UnusableError(
            f"dates such as {found[0].string!r} may have the day or the month first: write them as 2014-12-18"
        )
    return max(other, default=0) > 12


def _parts(found: re.Match[str], month_first: bool) -> tuple[float, float, float, float]:
    """Year, month, day, and the fraction of a day."""
    said = found.groupdict()
    if "one" in said:
        month, day = (said["one"], said["other"]) if month_first else (said["other"], said["one"])
    else:
        month, day = said.get("m") or str(1 + _MONTHS.index(said["n"][:3].lower())), said["d"]
    fraction = float(said["f"] or 0)
    if said["H"]:
        hour = int(said["H"]) % 12 + 12 * (said["half"].lower() == "pm") if said["half"] else int(said["H"])
        fraction = hour / 24 + int(said["M"]) / 1440 + float(said["S"] or 0) / 86400
    if said["ahead"]:
        # of a zone that is ahead of UTC by so much
        sign, digits = said["ahead"][0], said["ahead"][1:].replace(":", "")
        fraction -= (int(digits[:2]) / 24 + int(digits[2:]) / 1440) * (-1 if sign == "-" else 1)
    return float(said["y"]), float(month), float(day), fraction


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> FloatArray:
    """(n,) Julian dates of the beginning of days; NaN where there is no such day."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - first
    there = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    return np.where(there, first + (day - 1) + _JD_1970, np.nan)
