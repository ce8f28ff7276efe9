"""Machine-readable tables of the journals and of CDS: a byte-by-byte description, then rows of fixed width."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from swope.pipeline.ingest.dialect import whole_text
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.table import Table


def _recognises(_: Path, head: bytes) -> bool:
    return b"Byte-by-byte Description of file" in head and b"\0" not in head


def _tables(path: str) -> Iterator[Table]:
    from astropy.table import Table as Read

    from swope.pipeline.ingest.astropy_tables import table_of_astropy

    text = whole_text(path).rstrip("\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = table_of_astropy(Read.read(text.split("\n"), format="ascii.mrt"))
    # not inside: what goes on while this waits has warnings of its own
    yield table


READER = flat_reader("mrt", 19, "a machine-readable table of a journal (AAS, CDS)", _recognises, _tables, 96)
