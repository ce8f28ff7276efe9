"""Long tables, and tables with lists in their cells: both brought into a row a star on the disk."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest import IngestOptions, long, plan
from swope.pipeline.ingest.readers import text
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.reading import ingest, one, reason
from tests.real_data import real_data


@pytest.fixture(autouse=True, params=["staged", "whole"])
def by_way_of(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small files are read whole; all that is said here of tables must hold of large ones, too."""
    if request.param == "staged":
        monkeypatch.setattr(text, "WHOLE_BYTES_OF_MANY", 0)
    return str(request.param)


HEADER = "ID,observation_id,Mag,Magerr,MJD\n"


@pytest.mark.parametrize("bucket_bytes", [long.BUCKET_BYTES, 300])
def test_rows_in_any_order_are_gathered_as_pandas_does(
    tmp_path: Path, bucket_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long, "BUCKET_BYTES", bucket_bytes)
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "ID": rng.choice(["T10", "T9", "é", "a b", "007"], 400),
            "observation_id": np.arange(400),
            "Mag": rng.normal(18, 1, 400).round(4),
            "Magerr": rng.random(400).round(4),
            "MJD": (53000 + 1000 * rng.random(400)).round(5),
        }
    )
    path = tmp_path / "long.csv"
    frame.to_csv(path, index=False)
    curves, refused = ingest([path], tmp_path / "s", IngestOptions(chunk_size=2))
    assert not refused
    assert len(curves) == 5
    for curve in curves:
        rows = frame[frame["ID"] == curve.object_id]
        assert curve.value.tolist() == rows["Mag"].tolist()
        assert curve.error.tolist() == rows["Magerr"].tolist()
        np.testing.assert_array_equal(curve.time, rows["MJD"].to_numpy() + 2400000.5)
        assert curve.clock == Clock("mjd")
    assert sorted(c.object_id for c in curves) == ["007", "T10", "T9", "a b", "é"]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100), st.floats(10, 20)), min_size=1, max_size=30))
def test_no_row_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float, float]]) -> None:
    folder = tmp_path_factory.mktemp("long")
    (folder / "x.csv").write_text("id,time,mag\n" + "".join(f"{i},{t!r},{m!r}\n" for i, t, m in rows))
    curves, _ = ingest([folder / "x.csv"], folder / "s")
    got = [(c.object_id, t, m) for c in curves for t, m in zip(c.time, c.value, strict=True)]
    assert sorted(got) == sorted(rows)


def test_planning_again_finds_the_table_made_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_way_of: str
) -> None:
    if by_way_of == "whole":
        pytest.skip("nothing is made")
    (tmp_path / "x.csv").write_text(HEADER + "T1,1,18,0.1,53000\n,2,18,0.1,53001\n")
    first = plan([str(tmp_path / "x.csv")], IngestOptions(), tmp_path / "s")
    assert first.refused[0].reason == "1 rows have no name of a star"
    monkeypatch.setattr(long, "_fill", lambda *_: pytest.fail("made again"))
    assert plan([str(tmp_path / "x.csv")], IngestOptions(), tmp_path / "s") == first
    assert not [path for path in (tmp_path / "s").rglob("*") if "unfinished" in path.name]


def test_cells_that_are_no_numbers_and_ragged_rows_are_kept_and_marked(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        HEADER + "T1,1,18,0.1,53000\nT1,2,saturated,0.1,53001\nT1,3,18\nT2,4,,,53003\nT1,5,18.5,-99,53004\n"
    )
    curves, refused = ingest([tmp_path / "x.csv"], tmp_path / "s")
    assert [(c.object_id, c.mask.tolist()) for c in curves] == [("T1", [0, Mask.NOT_FINITE, 0, Mask.NOT_FINITE])] or (
        sorted(curves[0].mask.tolist()) == [0, Mask.NOT_FINITE, Mask.NOT_FINITE, Mask.BAD_ERROR]
    )
    assert [(r.object_id, r.reason) for r in refused] == [("T2", "no finite value in 1 rows")]


def test_a_long_table_may_be_packed_or_separated_otherwise(tmp_path: Path) -> None:
    rows = "star time mag band\nx 1 12 g\ny 1 13 g\nx 2 14 r\n"
    for name, content in (
        ("space.txt", rows),
        ("tab.tsv", rows.replace(" ", "\t")),
        ("bar.txt", rows.replace(" ", "|")),
    ):
        (tmp_path / name).write_text("# made by hand\n\n" + content)
        curves, refused = ingest([tmp_path / name], tmp_path / "s")
        assert not refused
        assert [(c.object_id, c.value.tolist(), c.bands) for c in curves] == [
            ("x", [12.0, 14.0], ("g", "r")),
            ("y", [13.0], ("g",)),
        ]
    (tmp_path / "z.csv.gz").write_bytes(gzip.compress(rows.replace(" ", ",").encode()))
    assert len(ingest([tmp_path / "z.csv.gz"], tmp_path / "s")[0]) == 2


def test_broken_long_tables_are_reasons(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("object_id,class\na,RR\n")
    assert "no table of numbers" in reason(tmp_path / "labels.csv", tmp_path / "s").reason
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress((HEADER + "T1,1,18,0.1,53000\n" * 9999).encode())[:-50])
    assert reason(tmp_path / "cut.csv.gz", tmp_path / "s").status == "failed"
    (tmp_path / "head.csv").write_text(HEADER)
    assert "no rows" in reason(tmp_path / "head.csv", tmp_path / "s").reason


def test_positions_are_taken_from_the_first_row(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,ra,dec,time,flux\na,1.5,-2.5,1,5\na,1.5,-2.5,2,6\n")
    curve = one(tmp_path / "x.csv", tmp_path / "s")
    assert (curve.ra, curve.dec, curve.kind) == (1.5, -2.5, "flux")


def test_the_real_transients_are_gathered_whole(tmp_path: Path) -> None:
    path = real_data("crts/light_curves.csv")
    with open(path) as file:
        rows = list(csv.DictReader(file))
    curves, refused = ingest([path], tmp_path / "s")
    assert len(curves) + len(refused) == len({row["ID"] for row in rows})
    assert sum(map(len, curves)) == len(rows)
    star = next(c for c in curves if c.object_id == "TranID1011080040044131101")
    mine = [row for row in rows if row["ID"] == star.object_id]
    assert star.value.tolist() == [float(row["Mag"]) for row in mine]


LISTS = (
    ",time_points_b,time_points_r,light_points_b,light_points_r,error_points_b,error_points_r,bkg_points_b\n"
    '1_2,"[290.3, 291.35]","[290.4]","[19.15, 18.96]","[18.75]","[0.13, 0.12]","[0.16]","[1, 2]"\n'
    '1_3,"[290.3]","[]","[nan]","[]","[0.13]","[]","[1]"\n'
    '1_4,"[290.3]","[290.4]","[19.0, 19.1]","[18.0]","[0.13]","[0.1]","[1]"\n'
    '1_5,"[290.3]","[290.4]","[99.9]","[18.0]","[0.13]","[0.1]","[1]"\n'
)


def test_lists_in_cells_become_a_star_of_several_bands(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(LISTS.encode()))
    curves, refused = ingest([tmp_path / "x.csv.gz"], tmp_path / "s", IngestOptions(chunk_size=2, kind=None))
    assert [c.object_id for c in curves] == ["1_2", "1_5"]
    assert {r.object_id: r.reason for r in refused} == {
        "1_3": "no finite value in 1 rows",
        "1_4": "lists differ in length: time_points_b 1, light_points_b 2, error_points_b 1",
    }
    star = curves[0]
    assert (star.bands, star.kind) == (("b", "r"), "mag")
    assert star.in_band("b").value.tolist() == [19.15, 18.96]
    assert star.in_band("r").time.tolist() == [290.4]
    assert star.in_band("r").error.tolist() == [0.16]


@pytest.mark.parametrize("cell", ["[1.0, 2.0]", "[1. 2.]", "(1, 2)", "[ 1.0,2.0 ]"])
def test_lists_are_read_in_whatever_brackets(tmp_path: Path, cell: str) -> None:
    time = cell.replace("1", "55001").replace("2", "55002")
    (tmp_path / "x.csv").write_text(f'id,mjd,mag,magerr\na,"{time}","{cell}","{cell}"\n')
    curve = one(tmp_path / "x.csv", tmp_path / "s")
    assert curve.value.tolist() == [1.0, 2.0]
    assert curve.clock == Clock("mjd")
    assert curve.bands == ("",)


def test_the_real_two_band_table_holds_magnitudes(tmp_path: Path) -> None:
    objects = pd.read_csv(real_data("eros/objects.csv"), index_col=0)
    curves, refused = ingest([real_data("eros/light_curves.csv.gz")], tmp_path / "s")
    assert not refused
    assert len(curves) == len(objects) == 2912
    assert {c.kind for c in curves} == {"mag"}
    median = [float(np.median(c.in_band("b").value)) for c in curves]
    catalog = objects.loc[[c.object_id for c in curves], "magnitude_b"]
    assert np.corrcoef(median, catalog)[0, 1] > 0.99


def test_a_row_too_long_to_be_read_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from swope.pipeline.ingest.readers import csv_lists

    monkeypatch.setattr(csv_lists, "ROW_BYTES", 1000)
    (tmp_path / "x.csv").write_text(f'id,time,mag\na,"{[1.0] * 2000}","{[2.0] * 2000}"\n')
    assert "a row is longer" in reason(tmp_path / "x.csv", tmp_path / "s").reason


def test_lists_of_words_beside_lists_of_numbers_are_bands_and_broken_text_harms_nobody(tmp_path: Path) -> None:
    lines = [
        "star_name,mjd,psfmag,psfmag_err,filter",
        'V\xfcrst,"[55000.5, 55001.5, 55002.5]","[15.0, 15.5, nan]","[0.1, 0.1, 0.1]","[\'g\', \'r\', \'g\']"',
        'b,"[55000.5]","[14.0]","[0.1]","[\'g\']"',
        'c,"[55000.5]","[14.0]"',
        "",
    ]
    (tmp_path / "x.csv").write_bytes("\n".join(lines).encode("latin-1"))
    curves, refused = ingest([tmp_path / "x.csv"], tmp_path / "s")
    assert [(c.object_id, c.bands, int(c.usable.sum())) for c in curves] == [
        ("V\ufffdrst", ("g", "r"), 2),
        ("b", ("g",), 1),
    ]
    assert [(r.object_id, r.reason) for r in refused] == [("c", "no rows")]
