"""The flow `train`: light curves and labels in, a folder of weights with a model card out."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from prefect import flow

from flows import stages
from flows.catalog import CHUNKS, CORES, WORK, ingest, measure, threads
from flows.manifest import chunk_key
from flows.options import RunOptions
from flows.workers import worker_processes
from pipeline.ingest import plan
from pipeline.labels import read_labels
from pipeline.star import Star
from pipeline.version import VERSION

KINDS = ("classifier", "autoencoder", "forecaster")


@flow(name="train", validate_parameters=False, task_runner=threads(CORES))
def train(
    kind: str,
    sources: list[str],
    out: str,
    labels: str | None = None,
    epochs: int | None = None,
    cell: Literal["lstm", "gru", "rnn"] | None = None,
    seed: int = 0,
    clock: str | None = None,
    reader: str | None = None,
) -> str:
    """Train one of the models on light curves; returns the folder of its weights, OUT/KIND.

    Parameters
    ----------
    kind : "classifier", "autoencoder" or "forecaster".
    sources : as for the flow `catalog`.
    out : folder of models; `swope run --models` takes it.
    labels : CSV of known classes. The classifier needs it, and learns from its periods too where it has any; the
        autoencoder then looks for what tells these classes apart. For both, and for the forecaster, it selects the
        stars to learn from.
    epochs : passes over the stars; None for the model's own number.
    cell : the forecaster's recurrent cell, to train it from nothing; None goes on from the shipped forecaster.
    seed : of everything that is drawn.
    clock, reader : as in `RunOptions`.

    Raises
    ------
    ValueError
        When there is nothing to learn from, and why.
    """
    if kind not in KINDS:
        raise ValueError(f"no model is called {kind!r}; there are {', '.join(KINDS)}")
    if kind == "classifier" and labels is None:
        raise ValueError("a classifier learns from labels: give --labels labels.csv with object_id and class")
    if cell is not None and kind != "forecaster":
        raise ValueError(f"--cell is the forecaster's; no {kind} has one")
    options = RunOptions(clock=clock, reader=reader)
    options.check()
    known = _known(Path(labels)) if labels is not None else None
    stars = prepare(sources, Path(out), options)
    chosen = stars if known is None else [star for star in stars if star.curve.object_id in known]
    _tell(f"{len(stars)} stars read, {len(chosen)} to learn from")
    if not chosen:
        raise ValueError(f"none of the {len(stars)} stars read is in {labels}; compare the object_id of both")
    folder = Path(out) / kind
    _fit(kind, chosen, known, epochs, cell, seed).save(folder)
    return str(folder)


def prepare(sources: list[str], out: Path, options: RunOptions) -> list[Star]:
    """Read, clean and measure light curves in worker processes, as a run does; finished chunks are used again."""
    planned = plan(sources, stages.ingest_options(options), out / WORK / "scratch")
    for entry in planned.refused:
        _tell(f"left out: {entry.source}: {entry.reason}")
    folders = [out / CHUNKS / chunk_key(part.digest, asdict(options), {}, VERSION) for part in planned.parts]
    with worker_processes(CORES):
        waiting = [
            measure.submit(folder, options, wait_for=[ingest.submit(part, folder, options)], return_state=False)
            for part, folder in zip(planned.parts, folders, strict=True)
            if not (folder / stages.PERIODS).exists()
        ]
        for future in waiting:
            future.result()
    return [star for folder in folders for star in stages.read_stars(folder)]


def _fit(
    kind: str,
    stars: list[Star],
    known: dict[str, tuple[str, float]] | None,
    epochs: int | None,
    cell: Literal["lstm", "gru", "rnn"] | None,
    seed: int,
) -> Any:
    if kind == "classifier":
        import numpy as np

        from models.classifier import Classifier, ClassifierOptions

        classes, periods = zip(*((known or {})[star.curve.object_id] for star in stars), strict=True)
        for name, count in Counter(classes).most_common():
            _tell(f"  {count:6d} {name}")
        classifier_options = ClassifierOptions(seed=seed)
        if epochs is not None:
            classifier_options = replace(classifier_options, epochs=epochs)
        return Classifier.fit(stars, classes, classifier_options, _tell, np.array(periods))
    if kind == "autoencoder":
        from models.autoencoder import Autoencoder, AutoencoderOptions

        autoencoder_options = AutoencoderOptions(seed=seed)
        if epochs is not None:
            autoencoder_options = replace(autoencoder_options, epochs=epochs)
        kinds = None if known is None else [known[star.curve.object_id][0] for star in stars]
        return Autoencoder.fit(stars, autoencoder_options, _tell, kinds)
    from models.forecaster import Forecaster, ForecasterOptions

    forecaster_options = ForecasterOptions(seed=seed)
    if epochs is not None:
        forecaster_options = replace(forecaster_options, epochs=epochs)
    if cell is not None:
        return Forecaster.fit(stars, replace(forecaster_options, cell=cell), _tell)
    return Forecaster.fit(stars, forecaster_options, _tell, start=Forecaster.pretrained())


def _known(labels: Path) -> dict[str, tuple[str, float]]:
    """Class and period, NaN where there is none, of each star with a class."""
    table = read_labels(labels)
    known = table[table["class"].notna()]
    return dict(zip(known["object_id"], zip(known["class"], known["period"], strict=True), strict=True))


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(line, file=sys.stderr)
