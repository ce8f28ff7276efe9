"""Numbers as people read them."""

from __future__ import annotations

import math


def known(value: float | None) -> bool:
    """Whether there is a finite number."""
    return value is not None and math.isfinite(value)


def number(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits; empty where there is none.

    Examples
    --------
    >>> number(1234567.0), number(0.00012345), number(None)
    ('1234567', '0.0001234', '')
    """
    if value is None or not math.isfinite(value):
        return ""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 15 or size < -5:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{max(0, digits - 1 - size)}f}"


def measured(value: float | None, error: float | None) -> str:
    """A number with its error, to two digits of the error.

    Examples
    --------
    >>> measured(0.54798712, 0.0000123), measured(12.5, None), measured(430.2, 38.0)
    ('0.547987 ± 0.000012', '12.50000', '430 ± 38')
    """
    if value is None or not math.isfinite(value):
        return ""
    if error is None or not math.isfinite(error) or error <= 0:
        return number(value, 7)
    places = min(12, max(0, 1 - math.floor(math.log10(error))))
    return f"{value:.{places}f} ± {error:.{places}f}"


def probability(value: float | None) -> str:
    """A p-value to two digits; never "0" for what is only small.

    Examples
    --------
    >>> probability(0.031), probability(2.5e-7), probability(0.0)
    ('0.031', '2.5e-07', '< 1e-300')
    """
    if value is None or not math.isfinite(value):
        return ""
    return "< 1e-300" if value <= 0 else f"{value:.2g}"


def chance(value: float) -> str:
    """A p-value as it is said in a sentence.

    Examples
    --------
    >>> chance(0.031), chance(0.0)
    ('p = 0.031', 'p < 1e-300')
    """
    said = probability(value)
    return f"p {said}" if said.startswith("<") else f"p = {said}"


def position(ra: float, dec: float) -> str:
    """Right ascension and declination in degrees, as archives' forms take them.

    Examples
    --------
    >>> position(291.366329, -4.5)
    '291.36633 -4.50000'
    """
    return f"{ra:.5f} {dec:+.5f}"


def sexagesimal(ra: float, dec: float) -> str:
    """The same in hours and degrees, minutes, seconds.

    Examples
    --------
    >>> sexagesimal(291.366329, -4.5), sexagesimal(359.9999999, -0.0001)
    ('19 25 27.92 -04 30 00.0', '00 00 00.00 -00 00 00.4')
    """
    hundredths = round(ra / 15 * 360000) % (24 * 360000)
    tenths = round(abs(dec) * 36000)
    hours = f"{hundredths // 360000:02d} {hundredths // 6000 % 60:02d} {hundredths % 6000 / 100:05.2f}"
    degrees = f"{tenths // 36000:02d} {tenths // 600 % 60:02d} {tenths % 600 / 10:04.1f}"
    return f"{hours} {'-' if math.copysign(1.0, dec) < 0 else '+'}{degrees}"
