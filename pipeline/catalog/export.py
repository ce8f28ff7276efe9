"""Copies of a run's tables for other programs: FITS, VOTable, CSV, with units, UCDs and descriptions."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.catalog.store import EVENTS, OBJECTS, replacing
from swope.pipeline.commit import finish

if TYPE_CHECKING:
    from astropy.table import Table

#: Formats that `export` writes, with the ending of their files.
FORMATS = {"fits": ".fits", "votable": ".vot", "csv": ".csv"}


def export(run_dir: Path, format: str) -> list[Path]:  # noqa: A002 - the command's own word
    r"""Copy a run's tables into another format, beside the originals.

    FITS and VOTable carry unit, UCD and description of each column (in FITS as TUNITn, TUCDn and TCOMMn, which TOPCAT
    reads); CSV gets them in a second file, ``objects.columns.csv``. Nulls stay nulls; a null text becomes an empty
    one, since FITS and VOTable know no other. FITS text is ASCII by its standard: other characters are written as
    ``\u03b1`` and the like. FITS and VOTable hold the whole table in memory; CSV is written piece by piece.

    Parameters
    ----------
    run_dir : folder that a run left.
    format : "fits", "votable" or "csv".

    Returns
    -------
    The files written.

    Raises
    ------
    ValueError
        For another format.
    FileNotFoundError
        When the folder holds no catalog.
    """
    writers: dict[str, Callable[[Path, Path], list[Path]]] = {"fits": _fits, "votable": _votable, "csv": _csv}
    if format not in writers:
        raise ValueError(f"unknown format {format!r}; known: {', '.join(FORMATS)}")
    finish(run_dir)
    tables = [run_dir / name for name in (OBJECTS, EVENTS)]
    for table in tables:
        if not table.is_file():
            raise FileNotFoundError(f"{run_dir} holds no {table.name}; is it the folder of a finished run?")
    return [written for table in tables for written in writers[format](table, table.with_suffix(FORMATS[format]))]


def astropy_table(table: pa.Table) -> Table:
    """An Arrow table of the catalog as an astropy table, with units, descriptions, UCDs (in ``meta``) and masks.

    Parameters
    ----------
    table : objects or events, as `pyarrow.parquet.read_table` gives them.
    """
    from astropy.table import MaskedColumn, Table

    columns = []
    for field in table.schema:
        values = table[field.name]
        mask = np.asarray(values.is_null())
        if pa.types.is_string(field.type):
            data: Any = np.asarray(values.fill_null("").to_pylist(), dtype=str)
        else:
            data = values.fill_null(0).to_numpy().astype(field.type.to_pandas_dtype())
        said = _said(field)
        columns.append(
            MaskedColumn(
                data,
                name=field.name,
                mask=mask,
                unit=said["unit"] or None,
                description=said["description"],
                meta={"ucd": said["ucd"]},
            )
        )
    metadata = table.schema.metadata or {}
    meta = {name.decode(): metadata[name].decode() for name in (b"swope.table", b"swope.version") if name in metadata}
    return Table(columns, meta=meta)


def _said(field: pa.Field) -> dict[str, str]:
    metadata = field.metadata or {}
    return {name: metadata.get(name.encode(), b"").decode() for name in ("unit", "ucd", "description")}


def _fits(source: Path, target: Path) -> list[Path]:
    from astropy.io import fits

    table = astropy_table(pq.read_table(source))
    name, version = table.meta["swope.table"], table.meta["swope.version"]
    columns = []
    for column in table.columns.values():
        data, null = column.filled(_FITS_NULLS.get(column.dtype.kind, column.fill_value)), None
        if column.dtype.kind == "U":
            data = np.char.encode(data, "ascii", "backslashreplace")
            # a column of empty strings has no width of its own, which FITS does not allow
            kind = f"{max(1, data.dtype.itemsize)}A"
        else:
            kind = {"i4": "J", "f4": "E", "f8": "D"}[column.dtype.str[1:]]
            null = _FITS_NULLS["i"] if column.dtype.kind == "i" else None
        unit = column.unit.to_string("fits") if column.unit else None
        columns.append(fits.Column(name=column.name, format=kind, array=data, unit=unit, null=null))
    hdu = fits.BinTableHDU.from_columns(columns, name=name.upper())
    for i, column in enumerate(table.columns.values(), start=1):
        hdu.header[f"TUCD{i}"] = column.meta["ucd"]
        hdu.header[f"TCOMM{i}"] = column.description
    primary = fits.PrimaryHDU()
    primary.header["CREATOR"] = (f"swope {version}", "software that made this file")
    with replacing(target) as temporary:
        fits.HDUList([primary, hdu]).writeto(temporary, overwrite=True, checksum=False)
    return [target]


#: What stands for a null in FITS: NaN, TNULL, an empty text.
_FITS_NULLS: dict[str, Any] = {"f": np.nan, "i": np.iinfo(np.int32).min, "U": ""}


def _votable(source: Path, target: Path) -> list[Path]:
    from astropy.io.votable import from_table, writeto

    votable = from_table(astropy_table(pq.read_table(source)), table_id=source.stem)
    with replacing(target) as temporary:
        # BINARY2 alone carries a mask, so that a null number needs no magic value
        writeto(votable, str(temporary), tabledata_format="binary2")
    return [target]


def _csv(source: Path, target: Path) -> list[Path]:
    from pyarrow.csv import CSVWriter

    with replacing(target) as temporary, pq.ParquetFile(source) as parquet:
        schema = parquet.schema_arrow
        with CSVWriter(temporary, schema) as writer:
            for batch in parquet.iter_batches():
                writer.write_batch(batch)
    described = target.with_suffix(".columns.csv")
    with replacing(described) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["column", "type", "unit", "ucd", "description"])
        for field in schema:
            said = _said(field)
            rows.writerow([field.name, field.type, said["unit"], said["ucd"], said["description"]])
    return [target, described]
