"""A whole run, from files to the catalog and its report, on a handful of stars and every kind of bad input."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows import catalog as catalog_module
from swope.flows import pages
from swope.flows.catalog import catalog
from swope.flows.chunk import ChunkError
from swope.flows.cli import BAD_INPUT, main
from swope.flows.lock import BusyError, locked
from swope.flows.makers import Makers
from swope.flows.nightly import nightly
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.flows.report import write_report
from swope.flows.workers import worker_processes
from swope.models.weights import PRETRAINED
from swope.pipeline.ingest import Part, SourceError
from tests.kept_state import state_bytes, state_of

N_GOOD = 6

#: Tables that a run leaves, beside what it keeps of its stars.
TABLES = ("objects.parquet", "events.parquet", "latent.parquet")


def star_text(seed: int, period: float, n: int = 150) -> str:
    rng = np.random.default_rng(seed)
    time = 58000.0 + np.sort(rng.uniform(0, 200, n))
    mag = 14 + 0.3 * np.sin(2 * np.pi * time / period) + rng.normal(0, 0.03, n)
    rows = [f"{t:.6f},{m:.4f},0.03,{'gr'[i % 2]}" for i, (t, m) in enumerate(zip(time, mag, strict=True))]
    return "\n".join(["mjd,mag,magerr,band", *rows]) + "\n"


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six stars, and what a night at the archive brings besides."""
    folder = tmp_path_factory.mktemp("survey")
    for i in range(N_GOOD):
        (folder / f"star{i}.csv").write_text(star_text(i, 0.5 + 0.1 * i))
    (folder / "one_point.csv").write_text("mjd,mag,magerr,band\n58000.5,15.0,0.02,g\n")
    (folder / "two_points.csv").write_text("mjd,mag,magerr,band\n58000.5,15.0,0.02,g\n58001.5,15.1,0.02,g\n")
    (folder / "constant.csv").write_text("mjd,mag\n" + "".join(f"{58000 + i},15.0\n" for i in range(40)))
    (folder / "nan.csv").write_text("mjd,mag,magerr,band\n58000.5,nan,0.02,g\n58001.5,nan,0.02,g\n")
    (folder / "no_value.csv").write_text("mjd,magerr,band\n58000.5,0.02,g\n")
    (folder / "empty.csv").write_text("")
    (folder / "broken.fits").write_bytes(b"SIMPLE  =                    T" + bytes(100))
    (folder / "<img src=x onerror=alert(1)>.csv").write_text(star_text(99, 0.7))
    return folder


@pytest.fixture(scope="module")
def workers() -> Iterator[None]:
    """Two workers for all runs, until one of these is left by an exception: to load the models takes longest."""
    with worker_processes(2):
        yield


@pytest.fixture(scope="module")
def run(
    prefect_server: None,  # noqa: ARG001 (the flow needs it running)
    workers: None,  # noqa: ARG001
    survey: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, RunRecord]:
    out = tmp_path_factory.mktemp("run")
    return out, catalog([str(survey)], str(out), options=RunOptions(chunk_size=5), workers=1, top=3)


def test_every_input_is_accounted_for(run: tuple[Path, RunRecord], survey: Path) -> None:
    out, record = run
    objects = pq.read_table(out / "objects.parquet").to_pylist()
    assert {row["object_id"] for row in objects} == {file.stem for file in survey.iterdir()}
    counts = record.counts
    assert (
        counts["n_in"]
        == len(objects)
        == counts["n_ok"] + counts["n_partial"] + counts["n_rejected"] + counts["n_failed"]
    )
    assert json.loads((out / "run.json").read_text())["counts"] == counts


def test_bad_input_has_a_row_with_a_reason(run: tuple[Path, RunRecord]) -> None:
    objects = {row["object_id"]: row for row in pq.read_table(run[0] / "objects.parquet").to_pylist()}
    for name, word in {
        "nan": "no finite value",
        "no_value": "column",
        "empty": "empty",
        "broken": "",
        # a column that never changes is no brightness
        "constant": "constant",
    }.items():
        assert objects[name]["status"] in ("rejected", "failed"), name
        assert word.lower() in objects[name]["reason"].lower(), name
        assert objects[name]["period"] is None
        assert objects[name]["anomaly_rank"] is None
    for name in ("one_point", "two_points"):
        assert objects[name]["status"] == "partial", objects[name]
        assert objects[name]["reason"], name


def test_good_stars_are_done(run: tuple[Path, RunRecord]) -> None:
    objects = {row["object_id"]: row for row in pq.read_table(run[0] / "objects.parquet").to_pylist()}
    for i in range(N_GOOD):
        row = objects[f"star{i}"]
        assert row["status"] == "ok", row["reason"]
        assert row["period"] is not None
        assert row["class"] is not None
        assert 0 < row["anomaly_pvalue"] <= 1
        assert row["clock"] == "JD_unknown"


def test_the_report_opens_from_disk_and_shows_names_as_text(run: tuple[Path, RunRecord]) -> None:
    page = (run[0] / "report" / "index.html").read_text()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_the_report_can_be_made_again(run: tuple[Path, RunRecord]) -> None:
    page = run[0] / "report" / "index.html"
    before = page.read_text()
    page.unlink()
    assert write_report(run[0], 3) == page
    # all but the timings, of which the run itself did not know its report's yet
    assert page.read_text().split("<dt>timings")[0] == before.split("<dt>timings")[0]


def test_a_report_drawn_with_other_models_than_made_the_run_says_so(
    run: tuple[Path, RunRecord], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # a worker process says it on the standard error that it was started with
    monkeypatch.setattr(pages, "call_twice", lambda function, *arguments: function(*arguments))
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    write_report(out, 1)
    assert not capsys.readouterr().err
    record = RunRecord.read(out)
    replace(record, models=record.models | {"classifier": "classifier-of-old"}).write(out)
    write_report(out, 1)
    assert "drawn with the classifier of this version of Swope, which did not make this run" in capsys.readouterr().err


def test_stars_asked_for_stand_first_in_the_report(run: tuple[Path, RunRecord], tmp_path: Path) -> None:
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    rows = pq.read_table(out / "objects.parquet").to_pylist()
    last = max((row for row in rows if row["anomaly_rank"]), key=lambda row: row["anomaly_rank"])["object_id"]
    first = min((row for row in rows if row["anomaly_rank"]), key=lambda row: row["anomaly_rank"])["object_id"]
    # the strangest is shown once, and one that has no rank too
    asked = [last, first, "one_point", last]
    page = write_report(out, 2, asked).read_text()
    cards = re.findall(r"<article.*?<bdi>(.*?)</bdi>", page, flags=re.DOTALL)
    assert cards[:3] == [last, first, "one_point"]
    assert len(cards) == 4
    assert cards[3] not in cards[:3]


def test_a_star_that_cannot_be_shown_is_refused(
    run: tuple[Path, RunRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, words in (("star22", "the nearest of 14: star2"), ("nan", "nothing to show of nan, rejected: ")):
        assert main(["report", str(run[0]), "--star", "star1", "--star", name]) == BAD_INPUT
        assert words in capsys.readouterr().err


def test_the_same_catalog_whatever_the_workers_and_the_order(
    run: tuple[Path, RunRecord], survey: Path, tmp_path: Path
) -> None:
    files = sorted((str(file) for file in survey.iterdir()), reverse=True)
    catalog(files, str(tmp_path), options=RunOptions(chunk_size=5), workers=2, top=1)
    made = [
        {name: pq.read_table(folder / name) for name in TABLES} | {"state": state_of(folder)}
        for folder in (tmp_path, run[0])
    ]
    for name, mine in made[0].items():
        different = [column for column in mine.column_names if not same(mine[column], made[1][name][column])]
        assert set(different) <= {"source"}, name


def bytes_of(run_dir: Path) -> dict[str, bytes]:
    return {name: (run_dir / name).read_bytes() for name in TABLES} | {"state": state_bytes(run_dir)}


def same(a: pa.ChunkedArray, b: pa.ChunkedArray) -> bool:
    """Whether two columns are the same to the bit, nulls and NaN included."""
    return bool(a.combine_chunks().equals(b.combine_chunks())) or repr(a.to_pylist()) == repr(b.to_pylist())


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    run: tuple[Path, RunRecord], survey: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    chunk = out / run[1].chunks[0]
    (chunk / "done.json").unlink()
    (chunk / "objects.parquet").write_bytes(b"half a fi")
    (out / "objects.parquet").unlink()
    again = catalog([str(survey)], str(out), options=RunOptions(chunk_size=5), workers=1, top=3)
    assert again.n_reused == len(again.chunks) - 1
    assert bytes_of(out) == bytes_of(run[0])


def chunk_folders(out: Path) -> set[str]:
    return {folder.name for folder in (out / "work" / "chunks").iterdir()}


def test_one_file_more_redoes_one_chunk_and_what_nothing_refers_to_goes(
    run: tuple[Path, RunRecord], survey: Path, tmp_path: Path
) -> None:
    out, more = tmp_path / "run", tmp_path / "more.csv"
    shutil.copytree(run[0], out)
    more.write_text(star_text(50, 0.9))
    options = RunOptions(chunk_size=5)
    again = catalog([str(survey), str(more)], str(out), options=options, workers=1, top=1)
    assert again.n_reused >= len(run[1].chunks) - 1
    assert again.n_reused < len(again.chunks)
    assert again.n_taken_over > 0
    assert again.counts["n_in"] == run[1].counts["n_in"] + 1
    kept = {Path(chunk).name for chunk in again.chunks} | {"refused"}
    # the one that changed refers to what was made of its other stars
    assert len(chunk_folders(out) - kept) == 1
    assert {out / one for one in again.pieces} == {*(out / "work" / "chunks").iterdir(), *out.glob("work/gathered/*/*")}
    # and back to the first
    back = catalog([str(survey)], str(out), options=options, workers=1, top=1)
    assert back.n_reused >= len(run[1].chunks) - 1
    assert chunk_folders(out) == chunk_folders(run[0])
    assert bytes_of(out) == bytes_of(run[0])


def test_the_next_run_ranks_by_what_was_said_of_this_one(
    run: tuple[Path, RunRecord], survey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    before = pq.read_table(out / "objects.parquet")
    assert before["verdict_rank"].null_count == len(before)
    assert main(["label", str(out), "star3", "interesting"]) == 0
    record = catalog([str(survey)], str(out), options=RunOptions(chunk_size=5), workers=1, top=None)
    assert record.n_reused == len(record.chunks)
    after = pq.read_table(out / "objects.parquet")
    assert after.drop(["verdict", "verdict_rank"]).equals(before.drop(["verdict", "verdict_rank"]))
    rows = {row["object_id"]: row for row in after.to_pylist()}
    assert rows["star3"]["verdict"] == "interesting"
    assert rows["star3"]["verdict_rank"] <= rows["star3"]["anomaly_rank"]
    assert sum(row["verdict_rank"] is not None for row in rows.values()) >= N_GOOD
    # what a run keeps of its verdicts a damaged table must not cost
    (out / "verdicts.csv").write_text("star,word\n")
    with pytest.raises(ValueError, match="no table of verdicts"):
        catalog([str(survey)], str(out), options=RunOptions(chunk_size=5), workers=1, top=None)
    assert pq.read_table(out / "objects.parquet").equals(after)
    capsys.readouterr()


def test_the_catalog_does_not_depend_on_the_chunks(run: tuple[Path, RunRecord], survey: Path, tmp_path: Path) -> None:
    # one a file: of which files a chunk is made depends on their paths, so that some other size may give the same ones
    catalog([str(survey)], str(tmp_path), options=RunOptions(chunk_size=1), workers=1, top=1)
    assert len(RunRecord.read(tmp_path).chunks) > len(run[1].chunks)
    assert bytes_of(tmp_path) == bytes_of(run[0])


def test_a_chunk_that_fails_has_rows_that_say_why_and_is_tried_again_by_the_next_run(
    run: tuple[Path, RunRecord], survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_work: object, _part: Part, folder: Path, _options: RunOptions) -> None:
        raise ChunkError(f"KeyError: network/003 in {folder.parent.name}")

    with monkeypatch.context() as patched:
        patched.setattr("swope.flows.tasks.surviving", broken)
        failed = catalog([str(survey)], str(tmp_path), options=RunOptions(chunk_size=5), workers=1, top=1)
    assert failed.counts["n_in"] == run[1].counts["n_in"]
    rows = pq.read_table(tmp_path / "objects.parquet").to_pylist()
    reasons = [row["reason"] for row in rows if row["status"] == "failed"]
    assert sum("ChunkError: KeyError: network/003" in reason for reason in reasons) >= N_GOOD
    again = catalog([str(survey)], str(tmp_path), options=RunOptions(chunk_size=5), workers=1, top=1)
    assert again.n_reused == 0
    assert again.counts == run[1].counts


def test_a_run_in_a_folder_that_is_in_use_is_refused(survey: Path, tmp_path: Path, prefect_server: None) -> None:  # noqa: ARG001
    with locked(tmp_path), pytest.raises(BusyError, match="is in use by process"):
        catalog([str(survey)], str(tmp_path), workers=1)


def test_a_night_goes_on_from_a_run(run: tuple[Path, RunRecord], survey: Path, tmp_path: Path) -> None:
    tonight = tmp_path / "tonight"
    shutil.copytree(survey, tonight)
    with (tonight / "star0.csv").open("a") as file:
        file.write("58210.5,14.0,0.03,g\n58211.5,14.0,0.03,r\n")
    night = Path(nightly(str(tonight), str(run[0]), str(tmp_path / "nights"), update=False) or "")
    assert night.parent == tmp_path / "nights"
    names = {row["object_id"]: row for row in pq.read_table(night / "stars.parquet").to_pylist()}
    assert set(names) == {file.stem for file in survey.iterdir()}
    assert json.loads((night / "nightly.json").read_text())["n_points"] == names["star0"]["n_new"] == 2
    assert names["star0"]["status"] == "ok"
    assert 0 < names["star0"]["forecaster_pvalue"] <= 1
    assert 0 < names["star0"]["statespace_pvalue"] <= 1
    usable = {row["object_id"] for row in pq.read_table(run[0] / "objects.parquet").to_pylist() if row["n_obs"]}
    assert {name for name, row in names.items() if row["status"] == "ok"} == usable


@pytest.mark.usefixtures("prefect_server")
def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        catalog([str(tmp_path / "nowhere")], str(tmp_path / "out"))
    (tmp_path / "bare").mkdir()
    with pytest.raises(SourceError, match="bare"):
        catalog([str(tmp_path / "bare")], str(tmp_path / "out"))


def test_models_that_cannot_be_loaded_are_said_before_any_work(
    run: tuple[Path, RunRecord], survey: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models" / "classifier"
    shutil.copytree(PRETRAINED / "classifier", models)
    (models / "arrays.npz").write_bytes(b"half a model")
    out = tmp_path / "run"
    with pytest.raises(ValueError, match=r"arrays\.npz is missing or is not the file that was saved"):
        catalog([str(survey)], str(out), options=RunOptions(models=str(models.parent)), workers=1)
    assert not (out / "work" / "chunks").exists()
    assert run[1].models["classifier"]


def test_other_code_redoes_all(
    run: tuple[Path, RunRecord], survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Makers(run[1].models, run[1].versions | {"swope_code": "pulled"})
    monkeypatch.setattr(catalog_module, "load_makers", lambda _: made)
    seen: list[Path] = []
    monkeypatch.setattr(catalog_module, "run_chunks", lambda _parts, folders, *_: seen.extend(folders) or 0)
    shutil.copytree(run[0], tmp_path / "run")
    with pytest.raises(FileNotFoundError):
        catalog([str(survey)], str(tmp_path / "run"), options=RunOptions(chunk_size=5), workers=1)
    assert not any(folder.exists() for folder in seen)
    # what was there is still whole
    assert RunRecord.read(tmp_path / "run") == run[1]


@pytest.mark.usefixtures("prefect_server", "workers")
def test_one_stars_files_become_one_where_that_is_asked_for(tmp_path: Path) -> None:
    survey, out = tmp_path / "survey", tmp_path / "out"
    survey.mkdir()
    rows = [line.split(",") for line in star_text(3, 0.7).splitlines()[1:]]
    for name, band, ra in (("one", "g", 10.0), ("other", "r", 10.0001), ("far", "r", 10.2)):
        own = "".join(f"{name},{t},{m},{e},{band},{ra},-5.0\n" for t, m, e, b in rows if b == band)
        (survey / f"{name}.csv").write_text("id,mjd,mag,magerr,band,ra,dec\n" + own)
    record = catalog([str(survey)], str(out), options=RunOptions(join=1.0), workers=1, top=None)
    objects = {row["object_id"]: row for row in pq.read_table(out / "objects.parquet").to_pylist()}
    assert {name: row["n_obs"] for name, row in objects.items()} == {"one": 150, "far": 75}
    assert objects["one"]["source"] == f"{survey}/one.csv;{survey}/other.csv"
    assert "joined one of" in objects["one"]["read_as"]
    assert record.counts["n_in"] == 2
    again = catalog([str(survey)], str(out), options=RunOptions(join=1.0), workers=1, top=None)
    assert again.n_reused == len(record.chunks)


def test_a_radius_that_cannot_be_meant_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "star.csv").write_text(star_text(1, 0.6))
    for radius in ("-1", "3600", "nan"):
        assert main(["run", str(tmp_path / "star.csv"), "--out", str(tmp_path / "out"), "--join", radius]) == BAD_INPUT
        assert "--join" in capsys.readouterr().err
