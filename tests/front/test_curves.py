"""One star from whatever holds it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import swope
from swope._curves import curve_of
from swope.pipeline.convert import to_lightkurve, to_pandas, to_timeseries
from tests.front.stars import PERIOD, star

SHAPES = {"swope": lambda one: one, "list": lambda one: [one], "pandas": to_pandas, "astropy": to_timeseries}
if importlib.util.find_spec("lightkurve"):
    SHAPES["lightkurve"] = to_lightkurve


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_holds_the_same_star(shape: str) -> None:
    one = star()
    held: Any = SHAPES[shape](one)
    found = curve_of(held)
    np.testing.assert_allclose(found.time, one.time, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found.value, one.value)
    assert (found.object_id, found.kind, found.clock) == (one.object_id, one.kind, one.clock)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_the_same_period(shape: str) -> None:
    held: Any = SHAPES[shape](star())
    assert swope.find_period(held).period == pytest.approx(PERIOD, rel=0.01)


def test_arrays_have_to_say_what_they_are() -> None:
    one = star()
    with pytest.raises(ValueError, match='kind="mag" or kind="flux"'):
        curve_of((one.time, one.value))
    assert curve_of((one.time, one.value), "mag").kind == "mag"
    np.testing.assert_array_equal(curve_of(np.stack([one.time, one.value, one.error]), "mag").error, one.error)
    with pytest.raises(ValueError, match="not 5 of them"):
        curve_of([one.time] * 5, "mag")


def test_several_stars_are_not_one() -> None:
    with pytest.raises(ValueError, match=r"2 stars where one is wanted.*analyze_many"):
        curve_of([star("a"), star("b")])
    with pytest.raises(TypeError, match="int holds no light curve"):
        curve_of(3)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_no_file_is_read_too(shape: str) -> None:
    (found,) = swope.read(SHAPES[shape](star()))
    np.testing.assert_array_equal(found.value, star().value)
    with pytest.raises(ValueError, match="is for files"):
        swope.read(SHAPES[shape](star()), clock="HJD_UTC")
    with pytest.raises(TypeError, match="int holds no light curve"):
        swope.read(3)


@pytest.mark.parametrize("zone", [None, "UTC", "America/Santiago"])
def test_a_frame_may_have_dates(zone: str | None, tmp_path: Path) -> None:
    one = star()
    when = pd.to_datetime(one.time - 2440587.5, unit="D")
    when = when if zone is None else when.tz_localize("UTC").tz_convert(zone)
    frame = pd.DataFrame({"time": when, "mag": one.value, "mag_err": one.error})
    frame.to_parquet(tmp_path / "stamps.parquet")
    for source in (frame, tmp_path / "stamps.parquet"):
        (found,) = swope.read(source)
        np.testing.assert_allclose(found.time, one.time, rtol=0, atol=1e-8)


def test_quantities_are_brought_to_one_unit() -> None:
    from astropy import units as u
    from astropy.time import Time
    from astropy.timeseries import TimeSeries

    one = star()
    time = Time(one.time, format="jd")
    for mag, err in ((one.value * u.ABmag, one.error * u.mag), (one.value * 1000 * u.mmag, one.error * u.mag)):
        found = curve_of(TimeSeries(time=time, data={"mag": mag, "mag_err": err}))
        assert (found.kind, found.unit) == ("mag", "mag")
        np.testing.assert_allclose(found.value, one.value)
        np.testing.assert_allclose(found.error, one.error)
    flux = 1 + 0.1 * np.sin(one.time)
    found = curve_of(TimeSeries(time=time, data={"flux": flux * u.mJy, "flux_err": 20 * flux * u.uJy}))
    np.testing.assert_allclose(found.error, 0.02 * flux)


def test_files_are_read_and_what_is_not_is_told(tmp_path: Path) -> None:
    one = star()
    rows = "".join(f"{t},{v},0.02\n" for t, v in zip(one.time, one.value, strict=True))
    (tmp_path / "good.csv").write_text("HJD,mag,mag_err\n" + rows)
    (tmp_path / "empty.csv").write_text("")
    with pytest.warns(UserWarning, match=r"1 of 2 not read: .*empty.csv: the file is empty"):
        (found,) = swope.read(tmp_path)
    assert len(found) == len(one)
    with pytest.raises(ValueError, match=r"no light curve in .*empty.csv"):
        swope.read(tmp_path / "empty.csv")
