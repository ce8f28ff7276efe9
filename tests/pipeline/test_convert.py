"""There and back: lightkurve, astropy, pandas."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swope.pipeline.convert import (
    from_lightkurve,
    from_pandas,
    from_timeseries,
    to_lightkurve,
    to_pandas,
    to_timeseries,
)
from swope.pipeline.lightcurve import ZERO_POINTS, Clock, LightCurve, Mask
from tests.real_data import real_data

PAIRS = {
    "pandas": (to_pandas, from_pandas),
    "timeseries": (to_timeseries, from_timeseries),
    "lightkurve": (to_lightkurve, from_lightkurve),
}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module", autouse=True)
def _lightkurve_imported() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lightkurve  # noqa: F401


@st.composite
def curves(draw: st.DrawFn) -> LightCurve:
    n = draw(st.integers(1, 8))
    clock = draw(
        st.builds(
            Clock,
            st.sampled_from([*ZERO_POINTS, "unknown"]),
            st.sampled_from(["tdb", "utc", "unknown"]),
            st.sampled_from(["barycentric", "heliocentric", "unknown"]),
        )
    )
    # not before 1960: UTC has no meaning there
    days = st.one_of(st.floats(2437000.0, 2480000.0), st.sampled_from([np.nan, np.inf]))
    numbers = st.one_of(st.floats(-1e9, 1e9), st.just(np.nan))
    bands = ("r", "g", "never seen")
    kind = draw(st.sampled_from(["mag", "flux"]))
    return LightCurve(
        object_id=draw(st.sampled_from(["KIC 1", "../x", "<b>", "ü"])),
        time=np.array(draw(st.lists(days, min_size=n, max_size=n))),
        value=np.array(draw(st.lists(numbers, min_size=n, max_size=n))),
        error=np.array(draw(st.lists(numbers, min_size=n, max_size=n))),
        band=np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)), dtype=np.int32),
        bands=bands,
        mask=np.array(draw(st.lists(st.integers(0, 31), min_size=n, max_size=n)), dtype=np.int32),
        kind=kind,
        unit="mag" if kind == "mag" else draw(st.sampled_from(["", "electron / s", "Jy", "count"])),
        clock=clock,
        ra=draw(st.sampled_from([float("nan"), 0.0, 12.5])),
        dec=draw(st.sampled_from([float("nan"), -90.0, 12.5])),
        source="a folder/a file.csv",
    )


def assert_same(a: LightCurve, b: LightCurve) -> None:
    for name in ("time", "value", "error", "band", "mask"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert getattr(a, name).dtype == getattr(b, name).dtype, name
    for name in ("object_id", "bands", "kind", "unit", "clock", "source"):
        assert getattr(a, name) == getattr(b, name), name
    np.testing.assert_array_equal([a.ra, a.dec], [b.ra, b.dec])


@pytest.mark.parametrize("other", PAIRS)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(curve=curves())
def test_the_way_there_and_back_loses_nothing(other: str, curve: LightCurve) -> None:
    to: Callable[[LightCurve], Any]
    to, back = PAIRS[other]
    assert_same(curve, back(to(curve)))


def test_astropy_sees_the_clocks_own_format_scale_and_units() -> None:
    curve = LightCurve.of("a", [2454833.0 + 100.25], [5.0], kind="flux", unit="electron / s", clock=Clock.parse("BKJD"))
    for made in (to_timeseries(curve), to_lightkurve(curve)):
        time = made["time"]
        assert (time.format, time.scale) == ("bkjd", "tdb")
        assert time.value[0] == pytest.approx(100.25)
    assert str(to_lightkurve(curve).flux.unit) == "electron / s"
    assert to_timeseries(LightCurve.of("a", [2455000.5], [5.0], clock=Clock.parse("MJD_UTC")))["time"].mjd[0] == 55000.0


def test_rows_taken_away_there_stay_away() -> None:
    curve = LightCurve.of("a", [2455003.0, np.nan, 2455001.0], [1.0, 2.0, 3.0], band=["g", "r", "g"])
    assert_same(curve.where(np.array([1, 2])), from_timeseries(to_timeseries(curve)[1:]))
    assert_same(curve.where(np.array([1, 2])), from_pandas(to_pandas(curve).iloc[1:]))
    assert_same(curve.where(np.array([1, 2])), from_lightkurve(to_lightkurve(curve)[1:]))


def test_a_unit_changed_there_is_changed_here() -> None:
    curve = LightCurve.of("a", [1.0, 2.0, 3.0], [10.0, 20.0, 30.0], kind="flux", unit="electron / s")
    normal = from_lightkurve(to_lightkurve(curve).normalize())
    assert normal.unit == ""
    assert normal.value.tolist() == [0.5, 1.0, 1.5]


def test_a_frame_of_others_is_read_by_its_column_names() -> None:
    frame = pd.DataFrame({"MJD": [51000.5, 51001.5], "Mag": [12.0, 13.0], "e_mag": [0.1, 0.2], "filter": ["V", "B"]})
    curve = from_pandas(frame, "star")
    assert (curve.object_id, curve.kind, curve.unit, curve.bands) == ("star", "mag", "mag", ("B", "V"))
    assert curve.time.tolist() == [2451001.0, 2451002.0]
    assert curve.clock == Clock("mjd")
    assert curve.error.tolist() == [0.1, 0.2]
    with pytest.raises(ValueError, match=r"no value column .*1 'MJD', 2 'x'"):
        from_pandas(pd.DataFrame({"MJD": [1.0], "x": [1.0]}))


def test_a_timeseries_of_others_is_read_by_its_column_names() -> None:
    from astropy import units as u
    from astropy.time import Time
    from astropy.timeseries import TimeSeries

    series = TimeSeries(
        {"flux": [1.0, 2.0] * u.Jy, "flux_err": [0.1, 0.2] * u.Jy}, time=Time([55000.0, 55001.0], format="mjd")
    )
    curve = from_timeseries(series, "star")
    assert (curve.kind, curve.unit, curve.clock) == ("flux", "Jy", Clock("mjd", "utc"))
    assert curve.time.tolist() == [2455000.5, 2455001.5]


def test_lightkurves_own_curve_is_read_as_the_reader_reads_its_file() -> None:
    import lightkurve

    from swope.pipeline.ingest.parts import IngestOptions
    from swope.pipeline.ingest.readers.fits_mission import _segment, _stitched

    path = str(real_data("kepler/kplr011442793-2010009091648_llc.fits"))
    theirs = from_lightkurve(lightkurve.read(path, quality_bitmask="none"))
    ours = _stitched([_segment(path)], "PDCSAP_FLUX", path, IngestOptions())
    finite = np.isfinite(ours.time)
    np.testing.assert_array_equal(theirs.time, ours.time[finite])
    np.testing.assert_array_equal(theirs.value, ours.value[finite])
    assert (theirs.object_id, theirs.unit, theirs.clock) == (ours.object_id, ours.unit, ours.clock)
    assert (theirs.ra, theirs.dec) == (ours.ra, ours.dec)
    assert np.count_nonzero(theirs.mask & int(Mask.QUALITY)) >= np.count_nonzero(ours.mask[finite] & int(Mask.QUALITY))
