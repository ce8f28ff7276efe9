"""The flow `report`: the page of a finished run, made again from what the run left behind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from prefect import flow

from swope.flows.models import load_models
from swope.flows.record import RunRecord
from swope.flows.rows import period_of
from swope.flows.stages import STARS, read_chunk
from swope.flows.workers import call, worker_processes
from swope.models.autoencoder import Autoencoder
from swope.models.classifier import Classifier
from swope.models.classifier.saliency import saliency
from swope.models.forecaster import Forecaster
from swope.models.forecaster.states import cell_states
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.report import CellStates, ClassPhases, SeenFold, StarDetail, make_report
from swope.pipeline.star import Star


@flow(name="report", validate_parameters=False)
def report(run_dir: str, top: int = 20, stars: list[str] | None = None) -> str:
    """Make a run's report again; returns the path of its page."""
    with worker_processes(1):
        return str(call(write_report, Path(run_dir), top, stars or []))


def write_report(run_dir: Path, top: int, stars: Sequence[str] = ()) -> Path:
    """Write DIR/report/index.html, with some stars in detail: those asked for, and the `top` most anomalous ones.

    Parameters
    ----------
    run_dir : folder of a finished run.
    top : how many of the most anomalous stars.
    stars : object ids of others, whatever their rank; they stand first.

    Raises
    ------
    ValueError
        When the folder holds no finished run, or a star asked for is unknown or has no light curve.
    """
    record = RunRecord.read(run_dir)
    objects = pq.read_table(run_dir / "objects.parquet")
    asked = asked_rows(objects, stars)
    strangest = objects.filter(pc.less_equal(objects["anomaly_rank"], top)).sort_by("anomaly_rank").to_pylist()
    first = {(row["object_id"], row["source"]) for row in asked}
    others = [row for row in strangest if (row["object_id"], row["source"]) not in first]
    details = star_details(run_dir, record, [*asked, *others])
    return make_report(run_dir, details[len(asked) :], details[: len(asked)])


def asked_rows(objects: pa.Table, stars: Sequence[str]) -> list[dict[str, Any]]:
    """The catalog rows of these stars, in the order asked; all of a star that came from several sources.

    Raises
    ------
    ValueError
        When a star is unknown, and what the nearest names are; or when none of its rows has a light curve, and why.
    """
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(stars):
        found = objects.filter(pc.equal(objects["object_id"], name)).to_pylist()
        if not found:
            known = pc.unique(objects["object_id"]).to_pylist()
            near = get_close_matches(name, known) or known[:3]
            raise ValueError(f"no star is called {name!r}; the nearest of {len(known):,}: {', '.join(near)}")
        read = [row for row in found if row["status"] in ("ok", "partial")]
        if not read:
            raise ValueError(f"nothing to show of {name}, {found[0]['status']}: {found[0]['reason']}")
        rows += read
    return rows


def star_details(run_dir: Path, record: RunRecord, rows: Sequence[dict[str, Any]]) -> list[StarDetail]:
    """What the report shows of the stars of some catalog rows: curves, folds and forecasts, computed again for them."""
    if not rows:
        return []
    curves = _curves(run_dir, record.chunks, rows)
    stars = [Star(curve, period_of(row)) for curve, row in zip(curves, rows, strict=True)]
    models = load_models(record.config["models"])
    if changed := [kind for kind, model_id in models.ids.items() if record.models.get(kind) != model_id]:
        whose = record.config["models"] or "this version of Swope"
        print(
            f"{run_dir}: forecasts, folds and phases are drawn with the {', '.join(changed)} of {whose}, which did not "
            "make this run; run it again to have all from one",
            file=sys.stderr,
        )
    forecasts = zip(models.forecaster.forecast(stars), models.statespace.forecast(stars), strict=True)
    seen = _seen(models.autoencoder, stars)
    phases = _phases(models.classifier, stars, [row["class"] for row in rows])
    cells = _cells(models.forecaster, stars)
    events = pq.read_table(run_dir / "events.parquet")
    return [
        StarDetail(
            curve=star.curve,
            period=star.period,
            forecasts=[forecast for forecast in pair if forecast is not None],
            events=events.filter(pc.equal(events["object_id"], row["object_id"])).to_pylist(),
            row=row,
            seen=fold,
            phases=said,
            cells=states,
        )
        for star, row, pair, fold, said, states in zip(stars, rows, forecasts, seen, phases, cells, strict=True)
    ]


def _seen(autoencoder: Autoencoder, stars: Sequence[Star]) -> list[SeenFold | None]:
    """The folds that the models see; None for a star without a period."""
    found = autoencoder.reconstruct(stars)
    return [
        SeenFold(found.phase, np.where(np.isfinite(sigma), value, np.nan), sigma, model)
        if np.isfinite(model).all()
        else None
        for value, sigma, model in zip(found.value, found.sigma, found.model, strict=True)
    ]


def _cells(forecaster: Forecaster, stars: Sequence[Star]) -> list[CellStates | None]:
    """What the forecaster has in mind while it reads each star; None for a star too short."""
    return [
        None if one is None else CellStates(one.time, one.cell.astype(np.float64))
        for one in cell_states(forecaster, stars)
    ]


def _phases(classifier: Classifier, stars: Sequence[Star], classes: Sequence[str | None]) -> list[ClassPhases | None]:
    """Which phases made the class that the catalog gives; None where there is none, or no period."""
    found = saliency(classifier, stars)
    return [
        ClassPhases(found.phase, weight) if np.isfinite(weight).all() and said == name else None
        for weight, said, name in zip(found.weight, found.types, classes, strict=True)
    ]


def _curves(run_dir: Path, chunks: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[LightCurve]:
    """The light curves of some catalog rows, found by name and source in the run's chunks."""
    wanted = {(row["object_id"], row["source"]) for row in rows}
    found: dict[tuple[str, str], LightCurve] = {}
    for chunk in chunks:
        folder = run_dir / chunk
        names = pq.read_table(folder / STARS, columns=["object_id", "source"]).to_pylist()
        here = [i for i, name in enumerate(names) if (name["object_id"], name["source"]) in wanted]
        if here:
            selected = read_chunk(folder).select(here)
            found |= {(curve.object_id, curve.source): curve for curve in selected}
    return [found[row["object_id"], row["source"]] for row in rows]
