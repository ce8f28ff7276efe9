"""`swope simulate`: a labelled mock survey."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import command, positive


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "simulate",
        "make a labelled mock survey",
        "example:\n  swope simulate --out mock --stars 2000 --seed 1",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for light curves and labels.csv")
    parser.add_argument("--stars", type=positive, default=1000, metavar="N", help="how many (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same survey")
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from tqdm import tqdm

    from swope.pipeline.simulate import SurveyOptions, write_survey

    with tqdm(total=parsed.stars, unit="star", disable=None) as bar:
        write_survey(
            parsed.out,
            SurveyOptions(stars=parsed.stars, seed=parsed.seed),
            progress=lambda done, _total: bar.update(done - bar.n),
        )
    print(f"{parsed.stars} stars in {parsed.out}, labels in {parsed.out / 'labels.csv'}")
    return 0
