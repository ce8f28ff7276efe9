"""HATS catalogs and other partitioned data sets: each star once, whatever lies beside the stars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.pipeline.ingest import SourceError, plan
from swope.pipeline.ingest.hats import properties_of, without_sidecars
from swope.pipeline.ingest.parts import IngestOptions
from tests.pipeline.ingest.reading import ingest, reason
from tests.real_data import real_data


def catalog(
    root: Path, kind: str, stars: dict[str, list[int]], directories: bool = False, old: bool = False
) -> list[Path]:
    """Write a HATS catalog of nested light curves, a leaf a key: its ids. Returns the leaves."""
    leaves: list[Path] = []
    for leaf, ids in stars.items():
        table = pa.table(
            {
                "_healpix_29": np.array(ids), "id": ids, "ra": np.full(len(ids), 10.0), "dec": np.full(len(ids), 1.0),
                "lc": pa.array([{"mjd": [55000.0 + i, 55001.0], "mag": [15.0, 15.5], "band": ["g", "r"]} for i in ids]),
            }
        )  # fmt: skip
        path = root / "dataset" / "Norder=1" / "Dir=0" / (f"{leaf}/part0.parquet" if directories else f"{leaf}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
        leaves.append(path)
    gathered: list[pq.FileMetaData] = []
    pq.write_metadata(table.schema, root / "dataset" / "_common_metadata")
    for path in leaves:
        metadata = pq.read_metadata(path)
        metadata.set_file_path(str(path.relative_to(root / "dataset")))
        gathered.append(metadata)
    pq.write_metadata(table.schema, root / "dataset" / "_metadata", gathered)
    pq.write_table(table, root / "dataset" / "data_thumbnail.parquet")
    (root / "partition_info.csv").write_text("Norder,Npix\n1,44\n")
    (root / "point_map.fits").write_bytes(b"SIMPLE  =                    T")
    for name in ("properties",) if old else ("properties", "hats.properties"):
        (root / name).write_text(f"#HATS catalog\nobs_collection=x\ndataproduct_type={kind}\nhats_nrows=3\n")
    return leaves


@pytest.mark.parametrize("directories", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_every_star_of_a_catalog_comes_once_and_nothing_else(tmp_path: Path, directories: bool, old: bool) -> None:
    catalog(tmp_path / "cat", "object", {"Npix=44": [1, 2], "Npix=45": [3]}, directories, old)
    for source in ("cat", "cat/dataset", "cat/dataset/Norder=1", "c*", "cat/**/*.parquet"):
        curves, refused = ingest([tmp_path / source], tmp_path / "s")
        assert not refused, source
        assert sorted(curve.object_id for curve in curves) == ["1", "2", "3"], source


def test_margins_and_indexes_of_a_collection_hold_no_stars_of_their_own(tmp_path: Path) -> None:
    root = tmp_path / "collection"
    catalog(root / "main", "object", {"Npix=44": [1, 2]})
    catalog(root / "main_margin", "margin", {"Npix=45": [2]})
    catalog(root / "by_id", "index", {"Npix=0": [1, 2]})
    (root / "collection.properties").write_text(
        "#HATS Collection\nhats_primary_table_url=main\nall_margins=main_margin\n"
    )
    for source in ("collection", "collection/*"):
        curves, refused = ingest([tmp_path / source], tmp_path / "s")
        assert not refused
        assert sorted(curve.object_id for curve in curves) == ["1", "2"]
    with pytest.raises(SourceError, match="keep beside their stars"):
        plan([str(root / "main_margin")], IngestOptions(), tmp_path / "s")


def test_what_is_named_outright_is_read_and_an_index_says_what_it_is(tmp_path: Path) -> None:
    leaf = catalog(tmp_path / "margin", "margin", {"Npix=45": [2]})[0]
    assert [curve.object_id for curve in ingest([leaf], tmp_path / "s")[0]] == ["2"]
    assert "the index of a data set" in reason(tmp_path / "margin/dataset/_metadata", tmp_path / "s").reason
    assert "no rows" in reason(tmp_path / "margin/dataset/_common_metadata", tmp_path / "s").reason


def test_properties_of_something_else_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / "properties").write_text("log4j.rootLogger=INFO\n")
    (tmp_path / "a.csv").write_text("mjd,mag\n1,2\n")
    assert without_sidecars(sorted(tmp_path.iterdir())) == [tmp_path / "a.csv", tmp_path / "properties"]
    (tmp_path / "broken").write_bytes(b"\xff\xfe=\x00")
    assert properties_of(tmp_path / "broken") == properties_of(tmp_path / "absent") == {}


def test_the_real_collection_has_131_stars(tmp_path: Path) -> None:
    curves, refused = ingest(
        [real_data("reader_cases/hats-collection/small_sky_order1_nested_sources")], tmp_path / "s"
    )
    assert not refused
    assert len({curve.object_id for curve in curves}) == len(curves) == 131
    assert {len(curve) for curve in curves} == {131}
