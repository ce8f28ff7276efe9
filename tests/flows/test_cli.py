from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import swope
from swope.flows.cli import BAD_INPUT, build_parser, main
from swope.flows.options import RunOptions


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that argparse refuses says on stderr."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that Swope itself refuses says on stderr."""
    assert main(arguments) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(
    "command", ["run", "nightly", "report", "train", "evaluate", "simulate", "export", "serve", "inject", "label"]
)
def test_every_command_teaches_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"swope {command}" in capsys.readouterr().out.split("example", 1)[1]


@pytest.mark.parametrize("command", ["run", "show", "inject"])
def test_a_command_that_is_told_nothing_does_what_the_settings_say(command: str) -> None:
    parsed = build_parser().parse_args([command, "x.csv", "--out", "o"])
    settings = {name: value for name, value in vars(RunOptions()).items() if hasattr(parsed, name)}
    assert settings.keys() >= {"event_pvalue", "clock", "models"}
    assert {name: getattr(parsed, name) for name in settings} == settings


@pytest.mark.parametrize("function", [swope.analyze, swope.analyze_many, swope.analyze_partition])
def test_a_function_that_is_told_nothing_does_what_the_settings_say(function: Callable[..., object]) -> None:
    said = {name: one.default for name, one in inspect.signature(function).parameters.items()}
    shared = {one.name: one.default for one in fields(RunOptions) if one.name in said}
    assert shared.keys() >= {"event_pvalue", "min_period"}
    assert {name: said[name] for name in shared} == shared


def options_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Those of a parser and of its subcommands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for other in action.choices.values():
                yield from options_of(other)
        else:
            yield action


def test_the_help_says_the_defaults_that_there_are() -> None:
    said = 0
    for action in options_of(build_parser()):
        if stated := re.search(r"\(default: ([-+.\de]+)\)", action.help or ""):
            assert action.default == float(stated[1]), action.option_strings
            said += 1
    assert said > 5


def test_a_wrong_command_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "COMMAND" in refused(capsys)
    assert "--out" in refused(capsys, "run", "x.csv")
    assert "positive number of days" in refused(capsys, "run", "x.csv", "--out", "o", "--min-period", "-1")
    assert "between 0 and 1" in refused(capsys, "run", "x.csv", "--out", "o", "--event-pvalue", "2")
    assert "whole number of 1 or more" in refused(capsys, "simulate", "--out", "o", "--stars", "0")


def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("time,mag\n")
    run = ("run", str(tmp_path / "x.csv"), "--out", str(tmp_path / "out"))
    assert "write for example BJD_TDB" in said(capsys, *run, "--clock", "noon")
    assert "must be below --max-period" in said(capsys, *run, "--min-period", "2", "--max-period", "1")
    assert "no reader is called" in said(capsys, *run, "--reader", "crystal ball")
    assert "no folder at" in said(capsys, *run, "--models", str(tmp_path / "none"))
    assert not (tmp_path / "out").exists()


def test_sources_that_hold_nothing_are_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no nowhere in it" in said(capsys, "run", str(tmp_path / "nowhere" / "x.csv"), "--out", str(out))
    assert "holds no files" in said(capsys, "run", str(empty), "--out", str(out))
    assert "nothing matches" in said(capsys, "run", str(empty / "*.fits"), "--out", str(out))
    assert not out.exists()


def test_a_folder_without_a_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("report", str(tmp_path)), ("export", str(tmp_path), "--format", "fits")):
        assert str(tmp_path) in said(capsys, *arguments)


def test_serving_needs_deployments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no deployments at" in said(capsys, "serve", "--file", str(tmp_path / "prefect.yaml"))
    (tmp_path / "prefect.yaml").write_text("name: x\n")
    assert "lists no deployment" in said(capsys, "serve", "--file", str(tmp_path / "prefect.yaml"))


def test_options_of_run_are_those_that_a_run_records() -> None:
    parsed = build_parser().parse_args(["run", "a", "b", "--out", "o", "--clock", "HJD_UTC", "--max-period", "10"])
    assert parsed.sources == ["a", "b"]
    assert parsed.clock == "HJD_UTC"
    assert parsed.max_period == 10.0
