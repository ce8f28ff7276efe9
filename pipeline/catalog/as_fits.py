r"""A table as FITS.

A null is NaN in a column of floats, the smallest number in one of integers (TNULLn), and a text that begins with a
zero byte (FITS 4.0, section 7.3.3.1); an empty text is blanks, which most readers take for a null too. FITS text is
printable ASCII: every other character is written as ``\x0a``, ``\u03b1`` or ``\U0001f52d``, and so is a blank at the
end, which FITS would lose, and a backslash that would otherwise be taken for the beginning of such a code.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.catalog.schema import provenance
from swope.pipeline.catalog.store import replacing
from swope.pipeline.column import Column

#: What stands for a null integer.
NULL = int(np.iinfo(np.int32).min)

#: What FITS cannot hold as it is: all but printable ASCII, the last blank, and a backslash that looks like a code.
_FOREIGN = re.compile(r"[^ -~]|\\(?=x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})| \Z")

_KINDS = {pa.int32(): "J", pa.float32(): "E", pa.float64(): "D"}


def ascii_of(text: str) -> str:
    r"""A text as FITS can hold it, every foreign character as a code from which it can be had again.

    Examples
    --------
    >>> print(ascii_of("β Cet"), ascii_of("a "), ascii_of("C:\\data"), ascii_of("a\\u03b1"))
    \u03b2 Cet a\x20 C:\data a\x5cu03b1
    """
    return _FOREIGN.sub(lambda found: _code(ord(found[0])), text)


def _code(point: int) -> str:
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def write_fits(source: Path, target: Path) -> list[Path]:
    """Copy a Parquet table as a FITS binary table; unit, UCD and description are TUNITn, TUCDn and TCOMMn.

    The primary header says what made the table.

    Returns
    -------
    The file.
    """
    from astropy import units
    from astropy.io import fits

    table = pq.read_table(source)
    described = [Column.of(field) for field in table.schema]
    columns = []
    for column in described:
        kind, data, null = _filled(table[column.name])
        unit = units.Unit(column.unit).to_string("fits") if column.unit else None
        columns.append(fits.Column(name=column.name, format=kind, array=data, unit=unit, null=null))
    made = provenance(table.schema)
    hdu = fits.BinTableHDU.from_columns(columns, nrows=len(table), name=made["table"].upper())
    for i, column in enumerate(described, start=1):
        hdu.header[f"TUCD{i}"] = column.ucd
        hdu.header[f"TCOMM{i}"] = ascii_of(column.description)
    primary = fits.PrimaryHDU()
    primary.header["CREATOR"] = (made["creator"], "software that made this file")
    for name, said in made.items():
        primary.header.add_history(ascii_of(f"{name}: {said}"))
    with replacing(target) as temporary:
        fits.HDUList([primary, hdu]).writeto(temporary, overwrite=True, checksum=False)
    return [target]


def _filled(values: pa.ChunkedArray) -> tuple[str, NDArray[Any], int | None]:
    """Format, data and null value of a column."""
    if pa.types.is_string(values.type):
        texts = [b"" if text is None else ascii_of(text).encode() or b" " for text in values.to_pylist()]
        # a column of empty strings has no width of its own, which FITS does not allow
        width = max(map(len, texts), default=1) or 1
        # blanks after a text, zeros for none
        padded = [text.ljust(width) if text else text for text in texts]
        return f"{width}A", np.array(padded, dtype=f"S{width}"), None
    if pa.types.is_integer(values.type):
        return _KINDS[values.type], values.fill_null(NULL).to_numpy(), NULL
    return _KINDS[values.type], values.fill_null(np.nan).to_numpy(), None
