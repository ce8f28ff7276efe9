"""Parquet: nested by row range, and flat."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.pipeline.ingest import IngestOptions, plan, read
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.reading import ingest, one
from tests.real_data import real_data


def write(path: Path, columns: dict[str, Any], metadata: dict[bytes, bytes] | None = None, **options: Any) -> Path:
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path, **options)
    return path


def test_a_row_is_a_star(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.parquet",
        {
            "object_id": pa.array([7, 8]),
            "ra": [1.5, None],
            "dec": [-2.5, None],
            "band": ["V", "I"],
            "time": [[1.0, 2.0], [3.0]],
            "mag": pa.array([[12.0, 13.0], [14.0]], pa.list_(pa.float32())),
            "mag_err": [[0.1, None], [0.2]],
        },
    )
    curves, refused = ingest([path], tmp_path / "s")
    assert not refused
    a, b = curves
    assert (a.object_id, a.bands, a.ra, a.dec, a.kind, a.unit) == ("7", ("V",), 1.5, -2.5, "mag", "mag")
    assert a.time.tolist() == [1.0, 2.0]
    np.testing.assert_array_equal(a.error, [0.1, np.nan])
    assert np.isnan(b.ra)
    assert b.bands == ("I",)
    assert a.clock == Clock()


def test_bands_clocks_units_and_kinds_may_differ_between_the_stars(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.parquet",
        {
            "id": ["a", "b", "c", "d"],
            "time": [[1.0, 2.0]] * 4,
            "band": [["g", "r"], ["r", "r"], ["g", "g"], ["i", "i"]],
            "mag": [[12.0, 13.0], None, None, [1.0, 2.0]],
            "mag_err": [[0.1, 0.2], None, None, None],
            "flux": [None, [5.0, 6.0], [7.0, 8.0], None],
            "flux_err": [None, [0.5, 0.6], None, None],
            "unit": ["mag", "electron / s", None, ""],
            "clock": ["HJD-2450000_UTC", "BTJD", None, "what o'clock"],
        },
        {b"swope.clock": b"MJD_UTC"},
    )
    curves, refused = ingest([path], tmp_path / "s")
    assert not refused
    a, b, c, d = curves
    assert [x.kind for x in curves] == ["mag", "flux", "flux", "mag"]
    assert [x.unit for x in curves] == ["mag", "electron / s", "", "mag"]
    assert a.bands == ("g", "r")
    assert a.time.tolist() == [2450001.0, 2450002.0]
    assert b.error.tolist() == [0.5, 0.6]
    assert b.clock == Clock.parse("BTJD")
    assert c.clock == d.clock == Clock.parse("MJD_UTC")
    assert np.isnan(c.error).all()


@pytest.mark.parametrize(
    ("id_name", "time", "error"), [("id", "t", "magerr"), ("oid", "hjd", "err"), ("objectid", "MJD", "error")]
)
def test_other_surveys_names_are_understood(tmp_path: Path, id_name: str, time: str, error: str) -> None:
    first = {"t": 1.0, "hjd": 2455000.0, "MJD": 55000.0}[time]
    path = write(tmp_path / "x.parquet", {id_name: ["a"], time: [[first]], "mag": [[12.0]], error: [[0.1]]})
    curve = one(path, tmp_path / "s")
    assert (curve.object_id, curve.error.tolist()) == ("a", [0.1])
    assert curve.clock.format == {"t": "unknown", "hjd": "jd", "MJD": "mjd"}[time]


def test_lists_inside_a_struct_are_found(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.parquet",
        {"objectId": ["a", "b"], "lc": [{"mjd": [1.0], "mag": [12.0]}, {"mjd": [2.0, 3.0], "mag": [13.0, 14.0]}]},
    )
    curves, refused = ingest([path], tmp_path / "s")
    assert not refused
    assert [len(c) for c in curves] == [1, 2]


def test_a_quality_list_marks_its_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"id": ["a"], "time": [[1.0, 2.0]], "mag": [[1.0, 2.0]], "flag": [[0, 4]]})
    assert one(path, tmp_path / "s").mask.tolist() == [0, Mask.QUALITY]


def test_a_star_that_cannot_be_used_is_a_reason_of_its_own(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.parquet",
        {
            "object_id": ["ok", "void", "null", "nan", "ragged", None, " "],
            "time": [[1.0], [], None, [1.0], [1.0, 2.0], [1.0], [1.0]],
            "mag": [[12.0], [], None, [np.nan], [12.0], [12.0], [12.0]],
        },
    )
    curves, refused = ingest([path], tmp_path / "s")
    assert [c.object_id for c in curves] == ["ok"]
    assert {r.object_id: r.reason for r in refused} == {
        "void": "no rows",
        "null": "no rows",
        "nan": "no finite value in 1 rows",
        "ragged": "lists differ in length: time 2, mag 1",
        "row 6": "row 6 has no object_id",
        "row 7": "row 7 has no object_id",
    }


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"time": [[1.0]], "mag": [[1.0]]}, "no object_id column; the columns are 'time', 'mag'"),
        ({"object_id": ["a"], "mag": [[1.0]]}, "no time column"),
        ({"object_id": ["a"], "time": [[1.0]]}, "no value column"),
        ({"object_id": pa.array([], pa.string()), "time": pa.array([], pa.list_(pa.float64())),
          "mag": pa.array([], pa.list_(pa.float64()))}, "no rows"),
    ],
)  # fmt: skip
def test_a_table_without_what_is_needed_is_one_reason(tmp_path: Path, columns: dict[str, Any], words: str) -> None:
    curves, refused = ingest([write(tmp_path / "x.parquet", columns)], tmp_path / "s")
    assert not curves
    assert len(refused) == 1
    assert words in refused[0].reason


def test_a_cut_or_damaged_table_is_a_reason_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    columns = {
        "object_id": [str(i) for i in range(300)],
        "time": list(rng.random((300, 50))),
        "mag": list(rng.random((300, 50))),
    }
    path = write(tmp_path / "x.parquet", columns, row_group_size=100, write_page_checksum=True)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    _, refused = ingest([path], tmp_path / "s")
    assert [r.status for r in refused] == ["failed"]
    path.write_bytes(whole[:20000] + b"\xff" * 3000 + whole[23000:])
    curves, refused = ingest([path], tmp_path / "s", IngestOptions(chunk_size=100))
    assert len(curves) + len(refused) == 300
    assert len(curves) == 200
    assert {r.status for r in refused} == {"failed"}


def test_parts_read_their_rows_whatever_the_row_groups(tmp_path: Path) -> None:
    columns = {
        "object_id": [f"s{i}" for i in range(103)],
        "time": [[float(i)] * (i % 4 + 1) for i in range(103)],
        "flux": [[float(i + j) for j in range(i % 4 + 1)] for i in range(103)],
    }
    for group in (1, 7, 10, 103):
        path = write(tmp_path / f"{group}.parquet", columns, row_group_size=group)
        for chunk in (1, 10, 25, 512):
            options = IngestOptions(chunk_size=chunk)
            planned = plan([str(path)], options, tmp_path / "s")
            assert max(part.stop - part.start for part in planned.parts) <= chunk
            assert len({part.digest for part in planned.parts}) == len(planned.parts)
            ids = [c.object_id for part in planned.parts for c in read(part, options).chunk]
            assert ids == columns["object_id"]


def test_a_flat_table_is_gathered_by_star(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.parquet",
        {"oid": [2, 1, 2], "mjd": [3.0, 1.0, 2.0], "mag": [13.0, 11.0, 12.0], "filter": ["g", "r", "r"]},
    )
    curves, refused = ingest([path], tmp_path / "s")
    assert not refused
    assert [(c.object_id, c.value.tolist(), c.bands) for c in curves] == [
        ("1", [11.0], ("r",)),
        ("2", [13.0, 12.0], ("g", "r")),
    ]


def test_the_real_variables_are_read_whole_and_in_parts(tmp_path: Path) -> None:
    path = real_data("asas_acvs/light_curves.parquet")
    options = IngestOptions(clock=Clock.parse("HJD_UTC"))
    planned = plan([str(path)], options, tmp_path / "s")
    tracemalloc.start()
    counts = [(len(got.chunk), len(got.refused)) for part in planned.parts[:4] for got in [read(part, options)]]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts == [(part.stop - part.start, 0) for part in planned.parts[:4]]
    assert peak < 100 * 2**20
    assert sum(part.stop - part.start for part in planned.parts) == 10419
    star = read(planned.parts[0], options).chunk[0]
    row = pq.ParquetFile(path).read_row_group(0).slice(0, 1).to_pylist()[0]
    assert (star.object_id, star.ra, star.dec) == (row["object_id"], row["ra"], row["dec"])
    np.testing.assert_array_equal(star.time, row["time"])
    np.testing.assert_array_equal(star.value, row["mag"])
    assert star.clock.name == "HJD_UTC"


def test_a_position_may_stand_in_lists(tmp_path: Path) -> None:
    columns = {
        "id": ["a"],
        "mjd": [[55000.0, 55001.0]],
        "mag": [[12.0, 12.5]],
        "ra": [[10.5, 10.5]],
        "dec": [[1.5, 1.5]],
    }
    curve = one(write(tmp_path / "x.parquet", columns), tmp_path / "s")
    assert (curve.ra, curve.dec, len(curve)) == (10.5, 1.5, 2)
