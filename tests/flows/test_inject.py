"""Completeness and false alarms of a small survey, and all that could make them silently wrong."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from swope.flows.cli import BAD_INPUT, main
from swope.flows.inject import InjectOptions, Measured, measure, summary
from swope.flows.inject import examine as examine_module
from swope.flows.inject import measurement as measure_module
from swope.flows.inject import sample as sample_module
from swope.flows.inject.examine import Laying, examine
from swope.flows.inject.sample import draw_sample, usual_limits
from swope.flows.options import RunOptions
from swope.flows.workers import WorkerDiedError
from swope.models.analysis import Analysis
from swope.pipeline.clean import clean
from swope.pipeline.events import Event
from swope.pipeline.ingest import Ingested, SourceError
from swope.pipeline.inject.lay import Limits
from swope.pipeline.lightcurve import Chunk, LightCurve

N_STARS = 5


def star_text(seed: int, kind: str = "mag") -> str:
    """150 nights of a constant star with noise of 0.02 mag."""
    rng = np.random.default_rng(seed)
    time = 58000.0 + np.sort(rng.uniform(0, 300, 150))
    mag = 14.0 + rng.normal(0, 0.02, 150)
    value, error = (mag, 0.02) if kind == "mag" else (rng.normal(0.0, 3.0, 150), 3.0)
    header = "mjd,mag,magerr\n" if kind == "mag" else "mjd,flux,fluxerr\n"
    return header + "".join(f"{t:.5f},{v:.4f},{error}\n" for t, v in zip(time, value, strict=True))


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Constant stars, a curve of flux differences, one of a single point, and what cannot be read or used."""
    folder = tmp_path_factory.mktemp("survey") / "stars"
    folder.mkdir()
    for i in range(N_STARS):
        (folder / f"star{i}.csv").write_text(star_text(i))
    (folder / "difference.csv").write_text(star_text(50, "flux"))
    (folder / "point.csv").write_text("mjd,mag,magerr\n58000.5,15.0,0.02\n")
    (folder / "empty.csv").write_text("")
    rows = "".join(f"{58000 + i},{14 + 0.01 * (i % 3)},-1\n" for i in range(20))
    (folder / "bad_errors.csv").write_text("mjd,mag,magerr\n" + rows)
    return folder


#: Great boxes and steps, so that all of them are found.
GREAT = InjectOptions(stars=20, shapes=("box", "step"), depth=(0.5, 0.6), duration=(20.0, 30.0))


@pytest.fixture(scope="module")
def measured(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Measured]:
    out = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patched:
        # what is laid into a star follows from its source: the same wherever the test is run
        patched.chdir(survey.parent)
        return out, measure([survey.name], out, GREAT, RunOptions(), workers=0)


def test_every_star_and_every_event_is_accounted_for(measured: tuple[Path, Measured]) -> None:
    out, found = measured
    sample = found.sample
    record = json.loads((out / "inject.json").read_text())
    # nine files: seven stars, of which one may have no usable row, and what is no star
    assert sample.n_stars + sample.n_unusable + sample.n_refused == N_STARS + 4
    assert len(found.stars) == record["n_drawn"] == sample.n_stars
    assert len(found.trials) == sum(record["outcomes"].values()) == 2 * sample.n_stars
    assert {trial["object_id"] for trial in found.trials} == {star["object_id"] for star in found.stars}
    judged = [row for row in found.completeness.to_pylist() if (row["shape"], row["axis"]) == ("all", "snr")]
    counts = record["outcomes"]
    assert sum(row["n"] for row in judged) == counts["recovered"] + counts.get("missed", 0)


def test_great_events_are_found_and_fade_or_brighten_as_they_should(measured: tuple[Path, Measured]) -> None:
    mine = [trial for trial in measured[1].trials if trial["object_id"].startswith("star")]
    assert sum(trial["outcome"] == "recovered" for trial in mine) >= len(mine) - 2
    boxes = [trial for trial in mine if trial["shape"] == "box"]
    assert {trial["direction"] for trial in boxes} == {"fade"}
    for trial in mine:
        if trial["outcome"] == "recovered":
            assert trial["found_by"] in ("forecaster", "statespace")
            assert trial["found_start"] <= trial["time"] + 0.5 * (0 if math.isnan(trial["duration"]) else 30) + 12
            assert trial["n_events"] >= 1
    dips = [trial for trial in boxes if trial["found_depth"] is not None]
    assert dips
    assert all(0.25 < trial["found_depth"] < 1.2 for trial in dips)


def test_stars_that_nothing_can_be_laid_into_or_found_in_stay(measured: tuple[Path, Measured]) -> None:
    by = {trial["object_id"]: trial for trial in measured[1].trials}
    assert by["difference"]["outcome"] == "no_light"
    assert "no light" in by["difference"]["reason"]
    # a single point can have no event: its events are missed, not left out
    assert by["point"]["outcome"] == "missed"
    stars = {star["object_id"]: star for star in measured[1].stars}
    assert stars["point"]["status"] == "partial"
    assert stars["difference"]["scrambled"] is not None


def test_tables_are_there_twice_with_the_same_rows(measured: tuple[Path, Measured]) -> None:
    out, found = measured
    for name in ("trials", "stars", "completeness", "false_alarms"):
        table = pq.read_table(out / f"{name}.parquet")
        assert pyarrow.csv.read_csv(out / f"{name}.csv").num_rows == len(table) > 0
    assert (out / "completeness.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "completeness.png").read_bytes().startswith(b"\x89PNG")
    assert pq.read_schema(out / "trials.parquet").field("depth").metadata[b"unit"] == b"mag"
    lines = summary(found, out).splitlines()
    assert 8 <= len(lines) <= 12
    assert f"{len(found.stars)} of {found.sample.n_stars} stars drawn" in lines[0]
    assert any(line.startswith("scrambled:") for line in lines)


def test_a_star_has_the_same_answer_in_any_company(survey: Path) -> None:
    curves = draw_sample([str(survey)], RunOptions(), 20, 0).curves
    laying = Laying(("box",), 1, Limits((0.5, 0.6), (20.0, 30.0)), 0)
    mine = [curve for curve in curves if curve.object_id in ("star1", "star3")]
    together = examine(mine, laying, RunOptions())
    alone = examine(mine[1:], laying, RunOptions())
    assert str(together[1]) == str(alone[0])
    other = examine(mine[1:], replace(laying, seed=1), RunOptions())
    assert other[0].trials[0]["time"] != alone[0].trials[0]["time"]


def test_the_sample_depends_on_nothing_but_the_seed(survey: Path) -> None:
    def names(sources: list[str], seed: int = 0, chunk: int = 256, n: int = 3) -> list[str]:
        return [curve.object_id for curve in draw_sample(sources, RunOptions(chunk_size=chunk), n, seed).curves]

    files = sorted(str(path) for path in survey.glob("star*.csv"))
    assert len(names(files)) == 3
    assert names(files) == names(files[::-1]) == names([str(survey / "star*.csv")], chunk=2)
    assert len({tuple(names(files, seed)) for seed in range(8)}) > 2
    # a larger sample holds the smaller one
    assert set(names(files)) < set(names(files, n=4))
    assert len(names(files, n=100)) == N_STARS


def test_a_sample_of_nothing_is_refused(survey: Path) -> None:
    with pytest.raises(SourceError, match="empty"):
        draw_sample([str(survey / "empty.csv"), str(survey / "empty.csv")], RunOptions(), 3, 0)


def test_limits_follow_the_survey() -> None:
    time = np.arange(0.0, 400.0, 2.0)
    mag = 12.0 + 0.02 * np.random.default_rng(0).standard_normal(200)
    magnitudes = clean(LightCurve.of("m", time, mag, np.full(200, 0.02)))
    flux = clean(LightCurve.of("f", time, 10 ** (-0.4 * mag), 10 ** (-0.4 * 12.0) * np.full(200, 0.0184), kind="flux"))
    one, other = usual_limits([magnitudes]), usual_limits([flux])
    assert one.duration == pytest.approx((2.0, 39.8))
    assert one.depth == pytest.approx(other.depth, rel=0.02)
    # a signal-to-noise of 2 in an event of the middle duration
    assert one.depth[0] == pytest.approx(2 * 0.02 / math.sqrt(math.sqrt(39.8 / 2.0)))
    with pytest.raises(ValueError, match="two observations and light"):
        usual_limits([clean(LightCurve.of("p", [1.0], [12.0], [0.1]))])


def test_a_stars_own_event_is_never_counted_as_found_nor_as_a_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that finds one and the same fading in every curve, upright or not, finds nothing that was laid."""
    right = examine_module.analyze_surely

    def one_event(curves: list[LightCurve], *rest: object) -> list[Analysis]:
        own = [
            Event(c.object_id, "toy", "V", float(c.time[0]), float(c.time[0]), float(c.time[-1]), "fade", 9.0, 1e-9, 9)
            for c in curves
        ]
        return [replace(one, events=(event,)) for one, event in zip(right(curves, *rest), own, strict=True)]

    monkeypatch.setattr(examine_module, "analyze_surely", one_event)
    rng = np.random.default_rng(0)
    star = clean(LightCurve.of("s", np.arange(40.0), 12 + 0.02 * rng.standard_normal(40), np.full(40, 0.02)))
    (found,) = examine([star], Laying(("dip", "step"), 3, Limits((0.5, 1.0), (20.0, 60.0)), 0), RunOptions())
    assert {trial["outcome"] for trial in found.trials} <= {"occupied", "missed"}
    assert found.star["inverted"] == 0
    assert found.star["untouched"] == 1


def test_an_event_upside_down_is_explained_by_one_upright_that_is_about_as_long() -> None:
    def event(start: float, end: float, direction: str = "fade") -> Event:
        return Event("s", "toy", "V", start, start, end, direction, 9.0, 1e-9, 9)  # type: ignore[arg-type]

    flare = event(10.0, 12.0, "brighten")
    assert examine_module._mirrors(event(11.0, 13.0), flare, 1.0)
    assert examine_module._mirrors(event(12.0, 12.0), flare, 1.0)
    assert not examine_module._mirrors(event(13.0, 14.0), flare, 1.0)
    # a trend over years hides no false alarm of a night
    assert not examine_module._mirrors(event(13.0, 14.0), event(0.0, 900.0), 1.0)


def test_two_stars_of_one_name_in_one_file_are_both_drawn(monkeypatch: pytest.MonkeyPatch, survey: Path) -> None:
    twins = [LightCurve.of("twin", np.arange(9.0) + i, 12.0 + np.arange(9.0), source="a.csv") for i in range(3)]
    monkeypatch.setattr(sample_module, "read", lambda *_: Ingested(Chunk.of(twins), ()))
    found = draw_sample([str(survey / "star0.csv")], RunOptions(), 2, 0)
    assert [curve.object_id for curve in found.curves] == ["twin", "twin"]
    assert found.n_stars == 3


def test_a_star_that_ends_its_process_is_lost_alone(
    survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(curves: list[LightCurve], laying: Laying, *_: object) -> list[object]:
        if any(curve.object_id == "star2" for curve in curves):
            raise WorkerDiedError("the process ended without an answer")
        return [examine_module.lost(curve, laying, "") for curve in curves]

    monkeypatch.setattr(measure_module, "examine", dying)
    found = measure([str(survey / "star*.csv")], tmp_path / "out", GREAT, RunOptions(), workers=0)
    assert len(found.stars) == N_STARS
    (bad,) = [star for star in found.stars if star["object_id"] == "star2"]
    assert "ended its process" in bad["reason"]
    assert len(found.trials) == 2 * N_STARS
    # nothing could be judged, and nothing is said to be without alarms
    assert {row["per_1000"] for row in found.false_alarms.to_pylist()} == {None}
    assert len(found.completeness) == 0
    assert summary(found, tmp_path / "out")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == BAD_INPUT
    return capsys.readouterr().err


def test_settings_that_cannot_be_meant_are_refused(
    survey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ("inject", str(survey), "--out", str(tmp_path / "out"))
    assert "no shape is called 'blob'; known: box, dip" in said(capsys, *run, "--shapes", "box,blob")
    assert "--depth from 2 to 1: give the smaller number first" in said(capsys, *run, "--depth", "2", "1")
    assert "--duration from 0 to 1" in said(capsys, *run, "--duration", "0", "1")
    assert "no nowhere" in said(capsys, "inject", str(tmp_path / "nowhere" / "x"), "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "nightly.json").write_text("{}")
    assert "folder of a run or a night" in said(capsys, "inject", str(survey), "--out", str(taken))


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["inject", "--help"])
    shown = capsys.readouterr().out
    for word in ("examples:", "swope inject survey/*.fits", "completeness.parquet", "--stars", "--shapes"):
        assert word in shown


def test_the_settings_are_recorded(measured: tuple[Path, Measured]) -> None:
    record = json.loads((measured[0] / "inject.json").read_text())
    assert record["inject"]["shapes"] == ["box", "step"]
    assert record["inject"]["depth"] == [0.5, 0.6]
    assert record["config"] == json.loads(json.dumps(asdict(RunOptions())))
    assert set(record["models"]) >= {"classifier", "forecaster", "statespace", "autoencoder"}
