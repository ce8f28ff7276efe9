"""The flow `report`: the page of a finished run, made again from what the run left behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from prefect import flow

from flows.models import load_models
from flows.record import RunRecord
from flows.rows import period_of
from flows.stages import STARS, read_chunk
from flows.workers import call, worker_processes
from models.autoencoder import Autoencoder
from models.classifier import Classifier
from models.classifier.saliency import saliency
from models.forecaster import Forecaster
from models.forecaster.states import cell_states
from pipeline.lightcurve import LightCurve
from pipeline.report import CellStates, ClassPhases, SeenFold, StarDetail, make_report
from pipeline.star import Star


@flow(name="report", validate_parameters=False)
def report(run_dir: str, top: int = 20) -> str:
    """Make a run's report again; returns the path of its page."""
    with worker_processes(1):
        return str(call(write_report, Path(run_dir), top))


def write_report(run_dir: Path, top: int) -> Path:
    """Write DIR/report/index.html, with the `top` most anomalous stars in detail.

    Raises
    ------
    ValueError
        When the folder holds no finished run.
    """
    record = RunRecord.read(run_dir)
    return make_report(run_dir, star_details(run_dir, record, top))


def star_details(run_dir: Path, record: RunRecord, top: int) -> list[StarDetail]:
    """What the report shows of the most anomalous stars: curves, folds and forecasts, computed again for them."""
    objects = pq.read_table(run_dir / "objects.parquet")
    strangest = objects.filter(pc.less_equal(objects["anomaly_rank"], top)).sort_by("anomaly_rank").to_pylist()
    if not strangest:
        return []
    curves = _curves(run_dir, record.chunks, strangest)
    stars = [Star(curve, period_of(row)) for curve, row in zip(curves, strangest, strict=True)]
    models = load_models(record.config["models"])
    forecasts = zip(models.forecaster.forecast(stars), models.statespace.forecast(stars), strict=True)
    seen = _seen(models.autoencoder, stars)
    phases = _phases(models.classifier, stars, [row["class"] for row in strangest])
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
        for star, row, pair, fold, said, states in zip(stars, strangest, forecasts, seen, phases, cells, strict=True)
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
