"""Events in words made from facts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

#: Julian date of the midnight before the first day of the calendar that Python counts from; and a time that is a whole
#: Julian date, and not one with some of its digits left out.
_DAY_ZERO, _FULL_JD = 1721424.5, 2.4e6


def event_words(event: Mapping[str, Any], count: int, clock: str | None, flux: bool) -> str:
    """What a star did, as "It faded by 0.83 mag (9.1 sigma) for 43 d in band V at HJD 2453432.1234 (2005-03-02)."

    Parameters
    ----------
    event : a row of events.parquet.
    count : how many events the star has.
    clock : of its times.
    flux : whether its depth is a share of its flux, and not in magnitudes.
    """
    more = f"; {count} events in all" if count > 1 else ""
    if event.get("kind") == "period":
        since = f"day {event['t_start']:.4f}" if clock in (None, "unknown") else f"{clock} {event['t_start']:.4f}"
        return f"Its period changed about {since}{more}."
    verb = {"fade": "faded", "brighten": "brightened"}.get(event["direction"], "changed")
    sigma = f"{abs(event['peak_sigma']):.1f} sigma" if event.get("peak_sigma") is not None else ""
    depth = depth_words(event, flux)
    size = f" by {depth} ({sigma})" if depth and sigma else f" by {depth or sigma}" if depth or sigma else ""
    days = f" for {significant(event['duration'], 2)} d" if event.get("duration") else ""
    band = f" in band {event['band']}" if event.get("band") else ""
    when = f"day {event['t_peak']:.4f}" if clock in (None, "unknown") else f"{clock} {event['t_peak']:.4f}"
    known = clock not in (None, "unknown") and event["t_peak"] > _FULL_JD
    day = f" ({calendar_day(event['t_peak'])})" if known else ""
    return f"It {verb}{size}{days}{band} at {when}{day}{more}."


def size_words(event: Mapping[str, Any], flux: bool) -> str:
    """Depth and duration of an event, as " by 0.83 mag for 43 d"; empty where neither is known."""
    depth = depth_words(event, flux)
    days = f" for {significant(event['duration'], 2)} d" if event.get("duration") else ""
    return f" by {depth}{days}" if depth else days


def depth_words(event: Mapping[str, Any], flux: bool) -> str:
    """The depth of an event with its unit, as "0.83 mag" or "1.2 %"; empty where it is not known."""
    depth = event.get("depth")
    if depth is None:
        return ""
    return f"{significant(100.0 * depth, 2)} %" if flux else f"{significant(depth, 2)} mag"


def calendar_day(julian: float) -> str:
    """The day (UTC, to the clock's minute or so) of a Julian date.

    Examples
    --------
    >>> calendar_day(2451545.0)
    '2000-01-01'
    """
    return date.fromordinal(math.floor(julian - _DAY_ZERO)).isoformat()


def significant(number: float, digits: int) -> str:
    """A number to so many digits, without an exponent.

    Examples
    --------
    >>> significant(0.0123456, 2), significant(43.21, 2), significant(1234.0, 2)
    ('0.012', '43', '1,234')
    """
    if not number:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    return f"{number:,.{places}f}"
