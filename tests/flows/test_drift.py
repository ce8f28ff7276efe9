"""Drift is said where a catalog is unlike those before it, and not where only chance makes a difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from swope.flows.drift import HISTORY, RUNS, Profile, drifted, profile_of, remember
from swope.flows.record import RunRecord
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
