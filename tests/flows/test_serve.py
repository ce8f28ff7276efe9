"""The deployments of this project's own prefect.yaml."""

from __future__ import annotations

import inspect
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_URL, temporary_settings

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


class Stranger(BaseHTTPRequestHandler):
    """Answers to everything that it does not know it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def addresses() -> Iterator[dict[str, str]]:
    """Of nobody, and of a server that is not Prefect's."""
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    Thread(target=server.serve_forever, daemon=True).start()
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        free = one.getsockname()[1]
    yield {"nobody": f"http://127.0.0.1:{free}/api", "stranger": f"http://me:secret@127.0.0.1:{server.server_port}/api"}
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("who", ["nobody", "stranger"])
@pytest.mark.parametrize("command", ["run", "serve", "serve --pool swope"])
def test_a_server_that_does_not_answer_is_named(
    command: str, who: str, addresses: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "star.csv").write_text("mjd,mag,mag_err\n58000,14,0.02\n")
    told = (
        f"run {tmp_path}/star.csv --out {tmp_path}/out --workers 1" if command == "run" else f"{command} --file {FILE}"
    )
    with temporary_settings({PREFECT_API_URL: addresses[who]}):
        assert main(told.split()) == BAD_INPUT
    said = capsys.readouterr().err
    assert addresses[who].replace("me:secret@", "") in said
    assert "PREFECT_API_URL" in said
    assert "secret" not in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("- just words", "no deployment"),
        ("- name: a", "lacks 'entrypoint'"),
        ("- {name: a, entrypoint: swope.flows.nope.x}", "no flow swope.flows.nope.x"),
        ("- {name: a, entrypoint: swope.flows.nightly.nope}", "no flow swope.flows.nightly.nope"),
        (
            "- {name: a, entrypoint: swope.flows.nightly.nightly, parameters: {incomming: x}}",
            "nightly has no parameter incomming; is incoming meant?",
        ),
        (
            "- {name: a, entrypoint: swope.flows.nightly.nightly, parameters: {options: {model: x}}}",
            "options of nightly has no parameter model; is models meant?",
        ),
        (
            "- {name: a, entrypoint: swope.flows.catalog.catalog, parameters: {out: x}, schedules: [{interval: 9}]}",
            "needs sources",
        ),
        ("- {name: a, entrypoint: swope.flows.nightly.nightly, parameters: [x]}", "no parameters"),
        ("- {name: a, entrypoint: swope.flows.nightly.nightly, parameters: {top: many}}", "top: Input should be"),
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
