"""What a time column's name, unit and description say of its clock, its zero point and its unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from swope.pipeline.lightcurve import ZERO_POINTS, Clock

#: Plain names of time columns that are years.
YEARS = frozenset(
    ("year", "yr", "decimalyear", "decyear", "fractionalyear", "julianyear", "jyear", "epochyr", "yearfrac")
)

#: Plain names of time columns that say nothing of their clock.
VAGUE = frozenset(
    (
        *(
            "time",
            "times",
            "t",
            "date",
            "datetime",
            "dates",
            "timestamp",
            "obstime",
            "obsdate",
            "dateobs",
            "timepoints",
        ),
        *("tmid", "midtime", "timemid", "epoch", "obsepoch", "ut", "utc", "utdate", "day", "days", "tobs", "datejd"),
        *("datehel", "datebartt", "datebarreg", "midpointtai", "timeutc", "dateutc", "utdatetime", "isot", *YEARS),
        *("seconds", "minutes", "hours", "weeks"),
    )
)

#: Plain names of a count of seconds since 1970 January 1, UTC.
UNIX = frozenset(("unix", "unixtime", "unixtimestamp", "epochunix", "unixepoch", "posixtime", "unixseconds"))

#: Time since some moment, and its unit, as a name says it.
_SINCE = re.compile(
    r"^(time|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|years?|yrs?)[\W_]+(since|after|from|elapsed)(?![a-z])",
    re.I,
)

#: Parts of a name that make it something else than a row's time.
_OTHER = re.compile(r"err|ref|hist|corr|expt|exposure|scale|delta|sigma|period|flag|last|first|zero|bary_?corr", re.I)
_EDGE = re.compile(r"start|end|begin|stop|open|close", re.I)

_TOKEN = re.compile(
    r"(btjd|tbjd|bkjd|kbjd|kjd|hmjd|bmjd|rhjd|rbjd|bjd|hjd|mjd|rjd|tjd|gjd|jd)"
    r"(?=$|[^a-z]|tdb|utc|tai|tcb|tt|mid|obs|start|stop|begin|end|mean|avg|date|day|int|frac|exp|time|hist)"
)
_SCALE = re.compile(r"(?:jd|[^a-z]|^)[\s_\-(]*(tdb|utc|tai|tcb|tt)(?![a-z])")
_ZERO = re.compile(r"jd[a-z_\s'()]*?[\s\-\u2212\u2013+(_]*(2[34]\d{5}(?:\.\d+)?|[2345]\d{4}(?:\.\d+)?)(?!\d)")
_ROUND = re.compile(r"jd[\s_]*[-\u2212\u2013+]?[\s_]*\(?(2\.4\d{0,5}e\+?0?6|24e\+?0?5|245e\+?0?4)")
_PLUS = re.compile(r"jd[\s_(]*24(\d{0,2})\s*\+")

_WRITTEN_OUT = tuple(
    (re.compile(pattern), letters)
    for pattern, letters in (
        (r"j\.d\.?", "jd"),
        (r"julian[\s_.-]*(date|day)s?", "jd"),
        (r"mod(ified|\.)?[\s_.-]*jd", "mjd"),
        (r"reduced[\s_.-]*jd", "rjd"),
        (r"bary(centric|\.)?[\s_.-]*jd", "bjd"),
        (r"hel(io(centric)?|\.)?[\s_.-]*jd", "hjd"),
        (r"mhjd", "hmjd"),
        (r"mbjd", "bmjd"),
    )
)

#: Days in a unit of time.
UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1 / 86400),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1 / 86400e3),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 1 / 1440),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 1 / 24),
    **dict.fromkeys(("d", "day", "days"), 1.0),
    **dict.fromkeys(("wk", "week", "weeks"), 7.0),
    **dict.fromkeys(("yr", "yrs", "year", "years", "a", "jyear"), 365.25),
}

#: Units that are the name of a column of times.
_SPANS = frozenset(("seconds", "minutes", "hours", "days", "weeks"))

_IN_NAME = re.compile(r"[\[(,/_\s]\s*(" + "|".join(sorted(UNITS, key=len, reverse=True)) + r")\s*[\])]?\s*$", re.I)

_ASIDE = re.compile(r"\s*[\[(].*?[\])]\s*$")

_MISSION = {"btjd": "btjd", "tbjd": "btjd", "bkjd": "bkjd", "kbjd": "bkjd", "kjd": "bkjd"}


@dataclass(frozen=True)
class TimeMeaning:
    """What is said of a time column.

    Attributes
    ----------
    clock : format, scale and frame as far as they are said.
    shift : days to add before the clock's own zero.
    unit : days in one unit of the column.
    edge : whether the name is that of a start or an end.
    """

    clock: Clock
    shift: float = 0.0
    unit: float = 1.0
    edge: bool = False

    @property
    def stated(self) -> bool:
        """Whether the zero of the numbers is said."""
        return self.clock.format != "unknown"


def plain_name(name: str) -> str:
    """Lower case, letters and digits only: ``Mag_Err`` and ``magerr`` are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def time_meaning(name: str, unit: str = "", description: str = "") -> TimeMeaning | None:
    """Read ``BJD - 2457000, days``, ``J.D.-2400000``, ``midpointMjdTai``, ``Time [s]``; None for other columns.

    Parameters
    ----------
    name, unit : as the source spells them; a unit may hold the clock, too (``BJD - 2454833, days``).
    description : asked for the clock where neither name nor unit says it.
    """
    if plain_name(name) in UNIX:
        return TimeMeaning(Clock("jd", "utc"), 2440587.5, 1 / 86400)
    if since := _SINCE.match(name):
        return TimeMeaning(Clock(), 0.0, UNITS.get(unit.strip().lower()) or UNITS.get(since[1].lower(), 1.0))
    if _OTHER.search(name):
        return None
    edge = _EDGE.search(name) is not None
    word = _words(name)
    own = _TOKEN.search(word)
    if own is None and not any(
        plain_name(bare) in VAGUE for bare in (name, _IN_NAME.sub("", name), _ASIDE.sub("", name))
    ):
        return None
    days = _unit_of(name, unit)
    stated = [found for text in (word, _words(unit), _words(description)) if (found := _clock_in(text)) is not None]
    if stated:
        # a zero point may stand in the description alone: HJD, described as HJD-2450000
        clock, shift = next(((c, shift) for c, shift in stated if c.zero or shift), stated[0])
        scale = stated[0][0].scale if clock.scale == "unknown" else clock.scale
        if scale == "unknown" and (said := _SCALE.search(_words(unit))):
            scale = said[1]
        frame = stated[0][0].frame if clock.frame == "unknown" else clock.frame
        return TimeMeaning(Clock(clock.format, scale, frame), shift, days, edge)
    said = _SCALE.search(word)
    return TimeMeaning(Clock(scale=said[1] if said else "unknown"), 0.0, days, edge)


def clock_in(text: str) -> tuple[Clock, float] | None:
    """The clock that some words name, and the days to add to its numbers; None where they name none."""
    return _clock_in(_words(text))


def _words(text: str) -> str:
    """Lower case, with the letters of the trade for what is written out: ``Heliocentric Julian Date`` is ``hjd``."""
    words = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.lower().replace("\ufeff", ""))
    for pattern, letters in _WRITTEN_OUT:
        words = pattern.sub(letters, words)
    return words


def _clock_in(text: str) -> tuple[Clock, float] | None:
    token = _TOKEN.search(text)
    if token is None:
        return None
    word = token[1]
    if word in _MISSION:
        return Clock(_MISSION[word], "tdb", "barycentric"), 0.0
    frame = {"b": "barycentric", "h": "heliocentric"}.get(word.lstrip("r")[0], "unknown")
    said = _SCALE.search(text[token.start() :])
    scale = said[1] if said else "unknown"
    zero = 2400000.5 if "mjd" in word else 2400000.0 if word[0] == "r" else 2440000.5 if word == "tjd" else 0.0
    stated = _stated_zero(text[token.start() :])
    if stated is not None:
        zero = stated + (2400000.5 if "mjd" in word and stated < 1e5 else 0.0)
    for format_, of_format in ZERO_POINTS.items():
        if of_format == zero and format_ not in ("bkjd", "btjd"):
            return Clock(format_, scale, frame), 0.0
    if frame == "barycentric" and zero in (2454833.0, 2457000.0):
        return Clock("bkjd" if zero == 2454833.0 else "btjd", scale, frame), 0.0
    return Clock("jd", scale, frame), zero


def _stated_zero(text: str) -> float | None:
    if found := _ROUND.search(text):
        return float(found[1])
    if found := _PLUS.search(text):
        return float(f"24{found[1]}".ljust(7, "0"))
    found = _ZERO.search(text)
    return float(found[1]) if found else None


def _unit_of(name: str, unit: str) -> float:
    plain = unit.strip().lower()
    if plain not in UNITS and plain_name(name) in _SPANS:
        return UNITS[plain_name(name)]
    if plain in UNITS or plain_name(name) in YEARS:
        return UNITS.get(plain, 365.25)
    found = _IN_NAME.search(name)
    return UNITS[found[1].lower()] if found and found.start() > 0 else 1.0
