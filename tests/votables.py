"""Write VOTables with astropy, but not by its writer in C.

That one (astropy 8.0) writes a byte past its buffer where a row takes just as many as the buffer has: the process may
end at any time after it.
"""

from __future__ import annotations

from pathlib import Path

from astropy.io.votable import writeto
from astropy.io.votable.tree import VOTableFile
from astropy.table import Table


def write_votable(table: Table | VOTableFile, path: Path, serialization: str = "tabledata") -> None:
    """Write a table, as words (tabledata), binary or binary2."""
    writeto(table, str(path), tabledata_format=serialization)
