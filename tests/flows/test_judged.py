"""Verdicts from a table: all of it is taken down, or nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from swope.flows.cli import main
from swope.flows.judged import label_from
from swope.pipeline.verdicts import read_verdicts


@pytest.fixture
def run_dir(small_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_run, tmp_path / "run")


def test_a_table_of_the_report_is_taken_down(run_dir: Path, tmp_path: Path, capsys) -> None:
    table = tmp_path / "verdicts.csv"
    table.write_text('\ufeffobject_id,source,verdict,note\n"RRAB0","","boring",""\nEA1,,interesting,"a, b"\n')
    assert main(["label", str(run_dir), "--from", str(table)]) == 0
    assert "2 verdicts taken down; 2 stars judged" in capsys.readouterr().out
    said = read_verdicts(run_dir)
    assert [(one.object_id, one.verdict, one.note) for one in said] == [
        ("RRAB0", "boring", ""),
        ("EA1", "interesting", "a, b"),
    ]
    assert all(one.source.endswith(f"{one.object_id}.csv") for one in said)


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ("object_id,source\nEA1,\n", "no column 'verdict'"),
        ("object_id,verdict\nEA1,boring\nEA1,nice\n", "line 3: a verdict is one of"),
        ("object_id,verdict\nEA1,boring\nnobody,boring\n", "line 3: the run has no light curve of a star 'nobody'"),
        ("object_id,source,verdict\nEA1,elsewhere.csv,boring\n", "'EA1' from elsewhere.csv"),
        ("object_id,verdict\nEA1\n", "line 2: a verdict is one of"),
    ],
)
def test_a_table_that_cannot_be_understood_changes_nothing(run_dir, tmp_path, rows: str, match: str) -> None:
    table = tmp_path / "verdicts.csv"
    table.write_text(rows)
    with pytest.raises(ValueError, match=match):
        label_from(run_dir, table)
    assert read_verdicts(run_dir) == []


@pytest.mark.parametrize("words", [["EA1"], [], ["EA1", "boring", "--from", "x.csv"]])
def test_either_a_star_or_a_table(run_dir, words: list[str], capsys) -> None:
    assert main(["label", str(run_dir), *words]) == 2
    assert "or a table of them with --from FILE" in capsys.readouterr().err
