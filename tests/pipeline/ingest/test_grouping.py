"""One more star changes one chunk; every star is in one chunk; none is too large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.ingest import IngestOptions, Part, plan
from swope.pipeline.ingest.grouping import TableRows, hashed_groups, rows_of_table
from swope.pipeline.ingest.readers import text

NAMES = st.lists(st.text(max_size=8), unique=True, max_size=60)


@given(names=NAMES, most=st.integers(1, 9), size=st.integers(1, 50))
def test_groups_hold_every_star_once_and_are_small_enough(names: list[str], most: int, size: int) -> None:
    sizes = [size] * len(names)
    groups = hashed_groups(names, sizes, most, 100)
    assert sorted(i for group in groups for i in group) == list(range(len(names)))
    for group in groups:
        assert group == sorted(group)
        assert len(group) <= most
        assert len(group) == 1 or len(group) * size <= 100


@given(names=NAMES, more=st.text(max_size=8), most=st.integers(1, 9), data=st.data())
def test_one_more_star_changes_one_group_wherever_it_comes(
    names: list[str], more: str, most: int, data: st.DataObject
) -> None:
    if more in names:
        return
    place = data.draw(st.integers(0, len(names)))
    longer = [*names[:place], more, *names[place:]]

    def groups(of: list[str]) -> set[frozenset[str]]:
        return {frozenset(of[i] for i in group) for group in hashed_groups(of, [1] * len(of), most, 10**6)}

    changed = groups(names) - groups(longer)
    assert len(changed) <= 1
    redone = groups(longer) - groups(names)
    assert {name for group in redone for name in group} == {more}.union(*changed)


def test_the_same_name_twice_ends_too() -> None:
    assert sorted(map(len, hashed_groups(["a"] * 5, [1] * 5, 2, 100))) == [5]


def rows(digests: list[int]) -> TableRows:
    return TableRows([one.to_bytes(16, "big") for one in digests], np.zeros(len(digests), dtype=bool), "")


DIGESTS = st.lists(st.integers(0, 2**128 - 1), unique=True, max_size=60)


@given(digests=DIGESTS, most=st.integers(1, 9))
def test_ranges_hold_every_row_once_and_are_short_enough(digests: list[int], most: int) -> None:
    ranges = rows(digests).ranges(most)
    assert [i for start, stop in ranges for i in range(start, stop)] == list(range(len(digests)))
    assert all(0 < stop - start <= most for start, stop in ranges)


@given(digests=DIGESTS, more=st.integers(0, 2**128 - 1), most=st.integers(1, 9), data=st.data())
def test_one_more_row_changes_what_is_near_it_alone(
    digests: list[int], more: int, most: int, data: st.DataObject
) -> None:
    if more in digests:
        return
    place = data.draw(st.integers(0, len(digests)))
    longer = [*digests[:place], more, *digests[place:]]
    before = {tuple(digests[start:stop]) for start, stop in rows(digests).ranges(most)}
    after = {tuple(longer[start:stop]) for start, stop in rows(longer).ranges(most)}
    changed = {one for range_ in before - after for one in range_}
    assert all(abs(digests.index(one) - place) <= most for one in changed)


def star_rows(n: int) -> str:
    return "time,mag,err\n" + "".join(f"{i},{12 + n % 7},.1\n" for i in range(3))


def digests(parts: tuple[Part, ...]) -> set[str]:
    return {part.digest for part in parts}


@pytest.mark.parametrize("name", ["star0000a.csv", "star0500a.csv", "z.csv"])
def test_one_file_more_of_a_thousand_redoes_at_most_one_chunk(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(1000):
        (folder / f"star{i:04d}.csv").write_text(star_rows(i))
    options = IngestOptions(chunk_size=100)
    before = plan([str(folder)], options, tmp_path / "s").parts
    assert 10 <= len(before) <= 25
    (folder / name).write_text(star_rows(5))
    after = plan([str(folder)], options, tmp_path / "s").parts
    assert len(digests(before) - digests(after)) == 1
    redone = [part for part in after if part.digest not in digests(before)]
    assert sum(len(part.paths) for part in redone) <= 101
    (folder / name).write_text(star_rows(6))
    assert len(digests(after) - digests(plan([str(folder)], options, tmp_path / "s").parts)) == 1
    (folder / name).unlink()
    assert plan([str(folder)], options, tmp_path / "s").parts == before


def write_nested(path: Path, names: list[str | None]) -> None:
    values = [[float(len(name or "")), 13.0, 14.0] for name in names]
    times = [[1.0, 2.0, 3.0]] * len(names)
    pq.write_table(pa.table({"object_id": names, "time": times, "mag": values}), path, row_group_size=70)


@pytest.mark.parametrize("place", [0, 417, 1000])
def test_one_row_more_of_a_nested_table_redoes_little(place: int, tmp_path: Path) -> None:
    names: list[str | None] = [f"star{i}" for i in range(1000)]
    path = tmp_path / "survey.parquet"
    options = IngestOptions(chunk_size=100)
    write_nested(path, names)
    before = plan([str(path)], options, tmp_path / "s").parts
    write_nested(path, [*names[:place], "new", *names[place:]])
    after = plan([str(path)], options, tmp_path / "s").parts
    redone = [part for part in after if part.digest not in digests(before)]
    assert 1 <= sum(part.stop - part.start for part in redone) <= 201
    assert sum(part.stop - part.start for part in after) == 1001


def test_one_star_more_of_a_long_table_redoes_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "WHOLE_BYTES_OF_MANY", 0)
    path = tmp_path / "survey.csv"
    lines = [f"star{i},{j},{12 + j % 3},.1" for i in range(1000) for j in range(3)]
    options = IngestOptions(chunk_size=100)
    path.write_text("\n".join(["id,time,mag,err", *lines]) + "\n")
    before = plan([str(path)], options, tmp_path / "s").parts
    path.write_text("\n".join(["id,time,mag,err", "star0a,1,12,.1", "star0a,2,12,.1", *lines]) + "\n")
    after = plan([str(path)], options, tmp_path / "s").parts
    redone = [part for part in after if part.digest not in digests(before)]
    assert 1 <= sum(part.stop - part.start for part in redone) <= 201


def test_a_row_that_is_called_by_its_number_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "survey.parquet"
    write_nested(path, ["a", None, "b"])
    before = plan([str(path)], IngestOptions(), tmp_path / "s").parts
    write_nested(path, ["new", "a", None, "b"])
    assert not digests(before) & digests(plan([str(path)], IngestOptions(), tmp_path / "s").parts)


COLUMNS = {
    "text": (["g", "r"], ["g", "i"]),
    "text in lists": ([["g", "r"], ["g"]], [["g", "r"], ["i"]]),
    "nothing": ([[1.0], []], [[1.0], None]),
    "structs": ([{"time": [1.0]}, {"time": [2.0]}], [{"time": [1.0]}, {"time": [2.5]}]),
    "lists of structs": ([[{"t": 1.0}], [{"t": 2.0}]], [[{"t": 1.0}], [{"t": 2.5}]]),
    "a null in a list": ([[1.0], [2.0, None]], [[1.0], [2.0, 3.0]]),
}


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("column", COLUMNS)
def test_a_row_is_told_by_its_values_alone(column: str, coded: bool, tmp_path: Path) -> None:
    before, after = (pa.array(values) for values in COLUMNS[column])
    if coded and pa.types.is_string(before.type):
        before, after = before.dictionary_encode(), after.dictionary_encode()
    told = []
    for values in (before, after, pa.concat_arrays([after.slice(1), after])):
        pq.write_table(pa.table({"object_id": list("abcd")[: len(values)], "x": values}), tmp_path / "t.parquet")
        told.append(rows_of_table(str(tmp_path / "t.parquet"), 10))
    assert told[0].digests[0] == told[1].digests[0]
    assert told[0].digests[1] != told[1].digests[1]
    # the same values under another name are another row
    assert len(set(told[2].digests) & set(told[1].digests)) == 0


def test_rows_of_the_same_content_are_told_apart_by_their_order(tmp_path: Path) -> None:
    path = tmp_path / "survey.parquet"
    write_nested(path, ["a"] * 500)
    told = rows_of_table(str(path), 64)
    assert len(set(told.digests)) == 500
    assert len(told.ranges(100)) < 50
