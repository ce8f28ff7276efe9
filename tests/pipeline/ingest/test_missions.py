"""What each mission and pipeline means by its columns; lightkurve is the oracle for Kepler's, K2's and TESS's files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swope.pipeline.ingest import IngestOptions
from swope.pipeline.lightcurve import Clock, LightCurve, Mask
from tests.pipeline.ingest.reading import ingest, one, reason
from tests.pipeline.ingest.test_fits import mission_file
from tests.real_data import real_data

N = 12
RISING = np.linspace(1.0, 2.0, N)
TESS = {"TELESCOP": "TESS", "MISSION": None, "OBJECT": "TIC 1", "KEPLERID": None, "TICID": 1, "OBSMODE": None}
BTJD = {"BJDREFI": 2457000, "TIMEDEL": 0.0208}
NO_CLOCK = {"BJDREFI": None, "BJDREFF": None, "TIMESYS": None, "TIMEREF": None}


def star_of(path: Path, columns: dict[str, NDArray[Any]], primary: dict[str, Any], table: dict[str, Any]) -> LightCurve:
    return one(mission_file(path / "a.fits", columns=columns, primary=primary, table=table), path / "s")


def agrees_with_lightkurve(curve: LightCurve, path: Path) -> int:
    """Compare cadence by cadence; returns how many cadences there were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lightkurve

        theirs = lightkurve.read(str(path), quality_bitmask="default")
    # lightkurve's default leaves TESS's impulsive outliers out, and Kepler's in
    out = Mask.QUALITY | (Mask.IMPULSIVE if curve.bands == ("TESS",) else Mask(0))
    kept = np.isfinite(curve.time) & ((curve.mask & int(out)) == 0)
    np.testing.assert_allclose(curve.time[kept], theirs.time.jd, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(curve.value[kept], np.asarray(theirs.flux.value, dtype=np.float64))
    np.testing.assert_array_equal(curve.error[kept], np.asarray(theirs.flux_err.value, dtype=np.float64))
    return int(kept.sum())


@pytest.mark.parametrize("mission", ["Kepler", "TESS"])
def test_made_files_agree_with_lightkurve_cadence_by_cadence(tmp_path: Path, mission: str) -> None:
    rng = np.random.default_rng(4)
    n = 400
    quality = np.where(rng.random(n) < 0.3, 1 << rng.integers(0, 17, n), 0)
    flux = rng.normal(1000, 10, n)
    flux[rng.random(n) < 0.1] = np.nan
    time = 100 + np.arange(n) / 48
    time[rng.random(n) < 0.05] = np.nan
    columns = {
        "TIME": time, "CADENCENO": np.arange(n, dtype=np.int32), "SAP_FLUX": flux + 5, "SAP_FLUX_ERR": flux / 200,
        "PDCSAP_FLUX": flux, "PDCSAP_FLUX_ERR": flux / 100,
        "SAP_QUALITY" if mission == "Kepler" else "QUALITY": quality.astype(np.int32),
    }  # fmt: skip
    creator = "1 FluxExporter2PipelineModule" if mission == "Kepler" else "1 LightCurveExporterPipelineModule"
    primary = {"CREATOR": creator, "ORIGIN": "NASA/Ames", **({} if mission == "Kepler" else TESS)}
    path = mission_file(
        tmp_path / "a.fits", columns=columns, primary=primary, table={} if mission == "Kepler" else BTJD
    )
    assert agrees_with_lightkurve(one(path, tmp_path / "s"), path) > 200


@pytest.mark.parametrize(
    "name",
    [
        *("kepler/kepler_zw229_Q7.fits", "kepler/kplr009726699-2009350155506_llc.fits"),
        *("kepler/kplr010002792-2009259160929_llc.fits", "kepler/kplr010002792-2010174085026_llc.fits"),
        *("kepler/kplr011442793-2009350155506_llc.fits", "kepler/kplr011442793-2010009091648_llc.fits"),
        *("kepler/kplr011442793-2010174085026_llc.fits", "k2/ktwo211117077-c04_llc.fits"),
        *("k2/ktwo211121743-c04_llc.fits", "tess/tess2018206045859-s0001-0000000358108509-0120-s_lc.fits"),
    ],
)
def test_real_files_agree_with_lightkurve_cadence_by_cadence(tmp_path: Path, name: str) -> None:
    path = real_data(name)
    assert agrees_with_lightkurve(one(path, tmp_path), path) > 800


def test_an_empty_column_gives_way_to_a_full_one(tmp_path: Path) -> None:
    nothing = np.full(N, np.nan)
    curve = star_of(
        tmp_path,
        {"TIME": 100 + np.arange(N), "PDCSAP_FLUX": nothing, "SAP_FLUX": RISING, "SAP_FLUX_ERR": RISING / 10},
        {},
        {},
    )
    np.testing.assert_array_equal(curve.value, RISING)
    np.testing.assert_array_equal(curve.error, RISING / 10)


def test_one_star_is_not_stitched_of_two_photometries(tmp_path: Path) -> None:
    for quarter in (1, 2, 3):
        columns = {
            "TIME": 100.0 * quarter + np.arange(N),
            "PDCSAP_FLUX": np.full(N, np.nan) if quarter == 2 else RISING,
            "SAP_FLUX": RISING[::-1].copy(),
        }
        mission_file(tmp_path / f"d/{quarter}.fits", columns=columns)
    curves, refused = ingest([tmp_path / "d"], tmp_path / "s")
    assert [len(c) for c in curves] == [2 * N]
    assert np.all(np.diff(curves[0].value[:N]) > 0)
    assert [(Path(r.source).name, r.reason) for r in refused] == [
        ("2.fits", "PDCSAP_FLUX, which the star's other files hold, is empty here")
    ]


@pytest.mark.parametrize(
    ("columns", "primary", "table", "value", "error", "bad"),
    [
        # QLP, sectors 1 to 55, and from 56
        ({"SAP_FLUX": -RISING, "KSPSAP_FLUX": RISING, "KSPSAP_FLUX_ERR": RISING / 9, "QUALITY": 1}, TESS, BTJD,
         RISING, RISING / 9, True),
        ({"SAP_FLUX": -RISING, "DET_FLUX": RISING, "DET_FLUX_ERR": RISING / 9, "QUALITY": 64}, TESS, BTJD,
         RISING, RISING / 9, False),
        # TESS-SPOC full-frame images: a flag that the default mask keeps
        ({"SAP_FLUX": -RISING, "PDCSAP_FLUX": RISING, "QUALITY": 4096}, TESS, BTJD, RISING, np.nan, False),
        # eleanor: the errors are those of the raw flux
        ({"RAW_FLUX": 4 * RISING, "FLUX_ERR": RISING, "CORR_FLUX": 2 * RISING, "PCA_FLUX": -RISING, "QUALITY": 128},
         TESS, BTJD, 2 * RISING, RISING / 2, True),
        # TGLC: one error for all, in the header
        ({"psf_flux": -RISING, "cal_psf_flux": RISING, "cal_aper_flux": -RISING, "TESS_flags": 0, "TGLC_flags": 1},
         TESS, {**BTJD, "CPSF_ERR": 0.008}, RISING, 0.008, True),
        ({"psf_flux": -RISING, "cal_psf_flux": RISING, "TESS_flags": 4096, "TGLC_flags": 0}, TESS, BTJD,
         RISING, np.nan, False),
        # TASOC: parts per million about zero
        ({"FLUX_RAW": -RISING, "FLUX_CORR": 1e3 * RISING, "FLUX_CORR_ERR": 10 * RISING, "QUALITY": 0}, TESS, BTJD,
         1 + 1e-3 * RISING, 1e-5 * RISING, False),
        # PATHOS
        ({"PSF_FLUX_RAW": -RISING, "PSF_FLUX_COR": RISING, "DQUALITY": 32}, TESS, BTJD, RISING, np.nan, True),
        # K2SFF: no quality, but whether the telescope moved
        ({"FRAW": -RISING, "FCOR": RISING, "ARCLENGTH": RISING, "MOVING": 1}, {}, {}, RISING, np.nan, True),
        # EVEREST
        ({"FRAW": -RISING, "FRAW_ERR": RISING / 7, "FLUX": 3 * RISING, "FCOR": RISING, "QUALITY": 1048576}, {}, {},
         RISING, RISING / 7, True),
        # K2SC: an outlier is marked
        ({"flux": RISING, "error": RISING / 5, "quality": 0, "mflags": 0, "trtime": -RISING}, {}, {},
         RISING, RISING / 5, False),
    ],
)  # fmt: skip
def test_each_pipeline_is_read_by_its_description(
    tmp_path: Path, columns: dict[str, Any], primary: dict[str, Any], table: dict[str, Any],
    value: NDArray[np.float64], error: Any, bad: bool,
) -> None:  # fmt: skip
    flags = ("quality", "flags", "moving")
    columns = {
        name: np.where(np.arange(N) == 3, column, 0).astype(np.int32) if name.lower().endswith(flags) else column
        for name, column in columns.items()
    }
    curve = star_of(tmp_path, {"TIME": 100 + np.arange(N), **columns}, primary, table)
    np.testing.assert_allclose(curve.value, value)
    np.testing.assert_allclose(curve.error, np.broadcast_to(error, N))
    assert curve.usable.tolist() == [not (bad and i == 3) for i in range(N)]
    assert curve.clock == Clock("btjd" if primary else "bkjd", "tdb", "barycentric")


def test_corot_counts_from_2000_noon_and_its_white_flux_comes_first(tmp_path: Path) -> None:
    status = np.zeros(N, dtype=np.int32)
    status[2] = 8
    columns = {
        "DATETT": 2500.0 + np.arange(N), "DATEBARTT": 2500.5 + np.arange(N), "STATUS": status, "REDFLUX": -RISING,
        "REDFLUXDEV": RISING, "GREENFLUX": -RISING, "BLUEFLUX": -RISING, "WHITEFLUX": RISING,
    }  # fmt: skip
    primary = {"TELESCOP": "COROT", "MISSION": None, "OBJECT": None, "KEPLERID": None, "COROTID": "102708694",
               "RA_OBJ": None, "DEC_OBJ": None, "ALPHA": 100.5, "DELTA": -0.25}  # fmt: skip
    curve = star_of(tmp_path, columns, primary, NO_CLOCK)
    assert (curve.object_id, curve.ra, curve.dec) == ("CoRoT 102708694", 100.5, -0.25)
    assert curve.clock == Clock("jd", "tt", "barycentric")
    assert curve.time[0] == 2451545 + 2500.5
    np.testing.assert_array_equal(curve.value, RISING)
    assert np.flatnonzero(~curve.usable).tolist() == [2]


def test_superwasp_counts_seconds_from_2004(tmp_path: Path) -> None:
    columns = {
        "TMID": 86400.0 * (100 + np.arange(N)), "FLUX2": -RISING, "TAMFLUX2": RISING, "TAMFLUX2_ERR": RISING / 8,
        "FLAG": np.where(np.arange(N) == 5, 16, 0).astype(np.int32),
    }  # fmt: skip
    primary = {"TELESCOP": "SuperWASP", "MISSION": None, "OBJECT": "1SWASP J191645.46+474912.3", "KEPLERID": None}
    curve = star_of(tmp_path, columns, primary, NO_CLOCK)
    assert curve.object_id == "1SWASP J191645.46+474912.3"
    assert curve.clock == Clock("jd", "utc", "heliocentric")
    assert curve.time[:2].tolist() == [2453105.5, 2453106.5]
    np.testing.assert_array_equal(curve.error, RISING / 8)
    assert np.flatnonzero(~curve.usable).tolist() == [5]


def test_the_hat_surveys_give_filtered_magnitudes_and_grades(tmp_path: Path) -> None:
    from astropy.io import fits

    grades = np.array(["G"] * N)
    grades[4] = "X"
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("BJD", "D", array=2454000.0 + np.arange(N)),
            fits.Column("IM0", "D", array=RISING + 8),
            fits.Column("IE0", "D", array=RISING / 100),
            fits.Column("IQ0", "1A", array=grades),
            fits.Column("EP0", "D", array=RISING + 9),
            fits.Column("TF0", "D", array=RISING + 10),
        ]
    )
    table.writeto(tmp_path / "HAT-1.fits")
    curve = one(tmp_path / "HAT-1.fits", tmp_path / "s")
    assert (curve.kind, curve.object_id, curve.clock.name) == ("mag", "HAT-1", "BJD_unknown")
    np.testing.assert_array_equal(curve.value, RISING + 10)
    np.testing.assert_array_equal(curve.error, RISING / 100)
    assert np.flatnonzero(~curve.usable).tolist() == [4]


@pytest.mark.parametrize(
    ("table", "unit", "time", "clock"),
    [
        ({"MJDREFI": 55000, "MJDREFF": 0.25}, None, 2455000.75 + 50, Clock("jd", "tdb", "unknown")),
        ({"MJDREF": 0.0}, None, 2400000.5 + 50, Clock("mjd", "tdb", "unknown")),
        ({"JDREF": 2450000.0}, None, 2450050.0, Clock("jd-2450000", "tdb", "unknown")),
        ({"BJDREFI": 2457000}, "s", 2457000 + 50 / 86400, Clock("btjd", "tdb", "barycentric")),
        ({"BJDREFI": 2457000}, "h", 2457000 + 50 / 24, Clock("btjd", "tdb", "barycentric")),
        ({"TIMESYS": "UTC"}, "HJD - 2450000, days", 2450050.0, Clock("jd-2450000", "utc", "heliocentric")),
    ],
)  # fmt: skip
def test_zero_and_unit_of_the_times_are_taken_from_the_header(
    tmp_path: Path, table: dict[str, Any], unit: str | None, time: float, clock: Clock
) -> None:
    from astropy.io import fits

    columns = {"TIME": 50 + np.arange(N), "PDCSAP_FLUX": RISING}
    header = {**NO_CLOCK, "TIMESYS": "TDB", **table}
    path = mission_file(tmp_path / "a.fits", columns=columns, table=header)
    if unit:
        fits.setval(path, "TUNIT1", value=unit, ext=1)
    curve = one(path, tmp_path / "s")
    assert curve.clock == clock
    assert curve.time[0] == pytest.approx(time, abs=1e-9)


def test_astropys_two_part_times_are_added_up(tmp_path: Path) -> None:
    from astropy.table import Table
    from astropy.time import Time

    times = Time(2459000.5 + np.arange(N) / 7, format="jd", scale="tdb")
    Table({"time": times, "flux": RISING}).write(tmp_path / "a.fits")
    curve = one(tmp_path / "a.fits", tmp_path / "s")
    assert curve.clock == Clock("jd", "tdb", "unknown")
    np.testing.assert_allclose(curve.time, times.jd, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(curve.value, RISING)


def test_the_times_are_judged_by_what_is_in_them(tmp_path: Path) -> None:
    empty = np.full(N, np.nan)
    columns = {"TIME": empty, "BJD": 2455000.0 + np.arange(N), "FLUX": RISING}
    assert star_of(tmp_path, columns, {}, NO_CLOCK).time[0] == 2455000.0


def test_a_pixel_file_and_an_empty_one_say_so(tmp_path: Path) -> None:
    columns = {"TIME": np.arange(3.0), "FLUX": np.ones((3, 2, 2))}
    assert "a pixel file" in reason(mission_file(tmp_path / "a.fits", columns=columns), tmp_path / "s").reason
    columns = {"TIME": np.zeros(0), "FLUX": np.zeros(0)}
    assert reason(mission_file(tmp_path / "b.fits", columns=columns), tmp_path / "s").reason == "no rows"


def test_the_real_tglc_file_is_read(tmp_path: Path) -> None:
    folder = real_data("reader_cases/formats-refused")
    curve = one(next(folder.glob("hlsp_tglc*.fits")), tmp_path / "s", IngestOptions())
    assert (curve.object_id, curve.kind, curve.unit) == ("TIC 218795833", "flux", "")
    assert curve.clock == Clock("btjd", "tdb", "barycentric")
    assert len(curve) == 1093
    assert 0.9 < np.median(curve.good.value) < 1.1
    assert np.nanmax(curve.error) == pytest.approx(0.00799654745825792)
