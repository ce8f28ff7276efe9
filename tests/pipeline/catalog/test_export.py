from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.table import Table

from swope.pipeline.catalog import events_table, export, objects_table, write_parquet
from swope.pipeline.catalog.export import astropy_table
from tests.pipeline.catalog.rows import DETECTORS, columns, event_rows, object_rows

STRANGE = 'β <b>"Cet", 1\n&'


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    rows = object_rows(30)
    rows[3]["object_id"] = STRANGE
    write_parquet(objects_table(columns(rows), DETECTORS), folder / "objects.parquet")
    write_parquet(events_table(columns(event_rows(rows))), folder / "events.parquet")
    return folder


def assert_same(table, read, text=str):
    assert len(read) == len(table)
    assert read.colnames == table.column_names
    for field in table.schema:
        for expected, found in zip(table[field.name].to_pylist(), read[field.name], strict=True):
            if expected is None:
                # neither standard tells a null text from an empty one
                assert np.ma.is_masked(found) or (str(field.type) == "string" and found == ""), field.name
            elif isinstance(expected, str):
                assert str(found) == text(expected)
            else:
                assert found == np.float32(expected) if str(field.type) == "float" else found == expected
        metadata = field.metadata
        unit = metadata.get(b"unit", b"").decode()
        assert (str(read[field.name].unit) if read[field.name].unit else "") == unit


@pytest.mark.parametrize("name", ["objects", "events"])
def test_fits_round_trip(run_dir, name):
    written = export(run_dir, "fits")
    assert [path.name for path in written] == ["objects.fits", "events.fits"]
    table = pq.read_table(run_dir / f"{name}.parquet")
    read = Table.read(run_dir / f"{name}.fits")
    assert_same(table, read, lambda text: text.encode("ascii", "backslashreplace").decode().rstrip())
    with fits.open(run_dir / f"{name}.fits") as hdus:
        hdus.verify("exception")
        header = hdus[1].header
        for i, field in enumerate(table.schema, start=1):
            assert header[f"TTYPE{i}"] == field.name
            assert header[f"TUCD{i}"] == field.metadata[b"ucd"].decode()
            assert header[f"TCOMM{i}"] == field.metadata[b"description"].decode()


@pytest.mark.parametrize("name", ["objects", "events"])
def test_votable_round_trip(run_dir, name):
    export(run_dir, "votable")
    table = pq.read_table(run_dir / f"{name}.parquet")
    assert_same(table, Table.read(run_dir / f"{name}.vot"))
    votable = parse_single_table(run_dir / f"{name}.vot", verify="exception")
    for element, field in zip(votable.fields, table.schema, strict=True):
        assert element.name == field.name
        assert element.ucd == field.metadata[b"ucd"].decode()
        assert " ".join(element.description.split()) == field.metadata[b"description"].decode()


def test_csv_round_trip(run_dir):
    written = export(run_dir, "csv")
    table = pq.read_table(run_dir / "objects.parquet")
    read = pd.read_csv(run_dir / "objects.csv", float_precision="round_trip")
    assert list(read.columns) == table.column_names
    assert read["object_id"].tolist() == table["object_id"].to_pylist()
    np.testing.assert_array_equal(read["period"], table["period"].to_numpy())
    described = next(path for path in written if path.name == "objects.columns.csv")
    with described.open(newline="") as file:
        rows = {row["column"]: row for row in csv.DictReader(file)}
    assert list(rows) == table.column_names
    assert rows["ra"]["unit"] == "deg"
    assert rows["ra"]["ucd"] == "pos.eq.ra;meta.main"


@pytest.mark.parametrize("format_", ["fits", "votable", "csv"])
def test_same_bytes_again(run_dir, format_):
    before = [path.read_bytes() for path in export(run_dir, format_)]
    assert before == [path.read_bytes() for path in export(run_dir, format_)]


@pytest.mark.parametrize("format_", ["fits", "votable", "csv"])
def test_an_empty_catalog(tmp_path, format_):
    write_parquet(objects_table({}), tmp_path / "objects.parquet")
    write_parquet(events_table({}), tmp_path / "events.parquet")
    written = export(tmp_path, format_)
    if format_ != "csv":
        assert len(Table.read(written[0])) == 0


def test_astropy_table_has_masks_units_and_ucds(run_dir):
    table = astropy_table(pq.read_table(run_dir / "objects.parquet"))
    assert str(table["period"].unit) == "d"
    assert table["period"].mask.any()
    assert table["period"].meta["ucd"] == "time.period"


def test_what_cannot_be_exported(tmp_path, run_dir):
    with pytest.raises(ValueError, match="unknown format 'xls'; known: fits, votable, csv"):
        export(run_dir, "xls")
    with pytest.raises(FileNotFoundError, match=r"holds no objects\.parquet"):
        export(tmp_path, "fits")
