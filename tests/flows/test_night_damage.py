"""Whatever file a night reads, one flipped byte in it is named, and what it held is made anew, or the night refuses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from swope.flows.catalog import catalog
from swope.flows.nightly import nightly
from swope.flows.options import RunOptions
from swope.flows.workers import worker_processes
from tests.bench.nights import TABLES, Survey
from tests.kept_state import state_bytes

OPTIONS = RunOptions(chunk_size=4, clock="MJD_UTC")


def a_night(folder: Path) -> None:
    places = [str(folder.parent / "incoming"), str(folder / "catalog"), str(folder / "nights")]
    nightly(*places, options=OPTIONS, top=1, workers=1)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Iterator[Path]:  # noqa: ARG001
    """A run and a night after it, and a survey that has changed since, with the catalog of one run over it."""
    folder = tmp_path_factory.mktemp("damage")
    survey = Survey(folder / "incoming", 9)
    survey.begin(20, 9)
    with worker_processes(1):
        a_night(folder / "made")
        survey.change(0.2)
        a_night(folder / "made")
        survey.change(0.2)
        catalog([str(folder / "incoming")], str(folder / "once"), options=OPTIONS, workers=1, top=None)
        yield folder


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_what_a_disk_has_damaged_is_named_and_made_anew(nights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    harmed = nights / "harmed"
    shutil.copytree(nights / "made", harmed)
    run_dir = harmed / "catalog"
    folders = [one for one in run_dir.glob("work/*/*") if one.name != "refused" and one.parent.name == "chunks"]
    folders += run_dir.glob("work/gathered/*/*")
    assert any((one / "refers.json").exists() for one in folders)
    files = [one for one in run_dir.rglob("*") if one.is_file() and one.stat().st_size and one.name != ".lock"]
    for one in files:
        if one.name != "run.json":
            flip(one)
    a_night(harmed)
    said = capfd.readouterr().err
    for name in (*map(str, folders), str(run_dir / "history.json")):
        assert name in said
    for name in TABLES:
        assert (run_dir / name).read_bytes() == (nights / "once" / name).read_bytes(), name
    assert state_bytes(run_dir) == state_bytes(nights / "once")


def test_without_damage_the_night_says_nothing_of_it(nights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = nights / "whole"
    shutil.copytree(nights / "made", whole)
    a_night(whole)
    assert "written" not in capfd.readouterr().err
    for name in TABLES:
        assert (whole / "catalog" / name).read_bytes() == (nights / "once" / name).read_bytes(), name
    assert state_bytes(whole / "catalog") == state_bytes(nights / "once")


def test_a_night_that_makes_no_catalog_refuses_to_go_on_from_what_is_damaged(
    nights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    harmed = tmp_path / "harmed"
    shutil.copytree(nights / "made", harmed)
    state = next(iter((harmed / "catalog").glob("work/*/*/state.parquet")))
    flip(state)
    places = [str(nights / "incoming"), str(harmed / "catalog"), str(harmed / "nights")]
    with pytest.raises(ValueError, match=r"work/.* is damaged, and is made anew by the next `swope run`"):
        nightly(*places, options=OPTIONS, top=1, workers=1, update=False)
    assert str(state.parent) in capfd.readouterr().err


@pytest.mark.parametrize("name", ["run.json", "nightly.json"])
def test_a_record_that_is_not_as_it_was_written_is_refused(nights: Path, name: str, tmp_path: Path) -> None:
    shutil.copytree(nights / "made", tmp_path / "made")
    shutil.copytree(nights / "incoming", tmp_path / "incoming")
    (record,) = (tmp_path / "made").rglob(name)
    flip(record)
    with pytest.raises(ValueError, match=str(record)):
        a_night(tmp_path / "made")
