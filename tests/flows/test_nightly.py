"""A night's new points, scored from what was stored, against passes over all rows."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.flows.cli import BAD_INPUT, main
from swope.flows.night import ALERTS, EVENTS, POINTS, STARS, NightRecord, forecasting, score_night
from swope.flows.night.changes import last_night
from swope.flows.night.star import opinions, take_in
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.flows.stages import ingest_options
from swope.flows.state import NIGHTLY, STATE, kept_of, read_state, state_table
from swope.models.analysis import assess
from swope.models.forecaster import Forecaster
from swope.models.registry import load_models
from swope.models.statespace import StateSpace, follow, record_before
from swope.pipeline.clean import clean
from swope.pipeline.events import EventOptions
from swope.pipeline.forecast import Forecast
from swope.pipeline.ingest import plan, read
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.night import follow_on
from swope.pipeline.period import PeriodResult
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star
from tests.kept_state import leave_chunks, state_of

N, HALF = 160, 120
NAMED = "object_id,mjd,mag,magerr,band"
TABLES = (POINTS, STARS, EVENTS, STATE)


def rows(seed: int, flare: int | None = None) -> list[str]:
    """A periodic star in two bands, as lines of a table."""
    rng = np.random.default_rng(seed)
    time = 58000.0 + np.sort(np.round(rng.uniform(0, 300, N), 4))
    mag = 14 + 0.3 * np.sin(2 * np.pi * time / (0.6 + 0.1 * seed)) + rng.normal(0, 0.03, N)
    if flare is not None:
        mag[flare] -= 1.5
    return [f"{t!r},{m!r},0.03,{'gr'[i % 2]}" for i, (t, m) in enumerate(zip(time.tolist(), mag.tolist(), strict=True))]


def write(folder: Path, name: str, lines: list[str], header: str = "mjd,mag,magerr,band") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")


def curves(folder: Path) -> list[LightCurve]:
    options = ingest_options(RunOptions())
    planned = plan([str(folder)], options, folder / "scratch")
    return [clean(curve) for part in planned.parts for curve in read(part, options).chunk]


def star_of(curve: LightCurve) -> Star:
    seed = int(curve.object_id[-1])
    return Star(curve, PeriodResult(period=0.6 + 0.1 * seed, fap=1e-9, t0=2458000.0, terms=1))


def kept_in_run(stars: list[Star]) -> pa.Table:
    """What a run keeps of some stars."""
    found = assess(stars, load_models(), EventOptions())
    return state_table([one.curve.good for one in found], [kept_of(one) for one in found])


def leave_state(folder: Path, *tables: pa.Table) -> None:
    """What a night finds of a run."""
    leave_record(folder, chunks=leave_chunks(folder, tables))


def leave_record(folder: Path, *inputs: str, chunks: Sequence[str] = ()) -> RunRecord:
    """What a run of some inputs says of itself."""
    parts = [{"sha256": one, "files": []} for one in inputs]
    folder.mkdir(exist_ok=True)
    record = RunRecord("0", {}, [], asdict(RunOptions()), {}, {}, 0, 0, parts, list(chunks), 0, {})
    record.write(folder)
    return record


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four stars until some day, all their later points, the same points as two nights, and what else may come."""
    folder = tmp_path_factory.mktemp("survey")
    for seed in range(4):
        lines = rows(seed, flare=HALF + 10 if seed == 2 else None)
        write(folder / "first", f"star{seed}", lines[:HALF])
        write(folder / "later", f"star{seed}", lines[HALF:])
        write(folder / "monday", f"star{seed}", lines[HALF : HALF + 23])
        write(folder / "tuesday", f"star{seed}", lines[HALF + 23 :])
        write(folder / "all", f"star{seed}", lines)
    write(folder / "first", "short5", rows(5)[:4])
    write(folder / "later", "short5", rows(5)[HALF : HALF + 2])
    table = kept_in_run([star_of(curve) for curve in curves(folder / "first")])
    leave_state(folder / "run", table[:2], table[2:])
    return folder


@pytest.fixture(scope="module")
def night(survey: Path) -> Path:
    score_night([str(survey / "later")], survey / "run", survey / "night")
    return survey / "night"


def points(folder: Path, star: str, detector: str) -> dict[str, np.ndarray]:
    table = pq.read_table(folder / POINTS)
    found = [row for row in table.to_pylist() if (row["object_id"], row["detector"]) == (star, detector)]
    names = ("time", "mean", "sigma", "innovation")
    return {name: np.array([row[name] for row in found], dtype=float) for name in names}


def stars(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["object_id"]: row for row in pq.read_table(folder / STARS).to_pylist()}


def test_the_state_space_says_what_a_full_pass_with_the_same_fit_says(survey: Path, night: Path) -> None:
    statespace = StateSpace.pretrained()
    for before, later in zip(curves(survey / "first")[1:], curves(survey / "later")[1:], strict=True):
        fitted = statespace.fitted(star_of(before))
        assert not isinstance(fitted, Reason)
        _, whole = follow(record_before(fitted), follow_on(before.good, later.good))
        found = points(night, before.object_id, "statespace")
        assert len(found["time"]) == N - HALF
        for name in ("time", "mean", "sigma", "innovation"):
            np.testing.assert_allclose(found[name], getattr(whole, name)[HALF:], rtol=1e-12, atol=1e-9)


def test_the_forecaster_says_what_it_says_of_the_joined_curve(survey: Path, night: Path) -> None:
    joined = [star_of(curve) for curve in curves(survey / "all")]
    for star, whole in zip(joined, Forecaster.pretrained().forecast(joined), strict=True):
        assert whole is not None
        found = points(night, star.curve.object_id, "forecaster")
        for name in ("time", "mean", "sigma", "innovation"):
            np.testing.assert_allclose(found[name], getattr(whole, name)[HALF:], rtol=1e-9, atol=1e-9)


def test_two_nights_are_as_good_as_one(survey: Path, night: Path) -> None:
    score_night([str(survey / "monday")], survey / "run", survey / "after_monday")
    score_night([str(survey / "tuesday")], survey / "after_monday", survey / "after_tuesday")
    for star in ("star0", "star3"):
        for detector in forecasting():
            halves = [points(survey / f"after_{day}", star, detector) for day in ("monday", "tuesday")]
            for name, whole in points(night, star, detector).items():
                np.testing.assert_array_equal(np.concatenate([half[name] for half in halves]), whole)
    both = [night / STATE, survey / "after_tuesday" / STATE]
    # NaN is not equal to itself
    one, two = ([repr(row) for row in pq.read_table(path).to_pylist() if row["object_id"] != "short5"] for path in both)
    assert one == two


def test_the_same_night_twice_gives_the_same_bytes(survey: Path, night: Path) -> None:
    again = survey / "again"
    score_night([str(survey / "later")], survey / "run", again)
    score_night([str(survey / "later")], survey / "run", again)
    for name in TABLES:
        assert (again / name).read_bytes() == (night / name).read_bytes(), name


def test_points_known_already_change_nothing(survey: Path, night: Path) -> None:
    record = score_night([str(survey / "all")], survey / "run", survey / "whole")
    assert (record.n_points, record.n_seen) == (4 * (N - HALF), 4 * HALF)
    for detector in forecasting():
        for name, values in points(night, "star1", detector).items():
            np.testing.assert_array_equal(points(survey / "whole", "star1", detector)[name], values)
    record = score_night([str(survey / "all")], survey / "whole", survey / "nothing_new")
    assert (record.n_points, record.n_seen, record.n_events) == (0, 4 * N, 0)
    assert record.counts["n_ok"] == 4
    assert (survey / "nothing_new" / STATE).read_bytes() == (survey / "whole" / STATE).read_bytes()


def test_a_flare_is_the_most_surprising_of_the_night(survey: Path, night: Path) -> None:
    record = score_night([str(survey / "later")], survey / "run", survey / "again", top=2)
    assert record.strangest[0]["object_id"] == "star2"
    assert "brighter" in record.strangest[0]["said"]
    assert "star2" in record.summary(night)
    assert (record.n_judged, record.n_surprising) == (5, 1)
    events = [row for row in pq.read_table(night / EVENTS).to_pylist() if row["object_id"] == "star2"]
    time = curves(survey / "all")[2].good.time[HALF + 10]
    assert {row["detector"] for row in events if row["t_peak"] == time} == set(forecasting())
    found = stars(night)
    assert found["star2"]["night_pvalue"] < 1e-3
    assert min(found[name]["night_pvalue"] for name in ("star0", "star1", "star3")) > 1e-3


def test_every_input_of_a_night_is_accounted_for(survey: Path) -> None:
    odd = survey / "odd"
    lines = rows(0)
    write(odd, "star0", [*lines[HALF : HALF + 3], lines[HALF + 3].replace(",r", ",i"), "58000.00001,14.0,0.03,g"])
    write(odd, "star1", ["58400.5,1.0,0.1,g"], header="mjd,flux,fluxerr,band")
    write(odd, "star3", ["58400.5,nan,0.1,g"])
    write(odd, "star9", rows(9)[:5])
    (odd / "star2.csv").write_text("")
    record = score_night([str(odd)], survey / "run", survey / "odd_night", detectors=("statespace",))
    found = stars(survey / "odd_night")
    assert set(found) == {"star0", "star1", "star2", "star3", "star9"}
    assert record.counts["n_in"] == 5 == sum(n for status, n in record.counts.items() if status != "n_in")
    assert (found["star0"]["status"], found["star0"]["n_new"]) == ("partial", 3)
    assert "'i'" in found["star0"]["reason"]
    assert "1 rows earlier than the last one known" in found["star0"]["reason"]
    assert found["star0"]["past"] in found["star0"]["reason"]
    assert found["star9"]["past"] == "new star"
    assert "values is 'flux', the run's was 'mag'" in found["star1"]["reason"]
    assert "empty" in found["star2"]["reason"]
    assert found["star9"]["reason"].startswith("new star")
    assert [found[name]["status"] for name in ("star1", "star2", "star9")] == ["rejected"] * 3
    # who was not there, or could not be scored, is as it was
    before, after = (state_of(survey / folder).to_pylist() for folder in ("run", "odd_night"))
    changed = [old["object_id"] for old, new in zip(before, after, strict=True) if repr(old) != repr(new)]
    assert changed == ["star0"]


def test_a_star_too_short_for_a_fit_is_followed_all_the_same(night: Path) -> None:
    found = stars(night)["short5"]
    assert (found["status"], found["n_new"], found["statespace_pvalue"]) == ("partial", 2, None)
    assert "4 good points; 8 are needed" in found["reason"]
    kept = {curve.object_id: (curve, one) for curve, one in read_state(pq.read_table(night / STATE))}
    curve, one = kept["short5"]
    assert len(curve) == len(one.mean) == 6
    assert one.record is None


def test_a_name_that_two_stars_have_is_not_guessed(survey: Path) -> None:
    table = state_of(survey / "run")
    other = table[1:2].set_column(table.schema.get_field_index("source"), table.schema.field("source"), [["b.csv"]])
    leave_state(survey / "twice", table, other)
    score_night([str(survey / "later")], survey / "twice", survey / "twice_night", detectors=("statespace",))
    twice = table["object_id"][1].as_py()
    found = stars(survey / "twice_night")
    assert found[twice]["status"] == "rejected"
    assert "2 stars" in found[twice]["reason"]
    assert {row["status"] for name, row in found.items() if name.startswith("star") and name != twice} == {"ok"}


def test_a_star_that_breaks_the_forecaster_goes_alone(survey: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forecaster = Forecaster.pretrained()
    sound = forecaster.forecast

    def brittle(stars: Sequence[Star]) -> list[Forecast | None]:
        if any(star.curve.object_id == "star1" for star in stars):
            raise ZeroDivisionError("no")
        return sound(stars)

    monkeypatch.setattr(forecaster, "forecast", brittle)
    known = [star_of(curve) for curve in curves(survey / "first")[1:]]
    answers = opinions(forecaster, known, [True, True, False, True])
    assert answers[1] == Reason("the forecaster failed: ZeroDivisionError: no", fault=True)
    assert answers[2] is None
    assert all(isinstance(answers[i], Forecast) for i in (0, 3))


def test_a_state_space_that_breaks_leaves_the_star_as_it_was(survey: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr("swope.flows.night.star.follow", broken)
    (known, kept), *_ = [pair for pair in read_state(state_of(survey / "run")) if pair[1].record]
    step = take_in(known, kept, [curve for curve in curves(survey / "later") if curve.object_id == known.object_id])
    assert step.problem == Reason("the state space failed: LinAlgError: singular", fault=True)
    assert (step.curve, step.kept, len(step.arrived.fresh)) == (known, kept, 0)


@pytest.fixture(scope="module")
def namesakes(survey: Path) -> Path:
    """A run of two files that each hold a star "1" (of one of them the later rows flare), and files of nights."""
    folder = survey / "namesakes"
    for name, seed, flare in (("a", 1, None), ("b", 2, HALF + 10), ("c", 3, None)):
        lines = [f"1,{line}" for line in rows(seed, flare)]
        write(folder / "first", name, lines[:HALF], header=NAMED)
        write(folder / "later", name, lines, header=NAMED)
    (folder / "first" / "c.csv").unlink()
    found = curves(folder / "first")
    assert [curve.object_id for curve in found] == ["1", "1"]
    periods = {"a.csv": 0.7, "b.csv": 0.8}
    known = [
        Star(curve, PeriodResult(period=periods[Path(curve.source).name], fap=1e-9, t0=2458000.0, terms=1))
        for curve in found
    ]
    leave_state(folder / "run", kept_in_run(known))
    return folder


def came(folder: Path, namesakes: Path, *names: str) -> None:
    """A night's files in place of the run's own, so that their sources are those that the run knows."""
    for name in names:
        shutil.copy(namesakes / "later" / f"{name}.csv", namesakes / "first" / f"{name}.csv")
    score_night(
        [str(namesakes / "first" / f"{name}.csv") for name in names],
        namesakes / "run",
        folder,
        detectors=["statespace"],
    )


def by_file(folder: Path, table: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(folder / table).to_pylist():
        found.setdefault(Path(row["source"]).name, []).append(row)
    return found


def test_namesakes_keep_their_nights_apart(namesakes: Path, tmp_path: Path) -> None:
    came(tmp_path, namesakes, "a", "b")
    found = by_file(tmp_path, STARS)
    assert [(row["status"], row["n_new"], row["n_seen"]) for name in ("a.csv", "b.csv") for row in found[name]] == [
        ("ok", N - HALF, HALF)
    ] * 2
    assert found["b.csv"][0]["night_pvalue"] < 1e-3 < found["a.csv"][0]["night_pvalue"]
    events = by_file(tmp_path, EVENTS)
    assert [len(events.get(name, [])) for name in ("a.csv", "b.csv")] == [found[n][0]["n_events"] for n in found]
    assert len(by_file(tmp_path, POINTS)["a.csv"]) == N - HALF
    kept = {Path(curve.source).name: curve for curve, _ in read_state(pq.read_table(tmp_path / STATE))}
    whole = {Path(curve.source).name: curve.good for curve in curves(namesakes / "later")}
    for name in ("a.csv", "b.csv"):
        np.testing.assert_array_equal(kept[name].value, whole[name].value)


def test_of_namesakes_one_comes_and_the_other_stays_as_it_was(namesakes: Path, tmp_path: Path) -> None:
    came(tmp_path, namesakes, "b")
    assert list(by_file(tmp_path, STARS)) == ["b.csv"]
    before, after = (state_of(folder).to_pylist() for folder in (namesakes / "run", tmp_path))
    changed = [Path(new["source"]).name for old, new in zip(before, after, strict=True) if repr(old) != repr(new)]
    assert changed == ["b.csv"]


def test_a_third_star_of_the_name_goes_to_neither(namesakes: Path, tmp_path: Path) -> None:
    came(tmp_path, namesakes, "a", "c")
    found = by_file(tmp_path, STARS)
    assert (found["a.csv"][0]["status"], found["c.csv"][0]["status"]) == ("ok", "rejected")
    assert "2 stars have this name" in found["c.csv"][0]["reason"]
    assert len(pq.read_table(tmp_path / STATE)) == 2


def test_a_detector_that_cannot_judge_a_night_is_refused(survey: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="autoencoder cannot judge a night; forecaster, statespace can"):
        score_night([str(survey / "later")], survey / "run", tmp_path, detectors=["statespace", "autoencoder"])


def test_what_cannot_be_gone_on_from_is_refused(
    survey: Path, night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        assert main(["nightly", str(survey / "later"), *arguments]) == BAD_INPUT
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err

    assert "nothing to go on from" in said("--since", str(tmp_path), "--out", str(tmp_path / "out"))
    assert "another folder than --since" in said("--since", str(night), "--out", str(night))
    assert "is the folder of a run" in said("--since", str(night), "--out", str(survey / "run"))
    shutil.copy(night / STATE, tmp_path / STATE)
    assert "unfinished night" in said("--since", str(tmp_path), "--out", str(tmp_path / "out"))
    shutil.copy(night / NIGHTLY, tmp_path / NIGHTLY)
    (tmp_path / STATE).write_text("no table")
    assert "is damaged" in said("--since", str(tmp_path), "--out", str(tmp_path / "out"))
    pq.write_table(pq.read_table(night / STARS), tmp_path / STATE)
    assert "another version of Swope" in said("--since", str(tmp_path), "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_the_command_prints_the_night(survey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--since", str(survey / "run"), "--out", str(tmp_path / "out"), "--detector", "statespace"]
    assert main(["nightly", str(survey / "later"), *arguments]) == 0
    out = capsys.readouterr().out
    assert "162 new points" in out
    assert "star2" in out
    assert (tmp_path / "out" / NIGHTLY).exists()


def test_a_morning_goes_on_from_the_last_finished_night_of_its_run_whatever_the_times_of_files(
    night: Path, tmp_path: Path
) -> None:
    run = leave_record(tmp_path / "run", "a")
    other = leave_record(tmp_path / "run", "a", "b")
    record = NightRecord.read(night)
    nights = tmp_path / "nights"
    for name, of in (("2026-11-20", run), ("2026-11-21", run), ("2026-11-22", other)):
        (nights / name).mkdir(parents=True)
        replace(record, run=of.stamp).write(nights / name)
    (nights / "2026-11-23").mkdir()
    assert last_night(nights, run) == nights / "2026-11-21"
    assert last_night(nights, other) == nights / "2026-11-22"
    assert last_night(nights, leave_record(tmp_path / "run", "c")) is None


def test_a_finished_night_is_not_scored_again_where_its_run_has_gone_on(
    survey: Path, night: Path, tmp_path: Path
) -> None:
    shutil.copytree(night, tmp_path / "night")
    shutil.copytree(survey / "run", tmp_path / "run")
    out, run_dir = tmp_path / "night", tmp_path / "run"

    def again(folder: str = "later", detectors: Sequence[str] | None = None) -> bool:
        before = (out / NIGHTLY).stat().st_mtime_ns
        score_night([str(survey / folder)], run_dir, out, None, detectors, anew=False)
        return (out / NIGHTLY).stat().st_mtime_ns != before

    # it went on from another folder
    assert again()
    (out / ALERTS).write_text("of the night as it is")
    assert not again()
    assert again(detectors=["statespace"])
    assert not (out / ALERTS).exists()
    record = RunRecord.read(run_dir)
    replace(record, inputs=[{"sha256": "other", "files": []}]).write(run_dir)
    assert not again()
    assert again("monday")


def test_a_night_says_which_run_it_and_the_nights_before_it_went_on_from(survey: Path, night: Path) -> None:
    score_night([str(survey / "monday")], night, survey / "one_more", detectors=["statespace"])
    assert NightRecord.read(survey / "one_more").run == RunRecord.read(survey / "run").stamp
