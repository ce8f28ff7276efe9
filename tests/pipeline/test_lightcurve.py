"""The data model: light curves, clocks, chunks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from swope.pipeline.lightcurve import CHUNK_SCHEMA, EXCLUDED, ZERO_POINTS, Chunk, Clock, LightCurve, Mask

CLOCKS = st.builds(
    Clock,
    st.sampled_from([*ZERO_POINTS, "unknown"]),
    st.sampled_from(["tdb", "utc", "tt", "unknown"]),
    st.sampled_from(["barycentric", "heliocentric", "geocentric", "unknown"]),
)


@st.composite
def curves(draw: st.DrawFn) -> LightCurve:
    n = draw(st.integers(0, 12))
    bands = tuple(draw(st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True)))
    column = hnp.arrays(np.float64, n, elements=st.floats(allow_nan=True, allow_infinity=True, width=64))
    return LightCurve(
        object_id=draw(st.text(max_size=8)),
        time=draw(column),
        value=draw(column),
        error=draw(column),
        band=draw(hnp.arrays(np.int32, n, elements=st.integers(0, len(bands) - 1))),
        bands=bands,
        mask=draw(hnp.arrays(np.int32, n, elements=st.integers(0, 31))),
        kind=draw(st.sampled_from(["mag", "flux"])),
        unit=draw(st.sampled_from(["mag", "", "electron / s", "Jy"])),
        clock=draw(CLOCKS),
        ra=draw(st.one_of(st.just(float("nan")), st.floats(0, 360))),
        dec=draw(st.one_of(st.just(float("nan")), st.floats(-90, 90))),
        source=draw(st.text(max_size=8)),
    )


def assert_same(a: LightCurve, b: LightCurve) -> None:
    for name in ("time", "value", "error", "band", "mask"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    for name in ("object_id", "bands", "kind", "unit", "clock", "source"):
        assert getattr(a, name) == getattr(b, name), name
    np.testing.assert_array_equal([a.ra, a.dec], [b.ra, b.dec])


@settings(deadline=None, max_examples=40)
@given(st.lists(curves(), max_size=5))
def test_a_chunk_gives_back_what_it_was_made_of(made: list[LightCurve]) -> None:
    chunk = Chunk.of(made)
    assert chunk.table.schema.equals(CHUNK_SCHEMA)
    assert len(chunk) == len(made)
    for curve, back in zip(made, chunk, strict=True):
        assert_same(curve, back)


@settings(deadline=None, max_examples=40)
@given(st.lists(curves(), min_size=1, max_size=5), st.data())
def test_a_selection_of_a_chunk_is_its_stars_in_that_order(made: list[LightCurve], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(made) - 1), max_size=6))
    selected = Chunk.of(made).select(rows)
    assert len(selected) == len(rows)
    for row, back in zip(rows, selected, strict=True):
        assert_same(made[row], back)


@settings(deadline=None, max_examples=40)
@given(st.lists(curves(), min_size=2, max_size=5))
def test_a_slice_or_a_concatenation_of_chunks_is_a_chunk(made: list[LightCurve]) -> None:
    sliced = Chunk(Chunk.of(made).table.slice(1))
    joined = Chunk(pa.concat_tables([Chunk.of(made[:1]).table, Chunk.of(made[1:]).table]))
    for curve, back in zip(made[1:], sliced, strict=True):
        assert_same(curve, back)
    for curve, back in zip(made, joined, strict=True):
        assert_same(curve, back)


def test_a_chunk_outlives_a_trip_through_ipc_and_its_arrays_are_views() -> None:
    chunk = Chunk.of([LightCurve.of("a", [1.0, 2.0], [3.0, 4.0]), LightCurve.of("b", [5.0], [6.0])])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, chunk.table.schema) as writer:
        writer.write_table(chunk.table)
    back = Chunk(pa.ipc.open_stream(sink.getvalue()).read_all())
    assert_same(chunk[1], back[1])
    assert np.shares_memory(chunk[0].time, chunk[0].time)


def test_a_chunk_refuses_another_table_and_a_row_beyond_its_end() -> None:
    with pytest.raises(ValueError, match="not a chunk"):
        Chunk(pa.table({"a": [1]}))
    with pytest.raises(IndexError, match="star 1 of a chunk of 1"):
        Chunk.of([LightCurve.of("a", [1.0], [2.0])])[1]


def test_columns_of_different_length_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"star x: .*'value': 1"):
        LightCurve.of("star x", [1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("text", "clock", "name"),
    [
        ("BJD_TDB", Clock("jd", "tdb", "barycentric"), "BJD_TDB"),
        ("hjd_utc", Clock("jd", "utc", "heliocentric"), "HJD_UTC"),
        ("HJD-2450000", Clock("jd-2450000", "unknown", "heliocentric"), "HJD_unknown"),
        ("BJD-2440000_TDB", Clock("jd-2440000", "tdb", "barycentric"), "BJD_TDB"),
        ("MJD_UTC", Clock("mjd", "utc"), "JD_UTC"),
        ("BKJD", Clock("bkjd", "tdb", "barycentric"), "BJD_TDB"),
        (" btjd ", Clock("btjd", "tdb", "barycentric"), "BJD_TDB"),
        ("JD_unknown", Clock("jd"), "JD_unknown"),
        ("unknown", Clock(), "unknown"),
    ],
)
def test_a_clock_is_read_as_users_write_it(text: str, clock: Clock, name: str) -> None:
    assert Clock.parse(text) == clock
    assert clock.name == name


@pytest.mark.parametrize("text", ["", "noon", "BJD_GMT", "HBJD", "BJD_TDB_x"])
def test_a_clock_that_is_none_is_refused_with_the_known_forms(text: str) -> None:
    with pytest.raises(ValueError, match="write for example BJD_TDB"):
        Clock.parse(text)


@settings(deadline=None, max_examples=40)
@given(CLOCKS)
def test_the_catalogs_word_for_a_clock_can_be_read_again(clock: Clock) -> None:
    again = Clock.parse(clock.name)
    assert again.scale in (clock.scale, "unknown")
    assert again.name == clock.name


def test_zero_points_are_those_of_the_archives() -> None:
    assert Clock("bkjd").zero == 2454833.0
    assert Clock("btjd").zero == 2457000.0
    assert Clock("mjd").zero == 2400000.5
    assert Clock().zero == 0.0
    with pytest.raises(ValueError, match="known: jd, mjd"):
        Clock("hjd")


def test_only_excluded_rows_are_left_out() -> None:
    marks = np.array([0, *(int(m) for m in Mask)], dtype=np.int32)
    curve = LightCurve.of("a", np.arange(7.0), np.arange(7.0), mask=marks)
    assert curve.usable.tolist() == [not (int(m) & int(EXCLUDED)) for m in marks]
    assert curve.good.time.tolist() == [0.0, 5.0]
    assert int(curve.good.mask[1]) == Mask.IMPULSIVE


def test_bands_are_looked_up_by_name() -> None:
    curve = LightCurve.of("a", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], band=["r", "g", "r"])
    assert curve.bands == ("g", "r")
    assert curve.in_band("r").time.tolist() == [1.0, 3.0]
    with pytest.raises(KeyError, match="it has g, r"):
        curve.in_band("z")


def test_brighter_is_up_for_both_kinds() -> None:
    assert LightCurve.of("a", [1.0], [1.0]).sign == -1.0
    assert LightCurve.of("a", [1.0], [1.0], kind="flux", unit="").sign == 1.0
