"""One star in several rows or files becomes one; two stars never do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.pipeline.ingest import IngestOptions
from swope.pipeline.ingest.store import write_store
from swope.pipeline.lightcurve import LightCurve
from tests.pipeline.ingest.reading import ingest
from tests.pipeline.ingest.star import ERR, JD, MAG, N, is_the_star

EVEN, ODD = np.arange(0, N, 2), np.arange(1, N, 2)
ALL = np.arange(N)


def nested(path: Path, rows: list[dict[str, Any]], row_group: int = 1000) -> Path:
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), path, row_group_size=row_group)
    return path


def lists(rows: np.ndarray, **own: Any) -> dict[str, Any]:
    return {**own, "jd": JD[rows], "mag": MAG[rows] + own.pop("fainter", 0.0), "magerr": ERR[rows]}


def file(path: Path, rows: np.ndarray, fainter: float = 0.0, **own: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    head = ",".join([*own, "jd", "mag", "err"])
    lines = [",".join(map(str, [*own.values(), JD[i], (MAG[i] + fainter).round(3), ERR[i]])) for i in rows]
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def star_of(path: Path) -> LightCurve:
    (curve,), refused = ingest([path], path.parent / f"s-{path.stem}")
    assert not refused
    return curve


@pytest.mark.parametrize("row_group", [1, 1000])
def test_a_row_a_band_and_a_star_split_over_row_groups_are_one_star(tmp_path: Path, row_group: int) -> None:
    bands = [lists(EVEN, object_id="s", band="g"), lists(ODD, object_id="s", band="r")]
    curve = star_of(nested(tmp_path / "bands.parquet", bands, row_group))
    assert is_the_star(curve)
    assert curve.bands == ("g", "r")
    assert "joined 2 rows" in curve.read_as
    pieces = [lists(ALL[i : i + 10], object_id="s") for i in range(0, N, 10)]
    curve = star_of(nested(tmp_path / "pieces.parquet", pieces, row_group))
    assert is_the_star(curve)
    assert "joined 4 rows" in curve.read_as


def test_ztfs_nested_rows_of_one_filter_are_joined_by_position(tmp_path: Path) -> None:
    # ZTF light curve files (IRSA, release notes, section 13): a row an objectid, hence a filter; objra, objdec; lists
    rows = [
        {
            "objectid": number,
            "filterid": filter_,
            "objra": 10.0 + 1e-5 * filter_ + star,
            "objdec": 2.5,
            "hmjd": JD[own] - 2400000.5,
            "mag": MAG[own] + star,
            "magerr": ERR[own],
            "catflags": np.where(own == 4, 32768, 0),
        }
        for number, filter_, star, own in ((11, 1, 0, EVEN), (12, 2, 0, ODD), (21, 1, 1, EVEN))
    ]
    curves, refused = ingest([nested(tmp_path / "x.parquet", rows)], tmp_path / "s")
    assert not refused
    assert [(c.object_id, c.bands, len(c)) for c in curves] == [("11", ("g", "r"), N), ("21", ("g",), N // 2)]
    assert "joined 11, 12 within 1.5 arcsec" in curves[0].read_as
    assert np.count_nonzero(curves[0].mask) == 1


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ({"fainter": 4.0}, "another brightness in one band"),
        ({"ra": 11.0}, "3600 arcsec away"),
    ],
)
def test_rows_of_one_name_that_are_two_stars_are_refused(tmp_path: Path, second: dict[str, float], why: str) -> None:
    rows = [
        lists(EVEN, object_id="s", ra=10.0, dec=0.0),
        lists(ODD, **{"object_id": "s", "ra": 10.0, "dec": 0.0} | second),
    ]
    for row in rows:
        row.pop("fainter", None)
    curves, refused = ingest([nested(tmp_path / "x.parquet", rows)], tmp_path / "s")
    assert not curves
    assert len(refused) == 2
    assert all(why in entry.reason for entry in refused)


def test_files_are_joined_by_name_when_the_user_says_so_and_only_then(tmp_path: Path) -> None:
    files = [file(tmp_path / "a.csv", EVEN, id="V1", band="g"), file(tmp_path / "b.csv", ODD, id="V1", band="r")]
    apart, _ = ingest(files, tmp_path / "s")
    assert [len(curve) for curve in apart] == [N // 2, N // 2]
    (curve,), refused = ingest(files, tmp_path / "s", IngestOptions(join=0.0))
    assert not refused
    assert is_the_star(curve)
    assert curve.source == ";".join(map(str, files))
    assert f"joined V1 of {files[0]}, V1 of {files[1]}" in curve.read_as


def test_files_are_joined_by_position_within_the_stated_radius(tmp_path: Path) -> None:
    files = [
        file(tmp_path / "a.csv", EVEN, id="a", band="g", ra=10.0, dec=1.0),
        file(tmp_path / "b.csv", ODD, id="b", band="r", ra=10.0002, dec=1.0),
    ]
    far, _ = ingest(files, tmp_path / "s", IngestOptions(join=0.5))
    assert [curve.object_id for curve in far] == ["a", "b"]
    (curve,), _ = ingest(files, tmp_path / "s", IngestOptions(join=1.0))
    assert is_the_star(curve)
    assert curve.read_as.endswith("within 1 arcsec")
    third = file(tmp_path / "c.csv", ODD, id="c", band="r", ra=10.0001, dec=1.0)
    curves, _ = ingest([*files, third], tmp_path / "s", IngestOptions(join=1.0))
    # the nearest is the star's; that there was another is said of both
    assert [(curve.object_id, curve.bands) for curve in curves] == [("a", ("g", "r")), ("b", ("r",))]
    assert all("within 1 arcsec in the same band, and was not joined" in curve.caution for curve in curves)


def test_two_stars_of_one_file_name_are_not_joined(tmp_path: Path) -> None:
    files = [file(tmp_path / band / "star.csv", ALL, fainter) for band, fainter in (("g", 0.0), ("r", 2.0))]
    curves, refused = ingest(files, tmp_path / "s", IngestOptions(join=0.0))
    assert not refused
    assert [len(curve) for curve in curves] == [N, N]
    assert all("another brightness in one band" in curve.caution for curve in curves)
    file(files[1], ALL, 0.1)
    curves, _ = ingest(files, tmp_path / "s", IngestOptions(join=0.0))
    assert all("most times would have several values" in curve.caution for curve in curves)


def test_what_is_doubtful_in_a_store_is_doubtful_when_it_is_read(tmp_path: Path) -> None:
    files = [file(tmp_path / band / "star.csv", ALL, fainter) for band, fainter in (("g", 0.0), ("r", 2.0))]
    write_store([str(one) for one in files], tmp_path / "store", IngestOptions(join=0.0))
    curves, _ = ingest([tmp_path / "store" / "mag_without_position"], tmp_path / "s")
    assert len(curves) == 2
    assert all("another brightness in one band" in curve.caution for curve in curves)


@pytest.mark.parametrize("radius", [-1.0, 61.0, float("nan")])
def test_a_radius_that_cannot_be_meant_is_a_message(radius: float) -> None:
    with pytest.raises(ValueError, match="join must lie between"):
        IngestOptions(join=radius)
