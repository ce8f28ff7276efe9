"""Train the classifier's network: augmented batches, early stopping on stars kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.classifier.network import loss
from models.inputs import sigma_of
from models.keras_backend import keras

Tensors = list[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Examples:
    """Tensors as the network takes them, with their targets.

    Attributes
    ----------
    tensors : folds, folded, plain, closed; n rows each.
    allowed : (n, candidates, types).
    weight : (n,) of each star in the loss.
    """

    tensors: Tensors
    allowed: NDArray[np.float32]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.weight)


def train(
    model: Any,
    learn: Examples,
    judge: Examples,
    epochs: int,
    batch: int,
    learning_rate: float,
    weight_decay: float,
    patience: int,
    seed: int,
    progress: Callable[[str], None],
) -> None:
    """Fit the model in place; it ends with the weights that did best on the stars to judge by."""
    rng = np.random.default_rng(seed)
    steps = max(1, len(learn) // batch)
    rate = keras().optimizers.schedules.CosineDecay(
        0.1 * learning_rate, max(epochs - 1, 1) * steps, 0.01, warmup_target=learning_rate, warmup_steps=steps
    )
    optimizer = keras().optimizers.AdamW(rate, weight_decay=weight_decay, clipnorm=1.0)
    model.compile(optimizer=optimizer, loss=[loss, None])
    best, best_weights, since = np.inf, model.get_weights(), 0
    for epoch in range(epochs):
        order = rng.permutation(len(learn))
        losses = []
        for step in range(steps):
            rows = order[step * batch : (step + 1) * batch]
            tensors = augmented([tensor[rows] for tensor in learn.tensors], rng)
            losses.append(_first(model.train_on_batch(tensors, [learn.allowed[rows]], [learn.weight[rows]])))
        judged = _first(model.evaluate(judge.tensors, [judge.allowed], 512, 0, [judge.weight]))
        model.reset_metrics()
        progress(f"pass {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}, on stars kept apart {judged:.4f}")
        if judged < best - 1e-4:
            best, best_weights, since = judged, model.get_weights(), 0
        else:
            since += 1
            if since >= patience:
                break
    model.set_weights(best_weights)


def augmented(tensors: Tensors, rng: np.random.Generator) -> Tensors:
    """Turn each fold by a random phase, and add noise of the size of its errors to some."""
    folds, *others = tensors
    n, candidates, bins, _ = folds.shape
    turns = rng.integers(0, bins, (n, candidates, 1))
    index = (np.arange(bins) + turns) % bins
    folds = np.take_along_axis(folds, index[..., None], axis=2)
    noisy = (rng.random((n, 1, 1)) < 0.5) * rng.uniform(0.0, 0.7, (n, 1, 1))
    sigma = np.minimum(sigma_of(folds), 0.5)
    folds[..., 0] += (noisy * sigma * rng.standard_normal(sigma.shape)).astype(np.float32)
    return [folds, *others]


def _first(losses: Any) -> float:
    return float(losses[0] if isinstance(losses, list | tuple) else losses)
