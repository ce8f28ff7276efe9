"""Copies of a run's tables for other programs: FITS, VOTable, CSV, with units, UCDs and descriptions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from swope.pipeline.catalog.as_csv import write_csv
from swope.pipeline.catalog.as_fits import write_fits
from swope.pipeline.catalog.as_votable import write_votable
from swope.pipeline.catalog.store import EVENTS, OBJECTS
from swope.pipeline.commit import finish

#: Formats that `export` writes, with the ending of their files.
FORMATS = {"fits": ".fits", "votable": ".vot", "csv": ".csv"}


def export(run_dir: Path, format: str) -> list[Path]:  # noqa: A002 - the command's own word
    """Copy a run's tables into another format, beside the originals.

    Each format carries every column's unit, UCD and description, and what made the table (`schema.provenance`); nulls
    stay nulls. What a format cannot hold as it is, its module says how it is written (`as_fits`, `as_csv`). FITS and
    VOTable hold the whole table in memory; CSV is written piece by piece.

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
    writers: dict[str, Callable[[Path, Path], list[Path]]] = {
        "fits": write_fits,
        "votable": write_votable,
        "csv": write_csv,
    }
    if format not in writers:
        raise ValueError(f"unknown format {format!r}; known: {', '.join(FORMATS)}")
    finish(run_dir)
    tables = [run_dir / name for name in (OBJECTS, EVENTS)]
    for table in tables:
        if not table.is_file():
            raise FileNotFoundError(f"{run_dir} holds no {table.name}; is it the folder of a finished run?")
    return [written for table in tables for written in writers[format](table, table.with_suffix(FORMATS[format]))]
