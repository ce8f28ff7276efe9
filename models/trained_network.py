"""A trained network that answers: on a processor a star at a time in NumPy, on an accelerator by Keras.

A framework takes five seconds to load, and more to trace a network, which a night of few stars would pay for in full.
The networks are small: worked out star by star they cost no more. The sums are in double precision and belong to one
star alone, so that no answer depends on its company.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swope.models.keras_backend import call_size, in_double, on_accelerator
from swope.pipeline.lightcurve import FloatArray

Array32 = NDArray[np.float32]

#: A network as a function of one star's tensors.
Alone = Callable[..., Sequence[FloatArray]]

#: What Keras adds to a variance in `BatchNormalization`.
_EPSILON = 1e-3


class KeptNetwork:
    """A network's weights, and the Keras model once somebody asks for it.

    Parameters
    ----------
    build : makes the Keras model.
    weights : of it, in the order of ``get_weights``.
    """

    def __init__(self, build: Callable[[], Any], weights: Sequence[NDArray[Any]]) -> None:
        self._build = build
        self._weights = [np.asarray(one, dtype=np.float32) for one in weights]

    def get_weights(self) -> list[Array32]:
        """As Keras gives them."""
        return self._weights

    @cached_property
    def keras(self) -> Any:
        """The Keras model.

        Raises
        ------
        ValueError
            When the weights are those of another.
        """
        model = self._build()
        model.set_weights(self._weights)
        return model


class TrainedNetwork(KeptNetwork):
    """A network that answers.

    Parameters
    ----------
    build, weights : as of `KeptNetwork`.
    alone : makes the same network of the weights in double precision; None where only Keras knows it.
    """

    def __init__(
        self,
        build: Callable[[], Any],
        weights: Sequence[NDArray[Any]],
        alone: Callable[[Sequence[FloatArray]], Alone] | None,
    ) -> None:
        super().__init__(build, weights)
        self._make = alone

    @cached_property
    def keras(self) -> Any:
        """The Keras model, which answers in float64."""
        return in_double(self._build, self._weights)

    @cached_property
    def _alone(self) -> Alone | None:
        return None if self._make is None else self._make([one.astype(np.float64) for one in self._weights])

    def answers(self, tensors: Sequence[Array32]) -> list[Array32]:
        """Each of the network's outputs, (n, ...).

        Parameters
        ----------
        tensors : the network's inputs, (n, ...) each.
        """
        if self._alone is None or on_accelerator():
            return self._in_calls(tensors)
        n = len(tensors[0])
        # of no star the outputs have shapes all the same
        some = tensors if n else [np.zeros((1, *tensor.shape[1:]), dtype=np.float32) for tensor in tensors]
        rows = [self._alone(*(tensor.astype(np.float64) for tensor in star)) for star in zip(*some, strict=True)]
        return [np.stack(output).astype(np.float32)[:n] for output in zip(*rows, strict=True)]

    def _in_calls(self, tensors: Sequence[Array32]) -> list[Array32]:
        n = len(tensors[0])
        size = call_size(n)
        parts = []
        for begin in range(0, max(n, 1), size):
            rows = [tensor[begin : begin + size] for tensor in tensors]
            filled = [np.pad(row, [(0, size - len(row))] + [(0, 0)] * (row.ndim - 1)) for row in rows]
            said = self.keras.predict_on_batch(filled)
            outputs = said if isinstance(said, list | tuple) else [said]
            parts.append([np.asarray(output, dtype=np.float32)[: len(rows[0])] for output in outputs])
        return [np.concatenate(output) for output in zip(*parts, strict=True)]


@dataclass(frozen=True, eq=False)
class Dense:
    """A layer of `kernel` (inputs, outputs) and `bias` (outputs,)."""

    kernel: FloatArray
    bias: FloatArray | float = 0.0

    def __call__(self, x: FloatArray) -> FloatArray:
        """(..., outputs) of x (..., inputs)."""
        return x @ self.kernel + self.bias


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution along the bins, as wide on both sides.

    Attributes
    ----------
    kernel : (width, inputs, outputs).
    dilation : bins from one of its points to the next.
    circular : whether the bins lie on a circle; else there are zeros beyond their ends.
    """

    kernel: FloatArray
    dilation: int
    circular: bool

    def __call__(self, x: FloatArray) -> FloatArray:
        """(..., bins, outputs) of x (..., bins, inputs)."""
        width, inputs, outputs = self.kernel.shape
        bins = x.shape[-2]
        place = np.arange(bins)[:, None] + self.dilation * (np.arange(width) - width // 2)
        seen = x[..., place % bins, :]
        if not self.circular:
            seen[..., (place < 0) | (place >= bins), :] = 0.0
        return seen.reshape(*x.shape[:-1], width * inputs) @ self.kernel.reshape(width * inputs, outputs)


@dataclass(frozen=True, eq=False)
class Normalised:
    """What batch normalisation does once it is learnt (Ioffe & Szegedy 2015): `gamma`, `beta`, `mean`, `variance`."""

    gamma: FloatArray
    beta: FloatArray
    mean: FloatArray
    variance: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """The same, channel by channel of its last axis."""
        return (x - self.mean) * (self.gamma / np.sqrt(self.variance + _EPSILON)) + self.beta


def silu(x: FloatArray) -> FloatArray:
    """X / (1 + exp(-x))."""
    # exp overflows to infinity where the answer is 0
    with np.errstate(over="ignore"):
        return x / (1.0 + np.exp(-x))


def pooled(x: FloatArray) -> FloatArray:
    """Mean and maximum over the bins: (..., bins, channels) to (..., 2 * channels)."""
    return np.concatenate([x.mean(axis=-2), x.max(axis=-2)], axis=-1)
