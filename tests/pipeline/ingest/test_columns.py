"""What columns mean, and values that are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest.columns import filler, kind_of, merged, numbers, roles
from swope.pipeline.ingest.dialect import is_number
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.lightcurve import ZERO_POINTS, Clock

CLOCKS = st.builds(
    Clock,
    st.sampled_from([*ZERO_POINTS, "unknown"]),
    st.sampled_from(["tdb", "utc", "unknown"]),
    st.sampled_from(["barycentric", "heliocentric", "unknown"]),
)


@pytest.mark.parametrize(
    ("names", "time", "value", "error", "band", "kind"),
    [
        (("time", "mag", "magerr", "band"), 0, 1, 2, 3, "mag"),
        (("ID", "observation_id", "Mag", "Magerr", "MJD"), 4, 2, 3, None, "mag"),
        (("HJD", "Flux", "Flux_Err", "FILTER"), 0, 1, 2, 3, "flux"),
        (("t", "value"), 0, 1, None, None, None),
        (("mjd", "mag", "flux", "flux_err", "mag_err"), 0, 1, 4, None, "mag"),
        (("mjd", "mag", "flux", "flux_err"), 0, 1, None, None, "mag"),
        (("TIME", "PDCSAP_FLUX", "SAP_FLUX_ERR", "PDCSAP_FLUX_ERR"), 0, 1, 3, None, "flux"),
        (("oid", "hmjd", "mag", "error", "fid"), 1, 2, 3, 4, "mag"),
    ],
)
def test_columns_are_found_by_name(
    names: tuple[str, ...], time: int, value: int, error: int | None, band: int | None, kind: str | None
) -> None:
    role = roles(names)
    assert (role.time, role.value, role.error, role.band, role.kind) == (time, value, error, band, kind)


def test_where_there_are_both_the_user_chooses() -> None:
    names = ("mjd", "mag", "magerr", "flux", "fluxerr")
    assert roles(names).value == 1
    role = roles(names, "flux")
    assert (role.value, role.error, role.kind) == (3, 4, "flux")


def test_a_missing_column_is_named_with_those_there_are() -> None:
    with pytest.raises(UnusableError, match=r"no time column \(expected one of time, .*\); the columns are 'a', 'mag'"):
        roles(("a", "mag"))
    with pytest.raises(UnusableError, match=r"no time column .* and no value column"):
        roles(("a", "b"))


@pytest.mark.parametrize(
    ("name", "clock"),
    [
        ("MJD", Clock("mjd")),
        ("hjd", Clock("jd", frame="heliocentric")),
        ("BJD_TDB", Clock("jd", "tdb", "barycentric")),
        ("HJD_UTC", Clock("jd", "utc", "heliocentric")),
        ("hmjd", Clock("mjd", frame="heliocentric")),
        ("btjd", Clock("btjd", "tdb", "barycentric")),
        ("time", Clock()),
        ("t", Clock()),
    ],
)
def test_a_time_columns_name_says_what_it_says_and_no_more(name: str, clock: Clock) -> None:
    assert roles((name, "mag")).clock == clock


def test_the_users_clock_fills_what_the_file_leaves_open() -> None:
    assert merged(Clock(), Clock.parse("HJD_UTC")) == Clock.parse("HJD_UTC")
    assert merged(Clock("mjd"), Clock.parse("MJD_UTC")) == Clock.parse("MJD_UTC")
    assert merged(Clock("jd", frame="heliocentric"), Clock.parse("JD_UTC")) == Clock.parse("HJD_UTC")


@given(CLOCKS, CLOCKS)
def test_the_users_clock_never_overrules_the_files(stated: Clock, said: Clock) -> None:
    both = merged(stated, said)
    for name in ("format", "scale", "frame"):
        assert getattr(stated, name) in ("unknown", getattr(both, name))
    assert merged(stated, None) == stated


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([9.6, 10.0, 10.2], "mag"),
        ([19.4, 20.1, np.nan], "mag"),
        ([1.001, 0.999, 1.0], "flux"),
        ([-20.0, 15.0, 0.1], "flux"),
        ([37220.0, 37230.0, 37000.0], "flux"),
        ([12.1, 99.999, 12.2], "mag"),
    ],
)
def test_unnamed_values_are_magnitudes_unless_they_cannot_be(values: list[float], kind: str) -> None:
    assert kind_of(np.array(values)) == kind


def test_filler_magnitudes_are_known_and_no_flux_is_one() -> None:
    values = np.array([12.0, 99.999, -99.0, 999.0, -9.0, np.nan])
    assert filler(values, "mag").tolist() == [False, True, True, True, False, False]
    assert not filler(values, "flux").any()


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats().map(repr), st.text(max_size=5)), max_size=20))
def test_every_cell_becomes_a_number_or_nan(cells: list[str]) -> None:
    read = numbers(cells)
    assert len(read) == len(cells)
    for cell, value in zip(cells, read, strict=True):
        np.testing.assert_equal(value, float(cell) if is_number(cell) else np.nan)
