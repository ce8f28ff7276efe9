"""The store: everything in it once, readable by Swope and by others, with a manifest of what was taken for what."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.ingest import SourceError
from swope.pipeline.ingest import store as stores
from swope.pipeline.ingest.store import write_store
from swope.pipeline.lightcurve import LightCurve
from tests.pipeline.ingest.reading import ingest


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Stars with and without places, magnitudes and fluxes, several clocks and bands, and a file that is none."""
    folder = tmp_path / "in"
    folder.mkdir()
    rng = np.random.default_rng(3)
    rows = [
        f"s{i},{ra:.6f},{dec:.6f},{2455000.5 + t:.4f},{14 + i % 3 + 0.1 * t:.3f},0.02,{'gr'[t % 2]}\n"
        for i, (ra, dec) in enumerate(zip(rng.uniform(0, 360, 60), rng.uniform(-90, 90, 60), strict=True))
        for t in range(5 + i % 4)
    ]
    (folder / "many.csv").write_text("id,ra,dec,hjd_utc,mag,magerr,band\n" + "".join(rows))
    (folder / "flux.csv").write_text(
        "BJD_TDB,flux,flux_err,quality\n" + "".join(f"{2455000.5 + t},{90 + t * t},1,{t % 2}\n" for t in range(9))
    )
    (folder / "lonely.dat").write_text("".join(f"{2455000.5 + t} {12 + t / 10} 0.1\n" for t in range(7)))
    (folder / "notes.txt").write_text("What was seen\nand when\n")
    return folder


def by_name(curves: list[LightCurve]) -> dict[str, LightCurve]:
    return {curve.object_id: clean(curve) for curve in curves}


@pytest.mark.parametrize("most_stars", [10_000, 3])
def test_swope_reads_from_a_store_what_it_put_there(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_stars: int
) -> None:
    monkeypatch.setattr(stores, "MOST_STARS", most_stars)
    store = write_store([str(sources)], tmp_path / "store")
    before = by_name(ingest([sources], tmp_path / "a")[0])
    again, refused = ingest([tmp_path / "store"], tmp_path / "b")
    after = by_name(again)
    assert len(again) == len(before) == store.stars == 62
    assert {Path(entry.source).name for entry in refused} <= {"manifest.json", "refused.parquet"}
    for name, was in before.items():
        now = after[name]
        assert (now.kind, now.unit, now.clock.name, now.bands) == (was.kind, was.unit, was.clock.name, was.bands)
        for column in ("time", "value", "error", "band"):
            np.testing.assert_array_equal(getattr(now, column), getattr(was, column))
        np.testing.assert_array_equal(now.usable, was.usable)


def test_pandas_opens_a_store_and_the_manifest_holds_its_digests(sources: Path, tmp_path: Path) -> None:
    store = write_store([str(sources)], tmp_path / "store")
    frame = pd.read_parquet(tmp_path / "store" / "mag" / "dataset")
    assert len(frame) == 60
    assert frame["lightcurve"].map(lambda cell: len(cell["time"])).sum() == store.rows - 16
    manifest = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert manifest["counts"] == {"stars": 62, "rows": store.rows, "refused": 1}
    for name, digest in manifest["partitions"].items():
        assert hashlib.sha256((tmp_path / "store" / name).read_bytes()).hexdigest() == digest
    assert not [path for path in (tmp_path / "store").rglob("*") if "unfinished" in path.name]
    refused = pd.read_parquet(tmp_path / "store" / "refused.parquet")
    assert refused["reason"].tolist() == ["not a light curve: text, but no table of numbers"]


def test_the_summary_says_what_each_source_was_taken_for(sources: Path, tmp_path: Path) -> None:
    words = write_store([str(sources)], tmp_path / "store").summary()
    assert words.startswith("62 stars, ")
    assert "time 'hjd_utc' (HJD_UTC from jd), mag 'mag' +- 'magerr', band 'band', star 'id'" in words
    assert "time column 1 (clock unknown), mag column 2 +- column 3" in words
    assert "refused: not a light curve: text" in words


def test_a_store_is_the_same_each_time_and_never_written_over(sources: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_store([str(sources)], tmp_path / name)
    files = [sorted(p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*.parquet")) for n in ("a", "b")]
    assert files[0] == files[1]
    assert all((tmp_path / "a" / p).read_bytes() == (tmp_path / "b" / p).read_bytes() for p in files[0])
    with pytest.raises(SourceError, match="not empty"):
        write_store([str(sources)], tmp_path / "a")


def stars_and_points(store: Path, rows: int) -> tuple[int, int]:
    """What the catalog of magnitudes holds, of which `sources` has all but the flux and the star without a place."""
    frame = pd.read_parquet(store / "mag" / "dataset")
    return len(frame), rows - 16


def test_polars_opens_a_store(sources: Path, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    rows = write_store([str(sources)], tmp_path / "store").rows
    frame = polars.scan_parquet(f"{tmp_path}/store/mag/dataset/**/*.parquet").collect()
    points = frame.select(polars.col("lightcurve").struct.field("time").list.len().sum()).item()
    assert (frame.height, points) == stars_and_points(tmp_path / "store", rows)


def test_duckdb_opens_a_store(sources: Path, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    rows = write_store([str(sources)], tmp_path / "store").rows
    ask = "SELECT count(*), sum(len(lightcurve.time)) FROM read_parquet(?)"
    found = duckdb.execute(ask, [f"{tmp_path}/store/mag/dataset/**/*.parquet"]).fetchone()
    assert found == stars_and_points(tmp_path / "store", rows)


def test_lsdb_opens_a_store_and_finds_stars_by_place(sources: Path, tmp_path: Path) -> None:
    lsdb = pytest.importorskip("lsdb")
    rows = write_store([str(sources)], tmp_path / "store").rows
    frame = lsdb.open_catalog(tmp_path / "store" / "mag").compute()
    points = sum(len(cell["time"]) for cell in frame["lightcurve"])
    assert (len(frame), points) == stars_and_points(tmp_path / "store", rows)
    one = frame.iloc[7]
    near = lsdb.open_catalog(tmp_path / "store" / "mag").cone_search(one["ra"], one["dec"], radius_arcsec=5).compute()
    assert near["object_id"].tolist() == [one["object_id"]]
