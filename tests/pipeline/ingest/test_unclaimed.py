"""Columns that nothing names: stars one after the other, bands by their words, limits, years, millimagnitudes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.ingest.said import parse_columns
from swope.pipeline.lightcurve import Clock, Mask
from tests.pipeline.ingest.star import ERR, JD, MAG, N, headerless, is_the_star, read, refused, table

#: The second half begins anew, as another star's rows do.
TWICE = np.concatenate([JD[: N // 2], JD[: N // 2] + 0.3])


@pytest.mark.parametrize("names", [("V1", "V2"), (17, 18)], ids=["words", "numbers"])
@pytest.mark.parametrize("last", [False, True])
def test_stars_one_after_the_other_without_a_header_are_refused(
    tmp_path: Path, names: tuple[object, object], last: bool
) -> None:
    name = np.where(np.arange(N) < N // 2, *np.array(names, dtype=object))
    columns = (TWICE, MAG, ERR, name) if last else (name, TWICE, MAG, ERR)
    path = headerless(tmp_path, *columns)
    column = 4 if last else 1
    assert f"column {column} holds 2 different values, one block of rows after the other" in refused(path).reason
    assert len(read(path, columns=parse_columns("id=none"))) == N


def test_a_name_that_nobody_knows_over_stars_one_after_the_other_is_refused(tmp_path: Path) -> None:
    columns = {"variable": np.repeat(["RR Lyr", "XX Cyg"], N // 2), "jd": TWICE, "mag": MAG}
    assert "'variable' holds 2 different values" in refused(table(tmp_path, "x.csv", columns)).reason
    strays = {**columns, "variable": np.roll(columns["variable"], 2)}  # type: ignore[arg-type]
    assert "'variable' holds 2 different values" in refused(table(tmp_path, "x.csv", strays)).reason
    # a telescope that took over from another is one star's, and words that may be that are a caution
    later = read(table(tmp_path, "x.csv", {**columns, "jd": JD}))
    assert is_the_star(later)
    assert "'variable' holds 2 different words, one block of rows after the other" in later.caution
    columns["telescope"] = columns.pop("variable")
    assert not read(table(tmp_path, "y.csv", {**columns, "jd": JD})).caution
    assert len(read(table(tmp_path, "y.csv", columns))) == N


@pytest.mark.parametrize("name", ["colour", "phot_band", "filt_id", "FilterName", "what"])
def test_bands_under_any_name_are_bands(tmp_path: Path, name: str) -> None:
    bands = np.arange(N) % 2 if name == "filt_id" else np.where(np.arange(N) % 2, "V", "Ic")
    curve = read(table(tmp_path, "x.csv", {"jd": JD, name: bands, "mag": MAG, "err": ERR}))
    assert curve.bands == tuple(sorted(set(bands.astype(str))))
    assert is_the_star(curve)


def test_a_column_of_bands_says_more_than_the_name_of_the_magnitudes(tmp_path: Path) -> None:
    columns = {"jd": JD, "Vmag": MAG, "filter": np.where(np.arange(N) % 2, "g", "r")}
    assert read(table(tmp_path, "x.csv", columns)).bands == ("g", "r")
    assert read(table(tmp_path, "y.csv", {**columns, "filter": "Johnson"})).bands == ("V",)


def test_bands_without_a_header_are_bands_and_other_words_a_caution(tmp_path: Path) -> None:
    assert read(headerless(tmp_path, JD, np.where(np.arange(N) % 2, "B", "V"), MAG, ERR)).bands == ("B", "V")
    curve = read(headerless(tmp_path, JD, MAG, ERR, np.where(np.arange(N) % 2, "east", "west")))
    assert "column 4 holds words ('west', 'east', ...) that nothing explains" in curve.caution
    # good and bad are no bands
    assert read(table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, "w": np.where(np.arange(N) % 2, "G", "B")})).bands == (
        "",
    )


@pytest.mark.parametrize(
    ("name", "limit", "seen"),
    [
        ("l_Vmag", ">", ""),
        ("detected", 0, 1),
        ("is_detection", "N", "Y"),
        ("upper_limit", "yes", "no"),
        ("sign", "<", "="),
        ("det_type", "Upper Limit", "detection"),
        ("nondet", 1, 0),
    ],
)
def test_limits_by_a_column_beside_are_kept_and_left_out(
    tmp_path: Path, name: str, limit: object, seen: object
) -> None:
    # VizieR (standards for catalogues, 3.2.3): l_ before a column's name is its limit flag
    marks = np.where(np.arange(N) % 6 == 1, str(limit), str(seen))
    curve = clean(read(table(tmp_path, "x.csv", {"jd": JD, name: marks, "Vmag": MAG, "e_Vmag": ERR})))
    assert np.count_nonzero(curve.mask & int(Mask.LIMIT)) == np.count_nonzero(marks == str(limit))
    assert f"limits '{name}'" in curve.read_as


def test_a_forced_flux_of_what_was_not_detected_is_a_measurement(tmp_path: Path) -> None:
    # PLAsTiCC (arXiv:1810.00001): detected is 1 where the difference is 3 sigma off
    columns = {"mjd": JD - 2400000.5, "flux": 100 * np.sin(JD), "flux_err": 5.0, "detected": np.arange(N) % 2}
    assert not read(table(tmp_path, "x.csv", columns)).mask.any()


@pytest.mark.parametrize(("value", "error"), [("mag (mmag)", "err (mmag)"), ("mmag", "e_mmag"), ("dmag [mmag]", "err")])
def test_millimagnitudes_are_magnitudes(tmp_path: Path, value: str, error: str) -> None:
    curve = read(table(tmp_path, "x.csv", {"jd": JD, value: 1000 * (MAG - 14), error: 1000 * ERR}))
    np.testing.assert_allclose(curve.value, MAG - 14)
    np.testing.assert_allclose(curve.error, ERR)


@pytest.mark.parametrize("error", [5, 10, 20.0, 99, 250])
@pytest.mark.parametrize("name", ["e_mmag", "err (mmag)", "err"])
def test_one_error_for_all_may_be_of_thousandths(tmp_path: Path, name: str, error: float) -> None:
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "mmag": 1000 * (MAG - 14), name: error}))
    np.testing.assert_allclose(curve.error, error / 1000)
    # in whole magnitudes 20 are none
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "mmag": 1000 * (MAG - 14), "err (mag)": 20}))
    assert np.isnan(curve.error).all()


@pytest.mark.parametrize("name", ["err (%)", "flux_err_pct", "flux error [percent]"])
def test_errors_in_per_cent_are_those_of_their_fluxes(tmp_path: Path, name: str) -> None:
    flux, share = 1000 + 100 * np.sin(JD), 2 + np.cos(JD)
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "flux": flux, name: share}))
    np.testing.assert_allclose(curve.error, flux * share / 100)
    # of magnitudes they are of the light, too
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, name.replace("flux", "mag"): share}))
    np.testing.assert_allclose(curve.error, 2.5 / np.log(10) * share / 100)
    # a change in per cent has its error in per cent
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "flux (%)": flux / 10, name: share}))
    np.testing.assert_allclose(curve.error, share)


@pytest.mark.parametrize(
    "name",
    ["log_flux", "logF", "log10(flux)", "Log Flux (erg/s/cm2)", "lnflux", "flux_log", "-2.5 log(flux)", "flux (dex)"],
)
def test_the_logarithm_of_a_flux_is_no_flux(tmp_path: Path, name: str) -> None:
    columns = {"jd": JD, name: 4 + 0.1 * np.sin(JD), "err": ERR}
    assert "no value column" in refused(table(tmp_path, "x.csv", columns)).reason
    # where the flux stands beside it, that is it
    beside = read(table(tmp_path, "x.csv", {**columns, "flux": 1000 + np.sin(JD)}))
    np.testing.assert_allclose(beside.value, 1000 + np.sin(JD))


@pytest.mark.parametrize("name", ["catalog_flux", "analog flux", "prologue_flux"])
def test_a_flux_may_have_a_log_in_its_name(tmp_path: Path, name: str) -> None:
    assert read(table(tmp_path, "x.csv", {"jd": JD, name: 1000 + np.sin(JD)})).kind == "flux"


@pytest.mark.parametrize("name", ["±", "+/-", "+-"])
def test_what_stands_after_plus_and_minus_is_an_error(tmp_path: Path, name: str) -> None:
    curve = read(table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, name: ERR}))
    np.testing.assert_allclose(curve.error, ERR)
    # of two bands neither error says whose it is
    curves = table(tmp_path, "y.csv", {"jd": JD, "B": MAG, name: ERR, "V": MAG - 0.4})
    assert np.isnan(read(curves).error).all()


def test_years_are_days_where_they_are_said_and_a_caution_where_not(tmp_path: Path) -> None:
    years = 2000 + (JD - 2451545) / 365.25
    for name in ("year", "epoch [yr]", "decimal_year"):
        np.testing.assert_allclose(read(table(tmp_path, "x.csv", {name: years, "mag": MAG})).time, JD, atol=1e-5)
    assert "'epoch' may be in years" in read(table(tmp_path, "x.csv", {"epoch": years, "mag": MAG})).caution
    assert "no time column" in refused(table(tmp_path, "x.csv", {"year": 2010, "month": 1, "mag": MAG})).reason


@pytest.mark.parametrize(
    ("name", "zero", "clock"),
    [
        ("Heliocentric Julian Date", 0, Clock("jd", frame="heliocentric")),
        ("Modified Julian Date", 2400000.5, Clock("mjd")),
        ("julian_date", 0, Clock("jd")),
        ("RHJD", 2400000, Clock("jd-2400000", frame="heliocentric")),
        ("MHJD", 2400000.5, Clock("mjd", frame="heliocentric")),
        ("Barycentric JD (TDB)", 0, Clock("jd", "tdb", "barycentric")),
        ("HJD - 2 450 000", 0, Clock()),
    ],
)
def test_clocks_written_out_are_known(tmp_path: Path, name: str, zero: float, clock: Clock) -> None:
    curve = read(table(tmp_path, "x.csv", {name: (JD - zero - (2450000 if "450" in name else 0)).round(5), "mag": MAG}))
    assert curve.clock == clock
    assert bool(curve.caution) == (clock == Clock())


@pytest.mark.parametrize(("time", "value"), [("mjd_{}", "mag_{}"), ("{}_mjd", "{}_mag"), ("time_MJD_{}", "m_{}")])
def test_each_band_keeps_its_own_times(tmp_path: Path, time: str, value: str) -> None:
    mjd = JD - 2400000.5
    columns = {"id": "s"} | {
        name.format(band): cells + shift
        for band, shift in (("g", 0.0), ("r", 0.25))
        for name, cells in ((time, mjd), (value, MAG))
    }
    curve = read(table(tmp_path, "x.csv", columns))
    assert (curve.bands, len(curve)) == (("g", "r"), 2 * N)
    np.testing.assert_allclose(curve.in_band("r").time - curve.in_band("g").time, 0.25, atol=1e-6)
    lists = {name: [cells] if name != "id" else ["s"] for name, cells in columns.items()}
    pq.write_table(pa.table(lists), tmp_path / "x.parquet")
    nested = read(tmp_path / "x.parquet")
    np.testing.assert_allclose(nested.in_band("r").time, curve.in_band("r").time, atol=1e-6)
    del columns[time.format("r")]
    half = table(tmp_path, "y.csv", columns)
    assert "some bands have times of their own" in read(half).caution


def test_julian_dates_in_single_precision_are_a_caution(tmp_path: Path) -> None:
    coarse = JD.astype(np.float32).astype(np.float64)
    said = "stands in steps of 0.25 d, as numbers in single precision do"
    assert said in read(table(tmp_path, "x.csv", {"jd": coarse, "mag": MAG})).caution
    assert not read(table(tmp_path, "y.csv", {"jd": np.floor(JD) + 0.5, "mag": MAG})).caution


def test_two_columns_of_one_name_are_refused_unless_they_say_the_same(tmp_path: Path) -> None:
    path = table(tmp_path, "x.csv", {"jd": JD, "mag": MAG, "Mag": MAG + 1, "err": ERR})
    assert "several columns may be the brightness: 'mag', 'Mag'" in refused(path).reason
    assert is_the_star(read(path, columns=parse_columns("time=jd,mag=2,mag_err=4")))
    assert is_the_star(read(table(tmp_path, "y.csv", {"jd": JD, "mag": MAG, "Mag": MAG, "err": ERR})))


def test_limits_by_a_column_without_a_name_are_left_out(tmp_path: Path) -> None:
    curve = read(headerless(tmp_path, JD, np.where(np.arange(N) % 6 == 1, "<", "."), MAG, ERR))
    assert np.count_nonzero(curve.mask & int(Mask.LIMIT)) == np.count_nonzero(np.arange(N) % 6 == 1)
    assert not curve.caution


@pytest.mark.parametrize("name", ["zp", "ZeroPoint", "mag_zp"])
def test_fluxes_beside_zero_points_that_differ_are_a_caution(tmp_path: Path, name: str) -> None:
    columns = {"mjd": JD - 2400000.5, "flux": 100 + np.sin(JD), "flux_err": 1.0}
    differ = np.where(np.arange(N) % 2, 25.0, 27.5)
    assert "no flux is scaled by the zero point" in read(table(tmp_path, "x.csv", columns | {name: differ})).caution
    assert not read(table(tmp_path, "y.csv", columns | {name: 25.0})).caution
    columns["flux (uJy)"] = columns.pop("flux")
    assert not read(table(tmp_path, "z.csv", columns | {name: differ})).caution


def test_one_file_of_two_places_is_a_caution(tmp_path: Path) -> None:
    columns = {"jd": JD, "mag": MAG, "ra": np.where(np.arange(N) % 2, 10.0, 10.5), "dec": 5.0}
    assert "its rows lie up to 1.79e+03 arcsec apart" in read(table(tmp_path, "x.csv", columns)).caution
