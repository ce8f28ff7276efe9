"""A run's catalog as HATS, read again by LSDB."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swope.flows.cli import BAD_INPUT, main
from swope.models.analysis import AnalysisOptions, analyze
from swope.models.registry import load_models
from tests.flows.test_pages import flaring, leave_run

lsdb = pytest.importorskip("lsdb", reason="needs the extra lsdb")


def test_stars_with_a_position_go_out_with_their_curves_and_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # two stars of one name, on two sides of the sky, and one that is nowhere
    curves = [
        replace(flaring("a.csv", [30, 60, 90]), ra=10.0, dec=-5.0),
        replace(flaring("b.csv", [45]), ra=200.0, dec=60.0),
        replace(flaring("c.csv", []), ra=float("nan"), dec=float("nan")),
    ]
    analyses = analyze(curves, load_models(), AnalysisOptions())
    run_dir = leave_run(tmp_path, analyses, drawn=False)
    for _ in range(2):  # the second takes the place of the first
        assert main(["export", str(run_dir), "--format", "hats"]) == 0
        said = capsys.readouterr()
        assert said.out == f"{run_dir / 'hats'}\n"
        assert said.err == "1 stars are left out, which have no position\n"
    found = lsdb.open_catalog(run_dir / "hats").compute().set_index("source")
    assert sorted(found.index) == ["a.csv", "b.csv"]
    for one in analyses[:2]:
        row = found.loc[one.curve.source]
        assert row["period"] == one.row["period"] or np.isnan(one.period.period)
        np.testing.assert_array_equal(row["lightcurve"]["time"], one.curve.time)
        np.testing.assert_array_equal(row["lightcurve"]["value"], one.curve.value)
        np.testing.assert_array_equal(row["lightcurve"]["mask"], one.curve.mask)
        n = len(one.events)
        assert row["n_events"] == n == (0 if row["events"] is None else len(row["events"]))


def test_a_run_without_positions_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = replace(flaring("c.csv", []), ra=float("nan"), dec=float("nan"))
    run_dir = leave_run(tmp_path, analyze([nowhere], load_models(), AnalysisOptions()), drawn=False)
    assert main(["export", str(run_dir), "--format", "hats"]) == BAD_INPUT
    assert "none of its 1 stars has a position" in capsys.readouterr().err
