"""Train the classifier's network: augmented batches, early stopping on stars kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.classifier.network import loss
from swope.models.inputs import log_sigma, sigma_of
from swope.models.keras_backend import keras
from swope.models.passes import best_of_passes

Tensors = list[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Examples:
    """Tensors as the network takes them, with their targets.

    Attributes
    ----------
    tensors : folds, course, folded, plain, closed; n rows each.
    allowed : (n, candidates, types).
    weight : (n,) of each star in the loss.
    """

    tensors: Tensors
    allowed: NDArray[np.float32]
    weight: NDArray[np.float32]

    def rows(self, index: NDArray[np.int64]) -> Examples:
        """Those at these rows."""
        return Examples([tensor[index] for tensor in self.tensors], self.allowed[index], self.weight[index])


def train(
    model: Any,
    examples: Examples,
    versions: NDArray[np.int64],
    judge: NDArray[np.int64],
    epochs: int,
    batch: int,
    learning_rate: float,
    weight_decay: float,
    patience: int,
    seed: int,
    progress: Callable[[str], None],
) -> None:
    """Fit the model in place; it ends with the weights that did best on the examples to judge by.

    Parameters
    ----------
    versions : (n, k) rows of the examples that are n stars to learn from: a pass shows one of each, drawn by chance.
    judge : (m,) rows to judge by.
    """
    rng = np.random.default_rng(seed)
    steps = max(1, len(versions) // batch)
    rate = keras().optimizers.schedules.CosineDecay(
        0.1 * learning_rate, max(epochs - 1, 1) * steps, 0.01, warmup_target=learning_rate, warmup_steps=steps
    )
    optimizer = keras().optimizers.AdamW(rate, weight_decay=weight_decay, clipnorm=1.0)
    model.compile(optimizer=optimizer, loss=loss)
    known = examples.rows(judge)

    def teach(_: int) -> list[float]:
        order = rng.permutation(len(versions))
        shown = versions[order, rng.integers(versions.shape[1], size=len(versions))]
        losses = []
        for step in range(steps):
            part = examples.rows(shown[step * batch : (step + 1) * batch])
            losses.append(float(model.train_on_batch(augmented(part.tensors, rng), part.allowed, part.weight)))
        return losses

    def judged() -> float:
        return float(model.evaluate(known.tensors, known.allowed, 512, 0, known.weight))

    best_of_passes(model, epochs, patience, teach, judged, progress)


def versions_of(rows: NDArray[np.int64], star: NDArray[np.int64]) -> NDArray[np.int64]:
    """(stars, k) the rows of each star, over and over where it has fewer than another.

    Parameters
    ----------
    rows : (m,) rows that may be shown.
    star : the star of every row.
    """
    _, count = np.unique(star[rows], return_counts=True)
    order = rows[np.argsort(star[rows], kind="stable")]
    begin = np.cumsum(count) - count
    return np.asarray(order[begin[:, None] + np.arange(count.max()) % count[:, None]])


def augmented(tensors: Tensors, rng: np.random.Generator) -> Tensors:
    """What another observer might have seen of the same stars: turned folds, fewer points, errors wrongly stated.

    Each fold is turned by a random phase. Half of the stars get noise, and the larger errors that go with it, as if
    there were fewer points; all errors of a star are scaled by a factor between 0.7 and 1.4.

    Parameters
    ----------
    tensors : folds (n, candidates, bins, channels), course (n, bins, channels) and what goes with them; folds of zeros
        (no period) stay so.
    """
    folds, course, *others = tensors
    n, candidates, bins, _ = folds.shape
    turns = rng.integers(0, bins, (n, candidates, 1))
    index = (np.arange(bins) + turns) % bins
    seen = np.concatenate([np.take_along_axis(folds, index[..., None], axis=2), course[:, None]], axis=1)
    there = (seen != 0.0).any(axis=(2, 3))[..., None]
    noisy = (rng.random((n, 1, 1)) < 0.5) * rng.uniform(0.0, 0.7, (n, 1, 1))
    stated = rng.uniform(-0.5, 0.5, (n, 1, 1))
    noise = noisy * np.minimum(sigma_of(seen), 0.5) * rng.standard_normal(seen.shape[:3])
    seen[..., 0] += there * noise
    seen[..., 1] += there * log_sigma(stated + 0.5 * np.log2(1.0 + noisy**2))
    return [seen[:, :candidates], seen[:, candidates], *others]
