"""Text tables, whatever the survey made of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest.columns import numbers
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import header_of, parse_table

FINITE = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


@settings(deadline=None)
@given(
    st.lists(st.tuples(FINITE, FINITE, FINITE), min_size=1, max_size=20),
    st.sampled_from([",", " ", "\t", ";", "   ", ", "]),
    st.sampled_from(["", "# a comment\n", "#\n\n"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_a_table_is_read_as_it_was_written(
    rows: list[tuple[float, float, float]], between: str, comment: str, end: str, header: bool
) -> None:
    lines = [between.join(map(repr, row)) for row in rows]
    if header:
        lines.insert(0, between.join(("time", "mag", "err")))
    table = parse_table(comment + end.join(lines) + end)
    assert table.names == (("time", "mag", "err") if header else None)
    assert [tuple(row) for row in zip(*map(numbers, table.columns), strict=True)] == rows


@settings(deadline=None)
@given(st.text(alphabet='0123456789.,;- abct"\n#|\t', max_size=200))
def test_any_text_is_a_table_or_a_reason(text: str) -> None:
    try:
        table = parse_table(text)
    except UnusableError:
        return
    assert len({len(column) for column in table.columns}) == 1


def test_a_ragged_row_stays_as_an_empty_one() -> None:
    table = parse_table("time,mag,err\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")
    assert table.columns[0] == ("1", "", "", "10")


def test_rows_that_never_fit_the_header_are_a_reason() -> None:
    with pytest.raises(UnusableError, match="header has 3 columns, the rows have 2"):
        parse_table("time,mag,err\n1,2\n3,4\n")
    with pytest.raises(UnusableError, match="only a header"):
        parse_table("time,mag,err\n")
    with pytest.raises(UnusableError, match="only comments"):
        parse_table("# nothing\n\n")


def test_a_comment_names_the_columns_where_nothing_else_does() -> None:
    assert parse_table("# from a survey\n# HJD mag err\n1 2 3\n").names == ("HJD", "mag", "err")
    assert parse_table("# three magnitudes\n1 2 3\n").names is None
    assert parse_table("# 1 2 3\n1 2 3\n").names is None


def test_quoted_cells_keep_their_delimiters() -> None:
    assert parse_table('a,time,mag\n"x,y",1,2\n').columns[0] == ("x,y",)


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (b"time,mag\n1,2\n", ("time", "mag")),
        (b"\xef\xbb\xbftime,mag\n1,2\n", ("time", "mag")),
        (b"time mag err\n1 2 3\n", ("time", "mag", "err")),
        (b"1.0 2.0 3.0\n", ()),
        (b"1869.5,9.5,0.03\n", ()),
        (b"nan,9.5,0.03\n", ()),
        (b"object_id,class,period\nx,RR,0.5\n", ("object_id", "class", "period")),
        (b"Data for a star were published in\nBond et al. 2004 ApJ 606, 155\n", None),
        (b"Data, for a star\nwere published\n", None),
        (b"one word\n", None),
        (b"\x89PNG\r\n\x1a\n\0\0", None),
        (b"\xff\xd8\xff\xe0" + bytes(range(128, 256)) * 4, None),
        (b"", None),
        (b"# only a comment\n", None),
        (b"time,mag\n", ("time", "mag")),
    ],
)
def test_a_header_is_told_from_numbers_prose_and_other_bytes(head: bytes, names: tuple[str, ...] | None) -> None:
    assert header_of(head) == names
