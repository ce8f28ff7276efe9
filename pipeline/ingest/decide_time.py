"""Which column holds the times: by what it is called, and by whether its numbers can be that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from swope.pipeline.ingest.calendar_dates import (
    is_calendar,
    is_compact,
    is_time_of_day,
    julian,
    julian_of_columns,
    of_day,
)
from swope.pipeline.ingest.columns import merged
from swope.pipeline.ingest.content import FEW, constant, dates, few_numbers, index_like, plausible
from swope.pipeline.ingest.given import Given
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.reading import TimeColumns, ValueColumns
from swope.pipeline.ingest.said import how_to_say
from swope.pipeline.ingest.survey import Survey
from swope.pipeline.ingest.table import Column, Table
from swope.pipeline.ingest.time_names import TimeMeaning, clock_in, plain_name, time_meaning
from swope.pipeline.lightcurve import Clock, FloatArray

#: A column filled less than this, of the fullest one, is passed over.
FILLED = 0.9

#: Fewer times are not judged by how fine they are; steps of single precision that matter, in days.
MANY, COARSE = 20, 7e-4

#: Share of backward steps, and of repeats, above which a headerless first column is not time.
LIKE_A_CHAIN = 0.1

#: Columns that are added: a day and its fraction, as astropy and MPC write them.
_PAIRS = (("jd1", "jd2"), ("timejd1", "timejd2"), ("mjd1", "mjd2"))

#: A day's fraction in a column of its own.
_FRACTION = re.compile(r"^([hbmr]?jd|day|time)?(frac|fraction)(day|jd|mjd|ofday)?$")

#: Plain names of the parts of a date in columns of their own.
_YEAR, _DAY_OF_YEAR = ("year", "yyyy", "yr"), ("doy", "dayofyear", "yday")
_DATE_PARTS = (("month", "mm", "mon", "mo"), ("day", "dd", "dy"))
_CLOCK_PARTS = (("hour", "hh", "hr", "h"), ("minute", "min", "mi"), ("second", "sec", "ss", "s"))

#: Header words that may state the clock of a column whose name does not.
_STATED = ("date", "time", "time_reference_frame", "timeref", "timesys", "time_system", "time system", "clock", "jd")


@dataclass(frozen=True, eq=False)
class _Candidate:
    """One column, or two, that may be the time; `days` as it would be read, before the clock's zero."""

    columns: tuple[int, ...]
    meaning: TimeMeaning
    calendar: bool
    days: FloatArray
    name: str

    @property
    def filled(self) -> int:
        return int(np.isfinite(self.days).sum())


def choose_time(given: Given) -> TimeColumns:
    """Choose the time column.

    Raises
    ------
    UnusableError
        When there is none; says which columns there are and what was expected.
    """
    table, said = given.table, given.said.time
    if said is not None:
        column = table.columns[said]
        meaning = time_meaning(column.name, column.unit, column.description) or TimeMeaning(Clock())
        return _settled(_candidate(table, (said,), meaning), given)
    if not table.named:
        return _settled(_unnamed(given), given)
    candidates = _named(given)
    if not candidates:
        raise UnusableError(
            "no time column (expected one of time, mjd, hjd, bjd, jd, t); the columns are "
            f"{table.shown}; {how_to_say(table)}"
        )
    fullest = max(candidate.filled for candidate in candidates)
    if fullest == 0:
        raise UnusableError(f"no finite time in {len(table)} rows")
    best = min(candidates, key=lambda c: _order(c, fullest, given.survey))
    given.passed.extend(
        f"{other.name} ({_why_not(other, fullest, len(table))})" for other in candidates if other is not best
    )
    rivals = [c for c in candidates if c is not best and _as_likely(c, best, fullest)]
    if rivals:
        given.caution.append(
            f"time: {best.name} was taken, and {', '.join(c.name for c in rivals)} may be it too: say --columns time="
        )
    return _settled(best, given)


def own_times(given: Given, time: TimeColumns, values: tuple[ValueColumns, ...]) -> tuple[ValueColumns, ...]:
    """The brightness columns, each with its band's own times where several bands have such (``mjd_g, mag_g``)."""
    if len(values) < 2 or len(time.columns) > 1 or time.calendar or any(v.time is not None for v in values):
        return values
    found = [_own_time(given, value) for value in values]
    if set(found) == {None}:
        return values
    if None in found or len(set(found)) < len(values):
        given.caution.append("some bands have times of their own, and others have not: one column was taken for all")
        return values
    return tuple(replace(value, time=index) for value, index in zip(values, found, strict=True))


def _own_time(given: Given, value: ValueColumns) -> int | None:
    """Index of the time column whose name differs from the brightness' own by that word alone."""
    parts = set(re.split(r"[_\W]+", given.table.names[value.value]))
    for i, column in enumerate(given.table.columns):
        words = set(re.split(r"[_\W]+", column.name))
        shared = value.band in words and words - parts
        if shared and time_meaning("_".join(shared), column.unit) is not None and column.finite.any():
            return i
    return None


def _as_likely(other: _Candidate, best: _Candidate, fullest: int) -> bool:
    """Whether a column may be the time as well as the best one, of which neither says its clock."""
    if best.meaning.stated or best.meaning.unit != 1.0 or best.calendar or other.meaning.edge:
        return False
    if other.filled < FILLED * fullest or constant(other.days) or _backwards(other.days) > _backwards(best.days):
        return False
    apart = (other.days - best.days)[np.isfinite(other.days) & np.isfinite(best.days)]
    return bool(np.ptp(apart) > 1.0)


def _named(given: Given) -> list[_Candidate]:
    table = given.table
    own = dict(given.survey.times) if given.survey else {}
    found: list[_Candidate] = []
    times_of_day: list[int] = []
    for i, column in enumerate(table.columns):
        if i in given.said.indices:
            continue
        meaning = own.get(given.plain[i]) or time_meaning(column.name, column.unit, column.description)
        if meaning is None or (meaning.unit > 300 and _whole(column)):  # the year of a date in three columns
            continue
        if is_time_of_day(column):
            times_of_day.append(i)
        else:
            found.append(_candidate(table, (i,), _by_header(meaning, table)))
    for first, second in _pairs(given):
        whole = next((c.meaning for c in found if c.columns == (first,)), TimeMeaning(Clock()))
        found = [c for c in found if not {first, second} & set(c.columns)]
        found.append(_candidate(table, (first, second), whole))
    if parts := _parts_of_a_date(given):
        found = [c for c in found if not set(parts) & set(c.columns)]
        found.append(_candidate(table, parts, TimeMeaning(Clock("jd"))))
    found = found or _by_content(given)
    for day in [c for c in found if c.calendar and _whole_days(c)]:
        found += [_candidate(table, (day.columns[0], time), day.meaning) for time in times_of_day]
    return found


def _pairs(given: Given) -> list[tuple[int, int]]:
    """Columns of days and of their fractions."""
    pairs = [(given.index(day), given.index(part)) for day, part in _PAIRS]
    fractions = [
        i
        for i, column in enumerate(given.table.columns)
        if _FRACTION.search(given.plain[i])
        and column.finite.any()
        and np.all((column.numbers[column.finite] >= 0) & (column.numbers[column.finite] < 1))
    ]
    for i, column in enumerate(given.table.columns):
        if len(fractions) == 1 and i not in fractions and _whole(column):
            bare = re.sub(r"[\W_]*(int|integer|whole)$", "", column.name, flags=re.I)
            if time_meaning(bare, column.unit) is not None or given.plain[i] in ("jday", "julianday", "intday"):
                pairs.append((i, fractions[0]))
                break
    return [(day, part) for day, part in pairs if day is not None and part is not None]


def _parts_of_a_date(given: Given) -> tuple[int, ...]:
    """Columns of year and day of the year, or of year, month, day and what follows of hour, minute, second."""
    year = given.first(_YEAR)
    if year is None or not _whole(given.table.columns[year]):
        return ()
    if (day := given.first(_DAY_OF_YEAR)) is not None:
        return year, day
    date = [given.first(words) for words in _DATE_PARTS]
    if None in date:
        return ()
    clock: list[int] = []
    for words in _CLOCK_PARTS:
        if (part := given.first(words)) is None:
            break
        clock.append(part)
    return year, *(i for i in date if i is not None), *clock


def _by_content(given: Given) -> list[_Candidate]:
    """The one column that holds dates, where none has the name of times; none where several do."""
    found = [
        _candidate(given.table, (i,), TimeMeaning(Clock()))
        for i, column in enumerate(given.table.columns)
        if i not in given.said.indices and (is_calendar(column) or dates(column.numbers))
    ]
    found = [c for c in found if not constant(c.days) and not _backwards(c.days)]
    return found if len(found) == 1 else []


def _whole(column: Column) -> bool:
    return bool(np.all(column.numbers[column.finite] % 1 == 0))


def _whole_days(candidate: _Candidate) -> bool:
    """Whether dates in words have no time of day."""
    return not np.any(candidate.days[np.isfinite(candidate.days)] % 1 != 0.5)


def _by_header(meaning: TimeMeaning, table: Table) -> TimeMeaning:
    """A meaning completed by what the header states, where the column's name leaves it open."""
    for key in _STATED:
        text = table.header.get(key, "")
        found = clock_in(text) if text else None
        if found is not None and not meaning.stated:
            return replace(meaning, clock=found[0], shift=found[1])
        frame = next((f for f in ("barycentric", "heliocentric", "geocentric") if f in text.lower()), "")
        if frame and meaning.clock.frame == "unknown":
            meaning = replace(meaning, clock=replace(meaning.clock, frame=frame))
        scale = text.strip().lower()
        if scale in ("utc", "tdb", "tai", "tt", "tcb") and meaning.clock.scale == "unknown":
            meaning = replace(meaning, clock=replace(meaning.clock, scale=scale))
    return meaning


def _candidate(table: Table, columns: tuple[int, ...], meaning: TimeMeaning) -> _Candidate:
    parts = [table.columns[i] for i in columns]
    calendar = len(columns) > 2 or is_calendar(parts[0]) or (table.named and is_compact(parts[0])) or _in_years(parts)
    if calendar:
        meaning = TimeMeaning(replace(meaning.clock, format="jd"), 0.0, 1.0, meaning.edge)
    name = " + ".join(
        repr(part.name) if part.name else f"column {i + 1}" for i, part in zip(columns, parts, strict=True)
    )
    return _Candidate(columns, meaning, calendar, days_of(parts, meaning, calendar), name)


def _in_years(parts: Sequence[Column]) -> bool:
    """Whether two columns are a year and a day of it."""
    return len(parts) == 2 and plain_name(parts[1].name) in _DAY_OF_YEAR


def days_of(parts: Sequence[Column], meaning: TimeMeaning, calendar: bool) -> FloatArray:
    """(n,) days before the clock's own zero, of one column, of the two that are added, or of a date's parts."""
    if calendar:
        if len(parts) > 2 or _in_years(parts):
            return julian_of_columns(parts)
        days = julian(parts[0])
        return days if len(parts) == 1 else days + of_day(parts[1])
    if meaning.unit > 300 and len(parts) == 1 and np.nanmedian(parts[0].numbers) > 1500:
        # years of our era, as Julian epochs
        return (parts[0].numbers - 2000.0) * 365.25 + 2451545.0
    with np.errstate(invalid="ignore"):  # signalling NaN, which a damaged file may hold
        total = parts[0].numbers * meaning.unit + meaning.shift
        return total if len(parts) == 1 else total + parts[1].numbers * meaning.unit


def _order(candidate: _Candidate, fullest: int, survey: Survey | None) -> tuple[float, ...]:
    meaning = candidate.meaning
    possible = (
        float(plausible(candidate.days, meaning)[np.isfinite(candidate.days)].mean()) if candidate.filled else 0.0
    )
    place = 99.0
    if survey is not None and survey.times:
        plain = [word for word, _ in survey.times]
        name = plain_name(candidate.name)
        place = float(plain.index(name)) if name in plain else 99.0
    frame = {"barycentric": 0.0, "heliocentric": 1.0}.get(meaning.clock.frame, 2.0)
    return (
        float(candidate.filled < FILLED * fullest),
        float(constant(candidate.days)),
        float(_of_day_only(candidate)),
        place,
        float(meaning.edge),
        # a column that says its clock is chosen even where its numbers contradict it: an hour of the day is worse
        float(not meaning.stated) + float(not meaning.stated and meaning.unit == 1.0),
        float(possible < 0.5),
        float(candidate.calendar and _whole_days(candidate)),
        _backwards(candidate.days),
        frame,
        float(meaning.clock.scale == "unknown"),
        float(len(candidate.name)),
        float(candidate.columns[0]),
    )


def _backwards(days: FloatArray) -> float:
    """1 where many steps go back, as those of an hour of the day do; 0 of times in order."""
    steps = np.diff(days[np.isfinite(days)])
    return float(len(steps) > 0 and np.mean(steps < 0) > LIKE_A_CHAIN)


def _of_day_only(candidate: _Candidate) -> bool:
    """Whether times that do not say their clock are hours of a day, or fractions of one, in a table of many nights."""
    days = candidate.days[np.isfinite(candidate.days)] / candidate.meaning.unit
    if candidate.meaning.stated or len(days) < 20 or days.min() < 0 or days.max() > 24:
        return False
    return bool(np.mean(np.diff(days) < 0) > LIKE_A_CHAIN)


def _why_not(candidate: _Candidate, fullest: int, rows: int) -> str:
    if candidate.filled < FILLED * fullest:
        return f"filled in {candidate.filled} of {rows} rows"
    if constant(candidate.days):
        return "a constant"
    if _of_day_only(candidate):
        return "goes to and fro between 0 and 24, as a time of day"
    return "second choice" if candidate.meaning.stated else "does not say its clock"


def _numbers(best: _Candidate) -> FloatArray:
    """The finite times as the column has them."""
    numbers: FloatArray = (best.days[np.isfinite(best.days)] - best.meaning.shift) / best.meaning.unit
    return numbers


def _rounded(best: _Candidate) -> bool:
    """Whether all times are whole days, as Julian dates of seven digits are."""
    numbers = _numbers(best)
    return len(numbers) >= MANY and not best.calendar and best.meaning.unit == 1.0 and not np.any(numbers % 1)


def _single_precision(best: _Candidate) -> float:
    """The step in days in which times of single precision stand, where it is a minute or more; else 0."""
    numbers = _numbers(best)
    if len(numbers) < MANY or best.calendar or np.max(np.abs(numbers)) > np.finfo(np.float32).max:
        return 0.0
    if np.any(numbers != numbers.astype(np.float32)):
        return 0.0
    step = float(np.spacing(np.float32(np.median(np.abs(numbers))))) * best.meaning.unit
    # whole and half days are of any precision
    return step if step > COARSE and np.any(numbers % 0.5 != 0) else 0.0


def _settled(best: _Candidate, given: Given) -> TimeColumns:
    """The choice with its clock; unknown, and times as they came, where the numbers contradict what is said."""
    if step := _single_precision(best):
        given.caution.append(f"{best.name} stands in steps of {step:.2g} d, as numbers in single precision do")
    if _rounded(best):
        given.caution.append(f"{best.name} holds whole days: what takes less than two of them cannot be seen")
    if best.calendar and len(best.columns) == 1 and _whole_days(best) and (hours := _hours(given, best)):
        given.caution.append(
            f"{best.name} holds whole days, and {hours} may hold the time of the day: no time of day was read"
        )
    finite = np.isfinite(best.days)
    possible = plausible(best.days, best.meaning)[finite]
    meaning = best.meaning
    if len(possible) and possible.mean() < 0.8:
        usual = float(np.median(best.days[finite] - meaning.shift))
        given.caution.append(
            f"clock: {best.name} says {_clock_said(meaning)}, and its numbers (about {usual:.8g}) contradict it: "
            "say what they are with --clock"
        )
        meaning = replace(meaning, clock=Clock(), shift=0.0)
    elif _like_years(best):
        given.caution.append(
            f"{best.name} may be in years by its numbers: call it 'epoch [yr]' if it is, 'epoch [d]' if not"
        )
    elif _of_day_only(best):
        given.caution.append(f"{best.name} goes to and fro between 0 and 24, as a time of day: no dates were found")
    elif len(possible) and not possible.all():
        given.caution.append(f"{int((~possible).sum())} rows have times that {best.name} cannot have: left out")
    return TimeColumns(best.columns, meaning, best.calendar, merged(meaning.clock, given.options.clock))


def _hours(given: Given, best: _Candidate) -> str:
    """The column that may hold the hours of whole days, in words; "" for none."""
    for i, column in enumerate(given.table.columns):
        numbers = column.numbers[column.finite]
        if i in best.columns or not re.search(r"(^|[^a-z])(ut|utc|hours?|hrs?|time)($|[^a-z])", column.name, re.I):
            continue
        if len(numbers) >= FEW and numbers.min() >= 0 and numbers.max() <= 24 and np.any(numbers % 1 != 0):
            return given.shown(i)
    return ""


def _like_years(best: _Candidate) -> bool:
    """Whether times that state neither clock nor unit lie all within the years of photometry, as an epoch does."""
    days = best.days[np.isfinite(best.days)]
    vague = (
        not best.meaning.stated and best.meaning.unit == 1.0 and "epoch" in best.name.lower() and "[" not in best.name
    )
    return vague and len(days) > 0 and bool(np.all((days > 1850) & (days < 2100)) and np.any(days % 1 != 0))


def _clock_said(meaning: TimeMeaning) -> str:
    letter = {"barycentric": "B", "heliocentric": "H"}.get(meaning.clock.frame, "")
    zero = meaning.shift + meaning.clock.zero
    name = "MJD" if meaning.clock.format == "mjd" else "JD"
    return f"{letter}{name}" + (f"-{zero:.10g}" if zero and name == "JD" else "")


def _unnamed(given: Given) -> _Candidate:
    """The first column that looks like dates, else the first that can be times: no index, constant or handful."""
    table, said = given.table, given.said
    free = [i for i in range(len(table.columns)) if i not in said.indices]
    if len(free) < 2 and said.value is None:
        raise UnusableError("one column; expected time, value and, if there is one, error")
    found = [i for i in free if is_calendar(table.columns[i]) or dates(table.columns[i].numbers)]
    found = [i for i in found if not constant(_candidate(table, (i,), TimeMeaning(Clock())).days)] or found[:1]
    given.passed.extend(f"column {i + 1} (dates, too)" for i in found[1:])
    best = found[0] if found else next((i for i in free if not _why_no_time(table.columns[i])), -1)
    if best < 0 or (not found and best == len(table.columns) - 1 and said.value is None):
        raise UnusableError(f"no column looks like times; the columns are {table.shown}; {how_to_say(table)}")
    for i in (i for i in free if i < best):
        why = _why_no_time(table.columns[i])
        if not why and said.value is None:
            raise UnusableError(
                f"column {best + 1} looks like the time, and what column {i + 1} is nobody says; the columns are "
                f"{table.shown}; {how_to_say(table)}"
            )
        given.passed.append(f"column {i + 1} ({why or 'before the time'})")
    if given.options.reader is None and not found and not _like_time(table.columns[best].numbers):
        raise UnusableError(
            f"the {_ordinal(best)} column goes back and repeats too often to be time (force it with the reader 'text', "
            "or say --columns time=1,mag=2)"
        )
    return _candidate(table, (best,), TimeMeaning(Clock()))


def _why_no_time(column: Column) -> str:
    """Why an unnamed column cannot be the times; "" where it may be."""
    numbers, rows = column.numbers, len(column)
    if not column.finite.any() or (column.is_text and column.finite.mean() < 0.5):
        return "words"
    if index_like(numbers) and rows >= 5:
        return "an index"
    if constant(numbers):
        return "a constant"
    return "a few whole numbers" if few_numbers(numbers) and rows >= 20 else ""


def _ordinal(index: int) -> str:
    return ("first", "second", "third", "fourth", "fifth")[index] if index < 5 else f"{index + 1}th"


def _like_time(column: FloatArray) -> bool:
    """Whether a column may be times: of unsorted ones few repeat in one band. A sampler's chain fails on both."""
    finite = column[np.isfinite(column)]
    if len(finite) < 20:
        return True
    back = np.count_nonzero(np.diff(finite) < 0) / len(finite)
    repeated = 1 - len(np.unique(finite)) / len(finite)
    return bool(back < LIKE_A_CHAIN or repeated < LIKE_A_CHAIN)
