"""ECSV, astropy's own text tables: units and types stand in a header of comments."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from swope.pipeline.ingest.dialect import whole_text
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.table import Table


def _recognises(_: Path, head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf")[:8] == b"# %ECSV "


def _tables(path: str) -> Iterator[Table]:
    from astropy.table import Table as Read

    from swope.pipeline.ingest.astropy_tables import table_of_astropy

    text = whole_text(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = table_of_astropy(Read.read(text.split("\n"), format="ascii.ecsv"))
    # not inside: what goes on while this waits has warnings of its own
    yield table


READER = flat_reader("ecsv", 18, "ECSV, astropy's text tables with units", _recognises, _tables, 96)
