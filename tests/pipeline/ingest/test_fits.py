"""Mission FITS: clocks, flags, positions, and the files of one star."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from swope.pipeline.ingest import IngestOptions, plan
from swope.pipeline.ingest.missions import BAD_BITS, IMPULSIVE_BITS
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.reading import ingest, one, reason
from tests.real_data import real_data


def mission_file(
    path: Path,
    quarter: int = 1,
    flux: NDArray[Any] | None = None,
    quality: NDArray[Any] | None = None,
    primary: dict[str, Any] | None = None,
    table: dict[str, Any] | None = None,
    columns: dict[str, NDArray[Any]] | None = None,
) -> Path:
    """Write a small file in the form of Kepler's."""
    flux = np.full(10, 1000.0 * quarter) if flux is None else flux
    n = len(flux)
    data = {
        "TIME": 100.0 * quarter + np.arange(n),
        "SAP_FLUX": flux / 2,
        "SAP_FLUX_ERR": np.full(n, 5.0),
        "PDCSAP_FLUX": flux,
        "PDCSAP_FLUX_ERR": np.full(n, 10.0),
        "SAP_QUALITY": np.zeros(n, dtype=np.int32) if quality is None else quality.astype(np.int32),
    } if columns is None else columns  # fmt: skip
    hdu = fits.BinTableHDU.from_columns(
        [
            fits.Column(
                name, "J" if a.dtype.kind == "i" else f"{a[0].size}D" if a.ndim > 1 else "D", array=a,
                dim=str(a.shape[1:]) if a.ndim > 1 else None, unit="e-/s" if "FLUX" in name else None,
            )
            for name, a in data.items()
        ]
    )  # fmt: skip
    first = fits.PrimaryHDU()
    for header, given in (
        (first.header, {"TELESCOP": "Kepler", "MISSION": "Kepler", "OBJECT": "KIC 8462852", "KEPLERID": 8462852,
                        "RA_OBJ": 301.56, "DEC_OBJ": 44.46, "OBSMODE": "long cadence", **(primary or {})}),
        (hdu.header, {"BJDREFI": 2454833, "BJDREFF": 0.0, "TIMESYS": "TDB", "TIMEREF": "SOLARSYSTEM", **(table or {})}),
    ):  # fmt: skip
        for key, value in given.items():
            if value is not None:
                header[key] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([first, hdu]).writeto(path, overwrite=True)
    return path


def test_a_file_states_star_place_clock_and_unit(tmp_path: Path) -> None:
    curve = one(mission_file(tmp_path / "a.fits"), tmp_path / "s")
    assert (curve.object_id, curve.ra, curve.dec) == ("KIC 8462852", 301.56, 44.46)
    assert (curve.kind, curve.unit, curve.bands) == ("flux", "electron / s", ("Kepler",))
    assert curve.clock == Clock("bkjd", "tdb", "barycentric")
    assert curve.time[0] == 2454833 + 100
    assert curve.value[0] == 1000


def test_flags_mark_rows_and_an_impulsive_outlier_is_not_left_out(tmp_path: Path) -> None:
    quality = np.array([0, 128, 1, 2048, 2048 | 4, 16384, 1048576, 65536, 32768, 0])
    curve = one(mission_file(tmp_path / "a.fits", quality=quality), tmp_path / "s")
    assert curve.usable.tolist() == [True, True, False, True, False, False, False, False, True, True]
    assert curve.mask[3] == Mask.IMPULSIVE
    assert curve.mask[4] == Mask.IMPULSIVE | Mask.QUALITY


def test_the_bits_are_lightkurves_default_but_for_the_outliers() -> None:
    from lightkurve.utils import KeplerQualityFlags, TessQualityFlags

    assert BAD_BITS["Kepler"] == KeplerQualityFlags.DEFAULT_BITMASK & ~IMPULSIVE_BITS["Kepler"]
    assert BAD_BITS["TESS"] == TessQualityFlags.DEFAULT_BITMASK & ~IMPULSIVE_BITS["TESS"]
    assert KeplerQualityFlags.STRINGS[IMPULSIVE_BITS["Kepler"]] == "Impulsive outlier"
    assert TessQualityFlags.STRINGS[IMPULSIVE_BITS["TESS"]] == "Impulsive outlier"


def test_the_files_of_one_star_are_stitched_in_time_order_without_jumps(tmp_path: Path) -> None:
    for name, quarter in (("z.fits", 1), ("a.fits", 2), ("m.fits", 3)):
        mission_file(tmp_path / "d" / name, quarter=quarter)
    curve = one(tmp_path / "d", tmp_path / "s")
    assert len(curve) == 30
    assert np.all(np.diff(curve.time) > 0)
    np.testing.assert_allclose(curve.value, 1.0)
    np.testing.assert_allclose(curve.error[[0, 10, 20]], [0.01, 0.005, 10 / 3000])
    assert curve.unit == ""
    assert [Path(s).name for s in curve.source.split(";")] == ["z.fits", "a.fits", "m.fits"]


def test_files_with_a_level_of_no_meaning_are_not_divided_by_it(tmp_path: Path) -> None:
    mission_file(tmp_path / "d/a.fits", quarter=1)
    mission_file(tmp_path / "d/b.fits", quarter=2, flux=np.full(10, -3.0))
    curve = one(tmp_path / "d", tmp_path / "s")
    assert curve.unit == "electron / s"
    assert curve.value.min() == -3.0


def test_other_pipelines_cadences_and_stars_stay_apart(tmp_path: Path) -> None:
    mission_file(tmp_path / "d/a.fits")
    mission_file(tmp_path / "d/b.fits", quarter=2, primary={"OBSMODE": "short cadence"})
    mission_file(tmp_path / "d/c.fits", quarter=3, primary={"ORIGIN": "somebody"})
    mission_file(tmp_path / "d/e.fits", quarter=3, primary={"OBJECT": "KIC 9", "KEPLERID": 9})
    curves, refused = ingest([tmp_path / "d"], tmp_path / "s")
    assert not refused
    assert sorted(c.object_id for c in curves) == ["KIC 8462852"] * 3 + ["KIC 9"]


def test_the_files_of_one_star_are_never_in_two_parts(tmp_path: Path) -> None:
    for star in (1, 2, 3):
        for quarter in (1, 2, 3):
            mission_file(tmp_path / f"d/q{quarter}/{star}.fits", quarter, primary={"OBJECT": f"KIC {star}"})
    planned = plan([str(tmp_path / "d")], IngestOptions(chunk_size=1), tmp_path / "s")
    assert [len(part.paths) for part in planned.parts] == [3, 3, 3]
    curves, _ = ingest([tmp_path / "d"], tmp_path / "s", IngestOptions(chunk_size=2))
    assert [len(c) for c in curves] == [30] * 3


@pytest.mark.parametrize(
    ("primary", "name"),
    [
        ({"OBJECT": "EPIC 211117077", "KEPLERID": 211117077}, "EPIC 211117077"),
        ({"OBJECT": "TIC358108509", "KEPLERID": None}, "TIC 358108509"),
        ({"OBJECT": None, "KEPLERID": 211117077, "MISSION": "K2"}, "EPIC 211117077"),
        ({"OBJECT": "3007171311355035136", "KEPLERID": None, "TICID": "443387847"}, "TIC 443387847"),
        ({"OBJECT": "V404 Cyg", "KEPLERID": None}, "V404 Cyg"),
        ({"OBJECT": None, "KEPLERID": None}, "my star"),
    ],
)
def test_a_star_has_the_name_of_its_catalog(tmp_path: Path, primary: dict[str, Any], name: str) -> None:
    assert one(mission_file(tmp_path / "my star.fits", primary=primary), tmp_path / "s").object_id == name


@pytest.mark.parametrize(
    ("table", "unit", "clock", "zero"),
    [
        ({"BJDREFI": 2457000}, None, Clock("btjd", "tdb", "barycentric"), 2457000.0),
        ({"BJDREFI": 0, "BJDREFF": 0}, None, Clock("jd", "tdb", "barycentric"), 0.0),
        ({"BJDREFI": 2454000}, None, Clock("jd", "tdb", "barycentric"), 2454000.0),
        ({"BJDREFI": None, "TIMESYS": None, "TIMEREF": None}, "BJD - 2454833",
         Clock("bkjd", "unknown", "barycentric"), 2454833.0),
        ({"BJDREFI": None, "TIMESYS": None, "TIMEREF": None}, None, Clock(), 0.0),
    ],
)  # fmt: skip
def test_the_clock_is_what_the_headers_state(
    tmp_path: Path, table: dict[str, Any], unit: str | None, clock: Clock, zero: float
) -> None:
    path = mission_file(tmp_path / "a.fits", table=table)
    if unit:
        with fits.open(path, mode="update") as file:
            file[1].header["TUNIT1"] = unit
    curve = one(path, tmp_path / "s")
    assert curve.clock == clock
    assert curve.time[0] == zero + 100


def test_what_is_no_light_curve_has_a_reason(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.zeros((4, 4))).writeto(tmp_path / "image.fits")
    assert "no table with rows" in reason(tmp_path / "image.fits", tmp_path / "s").reason
    mission_file(tmp_path / "column.fits", columns={"TIME": np.arange(3.0), "X": np.arange(3.0)})
    assert "the columns are 1 'TIME', 2 'X'" in reason(tmp_path / "column.fits", tmp_path / "s").reason
    mission_file(tmp_path / "pixels.fits", columns={"TIME": np.arange(3.0), "FLUX": np.ones((3, 2, 2))})
    assert "a pixel file" in reason(tmp_path / "pixels.fits", tmp_path / "s").reason
    mission_file(tmp_path / "nan.fits", flux=np.full(5, np.nan))
    assert reason(tmp_path / "nan.fits", tmp_path / "s").reason == "no finite value in 5 rows"
    mission_file(tmp_path / "flagged.fits", quality=np.full(10, 1))
    assert "10 flagged by the source" in reason(tmp_path / "flagged.fits", tmp_path / "s").reason


def test_a_cut_file_does_not_take_its_star_along(tmp_path: Path) -> None:
    for quarter in (1, 2, 3):
        mission_file(tmp_path / f"d/{quarter}.fits", quarter, flux=np.full(2000, 100.0))
    whole = (tmp_path / "d/2.fits").read_bytes()
    (tmp_path / "d/2.fits").write_bytes(whole[: len(whole) // 2])
    curves, refused = ingest([tmp_path / "d"], tmp_path / "s")
    assert [len(c) for c in curves] == [4000]
    assert [(r.object_id, r.status) for r in refused] == [("2", "failed")]


def test_a_table_by_others_is_read_by_its_column_names(tmp_path: Path) -> None:
    columns = {"HJD": 2450000.0 + np.arange(5), "MAG": 12.0 + np.arange(5) / 7, "MAG_ERR": np.full(5, 0.1)}
    primary = {"TELESCOP": "Mine", "OBJECT": "RR Lyr", "KEPLERID": None}
    table = {"BJDREFI": None, "TIMESYS": None, "TIMEREF": None}
    curve = one(mission_file(tmp_path / "a.fits", columns=columns, primary=primary, table=table), tmp_path / "s")
    assert (curve.object_id, curve.kind, curve.unit) == ("RR Lyr", "mag", "mag")
    assert curve.clock == Clock("jd", frame="heliocentric")
    assert curve.error.tolist() == [0.1] * 5


def test_the_real_quarters_of_one_star_are_one_star(tmp_path: Path) -> None:
    curves, refused = ingest([real_data("kepler")], tmp_path / "s")
    assert not refused
    by_id = {c.object_id: c for c in curves}
    assert set(by_id) == {"KIC 11442793", "KIC 9726699", "KIC 10002792", "KIC 6932990"}
    kepler_90 = by_id["KIC 11442793"]
    assert kepler_90.source.count(";") == 2
    assert kepler_90.unit == ""
    # planet h passes at BKJD 472.2 and takes 0.9 %
    inside = np.abs(kepler_90.good.time - 2454833 - 472.2) < 0.1
    outside = np.abs(np.abs(kepler_90.good.time - 2454833 - 472.2) - 1) < 0.3
    depth = np.median(kepler_90.good.value[outside]) - np.median(kepler_90.good.value[inside])
    assert 0.007 < depth < 0.011
    assert np.count_nonzero(kepler_90.mask & int(Mask.IMPULSIVE)) == 5


def test_the_real_curves_of_other_pipelines_state_their_own_clocks(tmp_path: Path) -> None:
    curves, refused = ingest([real_data("k2"), real_data("tess")], tmp_path / "s")
    assert not refused
    clocks = {(Path(c.source).name.split("-")[0][:24], c.object_id): (c.kind, c.unit, c.clock.name) for c in curves}
    assert clocks == {
        ("EPIC201367065.csv", "EPIC201367065"): ("flux", "", "unknown"),
        ("hlsp_k2sc_k2_llc_2110997", "EPIC 211099743"): ("flux", "electron / s", "BJD_TDB"),
        ("hlsp_k2varcat_k2_lightcu", "EPIC 211121743"): ("flux", "", "BJD_unknown"),
        ("ktwo211117077", "EPIC 211117077"): ("flux", "electron / s", "BJD_TDB"),
        ("ktwo211121743", "EPIC 211121743"): ("flux", "electron / s", "BJD_TDB"),
        ("hlsp_cdips_tess_ffi_gaia", "TIC 443387847"): ("mag", "mag", "BJD_TDB"),
        ("tess2018206045859", "TIC 358108509"): ("flux", "electron / s", "BJD_TDB"),
    }
    for curve in curves:
        if curve.clock.name != "unknown":
            assert 2454833 < np.nanmin(curve.time) < 2460000


def test_a_table_of_text_and_a_row_a_star_are_read_too(tmp_path: Path) -> None:
    time, mag = 2455000.0 + np.arange(8) / 3, 12 + np.sin(np.arange(8.0))
    text = fits.TableHDU.from_columns(
        [fits.Column("HJD", "F16.6", array=time), fits.Column("MAG", "F10.5", array=mag)], name="LC"
    )
    fits.HDUList([fits.PrimaryHDU(), text]).writeto(tmp_path / "text.fits")
    curve = one(tmp_path / "text.fits", tmp_path / "s")
    np.testing.assert_allclose(curve.time, time, atol=1e-6)
    np.testing.assert_allclose(curve.value, mag, atol=1e-5)

    def ragged(*pieces: NDArray[Any]) -> NDArray[np.object_]:
        cells = np.empty(len(pieces), dtype=object)
        cells[:] = pieces
        return cells

    for name, code in (("heap", "PD()"), ("wide", "4D")):
        cut = (time[:5], time[5:]) if name == "heap" else (time[:4], time[4:])
        values = (mag[:5], mag[5:]) if name == "heap" else (mag[:4], mag[4:])
        table = fits.BinTableHDU.from_columns(
            [
                fits.Column("source_id", "K", array=np.array([7, 8])),
                fits.Column("hjd", code, array=ragged(*cut) if name == "heap" else np.array(cut)),
                fits.Column("mag", code, array=ragged(*values) if name == "heap" else np.array(values)),
            ]
        )
        table.writeto(tmp_path / f"{name}.fits")
        curves, refused = ingest([tmp_path / f"{name}.fits"], tmp_path / "s")
        assert not refused
        assert [c.object_id for c in curves] == ["7", "8"]
        for curve, t, m in zip(curves, cut, values, strict=True):
            np.testing.assert_array_equal(curve.time, t)
            np.testing.assert_array_equal(curve.value, m)


def test_what_was_chosen_and_passed_over_stands_in_the_row(tmp_path: Path) -> None:
    one_file = mission_file(tmp_path / "a.fits", quarter=1, flux=np.arange(1000.0, 1010.0))
    mission_file(tmp_path / "b.fits", quarter=2, flux=np.arange(900.0, 910.0))
    (curve,), _ = ingest([one_file], tmp_path / "s")
    said = "Kepler, time 'TIME' (BJD_TDB), flux 'PDCSAP_FLUX'"
    assert curve.read_as == f"{said}; passed over 'SAP_FLUX' (second choice)"
    (curve,), _ = ingest([one_file, tmp_path / "b.fits"], tmp_path / "s")
    assert curve.read_as == f"{said}; joined 2 files; passed over 'SAP_FLUX' (second choice)"
    assert curve.kind_from == "survey"
