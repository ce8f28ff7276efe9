"""Tables of which any astronomer sees what is meant, though no name is that of a survey; and some that only seem so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import Clock
from tests.pipeline.ingest.star import ERR, JD, MAG, N, headerless, is_the_star, read, refused, table


def test_bands_alone_name_columns_of_magnitudes_without_errors(tmp_path: Path) -> None:
    curve = read(
        table(tmp_path, "x.csv", {"HJD": JD, "B": MAG + 0.5, "V": np.where(np.arange(N) % 2, "", MAG), "X": 1.2})
    )
    assert (curve.bands, len(curve)) == (("B", "V"), N + N // 2)
    assert is_the_star(read(table(tmp_path, "y.csv", {"airmass": 1.2, "JD": JD, "R": MAG, "sig": ERR})))
    assert read(tmp_path / "y.csv").bands == ("R",)


@pytest.mark.parametrize("numbers", [MAG - 14, MAG / 1000, np.arange(N), np.full(N, 3)])
def test_a_letter_over_other_numbers_is_no_band(tmp_path: Path, numbers: np.ndarray) -> None:
    assert "no value column" in refused(table(tmp_path, "x.csv", {"JD": JD, "V": numbers})).reason
    assert "no value column" in refused(table(tmp_path, "x.csv", {"JD": JD, "z": MAG})).reason


@pytest.mark.parametrize("name", ["V-C", "Var-Comp", "target - C1", "V - C2"])
def test_the_star_less_its_comparison_is_the_brightness_and_the_check_is_not(tmp_path: Path, name: str) -> None:
    # C-Munipack and Muniwin: JD, V-C, s1, C-K, s2
    columns = {"JD": JD, name: MAG - 13, "s1": ERR, "K-C": 0.3 + ERR, "B-V": 0.6 + ERR}
    curve = read(table(tmp_path, "x.txt", columns, "\t"))
    np.testing.assert_allclose(curve.value, MAG - 13)
    np.testing.assert_allclose(curve.error, ERR)
    assert curve.kind == "mag"


def test_a_unit_says_brightness_where_no_name_does(tmp_path: Path) -> None:
    assert is_the_star(read(table(tmp_path, "x.csv", {"MJD": JD - 2400000.5, "éclat [mag]": MAG})))
    made = Table({"time": JD, "jasnost": MAG, "sky": MAG + 5}, units={"time": "d", "jasnost": "mag", "sky": "mag"})
    made.write(tmp_path / "x.fits")
    assert is_the_star(read(tmp_path / "x.fits"))
    path = table(tmp_path, "y.csv", {"JD": JD, "one (mag)": MAG, "other (mag)": MAG + 1})
    assert "several columns may be the brightness" in refused(path).reason


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("days since explosion", JD - JD[0]),
        ("Seconds after trigger", (JD - JD[0]) * 86400),
        ("hours", (JD - JD[0]) * 24),
        ("time_since_first [min]", (JD - JD[0]) * 1440),
    ],
)
def test_time_since_some_moment_has_its_unit_and_no_clock(tmp_path: Path, name: str, numbers: np.ndarray) -> None:
    if "[min]" in name:
        made = Table({"time_since_first": numbers, "mag": MAG}, units={"time_since_first": "min"})
        made.write(tmp_path / "x.ecsv")
        curve = read(tmp_path / "x.ecsv")
    else:
        curve = read(table(tmp_path, "x.csv", {name: numbers, "mag": MAG}))
    np.testing.assert_allclose(curve.time, JD - JD[0], atol=1e-4)
    assert curve.clock == Clock()


def test_seconds_of_unix_count_from_1970(tmp_path: Path) -> None:
    curve = read(table(tmp_path, "x.csv", {"Unix time": ((JD - 2440587.5) * 86400).round(2), "mag": MAG}))
    assert is_the_star(curve)
    assert curve.clock == Clock("jd", "utc")


def test_a_row_number_called_id_is_no_star(tmp_path: Path) -> None:
    curve = read(table(tmp_path, "x.csv", {"id": 500 + np.arange(N), "jd": JD, "mag": MAG}))
    assert is_the_star(curve)
    assert curve.object_id == "x"


@pytest.mark.parametrize(("zero", "step"), [(2400000.5, "0.0039 d"), (2440000.0, "0.00098 d")])
def test_dates_of_single_precision_in_any_container_are_a_caution(tmp_path: Path, zero: float, step: str) -> None:
    name = "MJD" if zero == 2400000.5 else "JD-2440000"
    Table({name: (JD - zero).astype(np.float32), "mag": MAG}).write(tmp_path / "x.fits")
    assert f"in steps of {step}" in read(tmp_path / "x.fits").caution
    assert "in steps" not in read(table(tmp_path, "y.csv", {name: np.floor(JD - zero), "mag": MAG})).caution


def test_the_column_that_states_its_scale_goes_before_one_that_does_not(tmp_path: Path) -> None:
    # Gaia Science Alerts: #Date, JD(TCB), averagemag
    dates = [f"2015-01-{1 + i % 28:02d} 00:00:00" for i in range(N)]
    curve = read(table(tmp_path, "x.csv", {"Date": dates, "JD(TCB)": JD, "averagemag": MAG}))
    assert is_the_star(curve)
    assert curve.clock == Clock("jd", "tcb")


def test_faint_magnitudes_without_an_error_may_be_limits(tmp_path: Path) -> None:
    seldom = np.arange(N) % 5 == 0
    errors = np.where(seldom, "", ERR.astype(str))
    path = table(tmp_path, "x.csv", {"jd": JD, "mag": np.where(seldom, 19.5, MAG), "magerr": errors})
    assert "8 magnitudes without an error are fainter" in clean(read(path)).caution
    assert not read(table(tmp_path, "y.csv", {"jd": JD, "mag": MAG, "magerr": errors})).caution


@pytest.mark.parametrize(("name", "yes", "no"), [("Fainter Than", "1", "0"), ("is_fainter_than", "Y", "N")])
def test_rows_fainter_than_a_limit_are_limits(tmp_path: Path, name: str, yes: str, no: str) -> None:
    fainter = np.arange(N) % 6 == 1
    curve = clean(read(table(tmp_path, "x.csv", {"JD": JD, "mag": MAG, name: np.where(fainter, yes, no)})))
    np.testing.assert_array_equal(curve.usable, ~fainter)


def test_whole_days_beside_hours_that_are_not_read_are_a_caution(tmp_path: Path) -> None:
    days = [f"2015-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(N)]
    path = table(tmp_path, "x.csv", {"date": days, "UT [h]": np.linspace(0.5, 9.25, N), "mag": MAG})
    assert "may hold the time of the day" in read(path).caution
    assert not read(table(tmp_path, "y.csv", {"date": days, "mag": MAG})).caution


def test_what_is_too_large_for_errors_without_a_header_is_none(tmp_path: Path) -> None:
    seeing = 2.5 + 0.5 * np.abs(np.sin(5 * JD))
    curve = read(headerless(tmp_path, JD, MAG, seeing.round(2)))
    assert not np.isfinite(curve.error).any()


def test_numbers_as_fortran_writes_them_are_numbers(tmp_path: Path) -> None:
    words = [[f"{x:.10E}".replace("E", "D") for x in column] for column in (JD, MAG)]
    assert is_the_star(read(table(tmp_path, "x.txt", {"JD": words[0], "mag": words[1]}, " ")))
