"""One star at once, from files and from a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from swope.flows.cli import BAD_INPUT, main
from swope.flows.show import MOST, file_name
from tests.front.stars import star


def written(path: Path, name: str, seed: int = 1) -> Path:
    """A file with a star."""
    one = star(name, 60, seed)
    rows = "".join(f"{t},{v:.4f},0.02\n" for t, v in zip(one.time, one.value, strict=True))
    path.mkdir(parents=True, exist_ok=True)
    (path / f"{name}.csv").write_text("HJD,mag,mag_err\n" + rows)
    return path / f"{name}.csv"


def test_a_file_is_shown_with_a_page_and_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "V1")
    assert main(["show", str(file), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("V1: 60 of 60 points")
    assert len(said) <= 14
    (page,) = (tmp_path / "out").glob("*.html")
    (picture,) = (tmp_path / "out").glob("*.png")
    assert [f"page       {page}", f"picture    {picture}"] == said[-2:]
    assert picture.read_bytes().startswith(b"\x89PNG")
    content = page.read_text()
    assert "V1" in content
    assert "src=&quot;http" not in content


def test_one_of_several_by_name_and_what_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(MOST + 1):
        written(tmp_path / "many", f"V{i}", i)
    assert main(["show", str(tmp_path / "many"), "--out", str(tmp_path / "out")]) == BAD_INPUT
    assert "11 stars are many to show" in capsys.readouterr().err
    assert main(["show", str(tmp_path / "many"), "--star", "V3", "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith("V3: ")
    assert main(["show", str(tmp_path / "many"), "--star", "V99", "--out", str(tmp_path / "out")]) == BAD_INPUT
    assert "no star is called V99; there are V0, V1" in capsys.readouterr().err
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_what_cannot_be_read_is_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.csv").write_text("")
    assert main(["show", str(tmp_path / "empty.csv"), "--out", str(tmp_path / "out")]) == BAD_INPUT
    assert "the file is empty" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["show", str(written(tmp_path, "V1")), "--out", str(tmp_path / "file")]) == BAD_INPUT
    assert "is a file; name a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "<img onerror=x>", "", "a" * 500, "\u202eright to left", "é\udcff"]
)
def test_names_from_files_never_become_paths(name: str) -> None:
    made = file_name(name, "x.csv")
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-")
    assert 9 < len(made) < 75


def test_two_stars_of_one_name_have_files_of_their_own() -> None:
    assert file_name("1", "a.csv") != file_name("1", "b.csv")
