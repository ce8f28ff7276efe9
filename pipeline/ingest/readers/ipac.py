r"""IPAC tables (NASA Exoplanet Archive): ``\KEY = "value"`` lines, then columns between bars, then rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from swope.pipeline.ingest.bytes import stem_of, text_of
from swope.pipeline.ingest.columns import merged, numbers, roles
from swope.pipeline.ingest.guard import each_file
from swope.pipeline.ingest.parts import IngestOptions, InputFile, Part, Refused, UnusableError, parts_of_groups
from swope.pipeline.ingest.registry import Reader
from swope.pipeline.ingest.stars import star
from swope.pipeline.lightcurve import Clock, LightCurve

_KEY = re.compile(r"\\\s*(\w+)\s*=\s*[\"']?(.*?)[\"']?\s*$")
_UNITS = {"counts": "count", "count": "count", "mag": "mag", "magnitudes": "mag", "e-/s": "electron / s"}


def _recognises(_: Path, head: bytes) -> bool:
    return head.lstrip()[:1] in (b"\\", b"|") and b"\0" not in head and b"\n|" in b"\n" + head


def _plan(files: Sequence[InputFile], options: IngestOptions, _: Path) -> tuple[list[Part], list[Refused]]:
    return parts_of_groups(READER.name, [[file] for file in files], options), []


def _read(part: Part, options: IngestOptions) -> Iterator[LightCurve | Refused]:
    return each_file(part, options, _star)


def _star(path: str, source: str, options: IngestOptions) -> LightCurve:
    lines = text_of(path).splitlines()
    keys = {found[1].upper(): found[2].strip() for line in lines if (found := _KEY.match(line))}
    bars = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line.startswith("|")]
    rows = [line.split() for line in lines if line.strip() and line[0] not in "\\|"]
    if not bars:
        raise UnusableError("no column names between bars")
    names, units = bars[0], bars[2] if len(bars) > 2 else []
    if not rows:
        raise UnusableError("no rows")
    role = roles(names, options.kind)
    empty = [""] * len(names)
    columns = list(zip(*[row if len(row) == len(names) else empty for row in rows], strict=True))
    unit = units[role.value] if len(units) == len(names) else ""
    return star(
        keys.get("STAR_ID") or keys.get("STARID") or stem_of(source),
        numbers(columns[role.time]),
        numbers(columns[role.value]),
        None if role.error is None else numbers(columns[role.error]),
        options=options,
        source=source,
        clock=merged(_clock(keys, role.clock), options.clock),
        kind=role.kind,
        unit=_UNITS.get(unit.lower(), unit) if unit else None,
        band=keys.get("TIME_SERIES_DATA_FILTER") or keys.get("FILTER") or "",
        ra=_angle(keys.get("RA", ""), hours=True),
        dec=_angle(keys.get("DEC", ""), hours=False),
    )


def _clock(keys: dict[str, str], named: Clock) -> Clock:
    """What the column's name says, and TIME_REFERENCE_FRAME ("HJD", "Geocentric JD", "BJD-TDB") where it is stated."""
    stated = keys.get("TIME_REFERENCE_FRAME", "").lower()
    for word in ("geocentric", "heliocentric", "barycentric"):
        if word in stated:
            return merged(named, Clock(named.format, frame=word))
    try:
        return merged(named, Clock.parse(stated.replace("-", "_", 1)))
    except ValueError:
        return named


def _angle(text: str, hours: bool) -> float:
    """Degrees of ``18h01m16.35s``, ``-28d53m42.00s``, ``18:01:16.35`` or plain degrees; NaN for anything else."""
    from astropy.coordinates import Angle

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(Angle(text, unit="hourangle" if hours else "deg").degree)
    except Exception:  # astropy's parser raises several kinds, and no position is only that
        return float("nan")


READER = Reader(
    name="ipac",
    rank=20,
    describes="an IPAC table with column names between bars",
    recognises=_recognises,
    plan=_plan,
    read=_read,
)
