"""One star a text file: with a header, without, IPAC."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.ingest import IngestOptions
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.reading import ingest, one, reason
from tests.real_data import real_data

ROWS = "51000.5,12.1,0.01,g\n51001.5,12.2,0.02,r\n51002.5,99.999,0.03,g\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_csv_with_a_header_is_a_star_named_as_its_file(tmp_path: Path) -> None:
    curve = one(write(tmp_path, "a star.csv", "mjd,mag,magerr,band\n" + ROWS), tmp_path / "s")
    assert (curve.object_id, curve.bands, curve.kind, curve.unit) == ("a star", ("g", "r"), "mag", "mag")
    assert curve.time.tolist() == [2451001.0, 2451002.0, 2451003.0]
    assert curve.error.tolist() == [0.01, 0.02, 0.03]
    assert curve.clock == Clock("mjd")
    assert curve.mask.tolist() == [0, 0, Mask.NOT_FINITE]
    assert curve.value[2] == 99.999
    assert curve.source.endswith("a star.csv")


def test_the_users_clock_moves_times_that_state_none(tmp_path: Path) -> None:
    path = write(tmp_path, "x.dat", "1869.5 9.5 0.03\n1870.5 9.6 0.03\n")
    assert one(path, tmp_path / "s").time.tolist() == [1869.5, 1870.5]
    said = one(path, tmp_path / "s", IngestOptions(clock=Clock.parse("HJD-2450000_UTC")))
    assert said.time.tolist() == [2451869.5, 2451870.5]
    assert said.clock.name == "HJD_UTC"


def test_packed_text_is_unpacked(tmp_path: Path) -> None:
    import bz2
    import lzma

    text = ("time,mag,magerr,band\n" + ROWS).encode()
    for name, pack in (("a.csv.gz", gzip.compress), ("b.csv.bz2", bz2.compress), ("c.csv.xz", lzma.compress)):
        curve = one(write(tmp_path, name, pack(text)), tmp_path / "s")
        assert curve.object_id == name[0]
        assert len(curve) == 3


def test_headerless_columns_beyond_the_third_are_not_read(tmp_path: Path) -> None:
    curve = one(write(tmp_path, "x.dat", "53532.4 19.4 0.22 1\n53533.4 19.9 0.29 0\n"), tmp_path / "s")
    assert curve.mask.tolist() == [0, 0]
    assert curve.clock == Clock()


def test_headerless_normalised_flux_is_flux_and_the_user_may_say_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "1977.1,1.001\n1977.2,0.999\n")
    curve = one(path, tmp_path / "s")
    assert (curve.kind, curve.unit) == ("flux", "")
    assert np.isnan(curve.error).all()
    assert one(path, tmp_path / "s", IngestOptions(kind="mag")).kind == "mag"


def test_a_quality_column_marks_its_rows(tmp_path: Path) -> None:
    curve = one(write(tmp_path, "x.csv", "time,flux,quality\n1,5,0\n2,6,128\n"), tmp_path / "s")
    assert curve.mask.tolist() == [0, Mask.QUALITY]


def test_errors_that_are_zero_throughout_mean_none_given(tmp_path: Path) -> None:
    assert np.isnan(one(write(tmp_path, "x.csv", "time,mag,err\n1,5,0\n2,6,0\n"), tmp_path / "s").error).all()


def test_one_point_is_a_star(tmp_path: Path) -> None:
    assert len(one(write(tmp_path, "x.csv", "time,mag\n1,5\n"), tmp_path / "s")) == 1
    assert len(one(write(tmp_path, "y.dat", "1 5 0.1\n"), tmp_path / "s")) == 1


def test_a_ragged_row_is_kept_and_marked(tmp_path: Path) -> None:
    curve = one(write(tmp_path, "x.csv", "time,mag,err\n1,5,.1\n2,6\n3,7,.1\n"), tmp_path / "s")
    assert curve.mask.tolist() == [0, Mask.NOT_FINITE, 0]


@pytest.mark.parametrize(
    ("name", "content", "words", "status"),
    [
        ("empty.csv", "", "the file is empty", "rejected"),
        ("header.csv", "time,mag,err\n", "only a header", "rejected"),
        ("nocolumn.csv", "time,colour\n1,2\n", "no value column", "rejected"),
        ("notime.csv", "mag,err\n1,2\n", "no time column", "rejected"),
        ("allnan.csv", "time,mag\n1,nan\n2,\n", "no finite value in 2 rows", "rejected"),
        ("nantime.csv", "time,mag\nnan,1\n,2\n", "no finite time in 2 rows", "rejected"),
        ("fillers.dat", "1 99.999 9.999\n2 99.999 9.999\n", "no usable row in 2", "rejected"),
        ("words.txt", "Light curves\nof stars\n", "text, but no table of numbers", "rejected"),
        ("picture.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "neither text nor Parquet nor FITS", "rejected"),
        ("cut.csv.gz", gzip.compress(b"time,mag\n" + b"1,2\n" * 9000, mtime=0)[:-9], "could not be read", "failed"),
        ("cut.fits", b"SIMPLE  =                    T" + b" " * 50, "could not be read", "failed"),
        ("broken.parquet", b"PAR1" + b"\0" * 100, "could not be read", "failed"),
        ("onecolumn.dat", "1\n2\n", "text, but no table of numbers", "rejected"),
    ],
)
def test_what_cannot_be_a_star_has_a_reason(
    tmp_path: Path, name: str, content: str | bytes, words: str, status: str
) -> None:
    refused = reason(write(tmp_path, name, content), tmp_path / "s", IngestOptions(kind="mag"))
    assert words in refused.reason
    assert refused.status == status
    assert refused.source.endswith(name)
    assert refused.object_id in (name, name.split(".")[0])
    assert "\n" not in refused.reason


def test_a_samplers_chain_is_not_a_light_curve(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    walk = np.repeat(rng.standard_normal(400).cumsum(), rng.integers(1, 4, 400))
    text = "\n".join(f"{x:.12f} {5 + x:.12f}" for x in walk)
    path = write(tmp_path, "chain.dat", text)
    assert "to be time" in reason(path, tmp_path / "s").reason
    assert len(one(path, tmp_path / "s", IngestOptions(reader="text", kind="mag"))) == len(walk)


IPAC = r"""\STAR_ID = "OGLE 2003-BLG-235L"
\RA      = "18h01m16.35s"
\DEC     = "-28d53m42.00s"
\TIME_REFERENCE_FRAME = "HJD"
\TIME_SERIES_DATA_FILTER = "Custom R"
|            HJD | Relative_Flux | Relative_Flux_Uncertainty |
|         double |        double |                    double |
|           days |        counts |                    counts |
  2451647.138264     -439.430000                  285.330000
  2451649.144766     -173.350000                  201.930000
"""


def test_an_ipac_table_states_star_clock_unit_band_and_place(tmp_path: Path) -> None:
    curve = one(write(tmp_path, "x.tbl.txt", IPAC), tmp_path / "s")
    assert curve.object_id == "OGLE 2003-BLG-235L"
    assert (curve.kind, curve.unit, curve.bands) == ("flux", "count", ("Custom R",))
    assert curve.clock == Clock("jd", frame="heliocentric")
    assert curve.value.tolist() == [-439.43, -173.35]
    assert curve.ra == pytest.approx((18 + 1 / 60 + 16.35 / 3600) * 15)
    assert curve.dec == pytest.approx(-(28 + 53 / 60 + 42 / 3600))
    geocentric = one(
        write(tmp_path, "y.tbl", IPAC.replace('"HJD"', '"Geocentric JD"').replace("| HJD |", "| JD |")), tmp_path / "s"
    )
    assert geocentric.clock.format == "jd"


def test_the_real_folders_are_read_whole(tmp_path: Path) -> None:
    for name, stars, points in (("s82_rrlyrae/light_curves", 359, 100840), ("ztf_snia/light_curves", 634, 20377)):
        curves, refused = ingest([real_data(name)], tmp_path / "s")
        assert (len(curves), len(refused)) == (stars, 0)
        assert sum(map(len, curves)) == points
    curves, refused = ingest([real_data("qso")], tmp_path / "s")
    assert len(curves) + len(refused) == 53
    assert sorted(r.reason[:30] for r in refused) == ["the file is empty"] * 3 + ["the first column goes back and"] * 2


def test_the_microlensing_tables_state_their_clocks(tmp_path: Path) -> None:
    curves, refused = ingest([real_data("microlensing")], tmp_path / "s")
    by_file = {Path(curve.source).name: curve for curve in curves}
    assert by_file["OB03235_MOA.tbl.txt"].clock == Clock("jd", frame="heliocentric")
    assert by_file["OB03235_OGLE.tbl.txt"].clock == Clock("jd", frame="geocentric")
    assert {Path(r.source).name for r in refused} == {"README.txt"}
    assert all(len(by_file[name]) > 20 for name in by_file)
