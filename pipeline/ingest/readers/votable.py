"""VOTables (Gaia DataLink, ZTF, VizieR), flat or with arrays in their cells."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from swope.pipeline.ingest.bytes import open_unpacked
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Table

_ROOT = re.compile(rb"<(\w+:)?VOTABLE[\s>]")


def _recognises(_: Path, head: bytes) -> bool:
    return _ROOT.search(head[:4096]) is not None


def _tables(path: str) -> Iterator[Table]:
    from astropy.io import votable

    from swope.pipeline.ingest.astropy_tables import table_of_astropy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open_unpacked(path) as file:
            document = votable.parse(file, verify="ignore")
        tables = [table for table in document.iter_tables() if len(table.array)]
        if not tables:
            raise UnusableError("no table with rows")
        systems = {s.ID: s for r in document.resources for s in r.time_systems}
        made = [
            _with_clock(table_of_astropy(table.to_table(use_names_over_ids=True)), table, systems) for table in tables
        ]
    # not inside: what goes on while this waits has warnings of its own
    yield from made


def _with_clock(made: Table, table: object, systems: dict[str, object]) -> Table:
    """The table with what its TIMESYS elements state, as header words."""
    from dataclasses import replace

    header = dict(made.header)
    for field in getattr(table, "fields", ()):
        system = systems.get(getattr(field, "ref", None) or "")
        if system is None:
            continue
        origin = getattr(system, "timeorigin", None)
        scale = str(getattr(system, "timescale", "") or "").lower()
        place = str(getattr(system, "refposition", "") or "").upper()
        letter = "B" if place == "BARYCENTER" else "H" if place == "HELIOCENTER" else ""
        if origin is not None:
            zero = float(origin)
            name = f"{letter}JD" + (f"-{zero:.10g}" if zero else "")
            header["clock"] = f"{name} {scale}" if scale else name
    names = getattr(table, "name", None)
    if names:
        header.setdefault("table", str(names))
    return replace(made, header=header)


READER = flat_reader("votable", 15, "a VOTable, flat or with arrays in its cells", _recognises, _tables, 512)
