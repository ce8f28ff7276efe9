"""Training of the forecaster's network: windows of stars, early stopping, a falling learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swope.models.forecaster import network
from swope.models.forecaster.network import N_TARGETS
from swope.models.forecaster.steps import N_INPUTS, Steps
from swope.models.keras_backend import keras as keras_module
from swope.models.passes import best_of_passes

if TYPE_CHECKING:
    from swope.models.forecaster.forecaster import ForecasterOptions


def train(
    options: ForecasterOptions,
    learn: Sequence[Steps],
    judge: Sequence[Steps],
    first: Sequence[NDArray[Any]] | None,
    progress: Callable[[str], None],
) -> Any:
    """Train a network and return it with the weights of its best pass.

    Parameters
    ----------
    learn, judge : stars to learn from, and stars that say when to stop.
    first : weights to start from, or None.
    progress : told a line a pass.
    """
    keras = keras_module()
    keras.utils.set_random_seed(options.seed)
    model = network.build(options.units, options.cell, options.dropout)
    if first is not None:
        model.set_weights(list(first))
    passes = _Windows(learn, options, options.seed)
    fixed = _Windows(judge, options, 0)
    rate = keras.optimizers.schedules.CosineDecay(
        options.learning_rate, max(1, options.epochs * len(passes)), alpha=0.02
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=options.weight_decay, clipnorm=1.0)
    model.compile(optimizer=optimizer, loss=[network.loss] + [None] * (len(model.outputs) - 1))
    kept = [fixed.batch(i) for i in range(len(fixed))]

    def teach(number: int) -> list[float]:
        passes.shuffle(number)
        return [float(_first(model.train_on_batch(*passes.batch(i)))) for i in range(len(passes))]

    def judged() -> float:
        return float(np.mean([_first(model.test_on_batch(*batch)) for batch in kept]))

    best_of_passes(model, options.epochs, options.patience, teach, judged, progress)
    return model


def _first(losses: Any) -> Any:
    return losses[0] if isinstance(losses, list | tuple) else losses


class _Windows:
    """Batches of windows over the stars, cut anew for each pass; short ones are filled with rows that do not count."""

    def __init__(self, stars: Sequence[Steps], options: ForecasterOptions, seed: int) -> None:
        self._inputs = [steps.inputs for steps in stars]
        self._learnt = [steps.learnt[:, None].astype(np.float32) for steps in stars]
        self._targets = [network.targets(steps) for steps in stars]
        self._options = options
        self._seed = seed
        self._cuts = np.empty((0, 2), dtype=np.int64)
        self.shuffle(0)

    def __len__(self) -> int:
        return max(1, len(self._cuts) // self._options.batch)

    def shuffle(self, epoch: int) -> None:
        rng = np.random.default_rng([self._seed, epoch])
        window = self._options.window
        cuts = []
        for star, inputs in enumerate(self._inputs):
            begin = 0 if len(inputs) <= window else -int(rng.integers(0, window // 2))
            cuts += [(star, max(at, 0)) for at in range(begin, len(inputs) - 5, window)]
        self._cuts = rng.permutation(np.array(cuts, dtype=np.int64))

    def batch(self, index: int) -> tuple[list[NDArray[np.float32]], list[Any]]:
        options = self._options
        cuts = self._cuts[index * options.batch : (index + 1) * options.batch]
        inputs = np.zeros((options.batch, options.window, N_INPUTS), dtype=np.float32)
        learnt = np.zeros((options.batch, options.window, 1), dtype=np.float32)
        known = np.zeros((options.batch, options.window, N_TARGETS), dtype=np.float32)
        # families of an empty row need a variance too
        known[..., 3:] = 1.0
        for row, (star, at) in enumerate(cuts):
            part = slice(at, at + options.window)
            filled = len(self._inputs[star][part])
            inputs[row, :filled] = self._inputs[star][part]
            learnt[row, :filled] = self._learnt[star][part]
            known[row, :filled] = self._targets[star][part]
        states = [np.zeros((options.batch, options.units), dtype=np.float32)] * network.states_of(options.cell)
        return [inputs, learnt, *states], [known]
