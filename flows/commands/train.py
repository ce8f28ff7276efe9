"""`swope train`: a model, from light curves of one's own."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from pathlib import Path

from swope.flows.commands.arguments import READING, add_reading, add_workers, check_out, command, positive


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "train",
        "train a model on labelled light curves",
        "examples:\n"
        "  swope train classifier asas.parquet --labels labels.csv --out models\n"
        "  swope run new.parquet --models models --out out/new\n\n"
        "  swope train classifier new.parquet --labels few.csv --start models --out models2\n"
        "  swope train classifier new.parquet --labels few.csv --start shipped --out models2\n\n"
        "A start needs some ten labelled stars, and keeps its types: labels that it does not know are refused.\n"
        "Each model's folder holds a card.md, which says what it was taught and how.",
    )
    parser.add_argument(
        "model", metavar="MODEL", help="classifier, autoencoder, forecaster, statespace, or one of yours"
    )
    parser.add_argument("sources", nargs="+", metavar="LIGHT_CURVES", help="as for `swope run`")
    parser.add_argument(
        "--labels", type=Path, metavar="CSV", help="object_id, class, perhaps period (the classifier needs it)"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="MODELS", help="folder of models to add this one to")
    parser.add_argument("--epochs", type=positive, metavar="N", help="passes over the stars (default: the model's own)")
    parser.add_argument(
        "--start",
        metavar="MODELS",
        help="go on from the classifier or forecaster of this folder of models, or from the `shipped` one (default: a "
        "classifier is trained from nothing, a forecaster goes on from the shipped one)",
    )
    parser.add_argument(
        "--survey",
        action="store_true",
        help="the classifier looks at magnitude, colour and galactic latitude too: better within one survey, of no "
        "use beyond it",
    )
    parser.add_argument(
        "--cell", choices=("lstm", "gru", "rnn"), help="train the forecaster from nothing, with this recurrent cell"
    )
    parser.add_argument(
        "--challenge",
        action="store_true",
        help="keep one star in five apart, and take the place of the model in MODELS, or of the one that comes with "
        "Swope where there is none, only if the new one is better on these by more than the error of that",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of all that is random (default: 0)")
    add_reading(parser)
    add_workers(parser)
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from swope.flows.interrupt import terminable
    from swope.flows.lock import check_free
    from swope.flows.options import RunOptions, TrainOptions
    from swope.flows.server import prefect_server
    from swope.pipeline.ingest import check_sources

    # before Prefect, which takes seconds to start
    check_sources(parsed.sources)
    check_out(parsed.out)
    labels = str(parsed.labels) if parsed.labels else None
    training = TrainOptions(**{field.name: getattr(parsed, field.name) for field in fields(TrainOptions)})
    training.check(parsed.model, labels)
    options = RunOptions(**{name: getattr(parsed, name) for name in READING})
    options.check()
    check_free(parsed.out)
    workers = parsed.workers or os.cpu_count() or 1
    with terminable(), prefect_server():
        from swope.flows.catalog import task_runner
        from swope.flows.train import train

        said = train.with_options(task_runner=task_runner(workers))(
            parsed.model, list(parsed.sources), str(parsed.out), labels, training, options, workers
        )
    print(said)
    return 0
