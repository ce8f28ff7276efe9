"""A model that takes another's place while a run is under way is in none of its rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from swope.flows import catalog as catalog_module
from swope.flows.catalog import catalog
from swope.flows.challenge import promote
from swope.flows.chunk import do_chunk
from swope.flows.makers import Makers
from swope.flows.manifest import is_done
from swope.flows.night.batch import through_the_night
from swope.flows.night.changes import undone
from swope.flows.night.watch import Watch
from swope.flows.options import RunOptions
from swope.flows.stages import ingest_options
from swope.flows.workers import worker_processes
from swope.models.registry import ModelsChangedError
from swope.models.statespace import StateSpace
from swope.pipeline.ingest import plan


def exchanged(folder: Path, outlier: float) -> None:
    """Have another state space take the place of the one that is there."""
    shipped = StateSpace.pretrained()
    promote(replace(shipped, options=replace(shipped.options, outlier=outlier)), folder / "statespace")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    exchanged(tmp_path / "models", 3.0)
    return tmp_path / "models"


@pytest.fixture
def stars(tmp_path: Path) -> Path:
    (tmp_path / "incoming").mkdir()
    time = 58000 + 0.37 * np.arange(60)
    for i in range(2):
        rows = "".join(f"{t},{15 + 0.1 * np.sin(t * (i + 1))},0.02\n" for t in time)
        (tmp_path / "incoming" / f"star{i}.csv").write_text("mjd,mag,magerr\n" + rows)
    return tmp_path / "incoming"


def test_a_chunk_is_not_done_by_other_models_than_its_run_names(stars: Path, models: Path, tmp_path: Path) -> None:
    options = RunOptions(models=str(models))
    (part,) = plan([str(stars)], ingest_options(options), tmp_path / "scratch").parts
    ids = Makers.of(options.models).models
    exchanged(models, 1.5)
    folder = tmp_path / "chunk"
    folder.mkdir()
    with pytest.raises(ModelsChangedError, match=f"statespace: {ids['statespace']} before"):
        do_chunk(part, folder, options, ids=ids)
    assert not is_done(folder)
    do_chunk(part, folder, options, ids=Makers.of(options.models).models)
    assert is_done(folder)


@pytest.mark.usefixtures("prefect_server")
def test_a_run_says_so_and_the_next_one_does_what_it_left(
    stars: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = RunOptions(models=str(models))

    def and_then_promoted(asked: RunOptions) -> Makers:
        makers = load_makers(asked)
        exchanged(models, 1.5)
        return makers

    load_makers = catalog_module.load_makers
    with worker_processes(1):
        with monkeypatch.context() as patched:
            patched.setattr(catalog_module, "load_makers", and_then_promoted)
            record = catalog([str(stars)], str(tmp_path / "out"), options=options, top=None)
        assert record.counts["n_failed"] == record.counts["n_in"] == 2
        reasons = pq.read_table(tmp_path / "out" / "objects.parquet")["reason"].to_pylist()
        assert all("changed while the run was at work" in one for one in reasons)
        assert undone(record, tmp_path / "out")
        again = catalog([str(stars)], str(tmp_path / "out"), options=options, top=None)
    assert again.counts["n_ok"] == 2
    assert again.models["statespace"] == StateSpace.load(models / "statespace").model_id != record.models["statespace"]


def test_a_night_is_not_judged_by_other_models_than_it_names(models: Path) -> None:
    options = RunOptions(models=str(models))
    ids = {"statespace": Makers.of(options.models).models["statespace"]}
    exchanged(models, 1.5)
    with pytest.raises(ModelsChangedError):
        through_the_night([None], options, ids, Watch())  # type: ignore[list-item]
