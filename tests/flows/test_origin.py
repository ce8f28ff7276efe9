"""Where a run finds its input again, and that it takes no other stars for it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pytest

from swope.flows.options import RunOptions
from swope.flows.origin import Origin, OtherInputError, found_again
from swope.flows.record import RunRecord
from swope.pipeline.catalog import write_parquet
from swope.pipeline.ingest import IngestOptions, SourceError, plan

OPTIONS = IngestOptions()


def star(folder: Path, name: str, extra: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{58000 + i},{14 + 0.01 * i}\n" for i in range(20 + extra))
    (folder / f"{name}.csv").write_text("mjd,mag\n" + rows)


def leave_run(folder: Path, sources: Sequence[str] = ("incoming",), options: IngestOptions = OPTIONS) -> RunRecord:
    """What a run in `folder`, called there, says of its input."""
    run_dir = folder / "out" / "run"
    run_dir.mkdir(parents=True)
    planned = plan(sources, options, folder / "scratch", folder)
    inputs = [{"sha256": part.digest, "files": list(part.sources)} for part in planned.parts]
    root = Origin(sources, folder, planned).seen_from(run_dir)
    record = RunRecord("0", {}, list(sources), asdict(RunOptions()), {}, {}, 0, 0, inputs, [], 0, {}, root=root)
    record.write(run_dir)
    write_parquet(pa.table({"source": ["incoming/a.csv", "incoming/b.csv"]}), run_dir / "objects.parquet")
    return record


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a survey and its run; the current folder is another."""
    for name in "ab":
        star(tmp_path / "project" / "incoming", name)
    leave_run(tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "project"


def again(project: Path, *more: str, options: IngestOptions = OPTIONS) -> Origin:
    run_dir = project / "out" / "run"
    return found_again(RunRecord.read(run_dir), run_dir, options, project / "scratch", more)


def forget_root(project: Path) -> None:
    run_dir = project / "out" / "run"
    replace(RunRecord.read(run_dir), root=None).write(run_dir)


def test_sources_are_looked_for_where_the_run_had_them(project: Path, tmp_path: Path) -> None:
    star(tmp_path / "elsewhere" / "incoming", "other")
    assert again(project).root == project
    star(project / "incoming", "a", 1)
    assert again(project).planned.files == ("incoming/a.csv", "incoming/b.csv")


def test_a_folder_that_was_moved_or_copied_as_a_whole_is_its_own(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "copy")
    star(tmp_path / "copy" / "incoming", "a", 1)
    assert again(tmp_path / "copy").root == tmp_path / "copy"
    project.rename(tmp_path / "moved")
    star(tmp_path / "moved" / "incoming", "a", 1)
    assert again(tmp_path / "moved").root == tmp_path / "moved"


def test_a_run_that_was_moved_alone_finds_its_stars_in_the_current_folder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "far" / "away"
    moved.mkdir(parents=True)
    (project / "out").rename(moved / "out")
    with pytest.raises(SourceError, match="incoming does not exist"):
        again(moved)
    monkeypatch.chdir(project)
    assert again(moved).root == project
    # nothing says that this is not the folder of other stars with the same names
    for name in "ab":
        star(project / "incoming", name, 1)
    with pytest.raises(OtherInputError, match=f"in {project} has nothing in common"):
        again(moved)


def test_an_old_record_takes_only_what_it_knows(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_root(project)
    star(tmp_path / "elsewhere" / "incoming", "a", 1)
    with pytest.raises(OtherInputError, match="its catalog is left as it is"):
        again(project)
    monkeypatch.chdir(project)
    assert again(project).root == project
    star(project / "incoming", "a", 1)
    with pytest.raises(OtherInputError):
        again(project)
    # who names them says that they are
    assert again(project, "incoming").sources == ["incoming"]
    run_dir = project / "out" / "run"
    assert found_again(RunRecord.read(run_dir), run_dir, OPTIONS, project / "s", named=["incoming"]).root == project


def test_other_stars_in_the_place_of_a_runs_own_are_refused(project: Path) -> None:
    shutil.rmtree(project / "incoming")
    star(project / "incoming", "other")
    with pytest.raises(OtherInputError, match="`swope run SOURCE --out"):
        again(project)
    with pytest.raises(OtherInputError):
        again(project, "../project/incoming")


def test_other_sources_come_to_those_of_the_run_by_one_name_each(project: Path, tmp_path: Path) -> None:
    star(tmp_path / "elsewhere" / "tonight", "a", 2)
    assert again(project, "tonight").sources == ["incoming", "../elsewhere/tonight"]
    assert again(project, "../project/incoming").sources == ["incoming"]
    assert again(project, "../project/in*").sources == ["incoming", "in*"]
    assert again(project, str(tmp_path / "elsewhere" / "tonight")).sources[1:] == [str(tmp_path / "elsewhere/tonight")]


def test_a_run_that_joins_files_knows_them_by_its_stars(project: Path) -> None:
    shutil.rmtree(project / "out")
    joining = replace(OPTIONS, join=0.0)
    record = leave_run(project, options=joining)
    assert record.inputs[0]["files"] == ["2 sources, joined"]
    star(project / "incoming", "a", 1)
    star(project / "incoming", "c")
    assert len(again(project, options=joining).planned.files) == 3
    shutil.rmtree(project / "incoming")
    star(project / "incoming", "c")
    with pytest.raises(OtherInputError):
        again(project, options=joining)
