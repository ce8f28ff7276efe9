"""The copies of a catalog hold what the catalog holds: every value, null, unit, UCD and description."""

from __future__ import annotations

import base64
import csv
import io
import re
import shutil
import struct
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.catalog import events_table, export, objects_table, write_parquet
from swope.pipeline.catalog.as_csv import FORMULA, defused
from swope.pipeline.catalog.as_fits import ascii_of
from swope.pipeline.catalog.schema import event_columns, object_columns, provenance, with_models
from swope.pipeline.column import Column
from tests.pipeline.catalog.rows import DETECTORS, columns, event_rows, object_rows

TEXTS = [
    'β <b>"Cet", 1\n&',
    "=HYPERLINK(A1)",
    "'=1",
    "-5.2",
    "+1",
    "@x",
    "\tx",
    "\rx",
    "",
    "🔭 ../../x",
    "\u202eabc",
    "x" * 500,
    "a\\u03b1 ",
    "''",
]
MODELS = {"classifier": "classifier-0123456789ab", "autoencoder": "autoencoder-ba9876543210"}
FORMATS = ["fits", "votable", "csv"]


def value_of(column: Column, row: int):
    if pa.types.is_string(column.type):
        return TEXTS[(row + len(column.name)) % len(TEXTS)]
    if pa.types.is_integer(column.type):
        return (row - 2) * 1000
    return (row + 1) * np.pi * 10.0 ** (row - 3)


def full(described, keep=()):
    """A table with something in every column, and one row of nulls."""
    data = {c.name: [*(value_of(c, row) for row in range(len(TEXTS))), None] for c in described}
    return data | dict(keep)


def tables(case: str) -> tuple[pa.Table, pa.Table]:
    if case == "full":
        n = len(TEXTS) + 1
        keep = {"object_id": [*TEXTS, "last"], "status": ["partial"] * n, "reason": [*TEXTS[:8], *["why"] * (n - 8)]}
        described = object_columns(DETECTORS, ("EA", "DCEP(B)"))
        return objects_table(full(described, keep), DETECTORS), events_table(full(event_columns()))
    if case == "failed":
        rows = [{"object_id": f"{i}", "status": "failed", "reason": f"line {i} is broken"} for i in range(4)]
        return objects_table(columns(rows), DETECTORS, ("EA",)), events_table({})
    if case == "empty":
        return objects_table({}), events_table({})
    rows = object_rows(30)
    return objects_table(columns(rows), DETECTORS), events_table(columns(event_rows(rows)))


@pytest.fixture(scope="module", params=["full", "failed", "empty", "usual"])
def run_dir(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    for name, table in zip(("objects", "events"), tables(request.param), strict=True):
        said = table.replace_schema_metadata(with_models(table.schema, MODELS).metadata)
        write_parquet(said, folder / f"{name}.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for format_ in FORMATS:
            export(folder, format_)
    return folder


@pytest.fixture(params=["objects", "events"])
def name(request):
    return request.param


def from_ascii(text: str) -> str:
    return re.sub(
        r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))",
        lambda found: chr(int(found[1] or found[2] or found[3], 16)),
        text,
    )


def test_fits_holds_every_value(run_dir, name):
    table = pq.read_table(run_dir / f"{name}.parquet")
    with fits.open(run_dir / f"{name}.fits") as hdus:
        hdus.verify("exception")
        header, data = hdus[1].header, hdus[1].data
        assert len(data) == len(table)
        for i, column in enumerate(map(Column.of, table.schema), start=1):
            assert header[f"TTYPE{i}"] == column.name
            assert header.get(f"TUNIT{i}", "") == column.unit
            assert header[f"TUCD{i}"] == column.ucd
            assert header[f"TCOMM{i}"] == column.description
            expected = table[column.name].to_pylist()
            # astropy takes the blanks at the end away: the bytes tell a null from an empty text
            raw = data.base[column.name] if len(data) else []
            if pa.types.is_string(column.type):
                bytes_of = np.asarray(raw).view(np.ndarray).tolist()
                found = [None if not one else from_ascii(one.decode().rstrip(" ")) for one in bytes_of]
            elif pa.types.is_integer(column.type):
                found = [None if one == header[f"TNULL{i}"] else int(one) for one in raw]
            else:
                found = [None if np.isnan(one) else float(one) for one in raw]
            assert found == expected, column.name
        assert [f"{key}: {said}" for key, said in provenance(table.schema).items()] == list(hdus[0].header["HISTORY"])
        assert hdus[0].header["CREATOR"].startswith("swope ")


def test_votable_holds_every_value(run_dir, name):
    path = run_dir / f"{name}.vot"
    table = pq.read_table(run_dir / f"{name}.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        votable = parse(path, verify="exception")
    element = votable.get_first_table()
    assert len(element.array) == len(table)
    assert {info.name: info.value for info in votable.resources[0].infos} == provenance(table.schema)
    for field, column in zip(element.fields, map(Column.of, table.schema), strict=True):
        assert (field.name, field.ucd, str(field.unit or "")) == (column.name, column.ucd, column.unit)
        assert " ".join(field.description.split()) == " ".join(column.description.split())
        assert (
            field.datatype
            == {"string": "unicodeChar", "int32": "int", "float": "float", "double": "double"}[str(column.type)]
        )
    assert rows_of_binary2(path, table.schema) == [tuple(row.values()) for row in table.to_pylist()]


def rows_of_binary2(path: Path, schema: pa.Schema) -> list[tuple]:
    """The rows as VOTable 1.4, section 5.4 lays them out: astropy does not tell a null text from an empty one."""
    written = re.search(r"<STREAM[^>]*>(.*?)</STREAM>", path.read_text(encoding="utf-8"), re.S)
    stream, rows = io.BytesIO(base64.b64decode(written[1] if written else "")), []
    while flags := stream.read(-(-len(schema) // 8)):
        row = []
        for i, field in enumerate(schema):
            if str(field.type) == "string":
                (length,) = struct.unpack(">I", stream.read(4))
                value = stream.read(2 * length).decode("utf-16-be")
            else:
                layout = {"int32": ">i", "float": ">f", "double": ">d"}[str(field.type)]
                (value,) = struct.unpack(layout, stream.read(struct.calcsize(layout)))
            row.append(None if flags[i // 8] & (0x80 >> i % 8) else value)
        rows.append(tuple(row))
    return rows


def test_csv_holds_every_value_and_no_formula(run_dir, name):
    table = pq.read_table(run_dir / f"{name}.parquet")
    options = pacsv.ConvertOptions(
        column_types={field.name: field.type for field in table.schema},
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    read = pacsv.read_csv(
        run_dir / f"{name}.csv",
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=options,
    )
    for column in map(Column.of, table.schema):
        found = read[column.name].to_pylist()
        if pa.types.is_string(column.type):
            assert not [cell for cell in found if cell and cell[0] in "=+-@\t\r"]
            found = [cell[1:] if cell and re.match(FORMULA, cell) else cell for cell in found]
        assert found == table[column.name].to_pylist(), column.name
    with (run_dir / f"{name}.columns.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@")]
    described = [row for row in rows if not row["column"].startswith("#")]
    assert [(row["column"], row["unit"], row["ucd"], row["description"].lstrip("'")) for row in described] == [
        (column.name, column.unit, column.ucd, column.description) for column in map(Column.of, table.schema)
    ]
    made = {row["column"][1:]: row["description"] for row in rows if row["column"].startswith("#")}
    assert made == provenance(table.schema)


@given(st.text() | st.text("=+-@'\t\r\nx", max_size=6))
def test_a_defused_text_can_be_had_again(text):
    (cell,) = defused(pa.array([text])).to_pylist()
    assert cell[:1] not in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20") or not cell
    assert (cell[1:] if re.match(FORMULA, cell) else cell) == text


@given(st.text() | st.text("\\xuU0123 \nβ", max_size=14))
def test_a_text_in_fits_can_be_had_again(text):
    found = ascii_of(text)
    assert re.fullmatch("[ -~]*", found)
    assert not found.endswith(" ")
    assert from_ascii(found) == text


@pytest.mark.parametrize("reader", ["pandas", "polars", "duckdb", "astropy"])
def test_other_programs_read_all_of_it_without_a_warning(run_dir, name, reader):
    table = pq.read_table(run_dir / f"{name}.parquet")
    library = pytest.importorskip(reader)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if reader == "pandas":
            pd.read_csv(run_dir / f"{name}.csv", float_precision="round_trip")
            read = pd.read_parquet(run_dir / f"{name}.parquet")
        elif reader == "polars":
            library.read_csv(run_dir / f"{name}.csv", infer_schema_length=None)
            read = library.read_parquet(run_dir / f"{name}.parquet")
        elif reader == "duckdb":
            read = library.sql(f"select * from '{run_dir / name}.parquet'").to_arrow_table()
            assert len(library.sql(f"select * from '{run_dir / name}.csv'").fetchall()) == len(table)
        else:
            read = Table.read(run_dir / f"{name}.vot")
            assert Table.read(run_dir / f"{name}.fits").colnames == table.column_names
            # its columns are called by their identifiers
            read.rename_columns(read.colnames, table.column_names)
    assert len(read) == len(table)
    named = getattr(read, "colnames", getattr(read, "column_names", None)) or list(read.columns)
    assert list(named) == table.column_names


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed (Debian's package of that name)")
@pytest.mark.parametrize("run_dir", ["full", "failed"], indirect=True)
def test_stilts_has_nothing_to_say(run_dir):
    """Votlint, and TOPCAT's own reader of FITS: half a second each."""
    for name in ("objects", "events"):
        for words in (
            ["votlint", "ucd=true", "unit=true", f"votable={run_dir / name}.vot"],
            ["tpipe", "omode=count", "ifmt=fits", f"in={run_dir / name}.fits"],
        ):
            done = subprocess.run(["stilts", *words], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            assert not re.search("WARNING|ERROR|INFO", done.stdout + done.stderr), done.stdout


@pytest.mark.parametrize("format_", FORMATS)
def test_same_bytes_again(run_dir, format_):
    before = [path.read_bytes() for path in export(run_dir, format_)]
    assert before == [path.read_bytes() for path in export(run_dir, format_)]


def test_what_cannot_be_exported(tmp_path):
    with pytest.raises(ValueError, match="unknown format 'xls'; known: fits, votable, csv"):
        export(tmp_path, "xls")
    with pytest.raises(FileNotFoundError, match=r"holds no objects\.parquet"):
        export(tmp_path, "fits")
