"""Positions in words."""

from __future__ import annotations


def degrees(text: str, hours: bool) -> float:
    """Degrees of ``18h01m16.35s``, ``-28d53m42.00s``, ``18:01:16.35`` or plain degrees; NaN for anything else.

    Parameters
    ----------
    hours : whether an angle in parts is one of right ascension.
    """
    from astropy.coordinates import Angle

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(Angle(text, unit="hourangle" if hours else "deg").degree)
    except Exception:  # astropy's parser raises several kinds, and no position is only that
        return float("nan")
