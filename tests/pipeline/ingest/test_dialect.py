"""Text tables, whatever the survey made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swope.pipeline.ingest import dialect
from swope.pipeline.ingest.dialect import header_of, layout_of, read_text
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Table

FINITE = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


def table_of(content: str | bytes, folder: Path) -> Table:
    """The table of a file with this content."""
    path = folder / "x.txt"
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(raw)
    layout = layout_of(raw[: dialect.HEAD_BYTES])
    if layout is None:
        raise UnusableError("no table")
    return read_text(path, layout)


def cells(table: Table, column: int) -> list[str]:
    return [str(word) for word in table.columns[column].words]


@settings(deadline=None)
@given(
    st.lists(st.tuples(FINITE, FINITE, FINITE), min_size=1, max_size=20),
    st.sampled_from([",", " ", "\t", ";", "   ", ", "]),
    st.sampled_from(["", "# a comment\n", "#\n\n"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_a_table_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, float, float]],
    between: str,
    comment: str,
    end: str,
    header: bool,
) -> None:
    lines = [between.join(map(repr, row)) for row in rows]
    if header:
        lines.insert(0, between.join(("time", "mag", "err")))
    table = table_of(comment + end.join(lines) + end, tmp_path_factory.mktemp("t"))
    assert table.names == (("time", "mag", "err") if header else ("", "", ""))
    assert table.named == header
    read = zip(*(column.numbers.tolist() for column in table.columns), strict=True)
    assert list(read) == rows


@settings(deadline=None)
@given(st.text(alphabet='0123456789.,;- abct"\n#|\t', max_size=200))
def test_any_text_is_a_table_or_a_reason(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    try:
        table = table_of(text, tmp_path_factory.mktemp("t"))
    except UnusableError:
        return
    assert len({len(column) for column in table.columns}) == 1


def test_a_ragged_row_stays_as_an_empty_one(tmp_path: Path) -> None:
    table = table_of("time,mag,err\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n", tmp_path)
    assert cells(table, 0) == ["1", "", "", "10"]


def test_rows_that_never_fit_the_header_are_a_reason(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="no row has the 4 cells of the header"):
        table_of("time,mag,err,band\n1,2\n3,4\n", tmp_path)
    with pytest.raises(UnusableError, match="only a header"):
        table_of("time,mag,err\n", tmp_path)
    with pytest.raises(UnusableError, match="no table"):
        table_of("# nothing\n\n", tmp_path)


def test_a_comment_names_the_columns_where_nothing_else_does(tmp_path: Path) -> None:
    assert table_of("# from a survey\n# HJD mag err\n1 2 3\n", tmp_path).names == ("HJD", "mag", "err")
    assert not table_of("# three magnitudes\n1 2 3\n", tmp_path).named
    assert not table_of("# 1 2 3\n1 2 3\n", tmp_path).named


@pytest.mark.parametrize("many", [False, True])
def test_quoted_cells_keep_their_delimiters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    monkeypatch.setattr(dialect, "FEW_LINES", 0 if many else 100)
    assert cells(table_of('a,time,mag\n"x,y",1,2\n', tmp_path), 0) == ["x,y"]


#: Three rows in the writing of other programs, each of the same numbers.
DIALECTS = {
    "decimal commas": "JD;mag;err\n2451075,5;17,61;0,1\n2451076,5;17,62;0,1\n",
    "decimal commas between tabs": "JD\tmag\terr\n2451075,5\t17,61\t0,1\n2451076,5\t17,62\t0,1\n",
    "a trailing separator": "JD;mag;err\n2451075.5;17.61;0.1;\n2451076.5;17.62;0.1;\n",
    "separators at the end of header and rows": "JD,mag,err,\n2451075.5,17.61,0.1,\n2451076.5,17.62,0.1,\n",
    "comments at the end": "JD mag err\n2451075.5 17.61 0.1\n2451076.5 17.62 0.1\n# end of file\n",
    "a title and a rule": "My star, 2001\n\nJD       mag     err\n-------- ------- ---\n"
    "2451075.5   17.61   0.1\n2451076.5 17.62 0.1\n",
    "units below the names": "JD,mag,err\n(days),(mag),(mag)\n2451075.5,17.61,0.1\n2451076.5,17.62,0.1\n",
    "old Mac line ends": "JD,mag,err\r2451075.5,17.61,0.1\r2451076.5,17.62,0.1\r",
    "Fortran's exponents": "JD,mag,err\n2451075.5,1.761D1,0.1\n2451076.5,1.762D+01,0.1\n",
}


@pytest.mark.parametrize("content", DIALECTS.values(), ids=DIALECTS.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_table_in_any_programs_writing_has_the_same_numbers(tmp_path: Path, content: str, encoding: str) -> None:
    table = table_of(content.encode(encoding), tmp_path)
    assert table.names[:3] == ("JD", "mag", "err")
    for column, wanted in enumerate(([2451075.5, 2451076.5], [17.61, 17.62], [0.1, 0.1])):
        np.testing.assert_array_equal(table.columns[column].numbers, wanted)


def test_accents_are_no_obstacle_wherever_they_stand(tmp_path: Path) -> None:
    early = "# Beobachter: M\u00fcller\nJD,mag\n1.5,12.1\n2.5,12.2\n".encode("latin-1")
    assert table_of(early, tmp_path).columns[1].numbers.tolist() == [12.1, 12.2]
    rows = "".join(f"{i}.5,12.1\n" for i in range(20000))
    late = f"JD,mag\n{rows}# M\u00fcller\n".encode("latin-1")
    assert len(table_of(late, tmp_path)) == 20000


def test_a_numbered_list_of_columns_in_the_comments_names_them(tmp_path: Path) -> None:
    # as HAT's server (000 - rjd - ...) and SExtractor (#   1 NUMBER  Running number) write it
    rows = "55103.5,14.2\n55104.5,14.3\n"
    hat = f"# FILTERS\n# 4 - r - Sloan r\n# COLUMNS\n# 000 - rjd - reduced\n# 001 - mag - magnitude\n{rows}"
    assert table_of(hat, tmp_path).names == ("rjd", "mag")
    sextractor = "#   1 MJD   date [d]\n#   2 MAG_AUTO   magnitude [mag]\n55103.5 14.2\n55104.5 14.3\n"
    assert table_of(sextractor, tmp_path).names == ("MJD", "MAG_AUTO")


def test_many_columns_and_endless_lines_are_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = ",".join(f"c{i}" for i in range(200_000)) + "\n" + ",".join(["1"] * 200_000) + "\n"
    with pytest.raises(UnusableError, match="columns"):
        table_of(wide, tmp_path)
    monkeypatch.setattr(dialect, "LINE_BYTES", 1000)
    with pytest.raises(UnusableError, match="a line of more than 1000"):
        table_of("JD,mag\n1,2\n" + "3" * 9000, tmp_path)


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
