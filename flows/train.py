"""The flow `train`: light curves and labels in, a folder of weights with a model card out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import flow_run

from swope.flows import stages, tasks
from swope.flows.card import card_of
from swope.flows.catalog import CHUNKS, CORES, DASK, WORK, clear, processes, task_runner
from swope.flows.challenge import KEPT_APART, compare, doubt, kept_apart, promote
from swope.flows.makers import Makers
from swope.flows.manifest import chunk_key
from swope.flows.options import SHIPPED, RunOptions, TrainOptions
from swope.flows.turns import one_at_a_time
from swope.flows.workers import worker_processes
from swope.models.detector import Teaching
from swope.models.registry import load_model, model_class
from swope.models.weights import holds_model
from swope.pipeline.ingest import plan
from swope.pipeline.labels import ambiguity, match, read_labels
from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.split import HELD_OUT_ONE_IN
from swope.pipeline.star import Star

if TYPE_CHECKING:
    import pandas as pd


@flow(name="train", flow_run_name="train {kind} in {out}", task_runner=task_runner(CORES, DASK))
def train(
    kind: str,
    sources: list[str],
    out: str,
    labels: str | None = None,
    training: TrainOptions | None = None,
    options: RunOptions | None = None,
    workers: int | None = None,
) -> str:
    """Train one of the models on light curves; returns the folder of its weights, OUT/KIND.

    A model that loses its challenge against the one in the folder, or where there is none against the one that comes
    with Swope, is not kept.

    Parameters
    ----------
    kind : name of a model (`swope.models.registry.kinds`).
    sources : as for the flow `catalog`.
    out : folder of models; `swope run --models` takes it.
    labels : CSV of known classes. The classifier needs it, and learns from its periods too where it has any; the
        autoencoder then looks for what tells these classes apart. For both, and for the forecaster, it selects the
        stars to learn from. Labels that may mean several stars are left out, and told on stderr
        (`swope.pipeline.labels.match`).
    training : how the model is trained.
    options : how light curves are read, cleaned and given periods, as for the flow `catalog`.
    workers : worker processes; None for one a core.

    Raises
    ------
    ValueError
        When there is nothing to learn from, and why.
    """
    training, options = training or TrainOptions(), options or RunOptions()
    training.check(kind, labels)
    options.check()
    known = _known(Path(labels)) if labels is not None else None
    # damaged models are refused before the work is done
    start = _start(kind, training)
    with one_at_a_time(Path(out)):
        stars = prepare(sources, Path(out), options, workers)
        chosen, classes, periods = _of_stars(known, stars)
        _tell(f"{len(stars)} stars read, {len(chosen)} to learn from")
        if not chosen:
            raise ValueError(
                f"none of the {len(stars)} stars read is for certain in {labels}; compare the object_id of both, and "
                "the source where the labels have it"
            )
        for name, count in Counter(classes or ()).most_common():
            _tell(f"  {count:6d} {name}")
        start_id = start.model_id if start is not None else None
        apart = kept_apart(chosen) if training.challenge else []
        learning = [i for i in range(len(chosen)) if i not in set(apart)]
        teaching = Teaching(
            classes=None if classes is None else [classes[i] for i in learning],
            periods=None if periods is None else periods[learning],
            start=start,
            seed=training.seed,
            epochs=training.epochs,
            survey=training.survey,
            cell=training.cell,
            search=options.periods,
            progress=_tell,
        )
        taught_by = [chosen[i] for i in learning]
        model = model_class(kind).taught(taught_by, teaching)
        card = card_of(kind, model, taught_by, teaching.classes, start_id, training, options)
        folder = Path(out) / kind
        if training.challenge:
            test = [classes[i] for i in apart] if classes is not None else None
            # where there is none in the folder, runs use that which comes with Swope
            champion = load_model(kind, out)
            verdict = compare(champion, model, [chosen[i] for i in apart], test)
            said = f"{verdict}{doubt(champion, holds_model(folder))}"
            announce(f"The {kind} that was just trained: {said}.", Path(out))
            if not verdict.promoted:
                return str(folder)
            card += f"\n{KEPT_APART} one star in {HELD_OUT_ONE_IN}, which it did not learn from.\n"
            card += f"\n**Challenge** {said}.\n"
        promote(with_card(model, card), folder)
        return str(folder)


def with_card(model: Any, card: str) -> Any:
    """A model with another card; one that cannot be changed is made anew."""
    try:
        model.card = card
    except FrozenInstanceError:
        return replace(model, card=card)
    return model


def announce(said: str, out: Path) -> None:
    """Say how a challenge ended, and leave it with Prefect, as an artifact."""
    print(said)
    if flow_run.id is not None:
        create_markdown_artifact(f"# {out}\n\n{said}\n", key="swope-challenge", description=f"A challenge in {out}")


def prepare(sources: list[str], out: Path, options: RunOptions, workers: int | None = None) -> list[Star]:
    """Read, clean and measure light curves in worker processes, as a run does; finished chunks are used again."""
    scratch = out / WORK / "scratch"
    tasks.fetch(sources, scratch)
    planned = plan(sources, stages.ingest_options(options), scratch)
    for entry in planned.refused:
        _tell(f"left out: {entry.source}: {entry.reason}")
    makers = asdict(Makers.without_models())
    chunks = [CHUNKS / chunk_key(part.digest, asdict(options), makers) for part in planned.parts]
    left = [(p, out / c) for p, c in zip(planned.parts, chunks, strict=True) if not stages.is_measured(out / c)]
    with worker_processes(processes(workers)):
        for part, _, problem in tasks.each(tasks.preparation, left, options):
            if problem is not None:
                raise ValueError(f"cannot read {', '.join(part.sources)}: {problem}")
    stars = [star for chunk in chunks for star in stages.read_stars(out / chunk)]
    clear(out, chunks)
    return stars


def _start(kind: str, training: TrainOptions) -> Any:
    """The model to go on from, for this training alone; None to train from nothing."""
    if training.start is not None:
        return load_model(kind, None if training.start == SHIPPED else training.start)
    goes_on = model_class(kind).learning.start == "shipped" and training.cell is None
    return load_model(kind) if goes_on else None


def _of_stars(
    known: pd.DataFrame | None, stars: Sequence[Star]
) -> tuple[list[Star], list[str] | None, FloatArray | None]:
    """The stars to learn from, in their order, with their classes and periods (NaN where unknown).

    Without labels these are all stars, and nothing is known of them. Labels that may mean several stars are left out,
    and told on stderr.
    """
    if known is None:
        return list(stars), None, None
    matches = match(known, [(star.curve.source, star.curve.object_id) for star in stars])
    if unsure := ambiguity(known, matches):
        print(unsure, file=sys.stderr)
    label_of = {int(place): row for row, place in enumerate(matches.star) if place >= 0}
    places = sorted(label_of)
    told = known.iloc[[label_of[place] for place in places]]
    return [stars[place] for place in places], told["class"].tolist(), told["period"].to_numpy(dtype=np.float64)


def _known(labels: Path) -> pd.DataFrame:
    """The rows of `swope.pipeline.labels.read_labels` with a class; on stderr how many have none.

    Raises
    ------
    ValueError
        When the labels cannot be read, or hold no class that Swope knows.
    """
    table = read_labels(labels)
    known = table[table["class"].notna()].reset_index(drop=True)
    words = table["class_source"][table["class"].isna()].dropna()
    strange = ", ".join(map(repr, words.unique()[:5]))
    if known.empty:
        said = f": it says {strange}" if strange else ""
        raise ValueError(f"{labels}: none of its {len(table)} rows has a class that Swope knows{said}")
    if len(words):
        print(f"{labels}: {len(words)} stars are left out, of no one type that Swope knows: {strange}", file=sys.stderr)
    return known


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(line, file=sys.stderr)
