"""Columns and detectors as a table's schema carries them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.column import FLOAT, INT, SHARE, TEXT, Column, DetectorColumns, detectors_of, detectors_text

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
NAMES = st.text("abcdefghij_", min_size=1, max_size=8)
COLUMNS = st.builds(Column, NAMES, st.sampled_from([TEXT, INT, FLOAT, SHARE]), WORDS, WORDS, WORDS)
DETECTORS = st.builds(
    DetectorColumns,
    name=NAMES,
    words=WORDS,
    own=st.lists(COLUMNS, max_size=3, unique_by=lambda column: column.name).map(tuple),
    caveats=st.dictionaries(WORDS, WORDS, max_size=2),
    forecasts=st.booleans(),
    tells_kinds=st.booleans(),
)


@given(COLUMNS)
def test_a_column_survives_as_a_field(column: Column) -> None:
    assert Column.of(column.field) == column
    assert b"" not in (column.field.metadata or {}).values()


@given(st.lists(DETECTORS, max_size=3))
def test_detectors_survive_in_a_schema(detectors: list[DetectorColumns]) -> None:
    names = [column.name for one in detectors for column in one.columns]
    if len(set(names)) < len(names):
        detectors = detectors[:1] if len({c.name for c in detectors[0].columns}) == len(detectors[0].columns) else []
    fields = [column.field for one in detectors for column in one.columns]
    schema = pa.schema(fields, metadata=detectors_text(detectors))
    assert detectors_of(schema) == tuple(detectors)


def test_detectors_survive_on_disk(tmp_path) -> None:
    toy = DetectorColumns(
        "toy", "the toy", (Column("toy_glow", FLOAT, "d", "time.scale", "how long"),), {"dim": "It is."}, True, True
    )
    schema = pa.schema([column.field for column in toy.columns], metadata=detectors_text([toy]))
    pq.write_table(schema.empty_table(), tmp_path / "a.parquet")
    assert detectors_of(pq.read_schema(tmp_path / "a.parquet")) == (toy,)


def test_a_schema_that_says_nothing_has_no_detectors() -> None:
    assert detectors_of(pa.schema([pa.field("toy_score", FLOAT)])) == ()


def test_a_detector_names_its_columns() -> None:
    flag = Column("toy_flag", TEXT, "", "meta.code.qual", "what speaks against it")
    toy = DetectorColumns("toy", "the toy", (flag,))
    assert [column.name for column in toy.columns] == ["toy_score", "toy_pvalue", "toy_flag"]
    assert (toy.score, toy.pvalue, toy.flag) == ("toy_score", "toy_pvalue", "toy_flag")
    assert toy.night_column.name == "toy_pvalue"
    assert DetectorColumns("toy", "the toy").flag is None


@pytest.mark.parametrize("name", ["toy_flags", "flag", "other_flag"])
def test_only_its_own_flag_is_a_detectors_flag(name: str) -> None:
    assert DetectorColumns("toy", "the toy", (Column(name, TEXT, "", "meta.code.qual", ""),)).flag is None
