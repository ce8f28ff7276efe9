"""The shipped networks on each of Keras' backends: how fast, on which device, and whether they all say the same.

``python -m tests.bench.backends`` asks TensorFlow, JAX and PyTorch, as far as they are installed, each in a process of
its own on the best device that it finds; ``--on cpu`` hides the others. First comes Swope itself, which works the small
networks out without a backend where there is no accelerator. The stars are simulated, with their true
periods. ``--keep FILE`` writes the answers of the first backend, ``--against FILE`` reads what another machine wrote.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.autoencoder import Autoencoder
from swope.models.classifier import Classifier, ClassifierOptions, LabelledInputs
from swope.models.forecaster import Forecaster, lstm
from swope.models.forecaster.batches import outputs_of
from swope.models.forecaster.steps import Steps, steps_of
from swope.models.inputs import inputs_of
from swope.models.keras_backend import device, keras
from swope.pipeline.clean import clean
from swope.pipeline.period import PeriodResult
from swope.pipeline.simulate import SurveyOptions, simulate_stars
from swope.pipeline.star import Star

BACKENDS = ("tensorflow", "jax", "torch")

#: Swope's own arithmetic on a processor; it learns with TensorFlow.
OWN = "swope"

#: Stars of a timed call, passes of training of which all but the first are timed, and repeats of a call.
TIMED, PASSES, REPEATS = 4096, 4, 3

#: Two backends agree where none of their answers differs by more.
SAME = 1e-4

#: What is compared.
ANSWERS = ("probabilities", "fold p-values", "forecasts")


def simulated(count: int) -> tuple[list[Star], list[str]]:
    """Stars of many types and surveys, with their true periods, and their types."""
    stars, labels = [], []
    for one in simulate_stars(SurveyOptions(count, seed=61, surveys=("asas", "ztf", "ogle"))):
        period = one.label.period
        known = PeriodResult(period=period, fap=1e-9) if np.isfinite(period) else PeriodResult(reason="aperiodic")
        stars.append(Star(clean(one.curve), known))
        labels.append(one.label.class_)
    return stars, labels


def forecasts_of(forecaster: Forecaster, steps: list[Steps], own: bool) -> list[NDArray[np.float32]]:
    """What the forecaster's network says of some stars."""
    if own:
        layers = lstm.Layers.of(forecaster.network)
        return [lstm.outputs_of(layers, one) for one in steps]
    return list(outputs_of(forecaster.network, forecaster.options.units, forecaster.options.cell, steps))


def answers(stars: list[Star], own: bool) -> dict[str, NDArray[np.float64]]:
    """What the shipped networks say: probabilities of types, p-values of folds, central forecasts in sigmas."""
    inputs = inputs_of(stars)
    steps = [found for star in stars if (found := steps_of(star)) is not None]
    forecasts = forecasts_of(Forecaster.pretrained(), steps, own)
    return {
        "probabilities": Classifier.pretrained().classify_inputs(inputs).probabilities,
        "fold p-values": Autoencoder.pretrained().score_inputs(inputs).pvalue,
        "forecasts": np.concatenate(forecasts).astype(np.float64),
    }


def rates(stars: list[Star], labels: list[str], own: bool) -> dict[str, float]:
    """Stars a second that the networks classify, score and learn from, and rows that are forecast."""
    inputs = inputs_of(stars)
    many = inputs.rows(np.arange(TIMED) % len(stars))
    classifier, autoencoder, forecaster = Classifier.pretrained(), Autoencoder.pretrained(), Forecaster.pretrained()
    ends: list[float] = []
    rows = np.arange(TIMED // 4) % len(stars)
    Classifier.fit_inputs(
        LabelledInputs(
            inputs.rows(rows),
            [f"star {i}" for i in range(len(rows))],
            np.array([stars[i].period.period for i in rows]),
            [labels[i] for i in rows],
        ),
        ClassifierOptions(members=1, epochs=PASSES, patience=PASSES, trees=0),
        lambda _: ends.append(time.perf_counter()),
    )
    learnt = (1.0 - ClassifierOptions().calibration_share) * len(rows) * (len(ends) - 1)
    steps = [found for star in stars if (found := steps_of(star)) is not None]
    length = sum(len(one.target) for one in steps)
    return {
        "learnt_per_s": learnt / (ends[-1] - ends[0]),
        "classified_per_s": TIMED / _least(lambda: classifier.classify_inputs(many)),
        "scored_per_s": TIMED / _least(lambda: autoencoder.score_inputs(many)),
        "rows_per_s": length / _least(lambda: forecasts_of(forecaster, steps, own)),
    }


def _least(call: Callable[[], object]) -> float:
    """Least time of several calls, seconds; the first of all, which compiles, is not counted."""
    call()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def by_the_backend() -> None:
    """Have the backend answer on a processor too, where Swope works its small networks out by itself."""
    from swope.models import trained_network
    from swope.models.forecaster import forecaster

    for module in (trained_network, forecaster):
        module.on_accelerator = lambda: True  # type: ignore[attr-defined]


def answer_here(file: Path, count: int, timed: bool, own: bool) -> None:
    """Let the backend of this process answer, or Swope itself, and write what is said, and how fast."""
    if not own:
        by_the_backend()
    stars, labels = simulated(count)
    about: dict[str, Any] = {
        "backend": OWN if own else keras().backend.backend(),
        "device": device(),
    }
    if timed:
        about |= rates(stars, labels, own)
    np.savez(file, about=json.dumps(about), **answers(stars, own))  # type: ignore[arg-type]


def asked(backend: str, file: Path, count: int, on: str, timed: bool = True) -> dict[str, Any]:
    """Ask a backend in a process of its own; what it wrote is in the file."""
    environment = os.environ | ({} if backend == OWN else {"KERAS_BACKEND": backend})
    if on == "cpu":
        environment |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "tests.bench.backends", "--answer-here", str(file), "--stars", str(count)]
    command += ["--untimed"] * (not timed) + ["--own"] * (backend == OWN)
    subprocess.run(command, env=environment, check=True)
    return kept(file)


def kept(file: Path) -> dict[str, Any]:
    """The answers in a file, and what is known of who gave them."""
    with np.load(file) as found:
        return {name: found[name] for name in found if name != "about"} | json.loads(str(found["about"]))


def difference(one: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """Largest difference between each kind of answers; stars without an answer have none in either.

    Raises
    ------
    ValueError
        When only one of the two has an answer for a star.
    """
    found = {}
    for name in ANSWERS:
        if not np.array_equal(np.isnan(one[name]), np.isnan(other[name])):
            raise ValueError(f"{one['backend']} and {other['backend']} answer different stars: {name}")
        found[name] = float(np.nanmax(np.abs(one[name] - other[name])))
    return found


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = [OWN] + [name for name in BACKENDS if importlib.util.find_spec(name)]
    parser.add_argument("--backends", nargs="+", choices=(OWN, *BACKENDS), default=here)
    parser.add_argument("--stars", type=int, default=512)
    parser.add_argument("--on", choices=("best", "cpu"), default="best", help="device")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the first backend's answers")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with answers that were kept")
    parser.add_argument("--answer-here", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--untimed", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--own", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.answer_here:
        answer_here(args.answer_here, args.stars, not args.untimed, args.own)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = [asked(name, Path(folder) / f"{name}.npz", args.stars, args.on) for name in args.backends]
        if args.keep:
            args.keep.write_bytes((Path(folder) / f"{args.backends[0]}.npz").read_bytes())
    first = kept(args.against) if args.against else found[0]
    print(f"{args.stars} simulated stars; differences from {first['backend']} on {first['device']}")
    print(
        "backend    device   learns, classifies, scores (stars/s)  forecasts (rows/s)"
        "  probabilities  p-values  forecasts"
    )
    for one in found:
        apart = difference(first, one)
        same = max(apart.values()) <= SAME
        print(
            f"{one['backend']:10s} {one['device']:6s} {one['learnt_per_s']:8.0f} {one['classified_per_s']:11.0f} "
            f"{one['scored_per_s']:7.0f} {one['rows_per_s']:27.0f} {apart['probabilities']:14.1e} "
            f"{apart['fold p-values']:9.1e} {apart['forecasts']:10.1e}  {'same' if same else 'NOT THE SAME'}"
        )
        shown = {name: value for name, value in one.items() if not isinstance(value, np.ndarray)}
        print(json.dumps({"bench": "backends", "against": first["backend"]} | shown | {"apart": apart}))


if __name__ == "__main__":
    main()
