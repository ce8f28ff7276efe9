"""What the report draws, through a table and back."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from swope.pipeline.lightcurve import Clock
from swope.pipeline.period.result import PeriodResult
from swope.pipeline.report.detail import CellStates, ClassPhases, SeenFold, StarDetail
from swope.pipeline.report.kept import kept_of, kept_table
from swope.pipeline.report.panels import chosen_forecast
from tests.pipeline.report.made import make_curve, make_forecast

BINS = 16
PERIOD = PeriodResult(0.7, 1e-4, 1e-9, "alias", (0.35, 1.4), 2455000.5, 2)


def seen() -> SeenFold:
    phase = np.arange(BINS) / BINS
    return SeenFold(phase, np.where(phase < 0.2, np.nan, phase), np.where(phase < 0.2, np.nan, 0.1), np.sin(phase))


def full() -> StarDetail:
    """A star with all that can be kept, NaN in each part."""
    curve = make_curve("a", n=60)
    states = np.random.default_rng(0).standard_normal((20, 3))
    states[4:7] = np.nan
    return StarDetail(
        curve,
        PERIOD,
        [make_forecast(curve, "statespace"), make_forecast(curve, "toy")],
        [{"t_start": 1.0}],
        {"object_id": "a"},
        seen=seen(),
        phases=ClassPhases(np.arange(4) / 4, np.array([1.0, -0.5, 0.0, 2.0])),
        cells=CellStates(2455000.5, 2455300.25, states),
    )


def bare() -> StarDetail:
    """A star of which nothing is kept but its curve."""
    curve = replace(make_curve("b", n=30, bands=("",), kind="flux"), clock=Clock(), ra=np.nan, dec=np.nan)
    return StarDetail(curve, PeriodResult(reason="flat", fault=True), [], [], {"object_id": "b"})


def same(one: object, other: object) -> None:
    """Equal in all fields; NaN is equal to itself."""
    assert type(one) is type(other)
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, theirs, field.name)
            assert mine.dtype == theirs.dtype, field.name
        else:
            assert repr(mine) == repr(theirs), field.name


def test_all_that_is_drawn_survives(tmp_path) -> None:
    details = [full(), bare(), full()]
    pq.write_table(kept_table(details), tmp_path / "kept.parquet")
    kept = kept_of(pq.read_table(tmp_path / "kept.parquet"))
    assert len(kept) == 3
    for old, new in zip(details, kept, strict=True):
        same(old.curve, new.curve)
        same(old.period, new.period)
        assert len(old.forecasts) == len(new.forecasts)
        for before, after in zip(old.forecasts, new.forecasts, strict=True):
            same(before, after)
        for name in ("seen", "phases", "cells"):
            one, other = getattr(old, name), getattr(new, name)
            if one is None:
                assert other is None, name
            else:
                same(one, other)


def test_row_and_events_come_from_the_catalog() -> None:
    kept = kept_of(kept_table([full()]))[0]
    again = kept.detail({"object_id": "a", "toy_pvalue": 0.001}, [{"t_start": 5.0}, {"t_start": 6.0}])
    assert again.row["toy_pvalue"] == 0.001
    assert [event["t_start"] for event in again.events] == [5.0, 6.0]
    assert chosen_forecast(again).detector == "toy"


@pytest.mark.parametrize("details", [[], [bare()]])
def test_nothing_to_keep_is_an_empty_table(details: list[StarDetail]) -> None:
    table = kept_table(details)
    assert len(kept_of(table)) == len(table) == len(details)
    assert table.schema.equals(kept_table([full()]).schema)


def test_some_rows_of_a_table_are_read_as_well() -> None:
    table = kept_table([bare(), full()])
    assert kept_of(table.slice(1))[0].curve.object_id == "a"
    assert [one.curve.object_id for one in kept_of(table.take([1, 0]))] == ["a", "b"]
    same(kept_of(table.slice(1))[0].forecasts[0], full().forecasts[0])
