"""Addresses at which archives show what is known of a position; they are links, and nothing calls them by itself."""

from __future__ import annotations

from urllib.parse import quote

#: Name of the archive, and its address for a position "RA DEC" in degrees, escaped, in the place of ``{}``.
ARCHIVES = (
    ("SIMBAD", "https://simbad.cds.unistra.fr/simbad/sim-coo?Coord={}&Radius=10&Radius.unit=arcsec"),
    ("VizieR", "https://vizier.cds.unistra.fr/viz-bin/VizieR-4?-c={}&-c.rs=5"),
    ("Aladin", "https://aladin.cds.unistra.fr/AladinLite/?target={}&fov=0.1"),
)


def addresses(ra: float, dec: float) -> list[tuple[str, str]]:
    """Name and address of each archive for a position in degrees, ICRS.

    Examples
    --------
    >>> addresses(291.366329, -4.5)[2]
    ('Aladin', 'https://aladin.cds.unistra.fr/AladinLite/?target=291.36633%20-4.50000&fov=0.1')
    """
    place = quote(f"{ra:.5f} {dec:+.5f}", safe="")
    return [(name, address.replace("{}", place)) for name, address in ARCHIVES]
