"""A night's new points, scored from what was stored, against passes over all rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from swope.flows.cli import BAD_INPUT, main
from swope.flows.night import EVENTS, FORECASTING, POINTS, STARS, score_night
from swope.flows.night.star import second_opinions
from swope.flows.nightly import latest
from swope.flows.options import RunOptions
from swope.flows.record import RECORD
from swope.flows.stages import ingest_options
from swope.flows.state import NIGHTLY, STATE, State, kept_of, read_state, state_table, write_state
from swope.models.forecaster import Forecaster
from swope.models.statespace import StateSpace, follow, record_before
from swope.pipeline.clean import clean
from swope.pipeline.forecast import Forecast
from swope.pipeline.ingest import plan, read
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.night import follow_on
from swope.pipeline.period import PeriodResult
from swope.pipeline.star import Star

N, HALF = 160, 120
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
    statespace = StateSpace.pretrained()
    known = [star_of(curve) for curve in curves(folder / "first")]
    table = state_table([star.curve.good for star in known], [kept_of(star, statespace) for star in known])
    (folder / "run").mkdir()
    write_state(folder / "run" / STATE, [table[:2], table[2:]], RunOptions())
    (folder / "run" / RECORD).write_text("{}")
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
        assert not isinstance(fitted, str)
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
        for detector in FORECASTING:
            halves = [points(survey / f"after_{day}", star, detector) for day in ("monday", "tuesday")]
            for name, whole in points(night, star, detector).items():
                np.testing.assert_array_equal(np.concatenate([half[name] for half in halves]), whole)
    both = [State.of(folder).path for folder in (night, survey / "after_tuesday")]
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
    for detector in FORECASTING:
        for name, values in points(night, "star1", detector).items():
            np.testing.assert_array_equal(points(survey / "whole", "star1", detector)[name], values)
    record = score_night([str(survey / "all")], survey / "whole", survey / "nothing_new")
    assert (record.n_points, record.n_seen, record.n_events) == (0, 4 * N, 0)
    assert record.counts["n_ok"] == 4
    assert State.of(survey / "nothing_new").path.read_bytes() == State.of(survey / "whole").path.read_bytes()


def test_a_flare_is_the_most_surprising_of_the_night(survey: Path, night: Path) -> None:
    record = score_night([str(survey / "later")], survey / "run", survey / "again", top=2)
    assert record.strangest[0]["object_id"] == "star2"
    assert "brighter" in record.strangest[0]["said"]
    assert "star2" in record.summary(night)
    assert (record.n_judged, record.n_surprising) == (5, 1)
    events = [row for row in pq.read_table(night / EVENTS).to_pylist() if row["object_id"] == "star2"]
    time = curves(survey / "all")[2].good.time[HALF + 10]
    assert {row["detector"] for row in events if row["t_peak"] == time} == set(FORECASTING)
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
    assert "values is 'flux', the run's was 'mag'" in found["star1"]["reason"]
    assert "empty" in found["star2"]["reason"]
    assert found["star9"]["reason"].startswith("new star")
    assert [found[name]["status"] for name in ("star1", "star2", "star9")] == ["rejected"] * 3
    # who was not there, or could not be scored, is as it was
    before, after = (pq.read_table(survey / folder / STATE).to_pylist() for folder in ("run", "odd_night"))
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
    folder = survey / "twice"
    table = pq.read_table(survey / "run" / STATE)
    folder.mkdir()
    write_state(folder / STATE, [table, table[1:2]], RunOptions())
    (folder / RECORD).write_text("{}")
    score_night([str(survey / "later")], folder, survey / "twice_night", detectors=("statespace",))
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
    answers = second_opinions(forecaster, known, [True, True, False, True])
    assert answers[1] == "the forecaster failed: ZeroDivisionError: no"
    assert answers[2] is None
    assert all(isinstance(answers[i], Forecast) for i in (0, 3))


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
    (tmp_path / NIGHTLY).write_text("{}")
    (tmp_path / STATE).write_text("no table")
    assert "cannot be read" in said("--since", str(tmp_path), "--out", str(tmp_path / "out"))
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


def test_a_morning_goes_on_from_the_last_finished_night_or_a_later_run(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "nights"
    for age, folder in ((30, run), (20, out / "2026-11-20"), (10, out / "2026-11-21"), (5, out / "2026-11-22")):
        folder.mkdir(parents=True)
        (folder / STATE).touch()
        os.utime(folder / STATE, (1e9 - age, 1e9 - age))
        if folder.name != "2026-11-21":
            (folder / NIGHTLY).touch()
    assert latest(run, out, out / "2026-11-20") == run
    assert latest(run, out, out / "2026-11-22") == out / "2026-11-20"
    os.utime(run / STATE, (1e9, 1e9))
    assert latest(run, out, out / "2026-11-22") == run
