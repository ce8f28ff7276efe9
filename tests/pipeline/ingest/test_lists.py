"""Lists in every type that Arrow and Parquet write them in; plain Python lists are the oracle."""

from __future__ import annotations

import decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest.lists import fields_of, lists_at
from swope.pipeline.ingest.nested import read_rows
from swope.pipeline.ingest.table import column_of

#: Element types of numbers, with values that each holds exactly.
NUMBERS: dict[Any, list[Any]] = {
    pa.float64(): [1.25, -3.5, 2459000.123, float("nan"), None],
    pa.float32(): [1.25, -3.5, None],
    pa.float16(): [1.25, -3.5, None],
    pa.int8(): [1, -3, None],
    pa.uint64(): [1, 2**52, None],
    pa.int64(): [1, -(2**52), None],
    pa.bool_(): [True, False, None],
    pa.decimal128(12, 5): [decimal.Decimal("12.34567"), None],
    pa.decimal256(40, 5): [decimal.Decimal("-12.34567"), None],
    pa.string(): ["1.25", "-3.5e2", "", "abc", None],
    pa.null(): [None],
}
TEXTS = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int8(), pa.string()))


def number(cell: Any) -> float:
    try:
        return float("nan") if cell is None else float(cell)
    except ValueError:
        return float("nan")


@st.composite
def list_columns(draw: st.DrawFn, elements: dict[Any, list[Any]]) -> tuple[pa.ChunkedArray, list[list[Any]]]:
    """A column of lists, and its rows as plain lists."""
    element = draw(st.sampled_from(list(elements)))
    cell = st.sampled_from(elements[element])
    shape = draw(st.sampled_from(["list", "large", "fixed", "view", "large view"]))
    inner = st.lists(cell, min_size=3, max_size=3) if shape == "fixed" else st.lists(cell, max_size=4)
    rows = draw(st.lists(st.none() | inner, min_size=1, max_size=9))
    type_ = {
        "list": pa.list_, "large": pa.large_list, "view": pa.list_view, "large view": pa.large_list_view,
        "fixed": lambda t: pa.list_(t, 3),
    }[shape](pa.string() if pa.types.is_dictionary(element) else element)  # fmt: skip
    if pa.types.is_dictionary(element):
        type_ = pa.list_(element)
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=2)))
    pieces = [rows[a:b] for a, b in pairwise([0, *cuts, len(rows)])]
    column = pa.chunked_array([pa.array(piece, type_) for piece in pieces], type_)
    skip = draw(st.integers(0, len(rows) - 1))
    return column.slice(skip), [row or [] for row in rows[skip:]]


def as_numbers(flat: pa.ChunkedArray) -> Any:
    return column_of("x", flat).numbers


def as_text(flat: pa.ChunkedArray) -> Any:
    return column_of("x", flat).words


def rows_of(column: pa.ChunkedArray, convert: Any, *path: str) -> list[Any]:
    lists = lists_at(column, path)
    flat = convert(lists.flat)
    return [flat[a:b].tolist() for a, b in zip(lists.starts, lists.stops, strict=True)]


@given(list_columns(NUMBERS))
@settings(max_examples=150, deadline=None)
def test_numbers_of_every_type_are_those_of_plain_lists(made: tuple[pa.ChunkedArray, list[list[Any]]]) -> None:
    column, rows = made
    np.testing.assert_equal(rows_of(column, as_numbers), [[number(cell) for cell in row] for row in rows])


@given(list_columns({type_: [b"g", b"zr"] if pa.types.is_binary(type_) else ["g", " zr", None] for type_ in TEXTS}))
@settings(max_examples=80, deadline=None)
def test_text_of_every_type_is_that_of_plain_lists(made: tuple[pa.ChunkedArray, list[list[Any]]]) -> None:
    column, rows = made

    def word(cell: Any) -> str:
        return "" if cell is None else cell.decode() if isinstance(cell, bytes) else cell.strip()

    assert rows_of(column, as_text) == [[word(cell) for cell in row] for row in rows]


@given(
    st.lists(st.none() | st.lists(st.none() | st.tuples(st.integers(0, 99), st.none() | st.sampled_from("gri"))),
             min_size=1, max_size=6), st.booleans(), st.integers(1, 3),
)  # fmt: skip
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_struct_of_lists_and_a_list_of_structs_are_one_thing(
    tmp_path: Path, rows: list[Any], written: bool, group: int
) -> None:
    packed = [None if row is None else [None if c is None else {"t": c[0], "b": c[1]} for c in row] for row in rows]
    apart = [None if row is None else {"t": [c and c[0] for c in row], "b": [c and c[1] for c in row]} for row in rows]
    times = [[number(c and c[0]) for c in row or []] for row in rows]
    bands = [[(c and c[1]) or "" for c in row or []] for row in rows]
    inner = [("t", pa.int16()), ("b", pa.dictionary(pa.int8(), pa.string()))]
    for type_, cells in (
        (pa.list_(pa.struct(inner)), packed),
        (pa.struct([(name, pa.list_(t)) for name, t in inner]), apart),
    ):
        table = pa.table({"lc": pa.array(cells, type_)})
        if written:
            pq.write_table(table, tmp_path / "a.parquet", row_group_size=group)
            table = read_rows(str(tmp_path / "a.parquet"), 0, len(rows))
        fields = fields_of(table.schema)
        assert [(str(field), field.listed) for field in fields] == [("lc.t", True), ("lc.b", True)]
        np.testing.assert_equal(rows_of(table["lc"], as_numbers, "t"), times)
        assert rows_of(table["lc"], as_text, "b") == bands
