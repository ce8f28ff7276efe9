"""The deployments of this project's own prefect.yaml."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from prefect.flows import load_flow_from_entrypoint

from swope.flows.cli import BAD_INPUT, main
from swope.flows.options import RunOptions
from swope.flows.serve import read_deployments

FILE = Path(__file__).parents[2] / "prefect.yaml"


def given(name: str) -> dict[str, Any]:
    """What the flow of a deployment is given, as Prefect would give it."""
    entry = next(entry for entry in read_deployments(FILE) if entry["name"] == name)
    flow: Any = load_flow_from_entrypoint(entry["entrypoint"])
    asked = dict(
        flow.validate_parameters(entry["parameters"]) if flow.should_validate_parameters else entry["parameters"]
    )
    return dict(inspect.signature(flow.fn).bind(**asked).arguments)


@pytest.mark.parametrize("name", ["nightly", "catalog", "train", "report"])
def test_every_deployment_fits_its_flow(name: str) -> None:
    assert given(name)


def test_the_weekly_catalog_takes_the_monthly_models_and_the_night_the_weekly_catalog() -> None:
    assert given("catalog")["options"] == RunOptions(models=given("train")["out"])
    assert given("nightly")["since"] == given("catalog")["out"] == given("report")["run_dir"]
    schedules = {entry["name"]: entry["schedules"][0]["cron"].split() for entry in read_deployments(FILE)}
    assert schedules["train"][1] != schedules["catalog"][1]


def test_until_there_are_models_the_shipped_ones_are_taken_and_recorded(tmp_path: Path) -> None:
    options = RunOptions(clock="HJD_UTC", models=str(tmp_path / "models"))
    assert options.settled() == RunOptions(clock="HJD_UTC")
    # a training that has begun, and a folder of something else
    (tmp_path / "models" / "work").mkdir(parents=True)
    assert options.settled() == RunOptions(clock="HJD_UTC")
    with pytest.raises(ValueError, match="holds none of classifier, forecaster"):
        options.check()
    (tmp_path / "models" / "classifier" / ".new").mkdir(parents=True)
    assert options.settled() == RunOptions(clock="HJD_UTC")
    (tmp_path / "models" / "classifier" / "model.json").touch()
    assert options.settled() == options
    options.check()


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("- just words", "no deployment"),
        ("- name: a", "lacks 'entrypoint'"),
        ("- {name: a, entrypoint: swope.flows.nope.x}", "no flow swope.flows.nope.x"),
        ("- {name: a, entrypoint: swope.flows.nightly.nope}", "no flow swope.flows.nightly.nope"),
        ("- {name: a, entrypoint: swope.flows.nightly.nightly, schedules: [{cron: 0 7 * * *}]}", "lacks 'timezone'"),
        ("- {name: a, entrypoint: swope.flows.nightly.nightly, schedules: [{cron: x, timezone: UTC}]}", "cron"),
    ],
)
def test_what_cannot_be_served_is_said(
    entry: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(f"deployments:\n  {entry}\n")
    assert main(["serve", "--file", str(path)]) == BAD_INPUT
    assert word in capsys.readouterr().err
