"""Partitions of an LSDB catalog: the same answers as stars one by one, whatever a partition holds."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import swope
from swope import _partition
from swope.flows import survive
from swope.flows.limits import Limits
from swope.flows.runtime import quiet
from swope.flows.workers import worker_processes
from swope.models import analysis
from swope.pipeline.convert import to_pandas
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodOptions, PeriodResult
from tests.front.stars import PERIOD, star

lsdb = pytest.importorskip("lsdb", reason="needs the extra lsdb")

DOCUMENT = Path(__file__).parents[2] / "docs" / "lsdb.md"
CURVES = [star(name, 60 + 10 * i, i) for i, name in enumerate(("sine", "flaring", "short"))]
CLOCK = "HJD_UTC"


def nested() -> pd.DataFrame:
    """Four stars, one of them without a row, on two sides of the sky."""
    from nested_pandas import NestedFrame

    value = CURVES[1].value.copy()
    value[30:42] -= 3.0
    frames = []
    for i, curve in enumerate((CURVES[0], CURVES[1].where(np.arange(70)), CURVES[2].where(np.arange(3)))):
        frame = pd.DataFrame(to_pandas(curve)[["time", "value", "error"]]).set_index(pd.Index([i] * len(curve)))
        frames.append(frame.rename(columns={"time": "hjd", "value": "mag", "error": "mag_err"}))
    frames[1]["mag"] = value
    names = [*(one.object_id for one in CURVES), "empty"]
    stars = NestedFrame({"objid": names, "ra": [10.0, 11.0, 200.0, 201.0], "dec": [-5.0, -5.0, 40.0, 40.0]})
    return stars.join_nested(pd.concat(frames), "lc")


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return swope.analyze_partition(nested(), clock=CLOCK, source="the sky")


def test_the_answers_are_those_of_stars_one_by_one(found: pd.DataFrame) -> None:
    assert found["object_id"].tolist() == ["sine", "flaring", "short", "empty"]
    alone = swope.analyze(CURVES[0]).row
    for name in ("status", "period", "class", "anomaly_pvalue", "forecaster_score", "n_obs", "mean_mag", "clock"):
        assert found[name].iloc[0] == alone[name], name
    assert found["period"].iloc[0] == pytest.approx(PERIOD, rel=0.01)
    assert set(found["source"]) == {"the sky"}


def test_events_stand_inside_their_stars_row(found: pd.DataFrame) -> None:
    events = found["events"].iloc[1]
    assert len(events) == found["n_events"].iloc[1] > 0
    time = CURVES[1].time[30:42]
    assert ((events["t_peak"] >= time[0]) & (events["t_peak"] <= time[-1])).any()
    assert "brighten" in set(events["direction"])


def test_a_star_that_says_nothing_has_its_reason(found: pd.DataFrame) -> None:
    assert found["status"].tolist()[2:] == ["partial", "rejected"]
    assert "no rows" in found["reason"].iloc[3]
    assert found["period"].isna().tolist()[2:] == [True, True]


def test_an_empty_partition_has_the_same_columns(found: pd.DataFrame) -> None:
    nothing = swope.analyze_partition(nested().iloc[:0], clock=CLOCK)
    assert len(nothing) == 0
    assert nothing.dtypes.to_dict() == found.dtypes.to_dict()


def test_the_index_is_the_partitions_own() -> None:
    frame = nested().iloc[[3, 2]].set_index(pd.Index([7, 7], name="_healpix_29"))
    found = swope.analyze_partition(frame, clock=CLOCK)
    assert (found.index.name, found.index.tolist()) == ("_healpix_29", [7, 7])
    assert found["object_id"].tolist() == ["empty", "short"]


def test_the_documents_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    survey = lsdb.from_dataframe(nested(), ra_column="ra", dec_column="dec", margin_threshold=None)
    assert survey.npartitions == 2
    survey.write_catalog("survey", as_collection=False, progress_bar=False)
    example = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)[0]
    exec(example.replace('"MJD_UTC"', repr(CLOCK)), {})
    assert "flaring" in capsys.readouterr().out
    again = lsdb.open_catalog("survey_swope").compute().set_index("object_id")
    for name in ("status", "period", "anomaly_pvalue", "n_events"):
        both = (table[name].dropna().to_dict() for table in (again, found.set_index("object_id")))
        assert next(both) == next(both), name
    assert len(again["events"].loc["flaring"]) == found["n_events"].iloc[1]


def deadly(curves: Sequence[LightCurve], folder: Path, **told: Any) -> object:
    """As what it stands for, but one star ends the process."""
    if any(curve.object_id == "flaring" for curve in curves):
        os.kill(os.getpid(), signal.SIGKILL)
    return _partition._answers(curves, folder, **told)


def endless(curves: Sequence[LightCurve], folder: Path, **told: Any) -> object:
    """As what it stands for, but the search for one star's period never ends, and another's takes all memory."""
    search = analysis.find_period

    def searched(curve: LightCurve, options: PeriodOptions) -> PeriodResult:
        if curve.object_id == "short":
            held = b"x" * 2**32
            time.sleep(600 + len(held))
        elif curve.object_id == "flaring":
            time.sleep(600)
        return search(curve, options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(analysis, "find_period", searched)
        return _partition._answers(curves, folder, **told)


def test_stars_that_hang_or_eat_memory_are_lost_alone(found: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survive, "LIMITS", Limits(alone=20.0, memory=4 * 2**30))
    monkeypatch.setattr(_partition, "_answers", endless)
    with worker_processes(1):
        frame = swope.analyze_partition(nested(), clock=CLOCK).set_index("object_id")
    assert frame["status"].to_dict() == {"sine": "ok", "flaring": "failed", "short": "failed", "empty": "rejected"}
    assert "it took more than 20 s" in frame["reason"]["flaring"]
    assert "it took more than 4.0 GB of memory" in frame["reason"]["short"]
    assert frame["period"]["sine"] == found.set_index("object_id")["period"]["sine"]


def with_a_deadly_star() -> tuple[pd.DataFrame, int]:
    """On a worker of Dask: what it has to say, and which process it is."""
    # what is analysed beside it has the true one
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_partition, "_answers", deadly)
        return swope.analyze_partition(nested(), clock=CLOCK), os.getpid()


def test_a_star_that_ends_its_process_is_lost_alone_and_its_worker_stays(found: pd.DataFrame) -> None:
    distributed = pytest.importorskip("distributed")
    quiet()
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        before = set(client.run(os.getpid).values())
        frame, worker = client.submit(with_a_deadly_star).result()
        assert {worker} == before == set(client.run(os.getpid).values())
    frame = frame.set_index("object_id")
    assert frame["status"].to_dict() == {"sine": "ok", "flaring": "failed", "short": "partial", "empty": "rejected"}
    assert "ended without an answer" in frame["reason"]["flaring"]
    assert frame["period"]["sine"] == found.set_index("object_id")["period"]["sine"]
