"""The containers of the meaningful mutants: text in dialects, FITS, VOTable, ECSV, IPAC, Parquet flat and nested."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tests.bench.mutants_meant import Sheet, packed
from tests.votables import write_votable


def write(rng: np.random.Generator, folder: Path, sheet: Sheet) -> Path:
    """Write a table into a folder in one of the containers that can hold it."""
    writers: list[Callable[[np.random.Generator, Path, Sheet], Path]] = [_text, _text, _text, _astropy]
    if not any(cells.dtype.kind == "U" for part, name in sheet.parts.items() if part in ("time", "value", "error")
               for cells in [sheet.columns[name]]):  # fmt: skip
        writers += [_fits, _parquet, _nested]
    return packed(rng, writers[int(rng.integers(len(writers)))](rng, folder, sheet))


def _say_units(sheet: Sheet) -> None:
    """Write the units into the names, for containers that have no other place for them."""
    time = sheet.parts["time"]
    if sheet.units.get(time) and time == "time":
        sheet.rename("time", f"time [{sheet.units[time]}]")


def _cells(column: NDArray[Any]) -> list[str]:
    return [("" if number != number else repr(float(number))) for number in column] if column.dtype.kind == "f" else [
        str(cell) for cell in column
    ]  # fmt: skip


def _text(rng: np.random.Generator, folder: Path, sheet: Sheet) -> Path:
    _say_units(sheet)
    delimiter = str(rng.choice([",", ";", "\t", ","]))
    decimal = "," if delimiter == ";" and rng.random() < 0.6 else "."
    encoding = str(rng.choice(["utf-8", "utf-8", "utf-8-sig", "latin-1", "utf-16"]))
    end = delimiter if rng.random() < 0.1 else ""
    rows = zip(*(_cells(column) for column in sheet.columns.values()), strict=True)
    quoted = [f'"{name}"' if delimiter in name else name for name in sheet.columns]
    lines = [("# star observed in K\u00f6ln\n" if encoding == "latin-1" else "") + delimiter.join(quoted) + end]
    lines += [delimiter.join(cell.replace(".", decimal) for cell in row) + end for row in rows]
    path = folder / "a.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    sheet.done.append(f"{encoding} text with {delimiter!r}, {decimal!r}{', trailing' if end else ''}")
    return path


def _astropy(rng: np.random.Generator, folder: Path, sheet: Sheet) -> Path:
    """ECSV, VOTable or IPAC, by astropy, units stated."""
    from astropy.table import Column, Table

    format_, name = (("ascii.ecsv", "a.ecsv"), ("votable", "a.xml"), ("ascii.ipac", "a.tbl"))[int(rng.integers(3))]
    units = sheet.units if format_ != "ascii.ipac" else {}
    names = {
        key: "".join(c if c.isalnum() else "_" for c in key) if format_ == "ascii.ipac" else key
        for key in sheet.columns
    }
    if len(set(names.values())) < len(names) or (
        format_ == "ascii.ipac" and (sheet.units or names != dict(zip(names, names, strict=False)))
    ):
        return _text(rng, folder, sheet)
    table = Table([Column(cells, names[key], unit=units.get(key)) for key, cells in sheet.columns.items()])
    with warnings.catch_warnings():
        # that a VOTable's names are no identifiers
        warnings.simplefilter("ignore")
        if format_ == "votable":
            write_votable(table, folder / name)
        else:
            table.write(folder / name, format=format_)
    return folder / name


def _fits(_: np.random.Generator, folder: Path, sheet: Sheet) -> Path:
    from astropy.io import fits

    columns = [
        fits.Column(name, {"f": "D", "i": "K", "U": f"{max(cells.dtype.itemsize // 4, 1)}A"}[cells.dtype.kind],
                    array=cells, unit=sheet.units.get(name))
        for name, cells in sheet.columns.items()
    ]  # fmt: skip
    fits.BinTableHDU.from_columns(columns).writeto(folder / "a.fits")
    return folder / "a.fits"


def _parquet(rng: np.random.Generator, folder: Path, sheet: Sheet) -> Path:
    _say_units(sheet)
    pq.write_table(pa.table(dict(sheet.columns)), folder / "a.parquet", row_group_size=int(rng.choice([50, 10**6])))
    return folder / "a.parquet"


def _nested(rng: np.random.Generator, folder: Path, sheet: Sheet) -> Path:
    """A row a star: lists, a struct of lists, or a list of structs, in one of Arrow's types."""
    _say_units(sheet)
    identity = sheet.parts.get("id")
    ids = sheet.columns[identity] if identity else np.full(len(sheet), "only")
    lists = {name: cells for name, cells in sheet.columns.items() if name != identity}
    rows = [np.flatnonzero(ids == one) for one in dict.fromkeys(ids.tolist())]
    names = pa.array([str(ids[row[0]]) for row in rows])
    type_ = (pa.list_, pa.large_list, pa.list_view)[int(rng.integers(3))]
    element = {name: pa.array(cells).type for name, cells in lists.items()}
    if "band" in lists and rng.random() < 0.5:
        element["band"] = pa.dictionary(pa.int8(), pa.string())
        type_ = pa.list_
    shape = str(rng.choice(["lists", "struct of lists", "list of structs"]))
    if shape == "list of structs":
        inner = pa.struct(list(element.items()))
        cells = [[{name: column[i].item() for name, column in lists.items()} for i in row] for row in rows]
        columns = {"lc": pa.array(cells, type_(inner))}
    elif shape == "lists":
        columns = {
            name: pa.array([column[row] for row in rows], type_(element[name])) for name, column in lists.items()
        }
    else:
        apart = [{name: column[row].tolist() for name, column in lists.items()} for row in rows]
        columns = {"lc": pa.array(apart, pa.struct([(name, type_(element[name])) for name in lists]))}
    pq.write_table(pa.table({identity or "object_id": names, **columns}), folder / "a.parquet")
    sheet.done.append(f"{shape} ({type_.__name__})")
    return folder / "a.parquet"
