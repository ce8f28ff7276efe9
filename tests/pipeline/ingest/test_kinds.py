"""The kinds of wrong reading (issue 17, kinds 1 to 12), each in shapes that `reader_cases/` does not hold.

The shapes follow the surveys' own descriptions of their columns, cited where they are used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.clean import clean, why_masked
from swope.pipeline.ingest import IngestOptions, Refused
from swope.pipeline.ingest.readers import text
from swope.pipeline.ingest.said import parse_columns
from swope.pipeline.lightcurve import Clock, LightCurve, Mask
from tests.pipeline.ingest.reading import ingest, one, reason

N = 40
JD = 2455000.5 + np.cumsum(np.random.default_rng(17).uniform(0.3, 3, N)).round(4)
MAG = (14 + 0.4 * np.sin(JD)).round(3)
ERR = np.full(N, 0.02) + (np.arange(N) % 5) / 1000


def table(folder: Path, name: str, columns: dict[str, object], between: str = ",", head: str = "") -> Path:
    """A text table of columns; one value stands for all rows."""
    cells = [np.broadcast_to(np.asarray(column, dtype=object), N).astype(str) for column in columns.values()]
    lines = [between.join(columns), *(between.join(row) for row in zip(*cells, strict=True))]
    path = folder / name
    path.write_text(head + "\n".join(lines) + "\n")
    return path


def headerless(folder: Path, *columns: object) -> Path:
    cells = [np.broadcast_to(np.asarray(column, dtype=object), N).astype(str) for column in columns]
    path = folder / "x.dat"
    path.write_text("\n".join(" ".join(row) for row in zip(*cells, strict=True)) + "\n")
    return path


def read(path: Path, **options: object) -> LightCurve:
    return one(path, path.parent / "scratch", IngestOptions(**options))  # type: ignore[arg-type]


def refused(path: Path, **options: object) -> Refused:
    return reason(path, path.parent / "scratch", IngestOptions(**options))  # type: ignore[arg-type]


def is_the_star(curve: LightCurve) -> bool:
    good = clean(curve).good
    return np.allclose(good.value, MAG, atol=2e-3) and np.allclose(good.time, JD, atol=1e-4)


# 1: a column is chosen by what is in it


def test_a_barycentric_column_that_is_nearly_empty_gives_way_to_a_full_one(tmp_path: Path) -> None:
    bjd = np.where(np.arange(N) < 3, JD, np.nan)
    curve = read(table(tmp_path, "x.csv", {"BJD_TDB": bjd, "MJD": JD - 2400000.5, "mag": MAG, "err": ERR}))
    assert is_the_star(curve)
    assert curve.clock == Clock("mjd")
    assert "'BJD_TDB' (filled in 3 of 40 rows)" in curve.read_as


def test_an_exposures_start_and_length_give_way_to_its_middle(tmp_path: Path) -> None:
    columns = {"exptime": 30.0, "jd_start": JD - 0.01, "jd_mid": JD, "mag": MAG, "mag_err": ERR}
    curve = read(table(tmp_path, "x.csv", columns))
    assert is_the_star(curve)
    assert "'jd_start'" in curve.read_as


def test_catalogue_magnitudes_that_do_not_vary_are_passed_over(tmp_path: Path) -> None:
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "Vmag": 14.02, "Rmag": MAG, "e_Rmag": ERR, "Kmag": 12.5}))
    assert is_the_star(curve)
    assert curve.bands == ("R",)
    assert "'Vmag' (a constant)" in curve.read_as


@pytest.mark.parametrize("name", ["MJD", "HJD", "time [h]"])
def test_an_hour_of_the_day_is_not_preferred_to_a_doubtful_clock(tmp_path: Path, name: str) -> None:
    hours = np.random.default_rng(5).uniform(0, 24, N).round(3)
    numbers = JD - JD[0] if "[h]" in name else JD - (0 if name == "MJD" else 2450000)
    curve = read(table(tmp_path, "x.csv", {"Time": hours, name: numbers * (24 if "[h]" in name else 1), "mag": MAG}))
    np.testing.assert_allclose(curve.time, numbers, atol=1e-6)
    assert curve.clock == Clock()
    assert ("contradict it" in curve.caution) == ("[h]" not in name)


def test_two_columns_that_may_both_be_the_time_are_a_caution(tmp_path: Path) -> None:
    curve = read(table(tmp_path, "x.csv", {"t": JD - JD[0], "time": np.arange(N) ** 2 * 0.7, "mag": MAG}))
    assert "may be it too" in curve.caution


# 2: what a headerless table's columns cannot be


@pytest.mark.parametrize(
    "before",
    [(np.arange(N) % 3,), (np.arange(1, N + 1),), (np.arange(N), np.arange(N) % 4), (7.25,), ("cam1",)],
    ids=["a camera", "an index from 1", "an index and a camera", "a constant", "words"],
)
def test_what_cannot_be_time_stands_before_the_dates(tmp_path: Path, before: tuple[object, ...]) -> None:
    assert is_the_star(read(headerless(tmp_path, *before, JD, MAG, ERR)))


def test_a_second_date_or_a_constant_is_no_brightness(tmp_path: Path) -> None:
    assert is_the_star(read(headerless(tmp_path, JD, JD + 0.003, MAG, ERR)))
    assert is_the_star(read(headerless(tmp_path, JD, 30.0, MAG, ERR)))


def test_dates_after_something_unknown_are_refused_with_the_words_to_say(tmp_path: Path) -> None:
    path = headerless(tmp_path, MAG, ERR, JD)
    said = refused(path).reason
    assert "column 3 looks like the time, and what column 1 is nobody says" in said
    assert "--columns time=1,mag=2" in said
    assert is_the_star(read(path, columns=parse_columns("time=3,mag=1,mag_err=2")))


def test_columns_may_be_said_by_name_and_not_by_one_that_is_not_there(tmp_path: Path) -> None:
    path = table(tmp_path, "x.csv", {"when": JD, "how bright": MAG, "give or take": ERR})
    assert "no time column" in refused(path).reason
    said = parse_columns("time=when,mag=how bright,mag_err=3")
    assert is_the_star(read(path, columns=said))
    assert "no column tomorrow" in refused(path, columns=parse_columns("time=tomorrow,mag=2")).reason


@pytest.mark.parametrize("text", ["time", "time=", "tide=2", "time=1,time=2", "", "=3"])
def test_columns_that_cannot_be_meant_are_a_message(text: str) -> None:
    with pytest.raises(ValueError, match="--columns"):
        parse_columns(text)


# 3: several stars in one table


def doubled(folder: Path, name: str, ids: tuple[str, str]) -> Path:
    columns = {name: np.where(np.arange(N) < N // 2, *ids), "jd": JD, "mag": MAG, "err": ERR}
    return table(folder, "x.csv", columns)


@pytest.mark.parametrize(
    "name",
    [
        "MasterID",
        "asas_sn_id",
        "SNID",
        "TIC",
        "KIC",
        "gaia_source_id",
        "objID",
        "STAR_NAME",
        "diaObjectId",
        "designation",
    ],
)
def test_the_fields_names_of_a_stars_column_are_known(tmp_path: Path, name: str) -> None:
    curves, no = ingest([doubled(tmp_path, name, ("123", "456"))], tmp_path / "s")
    assert not no
    assert [curve.object_id for curve in curves] == ["123", "456"]


@pytest.mark.parametrize("name", ["wise_src_identifier", "EB_name", "cvso_id", "my star"])
def test_an_unknown_column_with_several_names_is_refused(tmp_path: Path, name: str) -> None:
    path = doubled(tmp_path, name, ("p", "q"))
    said = refused(path).reason
    assert "2 different values" in said
    assert "--columns id=1" in said
    curves, _ = ingest([path], tmp_path / "s", IngestOptions(columns=parse_columns(f"id={name}")))
    assert [curve.object_id for curve in curves] == ["p", "q"]
    assert is_the_star(read(path, columns=parse_columns("id=none")))


def test_one_time_with_many_values_in_one_band_is_several_stars(tmp_path: Path) -> None:
    path = table(tmp_path, "x.csv", {"jd": np.repeat(JD[: N // 2], 2), "mag": MAG, "err": ERR})
    assert "most times have several values in one band" in refused(path).reason


# 5: difference photometry


def test_a_difference_with_sign_and_reference_is_the_stars_magnitude(tmp_path: Path) -> None:
    # ZTF alert schema: magpsf of the difference, isdiffpos its sign, magnr the reference's magnitude (Lasair, Fink)
    reference = 14.0
    flux = 10 ** (-0.4 * MAG) - 10 ** (-0.4 * reference)
    columns = {
        "oid": "ZTF20a",
        "jd": JD,
        "fid": 2,
        "magpsf": -2.5 * np.log10(np.abs(flux)),
        "sigmapsf": ERR,
        "magnr": reference,
        "isdiffpos": np.where(flux > 0, "t", "f"),
    }
    curve = read(table(tmp_path, "x.csv", columns))
    assert is_the_star(curve)
    assert (curve.kind, curve.bands) == ("mag", ("r",))


def test_a_difference_without_reference_is_a_flux_with_its_sign(tmp_path: Path) -> None:
    sign = np.where(np.arange(N) % 2, 1, -1)
    columns = {"oid": "ZTF20a", "mjd": JD - 2400000.5, "fid": 1, "magpsf": MAG, "sigmapsf": ERR, "isdiffpos": sign}
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.kind, curve.unit, curve.bands) == ("flux", "uJy", ("g",))
    np.testing.assert_allclose(curve.value, sign * 3.631e9 * 10 ** (-0.4 * MAG))
    np.testing.assert_allclose(curve.error, np.abs(curve.value) * ERR * np.log(10) / 2.5)


def test_fluxes_with_a_zero_point_a_row_are_brought_to_one(tmp_path: Path) -> None:
    # sncosmo: zp is the magnitude of flux 1, in the system zpsys
    flux, zp = 100 + 10 * np.sin(JD), np.where(np.arange(N) % 2, 25.0, 27.5)
    scale = 10 ** (0.4 * (zp - 25))
    columns = {"time": JD - 2400000.5, "band": "sdssg", "flux": flux * scale, "fluxerr": scale, "zp": zp, "zpsys": "ab"}
    curve = read(table(tmp_path, "x.csv", columns))
    np.testing.assert_allclose(curve.value, flux)
    np.testing.assert_allclose(curve.error, 1)


# 6: flags, bands and ids in any container


@pytest.mark.parametrize("way", ["whole", "staged"])
def test_ztf_flags_and_filters_by_number_are_known_and_its_oids_joined_by_position(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "staged":
        monkeypatch.setattr(text, "WHOLE_BYTES_OF_MANY", 0)
    # ZTF public data release notes, section 9: catflags with bit 15 are to be discarded; oid is a star in one filter
    columns = {
        "oid": np.where(np.arange(N) % 2, "700110", "700210"),
        "hjd": JD,
        "mag": MAG,
        "magerr": ERR,
        "catflags": np.where(np.arange(N) == 5, 32768, np.arange(N) % 2),
        "fid": np.arange(N) % 2 + 1,
        "ra": 150.1 + np.arange(N) % 2 * 1e-5,
        "dec": 2.2,
    }
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.object_id, curve.bands, len(curve)) == ("700110", ("g", "r"), N)
    assert np.count_nonzero(curve.mask) == 1
    assert curve.clock == Clock("jd", frame="heliocentric")
    apart = read_all(table(tmp_path, "y.csv", columns | {"ra": 150.1 + np.arange(N) % 2 * 1e-3}))
    assert [star.object_id for star in apart] == ["700110", "700210"]


def read_all(path: Path) -> list[LightCurve]:
    curves, no = ingest([path], path.parent / "scratch")
    assert not no
    return curves


def test_wide_columns_with_quality_in_an_ipac_table_are_bands(tmp_path: Path) -> None:
    # NEOWISE explanatory supplement, II.2.a: w1mpro +- w1sigmpro, w2mpro +- w2sigmpro; qual_frame 0 is a bad frame
    names = ("mjd", "w1mpro", "w1sigmpro", "w2mpro", "w2sigmpro", "qual_frame")
    lines = [
        "|" + "|".join(f"{name:>14}" for name in names) + "|",
        "|" + "|".join(f"{'double':>14}" for _ in names) + "|",
    ]
    for i in range(N):
        row = (JD[i] - 2400000.5, MAG[i], ERR[i], "null" if i == 3 else MAG[i] - 0.3, "null" if i == 3 else ERR[i])
        lines.append(" " + " ".join(f"{cell!s:>14.14}" for cell in (*row, 0 if i == 7 else 10)))
    (tmp_path / "x.tbl").write_text("\n".join(lines) + "\n")
    curve = read(tmp_path / "x.tbl")
    assert (curve.bands, curve.kind, len(curve)) == (("W1", "W2"), "mag", 2 * N - 1)
    assert np.count_nonzero(curve.mask & int(Mask.QUALITY)) == 2


@pytest.mark.parametrize(
    ("flag", "words", "bad"),
    [
        ("rejected", ("true", "false"), "true"),
        ("dq", (0, 4), 4),
        ("good", (1, 0), 0),
        ("is_outlier", ("N", "Y"), "Y"),
        ("GRADE", ("A", "D"), "D"),
        ("Quality", ("G", "B"), "B"),
        ("isvalid", ("True", "False"), "False"),
        ("bad_phot", ("A", "D"), "D"),
        ("badness", (0, 2), 2),
        ("IsSaturated", ("False", "True"), "True"),
    ],
)
def test_flags_by_other_names_leave_rows_out(
    tmp_path: Path, flag: str, words: tuple[object, object], bad: object
) -> None:
    other = words[0] if words[1] == bad else words[1]
    marks = np.where(np.arange(N) % 8 == 3, str(bad), str(other))
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, "err": ERR, flag: marks}))
    assert np.flatnonzero(curve.mask).tolist() == np.flatnonzero(marks == str(bad)).tolist()


def test_a_flag_whose_words_nobody_knows_is_a_caution(tmp_path: Path) -> None:
    columns = {"jd": JD, "mag": MAG, "err": ERR, "quality": np.where(np.arange(N) % 2, "alpha", "omega")}
    curve = read(table(tmp_path, "x.csv", columns))
    assert not curve.mask.any()
    assert "'quality', whose words 'alpha', 'omega' are not known" in curve.caution
    columns = {"jd": JD, "mag": MAG, "err": ERR, "sky_flag_bits": np.arange(N) % 2}
    assert "'sky_flag_bits', a flag whose meaning is not known" in read(table(tmp_path, "y.csv", columns)).caution


def test_bands_by_number_are_the_surveys(tmp_path: Path) -> None:
    # PLAsTiCC (arXiv:1810.00001): passband 0 to 5 is ugrizy
    # Pan-STARRS1 (Flewelling et al. 2020, ApJS 251, 7): filterID 1 to 5 is grizy
    flux = 1000 + 50 * np.sin(JD)
    columns = {"object_id": 615, "mjd": JD - 2400000.5, "passband": np.arange(N) % 6, "flux": flux, "flux_err": 5.0}
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.object_id, curve.bands, curve.kind) == ("615", ("g", "i", "r", "u", "y", "z"), "flux")
    columns = {
        "objID": 1,
        "filterID": np.arange(N) % 5 + 1,
        "obsTime": JD - 2400000.5,
        "psfFlux": flux / 1e6,
        "psfFluxErr": 1e-6,
        "psfQfPerfect": np.where(np.arange(N) == 9, 0.2, 0.99),
    }
    curve = read(table(tmp_path, "y.csv", columns))
    assert (curve.bands, curve.unit, curve.clock) == (("g", "i", "r", "y", "z"), "Jy", Clock("mjd", "tai"))
    assert np.flatnonzero(curve.mask).tolist() == [9]


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


@pytest.mark.parametrize("filler", [-999, -99999.0, 999999, -9999])
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
