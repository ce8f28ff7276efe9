"""Dates as people and programs write them, against astropy's reading of them."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.ingest.calendar_dates import julian, julian_of_columns
from swope.pipeline.ingest.table import column_of
from swope.pipeline.lightcurve import Clock
from tests.pipeline.ingest.star import JD, MAG, N, is_the_star, read, refused, table

WHEN = [Time(jd, format="jd").to_datetime() for jd in JD]

FORMS = {
    "German": "%d.%m.%Y %H:%M:%S.%f",
    "American": "%m/%d/%Y %H:%M:%S",
    "American, of half a day": "%m/%d/%Y %I:%M:%S %p",
    "French": "%d/%m/%Y %H:%M:%S",
    "ISO in short": "%Y-%m-%dT%H:%M:%SZ",
    "between slashes": "%Y/%m/%d %H:%M:%S.%f",
    "the month's name": "%Y-%b-%d %H:%M:%S",
    "the month's name in the middle": "%d %B %Y %H:%M:%S",
}


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("name", ["Date", "Zeitpunkt"])
def test_dates_are_known_by_what_they_look_like(tmp_path: Path, form: str, name: str) -> None:
    curve = read(table(tmp_path, "x.csv", {name: [w.strftime(FORMS[form]) for w in WHEN], "mag": MAG}))
    assert is_the_star(curve)
    assert curve.clock == Clock("jd")


@pytest.mark.parametrize("minutes", [0, -180, 330, -210, 765])
@pytest.mark.parametrize("colon", [":", ""])
def test_dates_of_a_zone_are_those_of_utc(tmp_path: Path, minutes: int, colon: str) -> None:
    zone = timezone(timedelta(minutes=minutes))
    sign, ahead = "-" if minutes < 0 else "+", abs(minutes)
    words = [
        f"{w.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%dT%H:%M:%S.%f}{sign}{ahead // 60:02d}{colon}{ahead % 60:02d}"
        for w in WHEN
    ]
    assert is_the_star(read(table(tmp_path, "x.csv", {"date": words, "mag": MAG})))


def test_dates_of_which_nobody_knows_the_order_are_refused(tmp_path: Path) -> None:
    words = [f"{1 + i % 9:02d}/{1 + i // 9:02d}/2015" for i in range(N)]
    assert (
        "may have the day or the month first" in refused(table(tmp_path, "x.csv", {"date": words, "mag": MAG})).reason
    )


def test_a_day_of_the_calendar_beside_a_time_of_it_is_a_time(tmp_path: Path) -> None:
    columns = {
        "Day": [w.strftime("%d.%m.%Y") for w in WHEN],
        "Time": [w.strftime("%H:%M:%S") for w in WHEN],
        "mag": MAG,
    }
    assert is_the_star(read(table(tmp_path, "x.tsv", columns, "\t")))


def test_dates_written_as_one_number_are_no_days(tmp_path: Path) -> None:
    # as observers report to VSNET: year, month, day and its fraction
    words = [f"{w:%Y%m%d}{(jd + 0.5) % 1:.5f}".replace("0.", ".", 1) for w, jd in zip(WHEN, JD, strict=True)]
    assert is_the_star(read(table(tmp_path, "x.csv", {"UT date": words, "mag": MAG})))


@pytest.mark.parametrize(
    "names", [("YYYY", "MM", "DD", "HH", "mi", "SS"), ("Year", "Month", "Day", "Hour", "Minute", "Second")]
)
def test_a_date_in_columns_of_its_parts_is_a_time(tmp_path: Path, names: tuple[str, ...]) -> None:
    parts = zip(*([int(p) for p in w.strftime("%Y %m %d %H %M %S").split()] for w in WHEN), strict=True)
    assert is_the_star(read(table(tmp_path, "x.csv", {**dict(zip(names, parts, strict=True)), "V": MAG})))
    days = {
        "year": [w.year for w in WHEN],
        "day of year": [w.timetuple().tm_yday + (jd + 0.5) % 1 for w, jd in zip(WHEN, JD, strict=True)],
    }
    assert is_the_star(read(table(tmp_path, "y.csv", {**days, "mag": MAG})))


def test_a_day_and_its_fraction_under_any_name_are_added(tmp_path: Path) -> None:
    for day, fraction in (("HJD_INT", "HJD_FRAC"), ("mjd day", "day fraction"), ("Julian Day", "fraction")):
        zero = 2400000.5 if "mjd" in day else 0
        whole = np.floor(JD - zero)
        path = table(tmp_path, "x.csv", {day: whole.astype(int), fraction: (JD - zero - whole).round(5), "mag": MAG})
        assert is_the_star(read(path)), day


@given(
    st.datetimes(min_value=Time(2378497, format="jd").to_datetime(), max_value=Time(2488069, format="jd").to_datetime())
)
def test_a_date_is_the_day_that_astropy_makes_of_it(when: object) -> None:
    assert hasattr(when, "strftime")
    expected = Time(when).jd1 + Time(when).jd2
    word = when.strftime("%Y-%m-%d %H:%M:%S.%f")
    assert julian(column_of("", [word]))[0] == pytest.approx(expected, abs=2e-5)
    parts = [column_of("", np.array([float(p)])) for p in when.strftime("%Y %m %d %H %M %S").split()]
    assert julian_of_columns(parts)[0] == pytest.approx(expected, abs=3e-5)


@pytest.mark.parametrize("word", ["2015-02-29", "2015-13-01", "31.04.2015", "2015-00-10"])
def test_a_day_that_there_is_not_is_no_time(word: str) -> None:
    assert np.isnan(julian(column_of("", [word]))[0])
