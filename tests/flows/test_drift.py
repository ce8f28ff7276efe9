"""Drift is said where a catalog is unlike those before it, and not where only chance makes a difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from swope.flows.drift import HISTORY, RUNS, Profile, drifted, profile_of, remember
from swope.flows.night.page import write_page
from swope.flows.night.record import NightRecord
from swope.flows.record import RunRecord
from swope.models.registry import detector_columns
from swope.pipeline.catalog import objects_table, write_parquet

RNG = np.random.default_rng(3)


def leave_catalog(folder: Path, n: int, classes: list[float], mag: float = 15.0) -> None:
    names = RNG.choice(["EA", "RRAB", "M"], n, p=classes)
    columns = {
        "object_id": [str(i) for i in range(n)],
        "status": ["ok"] * n,
        "class": names.tolist(),
        "mean_mag": RNG.normal(mag, 1.0, n),
        "n_obs": RNG.integers(50, 200, n).astype(np.int32),
    }
    write_parquet(objects_table(columns), folder / "objects.parquet")


def profile(folder: Path, *given: object) -> Profile:
    leave_catalog(folder, *given)  # type: ignore[arg-type]
    return profile_of(folder)


@pytest.mark.parametrize("n", [20, 200, 2000])
def test_chance_is_no_drift(n: int, tmp_path: Path) -> None:
    shares = [0.5, 0.3, 0.2]
    before = [profile(tmp_path, n, shares) for _ in range(3)]
    assert [said for _ in range(40) for said in drifted(profile(tmp_path, n, shares), before)] == []


def test_other_classes_and_other_input_are_said_with_numbers(tmp_path: Path) -> None:
    before = [profile(tmp_path, 500, [0.5, 0.3, 0.2])]
    classes, mags = drifted(profile(tmp_path, 500, [0.2, 0.3, 0.5], 18.0), before)
    assert classes.startswith("class: ")
    # the sample's own shares are near those drawn
    moved = float(classes.split()[1])
    assert moved == pytest.approx(30.0, abs=6.0)
    assert "M has 5" in classes or "M has 4" in classes or "EA has" in classes
    assert mags.startswith("mean_mag: ")
    assert float(mags.split()[1]) > 80


def test_a_new_class_is_seen_and_no_history_says_nothing(tmp_path: Path) -> None:
    now = profile(tmp_path, 300, [0.5, 0.5, 0.0])
    assert drifted(now, []) == []
    (said,) = drifted({"class": {"M": 150, "EA": now["class"]["EA"]}}, [now])
    assert "RRAB has 0.0 %, before" in said or "M has" in said


def test_a_folder_remembers_its_last_runs_and_one_that_was_begun_again_once(tmp_path: Path) -> None:
    leave_catalog(tmp_path, 300, [0.5, 0.3, 0.2])

    def record(name: str) -> RunRecord:
        return RunRecord(name, {}, [], {}, {}, {}, 0, 0, [], [], 0, {})

    assert remember(tmp_path, record("first")) == []
    assert remember(tmp_path, record("first")) == []
    leave_catalog(tmp_path, 300, [0.1, 0.2, 0.7])
    (said,) = remember(tmp_path, record("second"))
    assert said.startswith("class")
    for i in range(RUNS):
        remember(tmp_path, record(str(i)))
    assert (tmp_path / HISTORY).read_text().count('"run"') == RUNS


def test_the_page_of_a_night_says_what_has_drifted_in_its_catalog(tmp_path: Path) -> None:
    run_dir, night = tmp_path / "run", tmp_path / "night"
    for folder in (run_dir, night):
        folder.mkdir()
    counts = {f"n_{name}": 0 for name in ("in", "ok", "partial", "rejected", "failed")}
    NightRecord("0", {}, [], str(run_dir), {}, {}, counts, 0, 0, 0, 0, 0, 0, 0, [], {}).write(night)
    said = "mean_mag: 50 % of the stars are elsewhere"
    for drift in ([], [said]):
        RunRecord("0", {}, [], {}, {}, {}, 0, 0, [], [], 0, {}, drift=drift).write(run_dir)
        assert (said in write_page(night, []).read_text()) == bool(drift)
    # a night that went on from another night
    (run_dir / "run.json").unlink()
    assert said not in write_page(night, []).read_text()


def leave_pvalues(folder: Path, pvalues: np.ndarray) -> Profile:
    n = len(pvalues)
    columns = {"object_id": [str(i) for i in range(n)], "status": ["ok"] * n, "forecaster_pvalue": pvalues}
    detectors = [one for one in detector_columns() if one.name == "forecaster"]
    write_parquet(objects_table(columns, detectors), folder / "objects.parquet")
    return profile_of(folder)


def test_strange_stars_that_become_many_are_said_though_most_are_as_they_were(tmp_path: Path) -> None:
    n = 10_000
    before = [leave_pvalues(tmp_path, RNG.uniform(size=n)) for _ in range(12)]
    pvalues = RNG.uniform(size=n)
    pvalues[:900] = 1e-8
    (said,) = drifted(leave_pvalues(tmp_path, pvalues), before)
    assert said.startswith("forecaster_pvalue: 9")
    assert " % of the stars are below 0.0001, before 0.0" in said
    # a thirtieth of that many are seen, and so are they where only one run was before
    pvalues[9:900] = RNG.uniform(size=891)
    assert drifted(leave_pvalues(tmp_path, pvalues), before) == []
    pvalues[:30] = 1e-8
    for some in (before, before[:1]):
        (said,) = drifted(leave_pvalues(tmp_path, pvalues), some)
        assert "0.0001" in said
    # those of a run that had them already, or has fewer, are no drift
    many = leave_pvalues(tmp_path, pvalues)
    assert drifted(many, [many]) == []
    assert drifted(before[0], [many]) == []


@pytest.mark.parametrize("n", [30, 1000, 20_000])
def test_chance_in_small_pvalues_is_no_drift(n: int, tmp_path: Path) -> None:
    before = [leave_pvalues(tmp_path, RNG.uniform(size=n)) for _ in range(2)]
    for one in before:
        assert [said for _ in range(20) for said in drifted(leave_pvalues(tmp_path, RNG.uniform(size=n)), [one])] == []
    # a catalog without the detector, and the history of a version that counted no tails
    nothing = leave_pvalues(tmp_path, np.full(n, np.nan))
    assert not any("below" in said for said in drifted(nothing, before) + drifted(before[0], [nothing]))
    old = {name: counts for name, counts in before[0].items() if not name.endswith("below")}
    assert drifted(before[1], [old]) == []
