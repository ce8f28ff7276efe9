"""What containers say beside their columns: clocks in headers and descriptions, several tables in one file."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from swope.pipeline.ingest import IngestOptions
from swope.pipeline.ingest.registry import reader_named
from swope.pipeline.lightcurve import Clock
from tests.pipeline.ingest.reading import ingest
from tests.pipeline.ingest.star import ERR, JD, MAG, N, is_the_star, read, read_all, refused
from tests.votables import write_votable

HALF = np.arange(N) % 2 == 0


def several(path: Path, parts: list[tuple[dict[str, str], np.ndarray]], shift: float = 0.0) -> Path:
    """A FITS file with a table for each part: its header, and its rows."""
    tables = []
    for i, (header, rows) in enumerate(parts):
        columns = {"HJD": JD[rows], "MAG": MAG[rows] + shift * i, "ERR": ERR[rows]}
        tables.append(fits.BinTableHDU(Table(columns), header=fits.Header(header)))
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(path, overwrite=True)
    return path


@pytest.mark.parametrize(
    ("cards", "unit", "numbers"),
    [
        ({"MJDREFI": 51544, "MJDREFF": 0.5, "TIMEUNIT": "s"}, "", (JD - 2451545) * 86400),
        ({"MJDREF": 50814.0}, "s", (JD - 2450814.5) * 86400),
        ({"JDREF": 2451545.0, "TIMEZERO": 10.0, "TIMEUNIT": "d"}, "d", JD - 2451555),
    ],
    ids=["in two parts", "of the column's unit", "with an offset"],
)
def test_the_zero_that_a_fits_header_states_is_added(
    tmp_path: Path, cards: dict[str, object], unit: str, numbers: np.ndarray
) -> None:
    # FITS 4.0, section 9.2.2: MJDREF, JDREF; OGIP 93-003: TIMEZERO
    table = fits.BinTableHDU(Table({"TIME": numbers, "RATE": 100 - MAG, "ERROR": ERR}))
    table.header.update({"TIMESYS": "TT", **cards})
    if unit:
        table.header["TUNIT1"] = unit
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "x.fits")
    curve = read(tmp_path / "x.fits")
    np.testing.assert_allclose(curve.time, JD, atol=1e-5)
    assert curve.clock == Clock("jd", "tt")


def test_a_zero_that_only_the_description_states_is_added(tmp_path: Path) -> None:
    # VizieR writes columns HJD or Obs.date, and the zero into their descriptions
    for name, described in (("HJD", "Heliocentric Julian Date (HJD-2450000)"), ("date", "Date, HJD-2450000")):
        table = Table({name: JD - 2450000, "Vmag": MAG, "e_Vmag": ERR})
        table[name].description = described
        write_votable(table, tmp_path / "x.vot")
        curve = read(tmp_path / "x.vot")
        assert is_the_star(curve)
        assert curve.clock == Clock("jd-2450000", frame="heliocentric")


def test_tables_of_one_stars_bands_are_joined_and_tables_of_two_stars_are_two(tmp_path: Path) -> None:
    bands = [({"OBJECT": "V7", "FILTER": b, "EXTNAME": f"LC_{b}"}, (b == "g") == HALF) for b in "gr"]
    curve = read(several(tmp_path / "x.fits", bands))
    assert (curve.object_id, curve.bands) == ("V7", ("g", "r"))
    assert is_the_star(curve)
    assert "joined LC_g (1), LC_r (2)" in curve.read_as
    stars = read_all(several(tmp_path / "x.fits", [({"OBJECT": f"V{i}"}, bool(i) == HALF) for i in (1, 0)]))
    assert [star.object_id for star in stars] == ["V1", "V0"]
    stars = read_all(several(tmp_path / "x.fits", [({"EXTNAME": f"S{i}"}, bool(i) == HALF) for i in (1, 0)]))
    assert [star.object_id for star in stars] == ["x S1 (1)", "x S0 (2)"]


def test_the_raw_and_the_corrected_table_of_a_star_are_not_added_up(tmp_path: Path) -> None:
    parts: list[tuple[dict[str, str], np.ndarray]] = [({"OBJECT": "V7"}, np.full(N, True))] * 2
    said = refused(several(tmp_path / "x.fits", parts, shift=1.0)).reason
    assert "stands in several tables (table 1 (1), table 2 (2)) that are not one" in said


@pytest.mark.parametrize("format_", ["mrt", "fixed_width", "fixed_width_two_line", "commented_header", "tab", "rst"])
def test_every_text_that_astropy_writes_is_the_star(tmp_path: Path, format_: str) -> None:
    table = Table({"HJD": JD, "Vmag": MAG, "e_Vmag": ERR, "flag": (np.arange(N) % 10 == 0).astype(int)})
    table.write(tmp_path / "x.txt", format=f"ascii.{format_}")
    curve = read(tmp_path / "x.txt")
    assert (len(curve), np.count_nonzero(curve.mask)) == (N, 4)
    assert curve.clock == Clock("jd", frame="heliocentric")
    assert curve.bands == ("V",)


@pytest.mark.parametrize(("reader", "format_"), [("votable", "votable"), ("ecsv", "ascii.ecsv"), ("mrt", "ascii.mrt")])
def test_a_table_that_is_read_in_part_leaves_the_warnings_of_others_as_they_are(
    tmp_path: Path, reader: str, format_: str
) -> None:
    Table({"HJD": JD, "Vmag": MAG, "e_Vmag": ERR}).write(tmp_path / "x", format=format_)
    before = list(warnings.filters)
    readings = reader_named(reader).readings(str(tmp_path / "x"), IngestOptions())
    next(readings)
    assert warnings.filters == before
    assert list(readings) == []


def test_rows_of_one_name_far_apart_are_a_caution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from swope.pipeline.ingest.readers import text

    rows = "".join(f"17,{t},{m},{10 + 20 * (i % 2)},5\n" for i, (t, m) in enumerate(zip(JD, MAG, strict=True)))
    (tmp_path / "x.csv").write_text("id,jd,mag,ra,dec\n" + rows)
    for bytes_ in (text.WHOLE_BYTES_OF_MANY, 0):
        monkeypatch.setattr(text, "WHOLE_BYTES_OF_MANY", bytes_)
        (curve,), _ = ingest([tmp_path / "x.csv"], tmp_path / f"s{bytes_}")
        assert "its rows lie up to 7.17e+04 arcsec apart: several stars of one name?" in curve.caution


def test_a_large_fits_table_is_read_some_rows_at_a_time_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swope.pipeline.ingest.readers import fits_flat

    star = np.where(HALF, "V1", "V2")
    table = Table({"NAME": star, "HJD": JD, "MAG": MAG, "ERR": ERR, "FLAG": (np.arange(N) == 5).astype(int)})
    table.write(tmp_path / "x.fits")
    whole = read_all(tmp_path / "x.fits")
    monkeypatch.setattr(fits_flat, "WHOLE_BYTES", 0)
    monkeypatch.setattr(fits_flat, "BLOCK_BYTES", 200)
    curves, refused = ingest([tmp_path / "x.fits"], tmp_path / "s")
    assert not refused
    assert [c.object_id for c in curves] == ["V1", "V2"]
    for one, other in zip(whole, curves, strict=True):
        np.testing.assert_array_equal([one.time, one.value, one.mask], [other.time, other.value, other.mask])
        assert (one.clock, one.read_as) == (other.clock, other.read_as)
    parts: list[tuple[dict[str, str], np.ndarray]] = [({"OBJECT": f"V{i}"}, bool(i) == HALF) for i in (1, 0)]
    said = refused_of(several(tmp_path / "y.fits", parts))
    assert "2 large tables in one file: write each to a file of its own" in said


def refused_of(path: Path) -> str:
    curves, refused = ingest([path], path.parent / f"s-{path.name}")
    assert not curves
    return refused[0].reason


@pytest.mark.parametrize("format_", ["ipac", "ecsv", "mrt"])
def test_what_is_read_whole_and_too_large_for_that_is_refused(
    tmp_path: Path, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swope.pipeline.ingest import flat

    Table({"HJD": JD, "MAG": MAG}).write(tmp_path / "x.txt", format=f"ascii.{format_}")
    monkeypatch.setattr(flat, "plain_size", lambda *_: 97 * 2**20)
    assert "larger than 96 MB, and such files are read whole: write it as Parquet" in refused_of(tmp_path / "x.txt")
