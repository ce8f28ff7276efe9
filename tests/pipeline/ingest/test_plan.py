"""The whole of ingest: sources, accounting, determinism."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from swope.pipeline.ingest import IngestOptions, SourceError, plan, read
from swope.pipeline.ingest.registry import reader_named, readers
from tests.pipeline.ingest.reading import ingest

STAR = "time,mag,err\n1,12,.1\n2,13,.1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five stars, a hidden file, and three files that are none, in two levels."""
    for name in ("a.csv", "b.csv", "deep/a.csv", "deep/c.csv", "d.dat"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1 12 .1\n2 13 .1\n" if name.endswith("dat") else STAR)
    (tmp_path / "data/README.txt").write_text("Some stars\n")
    (tmp_path / "data/labels.csv").write_text("object_id,class\na,RR\n")
    (tmp_path / "data/empty.csv").write_text("")
    (tmp_path / "data/.hidden.csv").write_text(STAR)
    (tmp_path / "data/.git").mkdir()
    (tmp_path / "data/.git/x.csv").write_text(STAR)
    return tmp_path / "data"


def test_every_file_is_a_star_or_a_reason(folder: Path, tmp_path: Path) -> None:
    planned = plan([str(folder)], IngestOptions(), tmp_path / "s")
    curves, refused = ingest([folder], tmp_path / "s")
    assert planned.n_inputs == len(curves) + len(refused) == 8
    assert {Path(r.source).name for r in refused} == {"README.txt", "labels.csv", "empty.csv"}
    assert [c.object_id for c in curves].count("a") == 2
    assert len({c.source for c in curves}) == 5


def test_the_order_of_sources_and_repeats_change_nothing(folder: Path, tmp_path: Path) -> None:
    forwards = plan([str(folder / "a.csv"), str(folder)], IngestOptions(), tmp_path / "s")
    backwards = plan([str(folder), str(folder / "deep"), str(folder / "a.csv")], IngestOptions(), tmp_path / "s")
    assert forwards == backwards == plan([str(folder)], IngestOptions(), tmp_path / "s")


def test_a_file_under_two_names_counts_once(folder: Path, tmp_path: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "a.csv")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert plan([str(folder)], IngestOptions(), tmp_path / "s").n_inputs == 8


def test_chunks_hold_as_many_stars_as_asked(folder: Path, tmp_path: Path) -> None:
    options = IngestOptions(chunk_size=2)
    planned = plan([str(folder)], options, tmp_path / "s")
    sizes = [len(part.paths) for part in planned.parts if part.reader == "text"]
    assert sum(sizes) == 5
    assert max(sizes) <= 2
    whole, _ = ingest([folder], tmp_path / "s")
    parted, _ = ingest([folder], tmp_path / "s", options)
    assert sorted((c.object_id, c.source) for c in whole) == sorted((c.object_id, c.source) for c in parted)


def test_a_digest_follows_the_bytes_and_only_they_matter(folder: Path, tmp_path: Path) -> None:
    before = plan([str(folder / "a.csv")], IngestOptions(), tmp_path / "s").parts[0].digest
    os.utime(folder / "a.csv", (1, 1))
    assert plan([str(folder / "a.csv")], IngestOptions(), tmp_path / "s").parts[0].digest == before
    (folder / "a.csv").write_text(STAR + "3,14,.1\n")
    assert plan([str(folder / "a.csv")], IngestOptions(), tmp_path / "s").parts[0].digest != before


def test_globs_are_expanded_here_too(folder: Path, tmp_path: Path) -> None:
    curves, refused = ingest([f"{folder}/**/*.csv"], tmp_path / "s")
    assert (len(curves), len(refused)) == (4, 2)
    curves, _ = ingest([f"{folder}/dee*"], tmp_path / "s")
    assert len(curves) == 2


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "star[1].csv").write_text(STAR)
    curves, _ = ingest([tmp_path / "star[1].csv"], tmp_path / "s")
    assert curves[0].object_id == "star[1]"


def test_a_path_that_does_not_exist_is_an_error_alone_and_a_reason_among_others(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere/x\.csv does not exist \(there is .*data, but no nowhere in it\)"):
        plan([f"{folder}/nowhere/x.csv"], IngestOptions(), tmp_path / "s")
    planned = plan([f"{folder}/nowhere", str(folder / "a.csv")], IngestOptions(), tmp_path / "s")
    assert len(planned.parts) == 1
    assert "does not exist" in planned.refused[0].reason


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    with pytest.raises(SourceError, match="it holds no files"):
        plan([str(tmp_path / "void")], IngestOptions(), tmp_path / "s")
    (tmp_path / "void/README").write_text("nothing here\n")
    with pytest.raises(SourceError, match=r"no light curve in 1 files\. .*README: not a light curve"):
        plan([str(tmp_path / "void")], IngestOptions(), tmp_path / "s")
    with pytest.raises(SourceError, match="nothing matches"):
        plan([f"{tmp_path}/*.nothing"], IngestOptions(), tmp_path / "s")
    with pytest.raises(SourceError, match="name files, folders"):
        plan([], IngestOptions(), tmp_path / "s")


def test_an_unreadable_file_does_not_end_the_others(folder: Path, tmp_path: Path) -> None:
    (folder / "gone.csv").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe.csv")
    curves, refused = ingest([folder], tmp_path / "s")
    reasons = {Path(r.source).name: r for r in refused}
    assert len(curves) == 5
    assert "No such file" in reasons["gone.csv"].reason
    assert reasons["gone.csv"].status == "failed"
    assert reasons["pipe.csv"].reason == "not a regular file"


def test_a_file_that_vanishes_after_planning_is_a_reason(folder: Path, tmp_path: Path) -> None:
    planned = plan([str(folder)], IngestOptions(), tmp_path / "s")
    (folder / "b.csv").unlink()
    got = [read(part, IngestOptions()) for part in planned.parts]
    assert sum(len(g.chunk) for g in got) == 4
    assert [r.object_id for g in got for r in g.refused] == ["b"]


def test_names_from_files_stay_names(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text("id,time,mag\n../../evil,1,12\n../../evil,2,13\n<b>,1,12\n")
    curves, _ = ingest([tmp_path / "long.csv"], tmp_path / "s")
    assert sorted(c.object_id for c in curves) == ["../../evil", "<b>"]
    assert not (tmp_path.parent / "evil").exists()


def test_readers_have_names_of_their_own_and_can_be_forced(folder: Path, tmp_path: Path) -> None:
    assert len({reader.name for reader in readers()}) == len(readers()) >= 7
    with pytest.raises(ValueError, match="no reader is called 'x'; there are"):
        reader_named("x")
    curves, refused = ingest([folder / "d.dat", folder / "a.csv"], tmp_path / "s", IngestOptions(reader="fits"))
    assert not curves
    assert len(refused) == 2


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="chunk_size"):
        IngestOptions(chunk_size=0)
    with pytest.raises(ValueError, match="kind"):
        IngestOptions(kind="colour")  # type: ignore[arg-type]


def test_links_to_themselves_and_names_that_are_no_text_are_reasons_and_stars(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xff.csv")).write_text("mjd,mag\n55000.5,12.5\n55001.5,12.75\n")
    curves, refused = ingest([folder], tmp_path / "s")
    assert [Path(curve.source).name for curve in curves] == ["a\\xff.csv"]
    assert [(Path(r.source).name, r.status) for r in refused] == [("loop.csv", "failed")]


def test_relative_sources_are_named_alike_from_wherever_they_are_looked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "else[where]"
    elsewhere.mkdir()
    for sources in (["data"], ["data/*.csv", "data/deep"], ["./data/a.csv"], ["../" + tmp_path.name + "/data"]):
        monkeypatch.chdir(tmp_path)
        here = plan(sources, IngestOptions(), tmp_path / "s")
        monkeypatch.chdir(elsewhere)
        assert plan(sources, IngestOptions(), tmp_path / "s", tmp_path) == here
    shutil.copytree(folder, elsewhere / "data", symlinks=True)
    moved = plan(["data/*.csv", "data/deep"], IngestOptions(), tmp_path / "s", elsewhere)
    beside = plan(["data/*.csv", "data/deep"], IngestOptions(), tmp_path / "s", tmp_path)
    assert [part.digest for part in moved.parts] == [part.digest for part in beside.parts]


def test_a_refused_file_that_changes_is_told(folder: Path, tmp_path: Path) -> None:
    def told() -> str:
        return plan([str(folder)], IngestOptions(), tmp_path / "s").refused_digest

    first = told()
    os.utime(folder / "README.txt", (0, 0))
    assert told() == first != ""
    (folder / "README.txt").write_text("More stars\n")
    second = told()
    assert second != first
    (folder / "labels.csv").unlink()
    (folder / "other.csv").write_text("")
    third = told()
    assert len({first, second, third}) == 3
    for name in ("README.txt", "other.csv", "empty.csv"):
        (folder / name).unlink()
    assert told() == ""
