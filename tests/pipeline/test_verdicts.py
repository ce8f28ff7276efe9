from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.verdicts import VERDICTS, WORDS, Verdict, add_verdicts, latest, read_verdicts

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.builds(Verdict, TEXT, TEXT, st.sampled_from(WORDS), st.just("2026-01-02T03:04:05+00:00"), TEXT)))
def test_whatever_is_said_is_read_back_in_its_order(said: list[Verdict]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for one in said:
            add_verdicts(Path(name), [one])
        assert read_verdicts(Path(name)) == said


def test_the_last_verdict_counts_and_the_earlier_ones_stay(tmp_path: Path) -> None:
    first = Verdict("V1", "a.csv", "interesting", "2026-01-01T00:00:00+00:00", "odd, no?")
    again = Verdict("V1", "a.csv", "artifact", "2026-01-02T00:00:00+00:00")
    other = Verdict("V1", "b.csv", "boring", "2026-01-02T00:00:00+00:00")
    for one in (first, other, again):
        add_verdicts(tmp_path, [one])
    assert read_verdicts(tmp_path) == [first, other, again]
    # two stars of one name are two stars
    assert latest(read_verdicts(tmp_path)) == {("V1", "a.csv"): again, ("V1", "b.csv"): other}
    assert [path.name for path in tmp_path.iterdir()] == [VERDICTS]


def test_bytes_that_are_no_text_are_kept_as_escapes(tmp_path: Path) -> None:
    add_verdicts(tmp_path, [Verdict("V1", "a.csv", "boring", "", "caf\udce9")])
    (said,) = read_verdicts(tmp_path)
    assert said.note == "caf\\xe9"


def test_a_damaged_table_is_said_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / VERDICTS
    file.write_text("star,verdict\nV1,boring\n")
    with pytest.raises(ValueError, match="first line must be object_id,source,verdict,date,note"):
        add_verdicts(tmp_path, [Verdict("V1", "a.csv", "boring", "")])
    file.write_text("object_id,source,verdict,date,note\nV1,a.csv,lovely,,\n")
    with pytest.raises(ValueError, match="line 2: a verdict is one of interesting, boring, artifact"):
        read_verdicts(tmp_path)
    assert "lovely" in file.read_text()
