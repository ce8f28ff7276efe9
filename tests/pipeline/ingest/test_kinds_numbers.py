"""The kinds of wrong reading (issue 17): units, clocks, fillers, limits, magnitude or flux, formats in daily use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.clean import clean, why_masked
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.star import ERR, JD, MAG, N, headerless, is_the_star, read, read_all, refused, table

# 7: units and clocks


@pytest.mark.parametrize(
    ("name", "numbers", "clock"),
    [
        ("HJD (+2400000)", JD - 2400000, Clock("jd-2400000", frame="heliocentric")),
        ("BJD_TDB-2454833", JD - 2454833, Clock("bkjd", "tdb", "barycentric")),
        ("RJD", JD - 2400000, Clock("jd-2400000")),
        ("TJD", JD - 2440000.5, Clock("jd")),
        ("BJD - 2.45e6", JD - 2450000, Clock("jd-2450000", frame="barycentric")),
        ("MJD-50000", JD - 2450000.5, Clock("jd")),
        ("expMidptMJD", JD - 2400000.5, Clock("mjd")),
        ("Time (BJD_TDB)", JD, Clock("jd", "tdb", "barycentric")),
        ("HJD_UTC", JD, Clock("jd", "utc", "heliocentric")),
    ],
)
def test_the_zero_point_in_a_name_is_added(tmp_path: Path, name: str, numbers: np.ndarray, clock: Clock) -> None:
    curve = read(table(tmp_path, "x.csv", {name: numbers.round(5), "mag": MAG, "err": ERR}))
    assert is_the_star(curve)
    assert curve.clock == clock
    assert not curve.caution


@pytest.mark.parametrize(
    ("name", "unit"), [("time [s]", 86400.0), ("t (h)", 24.0), ("time_min", 1440.0), ("Time (years)", 1 / 365.25)]
)
def test_a_stated_unit_of_time_is_honoured(tmp_path: Path, name: str, unit: float) -> None:
    days = JD - JD[0]
    curve = read(table(tmp_path, "x.csv", {name: [f"{t:.9f}" for t in days * unit], "mag": MAG, "err": ERR}))
    np.testing.assert_allclose(curve.time, days, atol=1e-5)
    assert curve.clock == Clock()


def test_superwasp_and_corot_count_from_their_own_zeros(tmp_path: Path) -> None:
    # Butters et al. 2010 (A&A 520, L10): TMID in seconds from 2004-01-01T00:00; CoRoT N2: days from 2000-01-01T12:00
    flux = 100 + np.sin(JD)
    columns = {"TMID": ((JD - 2453005.5) * 86400).round(1), "TAMFLUX2": flux, "TAMFLUX2_ERR": 0.2, "FLAG": 0}
    curve = read(table(tmp_path, "x.csv", columns))
    np.testing.assert_allclose(curve.time, JD, atol=1e-5)
    assert curve.clock == Clock("jd", "utc", "heliocentric")
    columns = {
        "DATEJD": JD - 2451545,
        "DATEHEL": JD - 2451545 + 0.001,
        "WHITEFLUX": flux,
        "WHITEFLUXDEV": 0.1,
        "STATUS": 0,
    }
    curve = read(table(tmp_path, "y.csv", columns))
    np.testing.assert_allclose(curve.time, JD + 0.001, atol=1e-6)
    assert curve.clock.frame == "heliocentric"


def test_dates_in_words_are_times(tmp_path: Path) -> None:
    stamps = np.datetime64("2010-01-01T12:00:00") + (np.arange(N) * 5000).astype("timedelta64[s]")
    days = 2455198.0 + np.arange(N) * 5000 / 86400
    for name, columns in {
        "a.csv": {"Date": stamps.astype(str)},
        "b.csv": {"DATE-OBS": [str(stamp).replace("T", " ") + ".000" for stamp in stamps]},
        "c.csv": {"date": [str(s)[:10] for s in stamps], "time": [str(s)[11:] for s in stamps]},
        "d.csv": {"Date": [f"{str(s)[:10]}.{int(f * 1e6):06d}" for s, f in zip(stamps, (days + 0.5) % 1, strict=True)]},
    }.items():
        curve = read(table(tmp_path, name, {**columns, "mag": MAG, "err": ERR}))
        np.testing.assert_allclose(curve.time, days, atol=2e-6)
        assert curve.clock.format == "jd"


def test_times_in_two_parts_are_added(tmp_path: Path) -> None:
    columns = {"jd1": np.floor(JD), "jd2": (JD % 1).round(6), "mag": MAG, "err": ERR}
    assert is_the_star(read(table(tmp_path, "x.csv", columns)))


def test_astropys_own_tables_keep_their_clock(tmp_path: Path) -> None:
    from astropy import units as u
    from astropy.table import QTable
    from astropy.time import Time

    made = QTable({"time": Time(JD, format="jd", scale="tdb"), "flux": np.sin(JD) * u.Jy, "flux_err": ERR * u.Jy})
    made.write(tmp_path / "x.ecsv", serialize_method="jd1_jd2")
    curve = read(tmp_path / "x.ecsv")
    np.testing.assert_allclose(curve.time, JD, atol=1e-9)
    assert (curve.clock, curve.kind, curve.unit) == (Clock("jd", "tdb"), "flux", "Jy")


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("MJD", JD - 2450000), ("BTJD", JD - 2400000.5), ("HJD-2450000", JD - 2400000), ("BJD", JD - 2457000)],
)
def test_a_clock_that_the_numbers_contradict_is_unknown(tmp_path: Path, name: str, numbers: np.ndarray) -> None:
    curve = read(table(tmp_path, "x.csv", {name: numbers, "mag": MAG, "err": ERR}))
    assert curve.clock == Clock()
    np.testing.assert_allclose(curve.time, numbers)
    assert "contradict it" in curve.caution


# 8: fillers and limits


@pytest.mark.parametrize("filler", [99.99, 29.999, -999, 0, 32.999, -9.99])
def test_sentinel_magnitudes_are_left_out_with_a_count(tmp_path: Path, filler: float) -> None:
    mags = np.where(np.arange(N) % 9 == 4, filler, MAG)
    curve = clean(read(table(tmp_path, "x.csv", {"jd": JD, "mag": mags, "err": ERR})))
    assert len(curve.good) == N - np.count_nonzero(mags == filler)
    assert why_masked(curve) == f"{np.count_nonzero(mags == filler)} without a time or a value"


@pytest.mark.parametrize("faint", [19.0, 19.9, 18.99, 19])
def test_a_faint_moment_is_no_filler(tmp_path: Path, faint: float) -> None:
    mags = np.where(np.arange(N) == 4, faint, MAG)
    curve = clean(read(table(tmp_path, "x.csv", {"jd": JD, "mag": mags, "err": ERR})))
    assert len(curve.good) == N


def test_nines_among_thousandths_of_magnitudes_are_left_out(tmp_path: Path) -> None:
    filler = np.arange(N) % 6 == 5
    columns = {"jd": JD, "mag [mmag]": np.where(filler, 9999, ((MAG - 4) * 1000).round()), "err [mmag]": 20}
    curve = clean(read(table(tmp_path, "x.csv", columns)))
    np.testing.assert_array_equal(curve.usable, ~filler)


@pytest.mark.parametrize("filler", [-999, -99999.0, 999999, -9999, -99.0, 99.999])
def test_a_flux_of_nines_again_and_again_is_left_out(tmp_path: Path, filler: float) -> None:
    flux = np.where(np.arange(N) % 9 == 4, filler, 20000 * np.sin(JD))
    curve = clean(read(table(tmp_path, "x.csv", {"jd": JD, "flux": flux, "flux_err": 5 + ERR})))
    assert len(curve.good) == N - np.count_nonzero(flux == filler)


@pytest.mark.parametrize("filler", [-999, 99.999, 0, 9.99, -1])
def test_an_error_that_is_one_filler_is_none(tmp_path: Path, filler: float) -> None:
    curve = clean(read(table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, "err": filler})))
    assert len(curve.good) == N
    assert np.isnan(curve.error).all()


@pytest.mark.parametrize("sign", ["<", ">", "> "])
def test_upper_limits_are_kept_and_left_out(tmp_path: Path, sign: str) -> None:
    # AAVSO writes <14.5, ASAS-SN's first Sky Patrol >17.3 with an error of 99.990
    limit = np.arange(N) % 6 == 1
    mags = [f"{sign}{m}" if is_limit else str(m) for m, is_limit in zip(MAG, limit, strict=True)]
    errors = np.where(limit, 99.990, ERR)
    curve = clean(read(table(tmp_path, "x.csv", {"hjd": JD, "camera": "be", "mag": mags, "mag_err": errors})))
    assert np.count_nonzero(curve.mask & int(Mask.LIMIT)) == limit.sum()
    assert why_masked(curve) == f"{limit.sum()} upper limits"
    np.testing.assert_array_equal(np.sort(curve.value), np.sort(MAG))


def test_more_than_half_left_out_is_a_caution(tmp_path: Path) -> None:
    columns = {"jd": JD, "mag": MAG, "err": ERR, "flag": (np.arange(N) % 3 > 0).astype(int)}
    curve = clean(read(table(tmp_path, "x.csv", columns)))
    assert "26 of 40 rows left out: 26 flagged by the source" in curve.caution


# 10: magnitude or flux


@pytest.mark.parametrize(("name", "unit"), [("Vmag", ""), ("Magnitude", ""), ("value", "mag"), ("delta_mag", "")])
def test_bright_and_differential_magnitudes_are_magnitudes_by_name_or_unit(
    tmp_path: Path, name: str, unit: str
) -> None:
    from astropy.table import Table

    for level in (0.5, -1.2):
        made = Table({"jd": JD, name: MAG - 14 + level}, units={name: unit} if unit else None)
        made.write(tmp_path / "x.ecsv", overwrite=True)
        curve = read(tmp_path / "x.ecsv")
        assert (curve.kind, curve.kind_from) == ("mag", "unit" if unit else "name")


@pytest.mark.parametrize("error", ["e_mag", "s_mag", "magerr", "sigma_mag"])
def test_an_error_is_no_brightness_whatever_it_is_called(tmp_path: Path, error: str) -> None:
    curve = read(table(tmp_path, "x.csv", {error: ERR, "bjd_tdb": JD, "flux_jy": 10 ** (-0.4 * MAG)}))
    assert curve.kind == "flux"
    assert "'flux_jy'" in curve.read_as
    doubtful = table(tmp_path, "y.csv", {"dmag": ERR, "bjd_tdb": JD, "flux_jy": 10 ** (-0.4 * MAG)})
    assert "several columns may be the brightness: 'dmag', 'flux_jy'" in refused(doubtful).reason
    assert read(doubtful, kind="flux").kind == "flux"


def test_a_name_that_says_nothing_leaves_magnitudes_doubtful(tmp_path: Path) -> None:
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "y": MAG}))
    assert (curve.kind, curve.kind_from) == ("mag", "file")
    assert "'y' was taken for magnitudes by its numbers alone" in curve.caution


def test_values_that_may_be_either_are_refused_until_the_user_says(tmp_path: Path) -> None:
    path = headerless(tmp_path, JD, MAG - 13.5, ERR)
    assert "--kind mag or --kind flux" in refused(path).reason
    assert read(path, kind="mag").kind_from == "user"
    assert read(headerless(tmp_path, JD, 1 + 0.01 * np.sin(JD))).kind == "flux"
    assert read(headerless(tmp_path, JD, MAG - 16, ERR)).kind == "mag"


# 12: formats in daily use


def test_a_nested_votable_gives_its_rows(tmp_path: Path) -> None:
    # Gaia DR3 documentation, 20.7.1: epoch photometry of one source a row, arrays in the cells
    cells = "".join(
        f"<TD>{' '.join(map(str, column))}</TD>" for column in ((JD - 2455197.5).round(5), MAG, np.zeros(N, dtype=int))
    )
    (tmp_path / "x.vot").write_text(
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>'
        '<FIELD name="source_id" datatype="long"/>'
        '<FIELD name="g_transit_time" datatype="double" arraysize="*" unit="d"/>'
        '<FIELD name="g_transit_mag" datatype="double" arraysize="*" unit="mag"/>'
        '<FIELD name="variability_flag_g_reject" datatype="int" arraysize="*"/>'
        f"<DATA><TABLEDATA><TR><TD>42</TD>{cells}</TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    curve = read(tmp_path / "x.vot")
    assert is_the_star(curve)
    assert (curve.object_id, curve.bands) == ("42", ("G",))
    assert curve.clock == Clock("jd", "tcb", "barycentric")


def test_machos_two_bands_and_daschs_plates_are_read(tmp_path: Path) -> None:
    # Alcock et al. 1999 (PASP 111, 1539): red and blue magnitudes side by side, -99 where there is none
    columns = {
        "mjd": JD - 2400000.5,
        "Rmag": MAG,
        "Rerr": ERR,
        "Bmag": np.where(np.arange(N) == 2, -99.0, MAG + 0.4),
        "Berr": ERR,
    }
    curve = clean(read(table(tmp_path, "x.csv", columns)))
    assert (curve.bands, len(curve), len(curve.good)) == (("B", "R"), 2 * N, 2 * N - 1)
    columns = {"date_jd": JD, "magcal_magdep": MAG, "magcal_magdep_rms": ERR, "limiting_mag_local": 15.0, "aflags": 0}
    assert is_the_star(read(table(tmp_path, "y.csv", columns)))


def test_two_supernovae_in_snanas_text_are_two(tmp_path: Path) -> None:
    rows = "".join(f"OBS: {t - 2400000.5:.4f} g {100 + i} 5.0\n" for i, t in enumerate(JD[:9]))
    text = f"SNID: {{}}\nRA: 9.2 deg\nDECL: -44.9 deg\nNVAR: 4\nVARLIST: MJD FLT FLUXCAL FLUXCALERR\n{rows}END:\n"
    (tmp_path / "x.dat").write_text(text.format("a") + text.format("b"))
    curves = read_all(tmp_path / "x.dat")
    assert [(c.object_id, len(c), c.kind, c.bands) for c in curves] == [
        ("a", 9, "flux", ("g",)),
        ("b", 9, "flux", ("g",)),
    ]
    assert (curves[0].ra, curves[0].dec) == (9.2, -44.9)
