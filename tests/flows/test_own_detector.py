"""A fifth detector, in one file of another package: catalog, ranking, report, night and training know it unasked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.pipeline.column import detectors_of
from tests.flows.toy_detector import FLAG, GLOW, Toy

N, LATER = 60, 6

#: One process for all, since each start of Swope costs more than what is asked of it; and two flows in one process.
RUN = """
import json, sys
from pathlib import Path
from swope.flows.cli import main

if __name__ == "__main__":
    sources, tonight, out, night, models = sys.argv[1:]
    failed = (
        main(["run", sources, "--out", out, "--workers", "1"])
        or main(["nightly", tonight, "--since", out, "--out", night])
        or main(["report", out, "--top", "2"])
        or main(["train", "toy", sources, "--out", models, "--seed", "3", "--workers", "1"])
    )
    if not failed:
        from swope.models.registry import load_model
        learnt = load_model("toy", models)
        Path("learnt.json").write_text(json.dumps({"id": learnt.model_id, "card": learnt.card}))
    sys.exit(failed)
"""


def install(folder: Path) -> None:
    """What a package installer leaves of a distribution that is one module and an announcement."""
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("toy_detector.py"), folder)
    described = folder / "toy_detector-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-detector\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[swope.detectors]\ntoy = toy_detector:Toy\n")


def write_stars(folder: Path, rows: slice, flare: str | None = None) -> None:
    """Four quiet stars, one of them bright; in the last rows one may flare."""
    folder.mkdir()
    for seed, (name, mag) in enumerate({"quiet": 14.0, "bright": 8.5, "calm": 13.0, "short": 15.0}.items()):
        rng = np.random.default_rng(seed)
        time = 58000.0 + np.sort(np.round(rng.uniform(0, 200, N), 4))
        value = mag + rng.normal(0, 0.02, N)
        if name == flare:
            value[-3:] -= 2.0
        lines = [f"{t!r},{m!r},0.02,g" for t, m in zip(time.tolist(), value.tolist(), strict=True)]
        some = lines[:4] if name == "short" else lines[rows]
        (folder / f"{name}.csv").write_text("\n".join(["mjd,mag,magerr,band", *some]) + "\n")


@dataclass(frozen=True)
class Place:
    """Where the toy is installed, and what commands leave."""

    folder: Path

    def python(self, code: str, *names: str) -> None:
        """Run a program as one who has installed Swope and the toy; the words after it are places in the folder."""
        script = self.folder / "commands.py"
        script.write_text(code)
        root = str(Path(__file__).parents[2])
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(self.folder / "site"), root]),
            "PREFECT_HOME": str(self.folder / "prefect"),
        }
        done = subprocess.run(
            [sys.executable, str(script), *(str(self.folder / name) for name in names)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def table(self, *path: str) -> pa.Table:
        return pq.read_table(self.folder.joinpath(*path))

    def stars(self, *path: str) -> dict[str, dict[str, Any]]:
        return {row["object_id"]: row for row in self.table(*path).to_pylist()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("toy")
    install(folder / "site")
    write_stars(folder / "first", slice(None, -LATER))
    write_stars(folder / "tonight", slice(-LATER, None), flare="calm")
    return Place(folder)


@pytest.fixture(scope="module")
def outcome(place: Place) -> Place:
    """A run, a night after it, its report made again, and the toy trained."""
    place.python(RUN, "first", "tonight", "out", "night", "models")
    return place


def test_the_catalog_has_its_columns_described(outcome: Place) -> None:
    schema = outcome.table("out", "objects.parquet").schema
    assert detectors_of(schema)[-1] == Toy.columns
    assert len(detectors_of(schema)) == 4
    for column in (GLOW, FLAG):
        assert schema.field(column.name).metadata == column.field.metadata
    rows = outcome.stars("out", "objects.parquet")
    assert rows["bright"]["toy_pvalue"] == 1e-7
    assert rows["bright"]["toy_score"] == rows["bright"]["toy_glow"] == pytest.approx(1.5, abs=0.02)
    assert rows["bright"]["toy_flag"] == "saturated"
    assert (rows["quiet"]["toy_pvalue"], rows["quiet"]["toy_flag"]) == (0.6, None)
    assert rows["quiet"]["toy_glow"] == pytest.approx(-4.0, abs=0.02)


def test_what_it_cannot_score_is_said_in_the_row(outcome: Place) -> None:
    short = outcome.stars("out", "objects.parquet")["short"]
    assert (short["toy_score"], short["toy_pvalue"], short["toy_glow"]) == (None, None, None)
    assert "toy: 4 good rows; the toy needs 5" in short["reason"]
    assert short["status"] == "partial"


def test_it_ranks_and_gives_the_reason(outcome: Place) -> None:
    rows = outcome.stars("out", "objects.parquet")
    others = [rows["bright"][f"{name}_pvalue"] for name in ("forecaster", "statespace", "autoencoder")]
    assert min(p for p in others if p is not None) > 0.01
    assert rows["bright"]["anomaly_rank"] == 1
    assert rows["bright"]["anomaly_pvalue"] < 1e-5
    assert rows["bright"]["anomaly_reason"].startswith("Strange to the toy: less than 1 ordinary star in 1,000,000 ")
    assert "It may be saturated." in rows["bright"]["anomaly_reason"]
    assert all("the toy:" not in (rows[name]["anomaly_reason"] or "") for name in ("quiet", "calm", "short"))


def test_a_run_records_exactly_which_one_it_was(outcome: Place) -> None:
    record = json.loads((outcome.folder / "out" / "run.json").read_text())
    assert record["models"]["toy"] == "toy-10.0"
    version, _, code = record["versions"]["detector toy"].partition(" ")
    assert (version, len(code)) == ("1.0", 16)


def test_it_judges_the_night(outcome: Place) -> None:
    stars = outcome.stars("night", "stars.parquet")
    assert stars["calm"]["toy_pvalue"] < 1e-3 < stars["bright"]["toy_pvalue"]
    assert stars["calm"]["night_pvalue"] < 1e-3
    points = outcome.table("night", "points.parquet").to_pandas()
    mine = points[(points.detector == "toy") & (points.object_id == "bright")]
    assert len(mine) == LATER
    np.testing.assert_array_equal(mine["mean"].to_numpy()[1:], mine["value"].to_numpy()[:-1])
    events = outcome.table("night", "events.parquet").to_pandas()
    assert set(events.object_id[events.detector == "toy"]) == {"calm"}
    assert json.loads((outcome.folder / "night" / "nightly.json").read_text())["models"]["toy"] == "toy-10.0"


def test_the_report_speaks_of_it(outcome: Place) -> None:
    page = (outcome.folder / "out" / "report" / "index.html").read_text()
    assert "Strange to the toy" in page
    assert "P-values by toy, 3 stars" in page
    assert "toy p = 1e-07" in page or "toy 1e-07" in page
    assert "(flag: saturated)" in page
    assert "Forecast by the toy from the points before" in page


def test_it_is_trained_like_the_others_and_read_from_its_folder(outcome: Place) -> None:
    learnt = json.loads((outcome.folder / "learnt.json").read_text())
    # the faintest star, and the seed
    assert float(learnt["id"].removeprefix("toy-")) == pytest.approx(18.0, abs=0.1)
    assert learnt["card"].startswith("# A toy made by `swope train`")
    assert "with the seed 3, from nothing" in learnt["card"]
    assert "by 4 stars. They had no labels." in learnt["card"]
