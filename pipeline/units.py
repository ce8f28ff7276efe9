"""How the units of two columns compare."""

from __future__ import annotations

from functools import lru_cache

#: How units that archives write are written by astropy.
SPELLED = {"counts": "count", "e-/s": "electron / s", "electron/s": "electron / s", "rel": ""}


@lru_cache(maxsize=64)
def ratio(unit: str, other: str) -> float:
    """How many of another unit one unit is: 0.001 for ``uJy`` and ``mJy``; 1 where nobody says, or they do not compare.

    Parameters
    ----------
    unit, other : as sources write them; "" where they do not.
    """
    unit, other = (SPELLED.get(one.lower(), one) for one in (unit, other))
    if unit == other or not unit or not other:
        return 1.0
    # not at the top: most files state one unit, and astropy's take a while to come
    from astropy import units

    one, of = (units.Unit(text, parse_strict="silent") for text in (unit, other))
    try:
        return float(one.to(of))
    except (ValueError, TypeError):
        return 1.0
